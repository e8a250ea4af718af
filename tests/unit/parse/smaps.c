/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/smaps.h"

#include "../rows.h"

/* The second mapping has the keys of 2.6.32 in its order, and one that no kernel has yet. */
static const char text[] =
    "55e17ae40000-55e17ae42000 r--p 00000000 fe:00 247498                     /usr/bin/head\n"
    "Size:                  8 kB\n"
    "KernelPageSize:        4 kB\n"
    "MMUPageSize:           4 kB\n"
    "Rss:                   8 kB\n"
    "Pss:                   3 kB\n"
    "Pss_Dirty:             1 kB\n"
    "Shared_Clean:          5 kB\n"
    "Private_Clean:         2 kB\n"
    "Private_Dirty:         1 kB\n"
    "Referenced:            8 kB\n"
    "Anonymous:             6 kB\n"
    "Private_Hugetlb:      64 kB\n"
    "Swap:                 16 kB\n"
    "SwapPss:               9 kB\n"
    "Locked:                7 kB\n"
    "THPeligible:           0\n"
    "VmFlags: rd mr mw me \n"
    "7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]\n"
    "Swap:                  0 kB\n"
    "Rss:                  12 kB\n"
    "NewInLinux99: yes please\n"
    "VmFlags: rd wr mr mw me gd ac \n";

static uint64_t n_lines;
static struct err err;

static void setup(void)
{
    n_lines = 0;
    err.text[0] = '\0';
}

START_TEST(test_records)
{
    struct str rest = STR(text);
    struct smaps_record record;

    ck_assert(smaps_next(&rest, &n_lines, &record, &err));
    ck_assert_uint_eq(record.line.range.start, 0x55e17ae40000);
    ck_assert(str_eq(record.line.name, STR("/usr/bin/head")));
    ck_assert_uint_eq(record.rss_bytes, 8 << 10);
    ck_assert_uint_eq(record.pss_bytes, 3 << 10);
    ck_assert_uint_eq(record.private_bytes, 3 << 10);
    ck_assert_uint_eq(record.anonymous_bytes, 6 << 10);
    ck_assert_uint_eq(record.swap_bytes, 16 << 10);
    ck_assert_uint_eq(record.locked_bytes, 7 << 10);
    ck_assert(record.has_flags && !record.grows_down);
    ck_assert(smaps_next(&rest, &n_lines, &record, &err));
    ck_assert_uint_eq(record.rss_bytes, 12 << 10);
    ck_assert_uint_eq(record.pss_bytes, 0);
    ck_assert(record.has_flags && record.grows_down);
    ck_assert(!smaps_next(&rest, &n_lines, &record, &err));
    ck_assert_str_eq(err.text, "");
    ck_assert_uint_eq(n_lines, 23);
}
END_TEST

/* "gd" as a part of another word does not count. */
START_TEST(test_flags_are_words)
{
    struct str rest = STR("1000-2000 rw-p 00000000 00:00 0 \nVmFlags: rd wr gdx xgd\n");
    struct smaps_record record;

    ck_assert(smaps_next(&rest, &n_lines, &record, &err));
    ck_assert(record.has_flags && !record.grows_down);
}
END_TEST

/* Before 3.8, and without CONFIG_PROC_PAGE_MONITOR, there are fewer lines or none. */
START_TEST(test_lines_of_maps)
{
    struct str rest = STR("1000-2000 rw-p 00000000 00:00 0 \n2000-3000 r--p 00000000 00:00 0 ");
    struct smaps_record record;

    ck_assert(smaps_next(&rest, &n_lines, &record, &err));
    ck_assert(!record.has_flags);
    ck_assert(smaps_next(&rest, &n_lines, &record, &err));
    ck_assert_uint_eq(record.line.range.start, 0x2000);
    ck_assert(!smaps_next(&rest, &n_lines, &record, &err));
    ck_assert_str_eq(err.text, "");
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    const char *says;
} bad[] = {
    {"begins with a key", "Rss: 1 kB\n", "line 1 of smaps"},
    {"a line without key", "1000-2000 rw-p 00000000 00:00 0 \nRss: 1 kB\nwhat\n",
     "line 3 of smaps"},
    {"an empty line", "1000-2000 rw-p 00000000 00:00 0 \n\n", "line 2 of smaps"},
};

START_TEST(test_bad)
{
    struct str rest = str_of(bad[_i].text);
    struct smaps_record record;

    while (smaps_next(&rest, &n_lines, &record, &err))
        ;
    ROW_SAYS(&bad[_i], err.text, bad[_i].says);
}
END_TEST

Suite *smaps_suite(void)
{
    Suite *suite = suite_create("smaps");
    TCase *tcase = tcase_create("parse");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, test_records);
    tcase_add_test(tcase, test_flags_are_words);
    tcase_add_test(tcase, test_lines_of_maps);
    ROWS_ADD(tcase, test_bad, bad);
    suite_add_tcase(suite, tcase);
    return suite;
}
