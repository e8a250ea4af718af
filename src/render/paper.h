/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing for people: colours, wrapped paragraphs, sizes in the chosen unit. */
#ifndef RENDER_PAPER_H
#define RENDER_PAPER_H

#include "base/units.h"
#include "render/report.h"

/* The escape sequences, or "" without colour. */
const char *paper_severity_on(const struct style *style, enum severity severity);
const char *paper_bold_on(const struct style *style);
const char *paper_off(const struct style *style);

/* "868K", or "888832" with --bytes. */
const char *paper_size(const struct style *style, uint64_t bytes, char buf[static UNITS_TEXT]);

/*
 * Prints words within the width, each line indented; the first line begins with `head`, which
 * stands in the indentation.
 */
void paper_wrap(FILE *out, const struct style *style, unsigned int indent, const char *head,
                const char *text);

/* The same, when the first line is already filled up to a column. */
void paper_wrap_from(FILE *out, const struct style *style, size_t column, unsigned int indent,
                     const char *text);

/*
 * The words of a cell in lines of at most `width` columns, for a column that wraps at newlines: by
 * itself a table breaks anywhere.  In the arena.
 */
const char *paper_break(struct arena *arena, const char *text, size_t width);

struct libscols_table;

/* Has the table print its cells, safe_text() with newlines at most, without escaping them again. */
void paper_table_as_is(struct libscols_table *table);

#endif
