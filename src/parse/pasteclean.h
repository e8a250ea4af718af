/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mailers, terminals, editors and log collectors do to a line on its way into a text, undone:
 * blanks that are not ASCII, terminal escapes, carriage returns, quote marks, UTF-16; and what the
 * source of a web page has for blanks and quote marks ("&nbsp;", "&gt;").
 */
#ifndef PARSE_PASTECLEAN_H
#define PARSE_PASTECLEAN_H

#include "base/arena.h"
#include "base/str.h"

/* Room for one line, which lives in an arena and grows to the longest line that needs it. */
struct clean_room {
    struct arena *arena;
    char *p;
    size_t n;
};

/*
 * The text as UTF-8 and without a byte order mark: a view of `text`, or, of UTF-16, a copy.
 */
struct str text_decode(struct str text, struct arena *arena);

/*
 * The line with ASCII blanks alone, without control characters, escape sequences and blanks at both
 * ends.  A view of `line` if that needs no change, else of `room` until the next call.  Cleaning
 * what is clean changes nothing.
 */
struct str line_clean(struct str line, struct clean_room *room);

/* Without blanks, quote marks of mail ("> ", "| ", "&gt; ") and bullets at the beginning. */
struct str line_unquote(struct str line);

/*
 * What stands before a mapping in a line of a log, brought to its shape: that of all lines which
 * differ in letters and digits alone, like time stamps and line numbers.  0 for nothing but blanks
 * and quote marks.
 */
uint32_t prefix_shape(struct str prefix);

/*
 * Whether such a prefix is one of a log, a search or a prompt: it ends in a mark, or holds a time
 * of day.  That of a sentence which quotes a mapping does not.
 */
bool prefix_is_mechanical(struct str prefix);

#endif
