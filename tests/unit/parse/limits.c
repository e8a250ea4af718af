/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/limits.h"

#include "../rows.h"

static const struct {
    const char *name;
    const char *line;
    bool known;
    uint64_t soft, hard;
} rows[] = {
    {"numbers", "Max stack size            8388608              16777216             bytes     \n",
     true, 8388608, 16777216},
    {"hard unlimited",
     "Max stack size            8388608              unlimited            bytes     \n", true,
     8388608, UINT64_MAX},
    {"both unlimited",
     "Max stack size            unlimited            unlimited            bytes     \n", true,
     UINT64_MAX, UINT64_MAX},
    {"zero", "Max stack size            0                    0                    bytes     \n",
     true, 0, 0},
    {"not there", "Max open files            1024                 1024                 files \n",
     false, 0, 0},
    {"cut", "Max stack size            8388608", false, 8388608, 0},
    {"no number",
     "Max stack size            lots                 unlimited            bytes     \n", false, 0,
     0},
    {"beyond 64 bits",
     "Max stack size            18446744073709551616 unlimited            bytes     \n", false, 0,
     0},
};

START_TEST(test_line)
{
    struct limits_record limits;

    limits_parse(str_of(rows[_i].line), &limits);
    ROW_NUMBER(&rows[_i], limits.stack.known, rows[_i].known);
    if (rows[_i].known) {
        ROW_NUMBER(&rows[_i], limits.stack.soft, rows[_i].soft);
        ROW_NUMBER(&rows[_i], limits.stack.hard, rows[_i].hard);
    }
    ROW_TRUE(&rows[_i], !limits.data.known && !limits.locked.known && !limits.address_space.known);
}
END_TEST

START_TEST(test_each_its_own)
{
    struct limits_record limits;

    limits_parse(STR("Limit                     Soft Limit           Hard Limit           Units\n"
                     "Max data size             1                    2                    bytes\n"
                     "Max stack size            3                    4                    bytes\n"
                     "Max locked memory         5                    6                    bytes\n"
                     "Max address space         7                    8                    bytes\n"),
                 &limits);
    ck_assert_uint_eq(limits.data.soft, 1);
    ck_assert_uint_eq(limits.stack.soft, 3);
    ck_assert_uint_eq(limits.locked.hard, 6);
    ck_assert_uint_eq(limits.address_space.hard, 8);
}
END_TEST

Suite *limits_suite(void)
{
    Suite *suite = suite_create("limits");
    TCase *tcase = tcase_create("parse");

    ROWS_ADD(tcase, test_line, rows);
    tcase_add_test(tcase, test_each_its_own);
    suite_add_tcase(suite, tcase);
    return suite;
}
