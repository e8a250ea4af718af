/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one error type.  A function that can fail returns bool; on false its caller-owned struct err
 * holds a sentence that a person can act on: what was tried, on what, why it failed, what to do.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

struct err {
    char text[640];
};

/* Formats the sentence into `err`, which may be NULL. */
void err_format(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same as an expression that is false, for `return err_set(...)`: visibly so to compilers. */
#define err_set(...)             \
    ({                           \
        err_format(__VA_ARGS__); \
        false;                   \
    })

#endif
