/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold of everything that is printed. */
#ifndef REPORT_H
#define REPORT_H

#include "render/json.h"

/* What was printed into it. */
struct page {
    FILE *out;
    char *text;
    size_t n;
};
void page_open(struct page *page);

/* It is harmless, and ends a line. */
void page_close_text(struct page *page);

/* The same of a document, which is read back; the caller owns the reference. */
json_t *page_close_json(struct page *page);

/* Styles that differ in what is printed; NULL after the last. */
const struct style *style_number(unsigned int i);

/* The findings fit the rules. */
void findings_are_sound(const struct report *report);

#endif
