/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arenas: their fields, the heaps that those have which are not main, and what must hold between
 * them.  A process that runs meanwhile breaks that as well as one whose memory is corrupt.
 */
#include "model/glibcparts.h"

#include <stdlib.h>
#include <string.h>

/* Of a size: PREV_INUSE, IS_MMAPPED, NON_MAIN_ARENA. */
enum { CHUNK_FLAGS = 7 };

bool place_read(const struct glibc_place *place, uint64_t at, unsigned char *buf, size_t n)
{
    bool any = reader_read(place->memory, at, buf, n);

    if (any)
        return true;
    memset(buf, 0, n);
    for (size_t done = 0; done < n;) {
        uint64_t page_end = align_down(at + done, place->page_size) + place->page_size;
        size_t step = n - done;

        if (page_end - (at + done) < step)
            step = (size_t)(page_end - (at + done));
        if (reader_read(place->memory, at + done, buf + done, step))
            any = true;
        done += step;
    }
    return any;
}

/* The chunk that a bin stands for begins two words before its pointers. */
static bool is_list(const struct glibc_place *place, uint64_t header, uint64_t forward,
                    uint64_t back)
{
    uint64_t word = place->word, to_back, to_forward;

    if (forward == header || back == header)
        return forward == back;
    return forward != 0 && back != 0 && place_word(place, forward + 3 * word, &to_back) &&
           place_word(place, back + 2 * word, &to_forward) && to_back == header &&
           to_forward == header;
}

bool bin_check(const struct glibc_place *place, uint64_t at)
{
    uint64_t word = place->word, forward, back;

    return place_word(place, at, &forward) && place_word(place, at + word, &back) &&
           is_list(place, at - 2 * word, forward, back);
}

unsigned int bins_count(const struct glibc_place *place, uint64_t bins)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < GLIBC_N_BINS; i++)
        n += bin_check(place, bins + 2 * i * (uint64_t)place->word);
    return n;
}

static uint64_t field(const struct glibc_layout *layout, const unsigned char *state,
                      unsigned int at)
{
    return word_load(state + at, layout->word, layout->is_big_endian);
}

static void read_fastbins(const struct glibc_layout *layout, const unsigned char *state,
                          struct glibc_arena *arena)
{
    for (unsigned int i = 0; i < layout->n_fast; i++)
        arena->fast[i] = field(layout, state, layout->fastbins + i * layout->word);
}

bool arena_read(const struct glibc_place *place, const struct glibc_layout *layout,
                uint64_t address, struct glibc_arena *arena)
{
    enum { LONGEST_STATE = 2200 };
    unsigned char state[LONGEST_STATE];
    unsigned int word = layout->word;
    uint64_t size = 0;

    if (layout->state_size > sizeof(state) ||
        !reader_read(place->memory, address, state, layout->state_size))
        return false;
    *arena = (struct glibc_arena){
        .address = address,
        .is_locked = word_load(state, 4, layout->is_big_endian) != 0,
        .flags = (uint32_t)word_load(state + layout->flags, 4, layout->is_big_endian),
        .attached = layout->has_attached ? field(layout, state, layout->attached) : 0,
        .top = field(layout, state, layout->top),
        .system_bytes = field(layout, state, layout->system_mem),
        .max_system_bytes = field(layout, state, layout->system_mem + word),
    };
    read_fastbins(layout, state, arena);
    /* At first its own beginning stands in for the top chunk. */
    arena->is_initialized = arena->top != 0 && arena->top != address + layout->top;
    if (arena->is_initialized && place_word(place, arena->top + word, &size))
        arena->top_size = size & ~(uint64_t)CHUNK_FLAGS;
    return true;
}

/* A heap and those before it, when their HEAP_MAX is `max`. */
struct chain {
    struct glibc_heap *heaps;
    uint32_t n, room;
    uint64_t bytes;
};

static void chain_add(struct chain *chain, struct glibc_heap heap)
{
    if (chain->n == chain->room) {
        chain->room = chain->room ? 2 * chain->room : 8;
        chain->heaps = xreallocarray(chain->heaps, chain->room, sizeof(*chain->heaps));
    }
    chain->heaps[chain->n++] = heap;
    chain->bytes += heap.size;
}

