/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from the heap: how glibc's main arena grows, and how many arenas there can be. */
#ifndef ANALYZE_HEAP_H
#define ANALYZE_HEAP_H

#include "model/heap.h"

enum heap_growth {
    HEAP_GROWTH_UNKNOWN,
    HEAP_GROWTH_NONE, /* malloc was never used, or only for what it maps */
    HEAP_GROWTH_BRK,
    HEAP_GROWTH_LEFT, /* brk did not give what was asked for at least once */
};

enum { HEAP_MAX_SIGNS = 6 };

struct heap_facts {
    const struct heap *heap;           /* NULL: not asked for */
    const struct glibc_malloc *malloc; /* that serves the program and was used; or NULL */
    enum heap_growth growth;
    bool is_back;                      /* it had left brk, but what it got last is brk's again */
    const char *signs[HEAP_MAX_SIGNS]; /* sentences: how that is known */
    unsigned int n_signs;
    uint64_t system_bytes; /* of all arenas, without what malloc maps by itself */
    uint64_t n_heaps;
    bool has_arena_limit;
    uint64_t arena_limit;
    const char *arena_limit_why; /* "8 for each of 4 CPUs" */
};

/* "brk", "left-brk", "unused"; NULL: not known */
const char *heap_growth_name(enum heap_growth growth);

void heap_compute(struct heap_facts *facts, struct image *image);

#endif
