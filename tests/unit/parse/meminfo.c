/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/meminfo.h"

#include "../rows.h"

static const char text[] = "MemTotal:        1048576 kB\n"
                           "MemFree:               0 kB\n"
                           "Cached: many kB\n"
                           "Buffers: 7 MB\n"
                           "AnonPages: 72057594037927936 kB\n"
                           "Slab:70368744177664 kB\n"
                           "Shmem\n"
                           "HugePages_Total:      12\n"
                           "HugePages_Free:        5\n"
                           "HugePages_Rsvd:        2\n"
                           "Hugepagesize:       2048 kB\n"
                           "Percpu: 18446744073709551615 kB";

static const struct {
    const char *name;
    enum meminfo_key key;
    bool has;
    uint64_t bytes;
} keys[] = {
    {"a size", MEMINFO_TOTAL, true, (uint64_t)1 << 30},
    {"zero", MEMINFO_FREE, true, 0},
    {"no number", MEMINFO_CACHED, false, 0},
    {"another unit", MEMINFO_BUFFERS, false, 0},
    {"more than any machine has", MEMINFO_ANON_PAGES, false, 0},
    {"the most", MEMINFO_SLAB, true, (uint64_t)1 << 56},
    {"no value", MEMINFO_SHMEM, false, 0},
    {"does not fit", MEMINFO_PERCPU, false, 0},
    {"not there", MEMINFO_AVAILABLE, false, 0},
};

START_TEST(test_key)
{
    struct meminfo meminfo;

    meminfo_parse(STR(text), &meminfo);
    ROW_NUMBER(&keys[_i], meminfo.has[keys[_i].key], keys[_i].has);
    ROW_NUMBER(&keys[_i], meminfo.bytes[keys[_i].key], keys[_i].bytes);
}
END_TEST

START_TEST(test_huge_pages)
{
    struct meminfo meminfo;

    meminfo_parse(STR(text), &meminfo);
    ck_assert(meminfo.has_huge_pages);
    ck_assert_uint_eq(meminfo.n_huge_pages, 12);
    ck_assert_uint_eq(meminfo.n_huge_pages_free, 5);
    ck_assert_uint_eq(meminfo.n_huge_pages_reserved, 2);
    meminfo_parse(STR(""), &meminfo);
    ck_assert(!meminfo.has_huge_pages);
}
END_TEST

Suite *meminfo_suite(void)
{
    Suite *suite = suite_create("meminfo");
    TCase *tcase = tcase_create("keys");

    ROWS_ADD(tcase, test_key, keys);
    tcase_add_test(tcase, test_huge_pages);
    suite_add_tcase(suite, tcase);
    return suite;
}
