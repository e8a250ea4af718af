/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the rules that are marked is_quick would find nothing, by as little as model/quick.h. */
#ifndef CHECK_SIEVE_H
#define CHECK_SIEVE_H

#include "check/finding.h"
#include "model/quick.h"

/* The count from which on map-count-high finds something; 0: not known. */
uint64_t sieve_most_mappings(const struct host *host);

/* What the heap can grow by, as facts say it: in one call, and in many. */
struct sieve_room {
    uint64_t in_call;
    uint64_t in_steps;
};

/*
 * False when one of them may find something, or when that cannot be told.  RLIMIT_MEMLOCK under
 * mlockall() is left out of account, and so is what is mapped right against the heap and became one
 * with it: both can be told from the whole process only.
 */
bool sieve_passes(const struct quick *quick, const struct image *host, struct sieve_room *room);

#endif
