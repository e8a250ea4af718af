/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"

#include "../rows.h"

#define BAD UINT64_C(0xbadbadbad)

static const struct {
    const char *name; /* and what is parsed */
    uint64_t decimal, hex;
    int64_t is_signed;
} numbers[] = {
    {"0", 0, 0, 0},
    {"10", 10, 16, 10},
    {"0010", 10, 16, 10},
    {"ff", BAD, 255, (int64_t)BAD},
    {"DeadBeef", BAD, 0xdeadbeef, (int64_t)BAD},
    {"0x1f", BAD, 31, (int64_t)BAD},
    {"0X1F", BAD, 31, (int64_t)BAD},
    {"0x", BAD, BAD, (int64_t)BAD},
    {"x1", BAD, BAD, (int64_t)BAD},
    {"18446744073709551615", UINT64_MAX, BAD, (int64_t)BAD},
    {"18446744073709551616", BAD, BAD, (int64_t)BAD},
    {"9223372036854775807", INT64_MAX, BAD, INT64_MAX},
    {"ffffffffffffffff", BAD, UINT64_MAX, (int64_t)BAD},
    {"10000000000000000", UINT64_C(10000000000000000), BAD, INT64_C(10000000000000000)},
    {"-1", BAD, BAD, -1},
    {"-", BAD, BAD, (int64_t)BAD},
    {"--1", BAD, BAD, (int64_t)BAD},
    {"-9223372036854775807", BAD, BAD, -INT64_MAX},
    {"", BAD, BAD, (int64_t)BAD},
    {" 1", BAD, BAD, (int64_t)BAD},
    {"1 ", BAD, BAD, (int64_t)BAD},
    {"1g", BAD, BAD, (int64_t)BAD},
};

START_TEST(test_numbers)
{
    struct str s = str_of(numbers[_i].name);
    uint64_t decimal = BAD, hex = BAD;
    int64_t is_signed = (int64_t)BAD;

    ROW_NUMBER(&numbers[_i], str_to_u64(s, &decimal), numbers[_i].decimal != BAD);
    ROW_NUMBER(&numbers[_i], decimal, numbers[_i].decimal);
    ROW_NUMBER(&numbers[_i], str_hex_to_u64(s, &hex), numbers[_i].hex != BAD);
    ROW_NUMBER(&numbers[_i], hex, numbers[_i].hex);
    ROW_NUMBER(&numbers[_i], str_to_i64(s, &is_signed), numbers[_i].is_signed != (int64_t)BAD);
    ROW_NUMBER(&numbers[_i], is_signed, numbers[_i].is_signed);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    const char *lines[4];
} splits[] = {
    {"nothing", "", {NULL}},
    {"no newline at the end", "a\nb", {"a", "b"}},
    {"newline at the end", "a\nb\n", {"a", "b"}},
    {"empty lines are lines", "\n\na\n", {"", "", "a"}},
    {"a carriage return is no end", "a\rb\r\n", {"a\rb\r"}},
};

START_TEST(test_lines)
{
    struct str rest = str_of(splits[_i].text), line;

    for (int i = 0; splits[_i].lines[i]; i++) {
        ROW_TRUE(&splits[_i], str_next_line(&rest, &line));
        ROW_STR(&splits[_i], line, splits[_i].lines[i]);
    }
    ROW_TRUE(&splits[_i], !str_next_line(&rest, &line));
}
END_TEST

START_TEST(test_words)
{
    struct str rest = STR("  one\ttwo   three  "), word;

    ck_assert(str_next_word(&rest, &word) && str_eq(word, STR("one")));
    ck_assert(str_next_word(&rest, &word) && str_eq(word, STR("two")));
    ck_assert(str_next_word(&rest, &word) && str_eq(word, STR("three")));
    ck_assert(!str_next_word(&rest, &word));
    ck_assert(!str_next_word(&rest, &word));
}
END_TEST

static const struct {
    const char *name; /* what is taken apart */
    const char *trimmed, *base;
} paths[] = {
    {"", "", ""},
    {"/", "/", ""},
    {"/lib/libc.so.6", "/lib/libc.so.6", "libc.so.6"},
    {"no folder", "no folder", "no folder"},
    {" \t/a b \r\n", "/a b", "a b \r\n"},
    {"\n\n", "", "\n\n"},
};

START_TEST(test_paths)
{
    ROW_STR(&paths[_i], str_trim(str_of(paths[_i].name)), paths[_i].trimmed);
    ROW_STR(&paths[_i], str_basename(str_of(paths[_i].name)), paths[_i].base);
}
END_TEST

START_TEST(test_comparisons)
{
    struct str s = STR("abc");

    ck_assert(str_starts(s, STR("")) && str_starts(s, STR("ab")) && str_starts(s, STR("abc")));
    ck_assert(!str_starts(s, STR("abcd")) && !str_starts(s, STR("b")));
    ck_assert(str_ends(s, STR("")) && str_ends(s, STR("bc")) && str_ends(s, STR("abc")));
    ck_assert(!str_ends(s, STR("xabc")) && !str_ends(s, STR("ab")));
    ck_assert(str_eq(s, STR("abc")) && !str_eq(s, STR("ab")) && !str_eq(s, STR("abd")));
    ck_assert(str_eq(STR(""), str_of(NULL)));
    ck_assert(!str_eq((struct str){"a\0b", 3}, (struct str){"a\0c", 3}));
}
END_TEST

Suite *str_suite(void)
{
    Suite *suite = suite_create("str");
    TCase *tcase = tcase_create("views");

    ROWS_ADD(tcase, test_numbers, numbers);
    ROWS_ADD(tcase, test_lines, splits);
    tcase_add_test(tcase, test_words);
    ROWS_ADD(tcase, test_paths, paths);
    tcase_add_test(tcase, test_comparisons);
    suite_add_tcase(suite, tcase);
    return suite;
}