static bool chain_follow(struct chain *chain, const struct glibc_place *place,
                         const struct glibc_arena *arena, uint64_t max)
{
    uint64_t at = align_down(arena->top, max), word = place->word, mark = 0;
    uint64_t owner, previous, size;

    for (; at != 0; at = previous) {
        if (at % max != 0 || chain->n == GLIBC_MAX_HEAPS || !place_word(place, at, &owner) ||
            !place_word(place, at + word, &previous) || !place_word(place, at + 2 * word, &size) ||
            owner != arena->address || size % place->page_size != 0 || size > max || size == 0)
            return false;
        chain_add(chain, (struct glibc_heap){at, size, max});
        if (chain->bytes > arena->system_bytes || (previous != 0 && previous == mark))
            return false;
        /* Sooner or later a mark lies on the circle, if there is one. */
        if ((chain->n & (chain->n - 1)) == 0)
            mark = at;
    }
    return chain->n > 0 && chain->bytes == arena->system_bytes &&
           chain->heaps[0].start + chain->heaps[0].size == arena->top + arena->top_size;
}

static bool try_max(const struct glibc_place *place, struct glibc_arena *arena, uint64_t max)
{
    struct chain chain = {0};
    bool ok = chain_follow(&chain, place, arena, max);

    if (ok) {
        arena->n_heaps = chain.n;
        arena->heaps = arena_alloc(place->arena, chain.n * sizeof(*arena->heaps));
        memcpy(arena->heaps, chain.heaps, chain.n * sizeof(*arena->heaps));
    }
    free(chain.heaps);
    return ok;
}

/* HEAP_MAX_SIZE, and from 2.35 on four huge pages where malloc was told to use these. */
bool heaps_find(const struct glibc_place *place, const struct glibc_malloc *malloc,
                struct glibc_arena *arena)
{
    static const uint64_t others[] = {8 << 20, 128 << 20, UINT64_C(2) << 30, UINT64_C(4) << 30};
    uint64_t huge = malloc->par.huge_page_size;

    if (try_max(place, arena, place->word == 8 ? 64 << 20 : 1 << 20))
        return true;
    if (huge != 0 && huge <= UINT64_C(1) << 40)
        return try_max(place, arena, 4 * huge);
    for (size_t i = 0; !malloc->par.known && i < sizeof(others) / sizeof(others[0]); i++)
        if (try_max(place, arena, others[i]))
            return true;
    return false;
}

static bool fail(struct glibc_malloc *malloc, uint64_t address, const char *sentence)
{
    malloc->broken = sentence;
    malloc->broken_at = address;
    return false;
}

static bool verify_top(const struct glibc_place *place, struct glibc_malloc *malloc,
                       const struct glibc_arena *arena)
{
    uint64_t least = 2 * (uint64_t)place->word, end;

    if (arena->top_size < least || arena->top_size % least != 0)
        return fail(malloc, arena->top, "the size of a top chunk is no size");
    if (__builtin_add_overflow(arena->top, arena->top_size, &end) || end % place->page_size != 0)
        return fail(malloc, arena->top, "a top chunk does not end where a page does");
    return true;
}

/* The break may since have been moved by others: what lies between counts as the arena's. */
static bool verify_main(struct glibc_malloc *malloc, const struct glibc_arena *arena)
{
    if (arena->flags & GLIBC_NONCONTIGUOUS || !malloc->par.known)
        return true;
    return malloc->par.sbrk_base + arena->system_bytes == arena->top + arena->top_size ||
           fail(malloc, arena->address,
                "the main arena's bytes do not reach from its first byte to the end of its top");
}

static bool verify_arena(const struct glibc_place *place, struct glibc_malloc *malloc,
                         struct glibc_arena *arena)
{
    if (bins_count(place, arena->address + malloc->layout.bins) != GLIBC_N_BINS)
        return fail(malloc, arena->address, "a list of free chunks does not lead back to its bin");
    if (arena->system_bytes > arena->max_system_bytes)
        return fail(malloc, arena->address, "an arena has more bytes than it ever had");
    if (!arena->is_initialized)
        return arena->is_main ||
               fail(malloc, arena->address, "an arena beside the main one has no top chunk");
    if (!verify_top(place, malloc, arena))
        return false;
    if (arena->is_main)
        return verify_main(malloc, arena);
    return heaps_find(place, malloc, arena) ||
           fail(malloc, arena->address, "the heaps of an arena do not sum up to its bytes");
}

void malloc_verify(const struct glibc_place *place, struct glibc_malloc *malloc)
{
    malloc->broken = NULL;
    for (uint32_t i = 0; malloc->is_used && i < malloc->n_arenas; i++)
        if (!verify_arena(place, malloc, &malloc->arenas[i]))
            return;
}
