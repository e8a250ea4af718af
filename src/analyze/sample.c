/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/sample.h"

#include "base/arena.h"

#include <math.h>
#include <stdlib.h>

void sample_add(struct sample *sample, uint64_t value)
{
    if (sample->n == sample->room) {
        sample->room = sample->room ? sample->room * 2 : 64;
        sample->values = xreallocarray(sample->values, sample->room, sizeof(*sample->values));
    }
    sample->values[sample->n++] = value;
}

void sample_deinit(struct sample *sample)
{
    free(sample->values);
    *sample = (struct sample){0};
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* How many different values are to be expected among n, of `possible` ones that are as likely. */
static double expected_distinct(double possible, double n)
{
    /* possible * (1 - (1 - 1 / possible)^n) */
    return possible > 1 ? -possible * expm1(n * log1p(-1 / possible)) : 1;
}

/* How many there must be that so many of n are different; fewer than n are. */
static double possible_by_distinct(double n_distinct, double n)
{
    double low = 0, high = 64; /* logarithms */

    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        if (expected_distinct(exp2(middle), n) < n_distinct)
            low = middle;
        else
            high = middle;
    }
    return exp2(low);
}

/* Whether far fewer are different than are to be expected; how many are equal is nearly Poisson. */
static bool is_uneven(double possible, double n_distinct, double n)
{
    double n_equal = n - expected_distinct(possible, n);

    return n - n_distinct > n_equal + 4 * sqrt(n_equal) + 2;
}

static double possible_values(const struct sample *sample)
{
    const uint64_t *values = sample->values;
    double n = sample->n, n_distinct = 1, possible;
    uint64_t step = 0, n_steps;

    for (uint32_t i = 1; i < sample->n; i++) {
        step = common_divisor(step, values[i] - values[i - 1]);
        n_distinct += values[i] != values[i - 1];
    }
    if (step == 0)
        return 1;
    n_steps = (values[sample->n - 1] - values[0]) / step;
    possible = (double)n_steps * (n + 1) / (n - 1) + 1;
    return is_uneven(possible, n_distinct, n) ? possible_by_distinct(n_distinct, n) : possible;
}

struct sample_summary sample_summarize(struct sample *sample)
{
    if (sample->n == 0)
        return (struct sample_summary){0};
    qsort(sample->values, sample->n, sizeof(*sample->values), by_value);
    return (struct sample_summary){
        .n = sample->n,
        .min = sample->values[0],
        .median = sample->values[(sample->n - 1) / 2],
        .max = sample->values[sample->n - 1],
        .has_bits = sample->n > 1,
        .bits = sample->n > 1 ? log2(possible_values(sample)) : 0,
    };
}

/* The probability of `n_hits` in n cases. */
static double binomial(double n_hits, double n, double p)
{
    return exp(lgamma(n + 1) - lgamma(n_hits + 1) - lgamma(n - n_hits + 1) + n_hits * log(p) +
               (n - n_hits) * log1p(-p));
}

/*
 * The probability of `n_hits` or more, with `is_more`, or of so many or fewer.  Summed up from the
 * end that is nearer to n * p, so that what is left out counts for nothing.
 */
static double tail(double n_hits, double n, double p, bool is_more)
{
    double odds = is_more ? p / (1 - p) : (1 - p) / p;
    double term = binomial(n_hits, n, p), sum = term;

    if (is_more ? n_hits <= n * p : n_hits >= n * p)
        return 1; /* more than half of it, which is all that is asked here */
    for (double k = is_more ? n_hits : n - n_hits; k < n && term > sum * 1e-17; k++) {
        term *= (n - k) / (k + 1) * odds;
        sum += term;
    }
    return sum;
}

/* Where the tail has this probability: it grows with p for the upper one, else it falls. */
static double where_tail_is(double probability, double n_hits, double n, bool is_more)
{
    double low = 0, high = 1;

    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        if ((tail(n_hits, n, middle, is_more) < probability) == is_more)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

struct interval share_interval(uint32_t n_hits, uint32_t n)
{
    const double each_side = 0.025;

    return (struct interval){
        .low = n_hits == 0 ? 0 : where_tail_is(each_side, n_hits, n, true),
        .high = n_hits == n ? 1 : where_tail_is(each_side, n_hits, n, false),
    };
}
