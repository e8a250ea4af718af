/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program does differently each time: figures of many runs, and how often something was. */
#ifndef ANALYZE_SAMPLE_H
#define ANALYZE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

/* One figure, as often as it was seen. */
struct sample {
    uint64_t *values;
    uint32_t n, room;
};

struct sample_summary {
    uint32_t n;
    uint64_t min, median, max; /* of an even number of values the lower of the two in the middle */
    /*
     * The binary logarithm of how many values there seem to be.  Values that are spread evenly are
     * taken to go on beyond the ones that were seen, as far as that is likely (the estimate from
     * the maximum of a sample, at both ends) and in steps of their greatest common divisor.  When
     * far more of them are equal than an even spread would make so, their number is estimated from
     * that instead.  From n values no more than about 2 log2(n) bits can be told from less, if
     * they are not spread evenly, and from one nothing at all: without `has_bits`.
     */
    bool has_bits;
    double bits;
};

void sample_add(struct sample *sample, uint64_t value);
void sample_deinit(struct sample *sample);

/* Sorts the values; all is 0 when there is none. */
struct sample_summary sample_summarize(struct sample *sample);

struct interval {
    double low, high;
};

/*
 * Where a probability lies, with 95 % confidence at least, of that which came about in `n_hits` of
 * `n` independent cases, n > 0: the interval of Clopper and Pearson (1934), which is exact.
 */
struct interval share_interval(uint32_t n_hits, uint32_t n);

#endif
