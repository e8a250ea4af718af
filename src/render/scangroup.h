/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes of a scan by what they have in common, for who watches a host rather than a
 * process: the worst value of each group.  Hosts with thousands of names have a bounded number of
 * groups all the same.
 */
#ifndef RENDER_SCANGROUP_H
#define RENDER_SCANGROUP_H

#include "render/scan.h"

/* The worst, and one called "other" for what is left. */
enum { MAX_SCAN_GROUPS = 100, MAX_SCAN_GROUP_NAME = 128 };

struct scan_group {
    const char *name; /* safe text of at most MAX_SCAN_GROUP_NAME bytes, never empty */
    uint32_t n_processes;
    uint32_t n_failing;
    bool has_room, has_mmap_room;
    uint64_t room, mmap_room;               /* the least */
    uint32_t n_mappings;                    /* the most */
    int severity;                           /* of the worst finding; -1: there is none */
    uint32_t (*n_with)[SEVERITY_ERROR + 1]; /* processes, by the finding's place in rules[] */
};

struct scan_groups {
    struct scan_group *list; /* by name */
    uint32_t n;
    uint32_t n_names; /* that there would be, without a bound */
};

/* Of the rows that were read.  All is in the arena. */
void scan_groups_init(struct scan_groups *groups, const struct scan *scan, struct arena *arena);

/* "comm", "unit", ... */
const char *scan_by_name(enum scan_by by);
bool scan_by_parse(struct str name, enum scan_by *by);

#endif
