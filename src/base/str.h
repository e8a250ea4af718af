/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * String views: bytes that somebody else owns, without a terminating zero.  The parsers work on
 * these, so that no length and no terminator of the input is ever trusted.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

static inline struct str str_of(const char *s)
{
    return (struct str){s, s ? strlen(s) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && memcmp(s.p, prefix.p, prefix.n) == 0;
}

static inline bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0;
}

static inline bool str_has(struct str s, char c)
{
    return s.n > 0 && memchr(s.p, c, s.n);
}

/* Splits the next line off *rest, without its newline; false when nothing is left. */
bool str_next_line(struct str *rest, struct str *line);

/* Splits off what comes before the next separator; false when nothing is left. */
bool str_next_field(struct str *rest, char separator, struct str *field);

/* Splits the next word (no blanks or tabs) off *rest; false when there is none. */
bool str_next_word(struct str *rest, struct str *word);

/* Without blanks, tabs, CR and newlines at both ends. */
struct str str_trim(struct str s);

/* The whole of `s` is a number that fits 64 bits.  Hexadecimal takes an optional 0x. */
bool str_to_u64(struct str s, uint64_t *value);
bool str_to_i64(struct str s, int64_t *value);
bool str_hex_to_u64(struct str s, uint64_t *value);

/* The part after the last '/'. */
struct str str_basename(struct str path);

#endif
