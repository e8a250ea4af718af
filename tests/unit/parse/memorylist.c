/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/memorylist.h"

#include "../rows.h"

#include <stdlib.h>

static struct arena arena;
static struct memorylist list;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

static bool parse(const char *text, struct err *err)
{
    return memorylist_parse(&list, &arena, str_of(text), err);
}

static const char *print(uint64_t start, const unsigned char *bytes, size_t n)
{
    struct textbuf text = {0};
    const char *copy;

    memorylist_print(&text, start, bytes, n);
    copy = arena_strndup(&arena, text.bytes ? text.bytes : "", text.n);
    textbuf_deinit(&text);
    return copy;
}

START_TEST(test_print)
{
    unsigned char bytes[40] = {1, [8] = 0xab, [15] = 0xff, [32] = 2, [39] = 3};

    ck_assert_str_eq(print(0x7f03c5df3c60, bytes, sizeof(bytes)),
                     "7f03c5df3c60: 0100000000000000 ab000000000000ff\n"
                     "7f03c5df3c80: 0200000000000003\n");
    ck_assert_str_eq(print(0x10, bytes, 3), "10: 010000\n");
    ck_assert_str_eq(print(0x10, bytes + 16, 16), "");
    ck_assert_str_eq(print(0, bytes, 0), "");
}
END_TEST

START_TEST(test_parse)
{
    static const unsigned char first[] = {0, 1, 0xfe, 0xff};

    ck_assert(parse("fff: 0001 feff\n1003: 7f\nffffffffffffffef: 00000000000000000000000000000001",
                    NULL));
    ck_assert_uint_eq(list.n, 3);
    ck_assert_uint_eq(list.pieces[0].start, 0xfff);
    ck_assert_uint_eq(list.pieces[0].n, sizeof(first));
    ck_assert_mem_eq(list.pieces[0].bytes, first, sizeof(first));
    ck_assert_uint_eq(list.pieces[1].start, 0x1003);
    ck_assert_uint_eq(list.pieces[2].n, 16);
    ck_assert(parse("", NULL));
    ck_assert_uint_eq(list.n, 0);
}
END_TEST

static const struct {
    const char *name, *text, *why;
} bad[] = {
    {"no colon", "1000 00\n", "line 1 of memory makes no sense"},
    {"no address", ": 00\n", "line 1 of memory makes no sense"},
    {"an address of 17 digits", "10000000000000000: 00\n", "line 1 of memory makes no sense"},
    {"a sign", "-1: 00\n", "line 1 of memory makes no sense"},
    {"no bytes", "1000:\n", "line 1 of memory makes no sense"},
    {"half a byte", "1000: 000\n", "line 1 of memory makes no sense"},
    {"no digit", "1000: 0g\n", "line 1 of memory makes no sense"},
    {"a sign in a byte", "1000: +1\n", "line 1 of memory makes no sense"},
    {"a prefix in a byte", "1000: 0x\n", "line 1 of memory makes no sense"},
    {"17 bytes", "1000: 0000000000000000 0000000000000000 00\n", "line 1 of memory makes no sense"},
    {"17 bytes at once", "1000: 0000000000000000000000000000000000\n",
     "line 1 of memory makes no sense"},
    {"an empty line", "1000: 00\n\n1001: 00\n", "line 2 of memory makes no sense"},
    {"out of order", "1000: 00\n2000: 00\n1001: 00\n", "line 3 of memory makes no sense"},
    {"overlapping", "1000: 0000\n1001: 00\n", "line 2 of memory makes no sense"},
    {"the same twice", "1000: 00\n1000: 00\n", "line 2 of memory makes no sense"},
    {"beyond the last address", "ffffffffffffffff: 0000\n", "line 1 of memory makes no sense"},
};

START_TEST(test_bad)
{
    struct err err = {""};

    ck_assert_msg(!parse(bad[_i].text, &err), "%s", bad[_i].name);
    ROW_TEXT(&bad[_i], err.text, bad[_i].why);
}
END_TEST

/* Bytes of several pieces, and zeros where there is none, whatever part is asked for. */
START_TEST(test_read)
{
    static const unsigned char whole[32] = {
        [4] = 1, [5] = 2, [6] = 3, [7] = 4, [8] = 5, [20] = 6, [21] = 7};
    struct reader reader;
    unsigned char got[32];

    ck_assert(parse("1004: 01020304\n1008: 05\n1014: 0607\n", NULL));
    reader = memorylist_reader(&list);
    for (size_t from = 0; from < sizeof(whole); from++)
        for (size_t n = 0; n <= sizeof(whole) - from; n++) {
            memset(got, 0xee, sizeof(got));
            ck_assert(reader_read(&reader, 0x1000 + from, got, n));
            ck_assert_mem_eq(got, whole + from, n);
            ck_assert(n == sizeof(got) || got[n] == 0xee);
        }
}
END_TEST

START_TEST(test_read_at_the_ends)
{
    struct reader reader;
    unsigned char got[8];

    ck_assert(parse("0: 11\nfffffffffffffffe: 22\n", NULL));
    reader = memorylist_reader(&list);
    ck_assert(reader_read(&reader, 0, got, 8) && got[0] == 0x11 && got[7] == 0);
    ck_assert(reader_read(&reader, UINT64_MAX - 7, got, 8) && got[6] == 0x22 && got[0] == 0);
}
END_TEST

START_TEST(test_print_is_what_is_read)
{
    unsigned char bytes[100], got[sizeof(bytes)];
    struct reader reader;

    for (unsigned int seed = 0; seed < 200; seed++) {
        size_t n = seed % sizeof(bytes);

        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (i * 7 + seed) % 31 < 20 ? 0 : (unsigned char)(seed + i);
        ck_assert(parse(print(0x1000 + seed, bytes, n), NULL));
        reader = memorylist_reader(&list);
        ck_assert(reader_read(&reader, 0x1000 + seed, got, n));
        ck_assert_mem_eq(got, bytes, n);
    }
}
END_TEST

Suite *memorylist_suite(void)
{
    Suite *suite = suite_create("memorylist");
    TCase *tcase = tcase_create("memorylist");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_print);
    tcase_add_test(tcase, test_parse);
    ROWS_ADD(tcase, test_bad, bad);
    tcase_add_test(tcase, test_read);
    tcase_add_test(tcase, test_read_at_the_ends);
    tcase_add_test(tcase, test_print_is_what_is_read);
    suite_add_tcase(suite, tcase);
    return suite;
}
