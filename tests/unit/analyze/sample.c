/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/sample.h"

#include "../rows.h"

#include <math.h>

/* Expected: binom.test() of R 4.2.2. */
static const struct {
    const char *name;
    uint32_t n_hits, n;
    double low, high;
} shares[] = {
    {"not in one case", 0, 1, 0, 0.975000000},
    {"in the only case", 1, 1, 0.025000000, 1},
    {"in 3 of 10", 3, 10, 0.066739511, 0.652452850},
    {"never", 0, 200, 0, 0.018275340},
    {"once", 1, 200, 0.000126581, 0.027541898},
    {"now and then", 37, 200, 0.133728660, 0.245863462},
    {"every second time", 100, 200, 0.428658431, 0.571341569},
    {"all but once", 199, 200, 0.972458102, 0.999873419},
    {"always", 200, 200, 0.981724660, 1},
    {"every second time of many", 50000, 100000, 0.496896062, 0.503103938},
    {"once in a million", 1, 1000000, 0.000000025, 0.000005572},
    {"all but once in a million", 999999, 1000000, 0.999994428, 0.999999975},
};

START_TEST(test_share_interval)
{
    struct interval interval = share_interval(shares[_i].n_hits, shares[_i].n);

    ck_assert_msg(fabs(interval.low - shares[_i].low) < 1e-9 &&
                      fabs(interval.high - shares[_i].high) < 1e-9,
                  "%s: %.9f to %.9f, expected %.9f to %.9f", shares[_i].name, interval.low,
                  interval.high, shares[_i].low, shares[_i].high);
}
END_TEST

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* As the kernel makes addresses: so many random bits, in steps. */
static const struct {
    const char *name;
    unsigned int bits, shift, n;
    double slack;
} spreads[] = {
    {"mmap, 64-bit", 28, 12, 200, 0.1},
    {"mmap, 64-bit, the most", 32, 12, 200, 0.1},
    {"mmap, 32-bit", 8, 12, 200, 0.3},
    {"brk, 32 MiB", 13, 12, 200, 0.1},
    {"stack, in bytes", 34, 4, 200, 0.1},
    {"by huge pages", 19, 21, 200, 0.1},
    {"few, all of them seen", 2, 12, 200, 0.1},
    {"one bit", 1, 12, 200, 0.01},
    {"few runs", 28, 12, 20, 1},
    {"many runs", 8, 12, 5000, 0.02},
};

START_TEST(test_even_spread)
{
    enum { SEEDS = 100 };
    unsigned int bits = spreads[_i].bits, n_far = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sample sample = {0};
        struct sample_summary summary;
        uint64_t state = seed * 1000003;

        for (unsigned int i = 0; i < spreads[_i].n; i++)
            sample_add(&sample, 0x7f0000000000 +
                                    ((next_random(&state) >> (64 - bits)) << spreads[_i].shift));
        summary = sample_summarize(&sample);
        n_far += fabs(summary.bits - bits) > spreads[_i].slack;
        sample_deinit(&sample);
    }
    ck_assert_msg(n_far <= 1, "%s: %u of %u samples are off", spreads[_i].name, n_far, SEEDS);
}
END_TEST

/* Now and then something puts it at one and the same place: an even spread would be a lie. */
START_TEST(test_uneven_spread)
{
    struct sample sample = {0};
    uint64_t state = 1;

    for (int i = 0; i < 200; i++)
        sample_add(&sample, i % 2 ? 0x400000 : next_random(&state) >> 20 << 12);
    ck_assert_msg(sample_summarize(&sample).bits < 10, "%f", sample_summarize(&sample).bits);
    sample_deinit(&sample);
}
END_TEST

START_TEST(test_two_places_far_apart)
{
    struct sample sample = {0};

    for (int i = 0; i < 100; i++)
        sample_add(&sample, i % 7 == 0 ? 0x400000 : 0x7ffff7dd5000);
    ck_assert_double_eq_tol(sample_summarize(&sample).bits, 1, 0.02);
    sample_deinit(&sample);
}
END_TEST

static const struct {
    const char *name;
    uint64_t values[5];
    uint32_t n;
    struct sample_summary summary;
} summaries[] = {
    {"nothing", {0}, 0, {0, 0, 0, 0, false, 0}},
    {"one", {7}, 1, {1, 7, 7, 7, false, 0}},
    {"always the same", {7, 7, 7}, 3, {3, 7, 7, 7, true, 0}},
    {"odd number", {5, 1, 3}, 3, {3, 1, 3, 5, true, 0}},
    {"of an even number the lower", {9, 1, 5, 3}, 4, {4, 1, 3, 9, true, 0}},
    {"equals count", {1, 9, 9, 9, 2}, 5, {5, 1, 9, 9, true, 0}},
    {"all 64 bits", {UINT64_MAX, 0}, 2, {2, 0, 0, UINT64_MAX, true, 0}},
};

START_TEST(test_summary)
{
    const struct sample_summary *expected = &summaries[_i].summary;
    struct sample sample = {0};
    struct sample_summary summary;

    for (uint32_t i = 0; i < summaries[_i].n; i++)
        sample_add(&sample, summaries[_i].values[i]);
    summary = sample_summarize(&sample);
    ROW_NUMBER(&summaries[_i], summary.n, expected->n);
    ROW_NUMBER(&summaries[_i], summary.min, expected->min);
    ROW_NUMBER(&summaries[_i], summary.median, expected->median);
    ROW_NUMBER(&summaries[_i], summary.max, expected->max);
    ROW_NUMBER(&summaries[_i], summary.has_bits, expected->has_bits);
    if (expected->min == expected->max)
        ck_assert_double_eq(summary.bits, 0);
    sample_deinit(&sample);
}
END_TEST

Suite *sample_suite(void)
{
    Suite *suite = suite_create("sample");
    TCase *tcase = tcase_create("sample");

    suite_add_tcase(suite, tcase);
    ROWS_ADD(tcase, test_share_interval, shares);
    ROWS_ADD(tcase, test_even_spread, spreads);
    ROWS_ADD(tcase, test_summary, summaries);
    tcase_add_test(tcase, test_uneven_spread);
    tcase_add_test(tcase, test_two_places_far_apart);
    return suite;
}
