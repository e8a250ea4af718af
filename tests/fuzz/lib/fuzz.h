/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share.  A target is one file tests/fuzz/NAME.c that defines fuzz_input();
 * inputs to start from lie in tests/fuzz/seeds/NAME/, words that help to find others in
 * tests/fuzz/NAME.dict.  `make fuzz` says how to run them.
 *
 * A target demands more than that nothing crashes: it holds what the parser says against what a
 * simpler piece of code says, or against what the parser says of the same facts in other words.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/str.h"

/* Tries one input.  It has been copied to where a read beyond it is noticed. */
void fuzz_input(struct str input);

/* Ends the program when a property does not hold; the fuzzer then keeps the input. */
#define must(property) \
    ((property) ? (void)0 : fuzz_fail(__FILE__, __LINE__, __extension__ __func__, #property))
void fuzz_fail(const char *file, int line, const char *function, const char *property)
    __attribute__((noreturn));

/* Numbers that depend on the input alone, so that each input can be tried again. */
struct dice {
    uint64_t state;
};
struct dice dice_of(struct str input);
uint64_t dice_roll(struct dice *dice, uint64_t below);

/* A line of the text, with `at` counted on behind it; written without the program's functions. */
bool plain_line(struct str text, size_t *at, struct str *line);

/* A growing text. */
struct text {
    char *p;
    size_t n, room;
};
void text_add(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_add_str(struct text *text, struct str s);
struct str text_str(const struct text *text);
void text_free(struct text *text);

/*
 * Whether the bytes may reach a terminal or a document: UTF-8 without control characters other than
 * newline and without characters that turn or break lines.
 */
bool is_harmless(const char *bytes, size_t n);

#endif
