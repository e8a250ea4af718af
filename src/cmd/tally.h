/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds up the reports of many runs of a program. */
#ifndef CMD_TALLY_H
#define CMD_TALLY_H

#include "cmd/inspect.h"

#include <stdbool.h>

/* How bad a run is, next to others of the same program. */
struct badness {
    int status;     /* that its report means for the exit status */
    bool ended_ill; /* the program, with another exit status than 0 or by a signal */
    int severity;   /* of its worst finding; -1: there is none */
    uint32_t unmet; /* lines of the policy */
    uint64_t room;  /* that brk has, in many steps if need be; the least is the worst */
};

struct badness badness_of(const struct inspection *inspection, const struct options *options,
                          bool ended_ill);
bool badness_exceeds(const struct badness *a, const struct badness *b);

/* What one rule found, in the first run in which it was so severe. */
struct found {
    struct finding *findings;
    uint32_t n;
    enum severity severity;
    uint32_t run; /* that it was */
    uint32_t n_runs;
};

/* Sizes, the base of the mmap area, and the start of each region that the kernel can move. */
enum { N_SIZES = 5, FIRST_START = N_SIZES + 1, N_SERIES = FIRST_START + REGION_VSYSCALL };

struct tally {
    struct arena arena;           /* for what outlives a report */
    struct repetition repetition; /* complete after tally_sum_up() */
    struct sample samples[N_SERIES];
    struct found found[MAX_RULES]; /* by the order of the rules */
    struct assertion *assertions;  /* as in the first run in which each failed; NULL: no policy */
    uint32_t n_assertions;
    uint32_t *n_unmet;
    uint32_t *unmet_run; /* what the assertion tells of */
    struct ending *endings;
    const char *missed_reason; /* as it is; repetition.missed_reason is safe to print */
};

void tally_init(struct tally *tally, uint32_t n_asked);
void tally_deinit(struct tally *tally);

/* What was seen in a run, or why nothing was. */
void tally_report(struct tally *tally, const struct report *report);
void tally_miss(struct tally *tally, const char *reason);

/* A run is over: how its program ended, with `has_ended` by itself. */
void tally_run(struct tally *tally, int wait_status, bool has_ended, bool has_failed);

/* The run that was counted last is the worst until now. */
void tally_worst(struct tally *tally, bool has_failed);

/*
 * The report of the worst run with the findings of all; each says in how many it was found.  It
 * lives as long as the tally and the report; `moment` is that of the report.
 */
struct report tally_sum_up(struct tally *tally, const struct report *worst, struct moment *moment);

#endif
