/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/stat.h"

#include "../rows.h"

/* Field n of the text below holds n * 1000, but for those that are something else by nature. */
#define FIELDS_4_TO_28                                                                      \
    " 4000 5000 6000 7000 -1 4194560 10000 11000 12000 13000 14000 15000 16000 17000 18000" \
    " 19000 20000 21000 22000 23000 24000 18446744073709551615 26000 27000 28000"
#define FIELDS_29_TO_44 " 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0"
#define FIELDS_45_TO_52 " 45000 46000 47000 48000 49000 50000 51000 0"

static const struct {
    const char *name;
    const char *text;
    const char *comm;
    char state;
    bool has_addresses, has_data;
} good[] = {
    {"6.x", "77 (cat) R" FIELDS_4_TO_28 FIELDS_29_TO_44 FIELDS_45_TO_52 "\n", "cat", 'R', true,
     true},
    {"2.6.32 ends after field 44", "77 (cat) S" FIELDS_4_TO_28 FIELDS_29_TO_44 "\n", "cat", 'S',
     true, false},
    {"3.3 ends after field 47", "77 (cat) S" FIELDS_4_TO_28 FIELDS_29_TO_44 " 45000 46000 47000\n",
     "cat", 'S', true, true},
    {"fields of the future", "77 (a) S" FIELDS_4_TO_28 FIELDS_29_TO_44 FIELDS_45_TO_52 " 53 54\n",
     "a", 'S', true, true},
    {"blanks in the name", "77 (a b  c) S" FIELDS_4_TO_28 "\n", "a b  c", 'S', true, false},
    {"closing parenthesis in the name", "77 (a) S 1 (b) S" FIELDS_4_TO_28 "\n", "a) S 1 (b", 'S',
     true, false},
    {"only parentheses", "77 ()))() Z" FIELDS_4_TO_28 "\n", ")))(", 'Z', true, false},
    {"newline in the name", "77 (a\nb) S" FIELDS_4_TO_28 "\n", "a\nb", 'S', true, false},
    {"empty name", "77 () S" FIELDS_4_TO_28 "\n", "", 'S', true, false},
};

START_TEST(test_good)
{
    struct stat_record stat;
    struct err err = {""};

    ck_assert_msg(stat_parse(str_of(good[_i].text), &stat, &err), "%s: %s", good[_i].name,
                  err.text);
    ROW_STR(&good[_i], stat.comm, good[_i].comm);
    ROW_NUMBER(&good[_i], stat.pid, 77);
    ROW_NUMBER(&good[_i], stat.state, good[_i].state);
    ROW_NUMBER(&good[_i], stat.ppid, 4000);
    ROW_NUMBER(&good[_i], stat.flags, 4194560);
    ROW_NUMBER(&good[_i], stat.n_threads, 20000);
    ROW_NUMBER(&good[_i], stat.start_ticks, 22000);
    ROW_NUMBER(&good[_i], stat.vsize_bytes, 23000);
    ROW_NUMBER(&good[_i], stat.has_addresses, good[_i].has_addresses);
    ROW_NUMBER(&good[_i], stat.start_code, 26000);
    ROW_NUMBER(&good[_i], stat.end_code, 27000);
    ROW_NUMBER(&good[_i], stat.start_stack, 28000);
    ROW_NUMBER(&good[_i], stat.has_data, good[_i].has_data);
    ROW_NUMBER(&good[_i], stat.start_data, good[_i].has_data ? 45000 : 0);
    ROW_NUMBER(&good[_i], stat.end_data, good[_i].has_data ? 46000 : 0);
    ROW_NUMBER(&good[_i], stat.start_brk, good[_i].has_data ? 47000 : 0);
}
END_TEST

START_TEST(test_last_fields)
{
    struct stat_record stat;

    ck_assert(stat_parse(str_of(good[0].text), &stat, NULL));
    ck_assert_uint_eq(stat.arg_start, 48000);
    ck_assert_uint_eq(stat.env_end, 51000);
}
END_TEST

/* fs/proc/array.c do_task_stat() without the right to ptrace: 1, 1 and zeroes. */
START_TEST(test_without_permission)
{
    static const char text[] = "77 (cat) S 1 77 77 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 22 23 24 "
                               "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 "
                               "0 0 0 0 0 0 0 0\n";
    struct stat_record stat;

    ck_assert(stat_parse(STR(text), &stat, NULL));
    ck_assert(!stat.has_addresses);
    ck_assert(!stat.has_data);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    const char *says;
} bad[] = {
    {"empty", "", "does not begin"},
    {"a message", "No such process\n", "does not begin"},
    {"no parentheses", "77 cat S 1 2 3", "does not begin"},
    {"not closed", "77 (cat S 1 2 3", "does not begin"},
    {"turned round", "77 )cat( S 1 2 3", "does not begin"},
    {"no state", "77 (cat)", "does not begin"},
    {"no PID", "(cat) S 1 2 3", "does not begin"},
    {"cut early", "77 (cat) S 1 2 3 4", "after field 7"},
    {"no number", "77 (cat) S 1 2 x 4" FIELDS_4_TO_28, "after field 5"},
};

START_TEST(test_bad)
{
    struct stat_record stat;
    struct err err = {""};

    ROW_TRUE(&bad[_i], !stat_parse(str_of(bad[_i].text), &stat, &err));
    ROW_SAYS(&bad[_i], err.text, bad[_i].says);
}
END_TEST

START_TEST(test_same_image)
{
    struct stat_record a, b;
    uint64_t *const fields[] = {&b.start_ticks, &b.start_code, &b.end_code,  &b.start_stack,
                                &b.start_data,  &b.start_brk,  &b.arg_start, &b.env_end};

    ck_assert(stat_parse(str_of(good[0].text), &a, NULL));
    b = a;
    b.vsize_bytes++;
    b.state = 'D';
    ck_assert(stat_same_image(&a, &b));
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        ++*fields[i];
        ck_assert_msg(!stat_same_image(&a, &b), "field %zu", i);
        --*fields[i];
    }
}
END_TEST

Suite *stat_suite(void)
{
    Suite *suite = suite_create("stat");
    TCase *tcase = tcase_create("parse");

    ROWS_ADD(tcase, test_good, good);
    tcase_add_test(tcase, test_last_fields);
    tcase_add_test(tcase, test_without_permission);
    ROWS_ADD(tcase, test_bad, bad);
    tcase_add_test(tcase, test_same_image);
    suite_add_tcase(suite, tcase);
    return suite;
}
