/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/heapindex.h"

#include <check.h>
#include <stdlib.h>

/* Links between random places, in three regions, more than there are in a slab. */
enum { N = 150000, N_REGIONS = 3 };

static struct heapindex links;
static uint64_t places[N], targets[N];
static const uint64_t region_starts[N_REGIONS] = {
    UINT64_C(0x5555) << HEAPINDEX_REGION_BITS,
    UINT64_C(0x7f0000) << HEAPINDEX_REGION_BITS,
    UINT64_C(0x7f0001) << HEAPINDEX_REGION_BITS,
};

static uint64_t roll(uint64_t below)
{
    static uint64_t dice = 1;

    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (dice >> 33) % below;
}

/* Dozens to a block, so that some lie in two slabs, and at each region's end blocks without any. */
static void places_make(void)
{
    const uint64_t each = N / N_REGIONS, distance = 5;

    for (uint64_t i = 0; i < N; i++) {
        places[i] = region_starts[i / each] + i % each * distance + roll(distance - 1);
        targets[i] = region_starts[roll(N_REGIONS)] + roll(1 << HEAPINDEX_REGION_BITS);
    }
}

static void setup(void)
{
    places_make();
    heapindex_init(&links);
    for (uint32_t r = 0; r < N_REGIONS; r++)
        ck_assert(heapindex_name(&links, region_starts[r] + r));
    for (uint32_t r = 0; r < N_REGIONS; r++) {
        heapindex_fill_start(&links, r);
        for (uint64_t i = r * N / N_REGIONS; i < (r + UINT64_C(1)) * N / N_REGIONS; i++)
            heapindex_add(&links, places[i], targets[i]);
        heapindex_fill_end(&links);
    }
}

static void teardown(void)
{
    heapindex_deinit(&links);
}

START_TEST(test_links)
{
    uint64_t to;

    for (uint64_t k = 0; k < N; k++) {
        uint64_t i = k * 1009 % N;

        ck_assert_int_eq(heapindex_take(&links, places[i], &to), HEAPINDEX_FOUND);
        ck_assert_uint_eq(to, targets[i]);
        ck_assert_int_eq(heapindex_take(&links, places[i], &to), HEAPINDEX_TAKEN);
    }
    ck_assert_uint_eq(links.n_taken, N);
}
END_TEST

START_TEST(test_what_is_not_there)
{
    uint64_t to;

    ck_assert_int_eq(heapindex_take(&links, places[5] + 1, &to), HEAPINDEX_NONE);
    ck_assert_int_eq(heapindex_take(&links, places[N - 1] + 1000, &to), HEAPINDEX_NONE);
    ck_assert_int_eq(heapindex_take(&links, places[5] + (1 << HEAPINDEX_REGION_BITS), &to),
                     HEAPINDEX_NONE);
    ck_assert_uint_eq(links.n_links, N);
    heapindex_add(&links, places[N - 1] + 1, UINT64_C(0x1234) << HEAPINDEX_REGION_BITS);
    ck_assert_uint_eq(links.n_links, N);
}
END_TEST

START_TEST(test_those_taken)
{
    uint64_t to;

    ck_assert(!heapindex_was_taken(&links, places[0]));
    heapindex_take(&links, places[0], &to);
    ck_assert(heapindex_was_taken(&links, places[0]));
    for (uint64_t i = 0; i < N; i += 3)
        heapindex_take(&links, places[i], &to);
    for (uint64_t i = 0; i < N; i++) {
        ck_assert_int_eq(heapindex_was_taken(&links, places[i]), i % 3 == 0);
        ck_assert(!heapindex_was_taken(&links, places[i] + 1));
    }
}
END_TEST

START_TEST(test_nothing)
{
    struct heapindex nothing;
    uint64_t to;

    heapindex_init(&nothing);
    ck_assert_int_eq(heapindex_take(&nothing, 1, &to), HEAPINDEX_NONE);
    heapindex_expect(&nothing, 1);
    ck_assert(!heapindex_was_taken(&nothing, 1));
    heapindex_deinit(&nothing);
}
END_TEST

START_TEST(test_too_many_regions)
{
    struct heapindex many;
    unsigned int n = 0;

    heapindex_init(&many);
    while (n < 2000 && heapindex_name(&many, (uint64_t)n * n << HEAPINDEX_REGION_BITS))
        n++;
    ck_assert_uint_eq(n, HEAPINDEX_MAX_REGIONS);
    ck_assert(heapindex_name(&many, 49 << HEAPINDEX_REGION_BITS));
    heapindex_deinit(&many);
}
END_TEST

Suite *heapindex_suite(void)
{
    Suite *suite = suite_create("heapindex");
    TCase *tcase = tcase_create("heapindex");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_links);
    tcase_add_test(tcase, test_what_is_not_there);
    tcase_add_test(tcase, test_those_taken);
    tcase_add_test(tcase, test_nothing);
    tcase_add_test(tcase, test_too_many_regions);
    suite_add_tcase(suite, tcase);
    return suite;
}
