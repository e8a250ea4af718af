/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of named rows: each row runs as a test of its own, and what fails says the row's name.
 *
 *     ROWS_ADD(tcase, test_sizes, sizes);
 *
 * runs test_sizes once for each row of sizes, with the row's index in _i.
 */
#ifndef ROWS_H
#define ROWS_H

#include <check.h>
#include <stdint.h>
#include <string.h>

#define ROWS_ADD(tcase, test, table) \
    tcase_add_loop_test(tcase, test, 0, (int)(sizeof(table) / sizeof((table)[0])))

/* All numbers here are unsigned and fit 64 bits; both bases, since most are sizes or addresses. */
#define ROW_NUMBER(row, actual, expected)                                                    \
    do {                                                                                     \
        uint64_t actual_ = (uint64_t)(actual), expected_ = (uint64_t)(expected);             \
        ck_assert_msg(actual_ == expected_, "%s: %s is %llu (%#llx), expected %llu (%#llx)", \
                      (row)->name, #actual, (unsigned long long)actual_,                     \
                      (unsigned long long)actual_, (unsigned long long)expected_,            \
                      (unsigned long long)expected_);                                        \
    } while (0)

/* Both are C strings; either may be NULL. */
#define ROW_TEXT(row, actual, expected)                                                \
    do {                                                                               \
        const char *actual_ = (actual), *expected_ = (expected);                       \
        ck_assert_msg(actual_ == expected_ ||                                          \
                          (actual_ && expected_ && strcmp(actual_, expected_) == 0),   \
                      "%s: %s is \"%s\", expected \"%s\"", (row)->name, #actual,       \
                      actual_ ? actual_ : "(NULL)", expected_ ? expected_ : "(NULL)"); \
    } while (0)

/* A string view against a C string. */
#define ROW_STR(row, actual, expected)                                                           \
    do {                                                                                         \
        struct str view_ = (actual);                                                             \
        const char *expected_ = (expected);                                                      \
        ck_assert_msg(view_.n == strlen(expected_) && memcmp(view_.p, expected_, view_.n) == 0,  \
                      "%s: %s is \"%.*s\", expected \"%s\"", (row)->name, #actual, (int)view_.n, \
                      view_.n ? view_.p : "", expected_);                                        \
    } while (0)

#define ROW_TRUE(row, condition) ck_assert_msg(condition, "%s: not so: %s", (row)->name, #condition)

/* A part of a sentence that a person must find in a message. */
#define ROW_SAYS(row, text, part)                                                                \
    ck_assert_msg(strstr((text), (part)), "%s: \"%s\" does not say \"%s\"", (row)->name, (text), \
                  (part))

#endif
