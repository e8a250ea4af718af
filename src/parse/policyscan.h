/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a policy's line; for those who read policies. */
#ifndef PARSE_POLICYSCAN_H
#define PARSE_POLICYSCAN_H

#include "parse/policy.h"

/* A line while it is read. */
struct policyscan {
    struct arena *arena;
    struct str line;
    size_t at; /* the next byte */
    struct policy_fault *fault;
};

/* Something is wrong at that byte. */
#define scan_fault(scan, at_, ...) \
    policy_fault_set((scan)->fault, scan_column((scan), (at_)), __VA_ARGS__)

/* The column of a byte: characters, not bytes. */
unsigned int scan_column(const struct policyscan *scan, size_t at);

/* For messages: as many bytes of a word as a person needs to see which is meant. */
int scan_shown(struct str s);

bool scan_is_blank(char c);
bool scan_at_end(const struct policyscan *scan);

/* The next byte; zero at the end. */
char scan_peek(const struct policyscan *scan);

void scan_skip_blanks(struct policyscan *scan);

/* Takes that byte if it is the next. */
bool scan_take(struct policyscan *scan, char c);

struct str scan_since(const struct policyscan *scan, size_t start);

/* Takes the bytes up to a blank, the end, or any of `ends`. */
struct str scan_take_until(struct policyscan *scan, const char *ends);

/* Letters, digits, _ and -: false when there are none. */
bool scan_take_key(struct policyscan *scan, struct policy_word *word);

/* A word as it stands, or one in quote marks; the first ends before a blank and any of `ends`. */
bool scan_take_word(struct policyscan *scan, const char *ends, struct policy_word *word);

/* The word so that it is read again as the same. */
void scan_print_word(struct textbuf *text, const struct policy_word *word);

#endif
