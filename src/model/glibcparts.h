/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the search for glibc's malloc; for glibc*.c only. */
#ifndef MODEL_GLIBCPARTS_H
#define MODEL_GLIBCPARTS_H

#include "model/glibc.h"
#include "parse/word.h"

/*
 * Versions whose malloc_state is laid out alike, told from each other by where the bins lie in it.
 */
struct glibc_generation {
    uint8_t word, align, n_fast;
    bool is_narrow, is_wide; /* which targets with words of 4 bytes have it */
    bool may_lack_attached;
    uint16_t fastbins, bins;
    uint16_t plain_heap, thp_heap; /* sizeof(heap_info) before 2.35, and since */
    uint8_t pars;                  /* rows of malloc_par that go with it, as bits */
};

/* The n-th generation that the target can have; NULL after the last. */
const struct glibc_generation *generation_get(const struct glibc_place *place, unsigned int n);

uint64_t generation_next(const struct glibc_generation *generation);

struct glibc_layout generation_layout(const struct glibc_generation *generation, bool has_attached,
                                      bool has_thp, bool is_big_endian);

/* A word of the target; false when it cannot be read. */
static inline bool place_word(const struct glibc_place *place, uint64_t at, uint64_t *value)
{
    return word_read(place->memory, at, place->word, place->is_big_endian, value);
}

/*
 * Fills buf page by page, with zeros for pages that cannot be read; false when that is all of them.
 */
bool place_read(const struct glibc_place *place, uint64_t at, unsigned char *buf, size_t n);

/* As much of the longest malloc_par as is read. */
enum { PAR_BYTES = 112 };

/* What the main arena says, to tell malloc_par by. */
struct par_hint {
    bool has_top;
    uint64_t top_end;         /* 0: there is no top, or it does not grow by sbrk alone */
    uint64_t system_bytes[2]; /* as it may be read; 0: not so */
};

/* Finds malloc_par in the segment; par.known says whether it did.  *has_thp as its fields say. */
void par_find(struct glibc_par *par, bool *has_thp, const struct glibc_place *place,
              struct range segment, const struct glibc_generation *generation,
              const struct par_hint *hint);

/* Finds the heaps of an arena that is not main; false when no size that heaps can have fits. */
bool heaps_find(const struct glibc_place *place, const struct glibc_malloc *malloc,
                struct glibc_arena *arena);

/* How many bins of the state at that address are lists that lead back to it, of GLIBC_N_BINS. */
unsigned int bins_count(const struct glibc_place *place, uint64_t bins);

/* Whether the bin that has its two pointers at that address is such a list. */
bool bin_check(const struct glibc_place *place, uint64_t at);

/* Reads an arena's fields. */
bool arena_read(const struct glibc_place *place, const struct glibc_layout *layout,
                uint64_t address, struct glibc_arena *arena);

/* Holds a copy of malloc against what is always true of it: malloc.broken. */
void malloc_verify(const struct glibc_place *place, struct glibc_malloc *malloc);

#endif
