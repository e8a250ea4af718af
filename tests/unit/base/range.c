/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/range.h"

#include "../rows.h"

static const struct {
    const char *name;
    uint64_t value, down, up; /* to 4096 */
} aligned[] = {
    {"zero", 0, 0, 0},
    {"one", 1, 0, 0x1000},
    {"a page less one", 0xfff, 0, 0x1000},
    {"a page", 0x1000, 0x1000, 0x1000},
    {"a page and one", 0x1001, 0x1000, 0x2000},
    {"the last page", 0xfffffffffffff000, 0xfffffffffffff000, 0xfffffffffffff000},
    {"inside the last page: no wrap", UINT64_MAX, 0xfffffffffffff000, 0xfffffffffffff000},
};

START_TEST(test_align)
{
    ROW_NUMBER(&aligned[_i], align_down(aligned[_i].value, 4096), aligned[_i].down);
    ROW_NUMBER(&aligned[_i], align_up(aligned[_i].value, 4096), aligned[_i].up);
}
END_TEST

START_TEST(test_half_open)
{
    struct range r = {0x1000, 0x2000};

    ck_assert_uint_eq(range_size(r), 0x1000);
    ck_assert_uint_eq(range_size((struct range){0x2000, 0x1000}), 0);
    ck_assert(!range_has(r, 0xfff) && range_has(r, 0x1000) && range_has(r, 0x1fff));
    ck_assert(!range_has(r, 0x2000));
    ck_assert(range_overlaps(r, (struct range){0x1fff, 0x3000}));
    ck_assert(!range_overlaps(r, (struct range){0x2000, 0x3000}));
    ck_assert(!range_overlaps(r, (struct range){0, 0x1000}));
}
END_TEST

Suite *range_suite(void)
{
    Suite *suite = suite_create("range");
    TCase *tcase = tcase_create("arithmetic");

    ROWS_ADD(tcase, test_align, aligned);
    tcase_add_test(tcase, test_half_open);
    suite_add_tcase(suite, tcase);
    return suite;
}
