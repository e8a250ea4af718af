/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * glibc's malloc as it stands in a process's memory, found without symbols, debug files or a
 * version: glibc_find() (model/glibc.c) locates it, heapwalk_run() (model/heapwalk.c) walks it.
 * All of it is the process's word and may be nonsense: whoever follows an address or a size from
 * here bounds it first.
 */
#ifndef MODEL_GLIBC_H
#define MODEL_GLIBC_H

#include <stdbool.h>
#include <stdint.h>

/* Where the fields of one generation of glibc lie: offsets in bytes from their structure's start. */
struct glibc_layout {
    uint8_t word;   /* 4 or 8 */
    uint8_t align;  /* MALLOC_ALIGNMENT: 8 or 16 */
    uint8_t n_fast; /* fastbins; 0 since 2.43 */
    bool is_big_endian;
    bool has_attached; /* attached_threads, since 2.23 */
    bool has_thp;      /* malloc_par and heap_info of 2.35 and later */
    uint16_t flags, fastbins, top, bins, next, system_mem, attached,
        state_size;     /* of malloc_state */
    uint16_t heap_size; /* sizeof(heap_info) */
};

struct glibc_heap {
    uint64_t start, size, max;
}; /* of an arena that is not main: heap_info, its bytes in use, HEAP_MAX */

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
    uint64_t trim_threshold, top_pad, mmap_threshold, arena_test, arena_max;
    uint64_t n_mmaps, n_mmaps_max, max_n_mmaps;
    uint64_t mmapped_bytes, max_mmapped_bytes;
    uint64_t sbrk_base;
    uint64_t thp_page_size, huge_page_size;
    bool is_dynamic; /* thresholds still move: no_dyn_threshold is 0 */
};

/* One copy of malloc in the process: libc.so.6, a static program's, libc_malloc_debug's, dlmopen()'s. */
struct glibc_malloc {
    const char *object; /* the file it lies in */
    struct glibc_layout layout;
    struct glibc_par par;
    struct glibc_arena *arenas; /* the ring, main first */
    uint32_t n_arenas;
    bool is_used; /* main_arena is initialised */
};
#endif
