/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a snapshot keeps of glibc's malloc: each malloc_state, malloc_par, the heads of heaps, the
 * size of each top chunk, and of free chunks the two pointers that prove a bin.  All of that is
 * malloc's own: nothing that a program has, or had, in a block of its own.
 */
#include "model/heapkeep.h"

#include "parse/memorylist.h"

#include <stdlib.h>

struct keeper {
    const struct reader *memory;
    struct range *ranges;
    size_t n, room;
};

static void keep(struct keeper *keeper, uint64_t start, uint64_t n)
{
    if (start == 0 || start > UINT64_MAX - n)
        return;
    if (keeper->n == keeper->room) {
        keeper->room = keeper->room ? 2 * keeper->room : 64;
        keeper->ranges = xreallocarray(keeper->ranges, keeper->room, sizeof(*keeper->ranges));
    }
    keeper->ranges[keeper->n++] = (struct range){start, start + n};
}

/* A pointer in a free chunk; where it does not lead back to the bin it is not malloc's. */
static void keep_link(struct keeper *keeper, const struct glibc_layout *layout, uint64_t at,
                      uint64_t header)
{
    uint64_t value;

    if (word_read(keeper->memory, at, layout->word, layout->is_big_endian, &value) &&
        value == header)
        keep(keeper, at, layout->word);
}

/* The pointers of the first chunk and of the last that lead back to the bin. */
static void keep_bin(struct keeper *keeper, const struct glibc_layout *layout, uint64_t bin)
{
    uint64_t word = layout->word, forward, back;

    if (!word_read(keeper->memory, bin, word, layout->is_big_endian, &forward) ||
        !word_read(keeper->memory, bin + word, word, layout->is_big_endian, &back) ||
        forward == bin - 2 * word || forward == 0 || back == 0)
        return;
    keep_link(keeper, layout, forward + 3 * word, bin - 2 * word);
    keep_link(keeper, layout, back + 2 * word, bin - 2 * word);
}

static void keep_arena(struct keeper *keeper, const struct glibc_malloc *malloc,
                       const struct glibc_arena *arena)
{
    const struct glibc_layout *layout = &malloc->layout;

    keep(keeper, arena->address, layout->state_size);
    if (arena->is_initialized)
        keep(keeper, arena->top + layout->word, layout->word);
    for (unsigned int i = 0; malloc->is_used && i < GLIBC_N_BINS; i++)
        keep_bin(keeper, layout, arena->address + layout->bins + 2 * i * (uint64_t)layout->word);
    for (uint32_t i = 0; i < arena->n_heaps; i++)
        keep(keeper, arena->heaps[i].start, 3 * (uint64_t)layout->word);
}

static void keep_malloc(struct keeper *keeper, const struct glibc_malloc *malloc)
{
    if (malloc->par.known)
        keep(keeper, malloc->par.address, malloc->par.size);
    for (uint32_t i = 0; i < malloc->n_arenas; i++)
        keep_arena(keeper, malloc, &malloc->arenas[i]);
}

static int by_start(const void *a, const void *b)
{
    const struct range *x = a, *y = b;

    return x->start < y->start ? -1 : x->start > y->start;
}

/* In order, and what overlaps or adjoins as one. */
static void merge(struct keeper *keeper)
{
    size_t n = 0;

    if (keeper->n > 0)
        qsort(keeper->ranges, keeper->n, sizeof(*keeper->ranges), by_start);
    for (size_t i = 0; i < keeper->n; i++) {
        struct range *last = n > 0 ? &keeper->ranges[n - 1] : NULL;

        if (last && keeper->ranges[i].start <= last->end)
            last->end = last->end > keeper->ranges[i].end ? last->end : keeper->ranges[i].end;
        else
            keeper->ranges[n++] = keeper->ranges[i];
    }
    keeper->n = n;
}

/* Piece by piece, for a part of it may not be readable. */
static void print_range(const struct keeper *keeper, struct textbuf *text, struct range range)
{
    unsigned char piece[MEMORYLIST_PIECE];

    for (uint64_t at = range.start; at < range.end; at += sizeof(piece)) {
        size_t n = range.end - at < sizeof(piece) ? (size_t)(range.end - at) : sizeof(piece);

        if (reader_read(keeper->memory, at, piece, n))
            memorylist_print(text, at, piece, n);
    }
}

struct str heap_keep(struct arena *arena, const struct glibc *glibc, const struct reader *memory)
{
    struct keeper keeper = {.memory = memory};
    struct textbuf text = {0};
    struct str kept;

    for (uint32_t i = 0; i < glibc->n_mallocs; i++)
        keep_malloc(&keeper, &glibc->mallocs[i]);
    merge(&keeper);
    for (size_t i = 0; i < keeper.n; i++)
        print_range(&keeper, &text, keeper.ranges[i]);
    free(keeper.ranges);
    kept = textbuf_view(&text);
    kept = (struct str){arena_strndup(arena, kept.n > 0 ? kept.p : "", kept.n), kept.n};
    textbuf_deinit(&text);
    return kept;
}
