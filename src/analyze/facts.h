/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts: what follows from an image by the kernel's rules.  Findings judge them, renderers print
 * them; neither computes.  All sizes in bytes.
 */
#ifndef ANALYZE_FACTS_H
#define ANALYZE_FACTS_H

#include "analyze/growth.h"
#include "analyze/heap.h"

struct brk_facts {
    bool known;
    uint64_t start;
    bool is_start_known; /* else it is the least, and `size` and `window` are the most */
    uint64_t end;
    uint64_t size;
    bool exact;
    uint64_t gap;         /* raw bytes from end to the next mapping, or to the end of addresses */
    uint32_t next;        /* mapping, or NONE */
    bool meets_mmap_area; /* next is the lower end of the mmap area, not something apart from it */
    uint64_t window;      /* from start to the next mapping */
    uint64_t normal_window; /* what this kernel and layout leave normally; 0: unknown */
    uint64_t mapping_room;  /* what next leaves: whole pages */
    struct growth growth;
    bool heap_is_locked;   /* mlockall(MCL_FUTURE) is in force, as the heap shows */
    bool lock_is_sure;     /* ... and nothing else can have locked it */
    uint64_t own_data_max; /* where brk's own test of RLIMIT_DATA ends; 0: it does not bind */
    uint64_t max;          /* the highest address brk() accepts */
};

/* A stretch of address space: neighbouring mappings of one purpose, or a gap. */
struct region {
    enum region_role role;
    struct range range;
    const char *name; /* what is in it; NULL: nothing to say */
    uint32_t first_mapping;
    uint32_t n_mappings;
    uint64_t mapped_bytes; /* the sum of its mappings, without holes */
    bool has_rss;
    uint64_t rss_bytes;
};

const char *region_name(enum region_role role);

/* What is in a region of mmap'ed memory: its objects, threads and how many mappings. */
const char *region_describe(struct image *image, const struct region *region);

struct memory_facts {
    bool known;
    struct usage total;
    struct usage by_role[N_ROLES];
    uint32_t n_by_role[N_ROLES];
};

struct stack_facts {
    bool known; /* not without RLIMIT_STACK, which nearly always binds */
    bool grows_up;
    uint32_t mapping;   /* the part that grows: the lowest, or the highest */
    struct range range; /* all parts */
    struct range reach; /* the addresses that it can have when it has grown as far as it can */
    struct growth growth;
};

struct mmap_facts {
    struct growth growth; /* the longest private writable mmap(NULL, length) */
    bool has_address;
    uint64_t address; /* where it would be put */
};

/* How the process of a core died. */
struct death_facts {
    bool known; /* a signal ended it */
    unsigned int signal;
    const char *name; /* "SIGSEGV", or NULL */
    uint32_t tid;     /* of the thread that it was for */
    bool has_address; /* that the signal is about */
    uint64_t address;
    const char *place;  /* where that is: "where nothing is mapped" */
    bool has_overflown; /* ... because this stack was full */
    bool is_main_stack;
    struct range stack;
};

struct facts {
    struct brk_facts brk;
    struct stack_facts stack_growth;
    struct mmap_facts mmap;
    struct range largest_gap; /* the largest hole in which mmap can place something */
    bool has_low_2g;          /* there is MAP_32BIT on this machine */
    struct range low_2g_gap;  /* the largest hole for it: 1 GiB to 2 GiB */
    bool has_stack;
    uint32_t stack;           /* the mapping that is labelled so: where it began at exec */
    struct range stack_range; /* all parts */
    struct region *regions;   /* by address, gaps included */
    uint32_t n_regions;
    struct region *outline; /* the regions to draw: boxes of the mmap area are joined */
    uint32_t n_outline;
    uint32_t n_anonymous, n_file, n_executable; /* mappings */
    struct memory_facts memory;
    struct death_facts death;
    struct heap_facts heap;
};

/* The facts of an image; they live in its arena. */
void facts_compute(struct facts *facts, struct image *image);

/* The steps. */
void brk_compute(struct facts *facts, struct image *image);
void stack_compute(struct facts *facts, struct image *image);
void mmap_compute(struct facts *facts, struct image *image);
void gaps_compute(struct facts *facts, const struct image *image);
void regions_compute(struct facts *facts, struct image *image);
void outline_compute(struct facts *facts, struct image *image);
void memory_compute(struct facts *facts, const struct image *image);
void death_compute(struct facts *facts, struct image *image);

/* "libtinfo.so.5.9", "an anonymous mapping (---p)": for sentences; in the image's arena. */
const char *mapping_title(struct image *image, const struct mapping *mapping);

/* The end of the address space, or of the highest mapping where that is not known. */
uint64_t address_space_end(const struct image *image);

/*
 * The largest hole between mappings above `address` and below the mmap base (the end of the address
 * space when the base is not known).
 */
struct range largest_hole_above(const struct image *image, uint64_t address);

/*
 * Where the kernel would put a private writable anonymous mapping of `length` bytes (whole pages)
 * that is asked for without an address.  False when there is no room for it.
 */
bool mmap_place(struct image *image, uint64_t length, uint64_t *address);

/* Whether the mapping is part of a loaded ELF object other than the program. */
bool mapping_is_library(const struct image *image, const struct mapping *mapping);

#endif
