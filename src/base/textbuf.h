/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that grows at its end, and the form in which strange bytes stand in it: "key: value" lines
 * that a person reads and that say exactly the same when they are read back.
 */
#ifndef BASE_TEXTBUF_H
#define BASE_TEXTBUF_H

#include "base/arena.h"
#include "base/str.h"

/* Zeros are the empty text. */
struct textbuf {
    char *bytes; /* to free() */
    size_t n, room;
};

void textbuf_deinit(struct textbuf *text);
struct str textbuf_view(const struct textbuf *text);

void textbuf_add(struct textbuf *text, struct str s);
void textbuf_printf(struct textbuf *text, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The bytes so that they stay on one line and survive being trimmed: control characters,
 * backslashes and a blank at either end as \ooo, three octal digits, as the kernel writes mount
 * points.
 */
void textbuf_add_escaped(struct textbuf *text, struct str s);

/* "key: value" with the value so, and a newline; nothing when its bytes are NULL. */
void textbuf_add_keyed(struct textbuf *text, const char *key, struct str value);

/* Back again, in the arena and with a zero behind it; a backslash before anything else stays. */
struct str str_unescape(struct arena *arena, struct str s);

#endif
