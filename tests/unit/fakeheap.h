/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A made-up heap of glibc's malloc in memory, written chunk by chunk as a script says, with what
 * must be found in it: what the script says, summed up here.
 *
 * A script is a row of words: a letter and a size, which counts malloc's head.
 *
 *     u64   in use              T656  a thread's tcache: the first chunk of all
 *     b96   free, in a bin      c48   free, in that tcache
 *     f32   free, in a fastbin
 */
#ifndef FAKEHEAP_H
#define FAKEHEAP_H

#include "model/heapwalk.h"

enum {
    FAKE_PAGE = 4096,
    FAKE_ROOM = 48 * FAKE_PAGE,
    FAKE_PIECES = 8,
    FAKE_ARENAS = 3,
    FAKE_CHUNKS = 512,
};

/* A part of the made-up address space. */
struct fakepiece {
    struct range range;
    unsigned char *bytes;
    bool *matters; /* of each byte: malloc or the walk goes by it */
};

struct fakearena {
    uint64_t bins[512], fast[16];
    uint64_t last_binned, last_sized;
    struct heap_tally tally; /* as it must be found */
    struct heap_pin pin;
    struct glibc_heap heaps[4];
};

struct fakeheap {
    struct glibc_malloc malloc;
    struct glibc_arena arenas[FAKE_ARENAS];
    struct fakearena own[FAKE_ARENAS];
    struct fakepiece pieces[FAKE_PIECES];
    unsigned int n_pieces;
    struct range readable[FAKE_PIECES];
    unsigned int n_readable;
    unsigned char bytes[FAKE_ROOM];
    bool matters[FAKE_ROOM];
    size_t used;
    bool is_linked_safely;
    uint64_t tcache, tcache_heads[76], n_cached[76]; /* the chunk, and what it lists */
    uint64_t brk;
    uint64_t n_reads;
};

struct fakeform {
    const char *name;
    uint8_t word, align;
    bool is_linked_safely, is_big_endian;
    uint16_t bins; /* where they are in malloc_state, which tells the generation */
};

void fakeheap_init(struct fakeheap *fake, const struct fakeform *form);

/* Memory that may be read; filled with `fill`. */
void fakeheap_map(struct fakeheap *fake, uint64_t start, uint64_t n_pages, int fill);

/* The same, of zeros, in memory that is the caller's: more than there is room for here. */
void fakeheap_lend(struct fakeheap *fake, uint64_t start, uint64_t n_pages, unsigned char *bytes,
                   bool *matters);

/*
 * Writes chunks from `start` on.  Then up to `end`: the top, or what the arena left there.
 * Returns where the first chunk went.
 */
enum fakeend { FAKE_TOP, FAKE_FENCE, FAKE_SHORT_FENCE };
void fakeheap_segment(struct fakeheap *fake, unsigned int arena, uint64_t start, uint64_t end,
                      const char *script, enum fakeend how);

/* Writes what malloc_state and the tcache hold, when all segments are there. */
void fakeheap_finish(struct fakeheap *fake);

void fakeheap_put(struct fakeheap *fake, uint64_t address, uint64_t value);
/* That chunk's head does not matter. */
void fakeheap_forget(struct fakeheap *fake, uint64_t chunk);
struct heapwalk_source fakeheap_source(struct fakeheap *fake, struct reader *reader);

#endif
