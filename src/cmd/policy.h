/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies as they were given with --policy and --expect, read and understood before anything is
 * inspected: every key, finding and level in them exists, and every value fits its key.
 */
#ifndef CMD_POLICY_H
#define CMD_POLICY_H

#include "cmd/options.h"
#include "parse/policy.h"
#include "parse/reportkeys.h"

/* Addresses need all 64 bits, and some figures can be negative. */
struct policy_number {
    bool negative;
    uint64_t size;
};

bool policy_number_parse(struct str text, struct policy_number *number);

/* Whether it is the word null, which is no text. */
bool policy_word_is_null(const struct policy_word *word);

/* What a report is held against: a line that begins with expect or forbid. */
struct demand {
    const char *file; /* as it was named; NULL: --expect */
    const struct policy_line *line;
    const char *text;             /* of the line, safe to print */
    const char *path;             /* of what it speaks of, "regions[].size" */
    const struct report_key *key; /* what `path` leads to; NULL: forbid */
    bool is_length;               /* it is the number of its elements that counts */
    const struct report_key *picks[POLICY_MAX_STEPS]; /* by what [key=value] picks */
    const struct rule *rule;                          /* of forbid */
};

struct demands {
    struct arena arena;
    struct demand *list;
    uint32_t n, room;
    bool needs_memory;   /* smaps */
    bool needs_heap;     /* what malloc holds */
    bool needs_mappings; /* the list of them in the document */
};

/*
 * Reads what the options name, sets what else the options say by it, and has options->demands
 * point to `demands` if there is a policy at all.  False when something is wrong with it; all that
 * is, was told on standard error.
 */
bool demands_init(struct demands *demands, struct options *options);
void demands_deinit(struct demands *demands);

/* The path of a line that begins with expect, and its value: what keys and findings there are. */
bool demand_resolve(struct arena *arena, struct demand *demand, unsigned int documents,
                    struct policy_fault *fault);

/* The finding of that name; else the error says which may have been meant. */
const struct rule *policy_find_rule(struct str id, struct err *err);

/* A finding that is never looked for would never be found. */
bool policy_check_rule(const struct rule *rule, unsigned int documents, struct err *err);

#endif
