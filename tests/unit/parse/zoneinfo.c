/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/zoneinfo.h"

#include "../rows.h"

#define HEAD                        \
    "Node 0, zone      DMA\n"       \
    "  per-node stats\n"            \
    "      nr_inactive_anon 1071\n" \
    "  pages free     3840\n"       \
    "        min      10\n"         \
    "        protection: (0, 1, 2)\n"

static const struct {
    const char *name;
    const char *text;
    bool known;
    uint64_t n_pages;
} texts[] = {
    {"6.1",
     HEAD "  pagesets\n    cpu: 0\n              count: 36\n              high:  1700\n"
          "              batch: 63\n  vm stats threshold: 40\n    cpu: 1\n"
          "              count: 4\n              high:  1700\n",
     true, 40},
    {"6.14",
     HEAD "  pagesets\n    cpu: 0\n              count:    36\n              high:     9\n"
          "              high_min: 7\n  node_unreclaimable:  0\n  start_pfn:           1\n",
     true, 36},
    {"two zones", HEAD "count: 1\n" HEAD "count: 2\n", true, 3},
    {"lists that are empty", HEAD "count: 0\n", true, 0},
    {"no lists", HEAD, false, 0},
    {"nothing", "", false, 0},
    {"no number", HEAD "count: 1\ncount: x\n", false, 0},
    {"less than nothing", HEAD "count: -1\n", false, 0},
    {"more than any machine has", HEAD "count: 18446744073709551615\n", false, 0},
};

START_TEST(test_pages)
{
    uint64_t n_pages;

    ROW_NUMBER(&texts[_i], zoneinfo_pages_of_cpus(str_of(texts[_i].text), &n_pages),
               texts[_i].known);
    if (texts[_i].known)
        ROW_NUMBER(&texts[_i], n_pages, texts[_i].n_pages);
}
END_TEST

Suite *zoneinfo_suite(void)
{
    Suite *suite = suite_create("zoneinfo");
    TCase *tcase = tcase_create("lists");

    ROWS_ADD(tcase, test_pages, texts);
    suite_add_tcase(suite, tcase);
    return suite;
}
