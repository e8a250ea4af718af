/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What many runs of one program had in common, and how they differed.  The report that this is a
 * part of is that of the worst run, with the findings of all.
 */
#ifndef RENDER_REPETITION_H
#define RENDER_REPETITION_H

#include "analyze/sample.h"
#include "check/finding.h"

/* A size or an address of each run that it was known in. */
struct series {
    const char *name; /* as in a report: "brk.room", "mmap.start" */
    bool is_address;
    struct sample_summary summary;
};

/* In how many runs a rule found something. */
struct recurrence {
    const struct rule *rule;
    enum severity severity; /* the worst */
    uint32_t n_runs;
    uint32_t run; /* the number of the one that the finding in the report tells of */
};

/* How programs ended. */
struct ending {
    int wait_status;
    uint32_t n_runs;
};

struct repetition {
    uint32_t n_asked;
    uint32_t n_runs;     /* fewer, when a signal ended it, or the command could not be executed */
    bool is_interrupted; /* by a signal */
    uint32_t n_reports;  /* runs in which the moment came and the program was looked at */
    uint32_t n_failed;   /* runs that a run by itself would have ended with another status than 0 */
    struct interval failed;    /* where the probability of that lies */
    uint32_t n_missed;         /* runs in which it could not be looked at */
    const char *missed_reason; /* of the first of them, safe to print; or NULL */
    uint32_t worst;            /* the number of the run whose report it is, from 1 */
    bool has_worst_failed;     /* else it is the one with the least room, of those looked at */
    const struct series *series;
    uint32_t n_series;
    const struct recurrence *recurrences; /* the most frequent of the worst severity first */
    uint32_t n_recurrences;
    const uint32_t *n_unmet; /* of each line of the policy: in how many runs it did not hold */
    const struct ending *endings;
    uint32_t n_endings;
};

#endif
