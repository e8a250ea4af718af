/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stops a process from growing: the limits that brk, mmap and the stack have in common, and
 * how the least of them is found.  Each limit has its own room, so that a reader sees what comes
 * next.
 */
#ifndef ANALYZE_GROWTH_H
#define ANALYZE_GROWTH_H

#include "model/image.h"

/* The names are part of the JSON contract. */
enum limit_kind {
    LIMIT_NEXT_MAPPING,
    LIMIT_LARGEST_GAP,
    LIMIT_RLIMIT_STACK,
    LIMIT_RLIMIT_DATA,
    LIMIT_RLIMIT_AS,
    LIMIT_RLIMIT_MEMLOCK,
    LIMIT_MAX_MAP_COUNT,
    LIMIT_OVERCOMMIT,
    LIMIT_MMAP_MIN_ADDR,
    LIMIT_TASK_SIZE,
    N_LIMIT_KINDS
};

const char *limit_name(enum limit_kind kind);

/* Who sets such a limit and how it is raised: a sentence. */
const char *limit_remedy(enum limit_kind kind);

struct limit_fact {
    enum limit_kind kind;
    uint64_t room;          /* bytes, whole pages */
    uint64_t tolerance;     /* bytes either way */
    uint64_t room_in_steps; /* by many small calls; UINT64_MAX where each counts by itself */
    const char *value;      /* the limit as it is set: "64M", "0x886000" */
    const char *detail;     /* a sentence */
};

struct growth {
    bool known;
    uint64_t room;
    enum limit_kind limit;  /* the one that binds */
    uint64_t room_in_steps; /* by many small calls; at least room */
    const char *uncertain;  /* what could change the figures, or NULL */
    struct limit_fact limits[N_LIMIT_KINDS];
    unsigned int n_limits;
    unsigned int unknown; /* 1 << enum limit_kind: what is not known and may leave less */
};

/* A new limit with its room rounded down to pages; its texts are the caller's to fill in. */
struct limit_fact *growth_limit(struct growth *growth, const struct image *image,
                                enum limit_kind kind, uint64_t room);

/* The limit of that kind, or NULL. */
struct limit_fact *growth_find(struct growth *growth, enum limit_kind kind);

/* Why a figure may be wrong; the first reason stays. */
void growth_doubt(struct growth *growth, const char *sentence);

/* A limit that could not be read: the figures are the most that can be. */
void growth_unknown(struct growth *growth, enum limit_kind kind);

/* "rlimit-data, rlimit-as and overcommit"; NULL when all limits are known. */
const char *growth_unknown_text(const struct growth *growth, struct image *image);

/* Says so among the doubts; after all else. */
void growth_doubt_unknown(struct growth *growth, struct image *image);

/*
 * The limits on private writable memory, by Linux mm/mmap.c may_expand_vm() and mm/util.c
 * __vm_enough_memory(): RLIMIT_AS, RLIMIT_DATA as the sum of such memory (since 4.7,
 * f4fcd55841fc), vm.max_map_count, overcommit.  A stack (`data` false) only meets the first and
 * the last.
 */
void growth_add_common(struct growth *growth, struct image *image, bool data);

/*
 * RLIMIT_MEMLOCK, when new memory is locked at once (mlockall(MCL_FUTURE), or a locked stack) and
 * the process may not lock more.
 */
void growth_add_memlock(struct growth *growth, struct image *image);

/* Whether CAP_IPC_LOCK or an infinite limit lets the process lock as much as it likes. */
bool may_lock_anything(struct image *image);

/*
 * Whether that is asked for nothing but a doubt, which nobody looks for in passing: the answer
 * costs a file.
 */
bool only_doubts_lock(const struct image *image);

/* Finds the least room. */
void growth_decide(struct growth *growth);

/* The limit that binds; NULL when nothing is known. */
const struct limit_fact *growth_binding(const struct growth *growth);

/* The one that binds when many small calls are made. */
const struct limit_fact *growth_binding_in_steps(const struct growth *growth);

#endif
