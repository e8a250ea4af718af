/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * glibc's malloc as it stands in a process's memory, found without symbols, debug files or a
 * version: glibc_find() (model/glibc.c) locates it, heapwalk_run() (model/heapwalk.c) walks it.
 * All of it is the process's word and may be nonsense: whoever follows an address or a size from
 * here bounds it first.
 */
#ifndef MODEL_GLIBC_H
#define MODEL_GLIBC_H

#include "base/arena.h"
#include "base/range.h"
#include "base/reader.h"

/* A bit of malloc_state.flags in every version: sbrk does not give one range any more. */
enum { GLIBC_NONCONTIGUOUS = 2 };

enum {
    GLIBC_MAX_ARENAS = 20000, /* of one ring, and what is followed in search of one */
    GLIBC_MAX_HEAPS = 65536,  /* of one arena: 4 TiB */
    GLIBC_MAX_COPIES = 16,    /* of malloc in one process */
    GLIBC_N_BINS = 127,
};

/* Where the fields of one generation lie: offsets in bytes from their structure's start. */
struct glibc_layout {
    uint8_t word;   /* 4 or 8 */
    uint8_t align;  /* MALLOC_ALIGNMENT: 8 or 16 */
    uint8_t n_fast; /* fastbins; 0 since 2.43 */
    bool is_big_endian;
    bool has_attached; /* attached_threads, since 2.23 */
    bool has_thp;      /* malloc_par and heap_info of 2.35 and later */
    /* of malloc_state */
    uint16_t flags, fastbins, top, bins, next, system_mem, attached, state_size;
    uint16_t heap_size; /* sizeof(heap_info) */
};

/* Of an arena that is not main: heap_info, its bytes in use, HEAP_MAX. */
struct glibc_heap {
    uint64_t start, size, max;
};

struct glibc_arena {
    uint64_t address;
    bool is_main;
    bool is_initialized;    /* has a top chunk of its own */
    bool is_locked;         /* its mutex word is not 0: caught inside malloc */
    uint32_t flags;         /* GLIBC_NONCONTIGUOUS */
    uint64_t attached;      /* threads, 0 when !has_attached */
    uint64_t top, top_size; /* chunk's address and size without its flags */
    uint64_t system_bytes, max_system_bytes;
    uint64_t fast[11];        /* heads of the fastbins, as stored */
    struct glibc_heap *heaps; /* newest first; none for main */
    uint32_t n_heaps;
};

struct glibc_par {
    bool known;
    uint64_t address;
    unsigned int size; /* in bytes, up to the last field that is read */
    uint64_t trim_threshold, top_pad, mmap_threshold, arena_test, arena_max;
    uint64_t n_mmaps, n_mmaps_max, max_n_mmaps;
    uint64_t mmapped_bytes, max_mmapped_bytes;
    uint64_t sbrk_base;
    uint64_t thp_page_size, huge_page_size;
    bool is_dynamic; /* thresholds still move: no_dyn_threshold is 0 */
};

/* One copy of malloc: libc.so.6, a static program's, libc_malloc_debug's, dlmopen()'s. */
struct glibc_malloc {
    const char *object; /* the file it lies in */
    struct glibc_layout layout;
    struct glibc_par par;
    struct glibc_arena *arenas; /* the ring, main first */
    uint32_t n_arenas;
    bool is_used; /* main_arena is initialised */

    const char *broken; /* what does not fit together, a sentence; NULL: everything does */
    uint64_t broken_at;
};

struct glibc {
    struct glibc_malloc *mallocs;
    uint32_t n_mallocs;
    uint64_t unproven; /* bins that belong to no ring of arenas; 0: there are none */
    bool is_cut;       /* there was more to look at than is looked at */
};

/* Where to look: the writable data of an object, its bss included. */
struct glibc_segment {
    struct range range;
    const char *object;
};

struct glibc_place {
    struct arena *arena;         /* what is found lives in it */
    const struct reader *memory; /* by address */
    uint8_t word;                /* of the target: 4 or 8 bytes */
    bool is_big_endian;
    bool is_wide;       /* where words have 4 bytes: chunks lie at multiples of 16 since 2.26 */
    uint64_t page_size; /* a power of two */
    uint64_t start_brk; /* 0: unknown */
    const struct glibc_segment *segments; /* the likeliest first */
    uint32_t n_segments;
};

/* Finds every copy of malloc; their number may be 0. */
void glibc_find(struct glibc *found, const struct glibc_place *place);

/* Looks in the ranges, anonymous memory in address order, for arenas that its ring lacks. */
void glibc_find_lost(struct glibc_malloc *malloc, const struct glibc_place *place,
                     const struct range *ranges, size_t n_ranges);

#endif
