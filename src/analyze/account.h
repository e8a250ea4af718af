/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the host's memory is: parts that add up to MemTotal; one of them is what the kernel's
 * figures do not tell.
 */
#ifndef ANALYZE_ACCOUNT_H
#define ANALYZE_ACCOUNT_H

#include "model/hostmem.h"

enum account_part {
#define ACCOUNT(symbol, name) ACCOUNT_##symbol,
#include "analyze/account.list"
#undef ACCOUNT
    N_ACCOUNT
};

const char *account_name(enum account_part part);

/* What the parts are added up to for a person. */
enum account_group {
    GROUP_PROCESSES,
    GROUP_SHARED,
    GROUP_PAGE_CACHE,
    GROUP_SLAB,
    GROUP_HUGE_PAGES,
    GROUP_KERNEL, /* page tables, stacks, vmalloc, per-CPU */
    GROUP_COMPRESSED,
    GROUP_UNACCOUNTED,
    GROUP_FREE,
    N_GROUPS
};

struct account {
    bool known; /* MemTotal could be read */
    uint64_t total_bytes;
    bool has[N_ACCOUNT];      /* those that are not known are 0 */
    int64_t bytes[N_ACCOUNT]; /* only UNACCOUNTED can be negative: then something counts twice */
    bool group_has[N_GROUPS]; /* but for what this kernel does not tell */
    int64_t group_bytes[N_GROUPS];
    bool has_huge_free;       /* all of HUGE_PAGES are of the default size */
    uint64_t huge_free_bytes; /* what of them nobody uses and nobody was promised */
    bool is_contradictory;    /* the figures cannot be */
    const char *rest;         /* what UNACCOUNTED may be: "drivers, ZFS" and so on */
    const char *summary;      /* one sentence, without a full stop */
    const char *sanitizers;   /* what vm.mmap_rnd_bits means for sanitizers, or NULL */
};

/* Its sentences live in the arena. */
void account_compute(struct account *account, const struct host_memory *memory,
                     struct arena *arena);

/* How many of a hundred, rounded to the nearest; 0 of nothing. */
unsigned int percent_of(uint64_t part, uint64_t whole);

#endif
