/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chunks in fastbins, which look as if they were in use: their lists have to be followed before
 * the walk.  That takes a read of the target for each chunk (2.5 us, measured on Linux 6.1), since
 * lists that a program has made go all over its heap.  So once that has taken as long as to read
 * all memory that they can be in, this is done, and whatever can be a link is kept.  What is not
 * kept is read as before: the result is the same.
 */
#include "model/heapinner.h"

enum { ENOUGH_CHUNKS = 16, PAGE = 4096 };

/* What reading a region amounts to in jumps: 64 MiB at 6 GB/s. */
enum { REGION_JUMPS = 4096 };

struct follower {
    struct heap_walker *walker;
    uint64_t next[HEAP_FASTBINS]; /* of each list, the chunk that is next */
    uint64_t n_jumps;
    bool has_read; /* the memory, as a whole */
};

enum outcome { BROKEN, ENDED, TO_BE_READ };

static uint64_t place_of(const struct heap_walker *walker, uint64_t chunk)
{
    return (chunk + walker->header) / walker->align;
}

static uint64_t chunk_at(const struct heap_walker *walker, uint64_t place)
{
    return place * walker->align - walker->header;
}

static uint64_t size_of(const struct heap_walker *walker, unsigned int bin)
{
    return (bin + UINT64_C(2)) * walker->header;
}

static bool fast_add(struct heap_walker *walker, void *context, const struct heap_chunk *chunk)
{
    (void)context;
    return heapset_add(&walker->fast, chunk->address);
}

/* Which way of linking makes sense of a list, judged by its first chunks. */
static bool linking_find(struct heap_walker *walker, struct heap_list list)
{
    list.limit = ENOUGH_CHUNKS;
    for (int way = LINKING_SAFE; way <= LINKING_PLAIN; way++) {
        list.linking = (enum heap_linking)way;
        if (heap_list_follow(walker, &list)) {
            walker->linking = list.linking;
            return true;
        }
    }
    return heap_break_set(walker, HEAP_FAST_LIST, list.bad, list.head);
}

/* A chunk whose link is not kept, in the target. */
static bool chunk_jump(struct follower *follower, unsigned int bin)
{
    struct heap_walker *walker = follower->walker;
    uint64_t chunk = follower->next[bin];
    struct heap_list list = {
        .head = chunk,
        .size = size_of(walker, bin),
        .limit = 1,
        .linking = walker->linking,
        .member = fast_add,
    };

    if (!heap_list_follow(walker, &list))
        return false;
    follower->next[bin] = list.next;
    follower->n_jumps++;
    if (!follower->has_read)
        (void)heapindex_name(&walker->fast_links, place_of(walker, chunk));
    return true;
}

/* A list that comes back to itself ends where the chunk was met already. */
static bool chunk_follow(struct follower *follower, unsigned int bin)
{
    struct heap_walker *walker = follower->walker;
    uint64_t chunk = follower->next[bin], place;

    if (!heap_is_aligned(walker, chunk) || walker->jumps_left == 0)
        return false;
    switch (heapindex_take(&walker->fast_links, place_of(walker, chunk), &place)) {
    case HEAPINDEX_NONE:
        return chunk_jump(follower, bin);
    case HEAPINDEX_FOUND:
        walker->jumps_left--;
        follower->next[bin] = chunk_at(walker, place);
        return true;
    default:
        return false;
    }
}

static bool jumps_are_enough(const struct follower *follower)
{
    return !follower->has_read &&
           follower->n_jumps / REGION_JUMPS > follower->walker->fast_links.n_regions;
}

/* By so many chunks at most. */
static enum outcome list_follow(struct follower *follower, unsigned int bin, uint64_t n)
{
    struct heap_walker *walker = follower->walker;
    bool is_bound;

    for (; follower->next[bin] && n > 0; n--) {
        uint64_t chunk = follower->next[bin];

        if (jumps_are_enough(follower))
            return TO_BE_READ;
        if (!chunk_follow(follower, bin)) {
            is_bound = walker->fast.is_full || walker->jumps_left == 0;
            heap_break_set(walker, is_bound ? HEAP_LIMIT : HEAP_FAST_LIST, chunk,
                           walker->arena->fast[bin]);
            return BROKEN;
        }
        walker->fast_listed[bin] += heap_address_mix(chunk);
    }
    return ENDED;
}

/* fastbin_index() counts by 16 bytes with 64 bits and by 8 with 32, whatever the alignment is. */
static unsigned int bins_count(const struct heap_walker *walker)
{
    unsigned int n = walker->malloc->layout.n_fast;

    return n < HEAP_FASTBINS ? n : HEAP_FASTBINS;
}

/* In the target one after the other, as each may stay in a page; of kept links all at once. */
static enum outcome lists_follow(struct follower *follower)
{
    struct heap_walker *walker = follower->walker;
    uint64_t n = follower->has_read ? 1 : UINT64_MAX;
    enum outcome outcome = ENDED;
    bool is_more;

    do {
        is_more = false;
        for (unsigned int i = 0; i < bins_count(walker); i++)
            if (follower->next[i])
                heapindex_expect(&walker->fast_links, place_of(walker, follower->next[i]));
        for (unsigned int i = 0; i < bins_count(walker) && outcome == ENDED; i++) {
            outcome = list_follow(follower, i, n);
            is_more = is_more || follower->next[i];
        }
    } while (is_more && outcome == ENDED);
    return outcome;
}

static bool head_check(struct heap_walker *walker, unsigned int bin)
{
    uint64_t head = walker->arena->fast[bin];

    if (!heap_is_aligned(walker, head))
        return heap_break_set(walker, HEAP_FAST_HEAD, walker->arena->address, head);
    return walker->linking != LINKING_UNKNOWN ||
           linking_find(walker, (struct heap_list){.head = head, .size = size_of(walker, bin)});
}

static enum outcome fastbins_follow(struct follower *follower)
{
    struct heap_walker *walker = follower->walker;

    for (unsigned int i = 0; i < bins_count(walker); i++) {
        follower->next[i] = walker->arena->fast[i];
        if (follower->next[i] && !head_check(walker, i))
            return BROKEN;
    }
    return lists_follow(follower);
}

static void regions_name(struct heap_walker *walker, struct range range)
{
    uint64_t step = (uint64_t)walker->align << HEAPINDEX_REGION_BITS;

    for (uint64_t at = range.start; at < range.end; at = align_down(at, step) + step)
        if (!heapindex_name(&walker->fast_links, place_of(walker, at)))
            return;
}

/* All that is known to be the arena's.  Chunks that are met elsewhere name more. */
static void arena_name(struct heap_walker *walker)
{
    const struct glibc_arena *arena = walker->arena;

    if (arena->is_main)
        regions_name(walker, heap_main_range(walker));
    for (uint32_t i = 0; i < arena->n_heaps; i++)
        if (arena->heaps[i].size <= arena->heaps[i].max)
            regions_name(walker, (struct range){arena->heaps[i].start,
                                                arena->heaps[i].start + arena->heaps[i].size});
}

/*
 * Whatever has the size of a chunk for fastbins and a link that can be one.  Ends of lists are few,
 * and look like many a chunk in use: they are left to jumps.  Inlined for constants of the usual
 * target, which are what makes it fast: there is a place each 16 bytes.
 */
static inline __attribute__((always_inline)) void links_keep(struct heap_walker *walker,
                                                             const unsigned char *bytes, size_t n,
                                                             uint64_t start, uint32_t word,
                                                             uint32_t align, bool is_big_endian)
{
    uint64_t least = walker->min_size;
    uint64_t span = walker->max_fast - least;
    enum heap_linking linking = walker->linking;

    for (size_t i = 0; i + 3 * (size_t)word <= n; i += align) {
        uint64_t head = word_load(bytes + i + word, word, is_big_endian), link;

        if ((head & ~(uint64_t)CHUNK_FLAGS) - least > span || head & CHUNK_MAPPED)
            continue;
        link = word_load(bytes + i + 2 * (size_t)word, word, is_big_endian);
        link = heap_link_decode(walker, linking, start + i, link);
        if (link && heap_is_aligned(walker, link))
            heapindex_add(&walker->fast_links, place_of(walker, start + i), place_of(walker, link));
    }
}

static void piece_read(struct heap_walker *walker, uint64_t start, size_t n)
{
    const struct glibc_layout *layout = &walker->malloc->layout;
    const unsigned char *bytes = heapwindow_at(&walker->stream, start, n);

    if (!bytes)
        return;
    if (layout->word == 8 && layout->align == 16 && !layout->is_big_endian)
        links_keep(walker, bytes, n, start, 8, 16, false);
    else
        links_keep(walker, bytes, n, start, layout->word, layout->align, layout->is_big_endian);
}

/* The last link of a piece may reach a word beyond it. */
static void range_read(struct heap_walker *walker, struct range range, uint64_t limit)
{
    for (uint64_t at = heap_chunk_align(walker, range.start); at < range.end; at += PAGE) {
        uint64_t n = range.end - at < PAGE ? range.end - at : PAGE, more = limit - at - n;

        piece_read(walker, at, n + (more < 2 * walker->word ? more : 2 * walker->word));
    }
}

/* What may be read of the region, span by span. */
static void region_read(struct heap_walker *walker, uint64_t number)
{
    uint64_t size = (uint64_t)walker->align << HEAPINDEX_REGION_BITS;
    uint64_t start = number * size - walker->header, end = start + size;

    for (size_t i = 0; i < walker->n_spans; i++) {
        struct range range = walker->spans[i];
        uint64_t limit = range.end;

        if (number > 0 && range.start < start)
            range.start = start;
        if (range.end > end)
            range.end = end;
        if (range.start < range.end)
            range_read(walker, range, limit);
    }
}

static void memory_read(struct heap_walker *walker)
{
    struct heapindex *links = &walker->fast_links;

    for (uint32_t i = 0; i < links->n_regions && walker->jumps_left > REGION_JUMPS; i++) {
        walker->jumps_left -= REGION_JUMPS;
        heapindex_fill_start(links, i);
        region_read(walker, links->regions[i].number);
        heapindex_fill_end(links);
    }
}

static void fast_forget(struct heap_walker *walker)
{
    heapset_deinit(&walker->fast);
    heapset_init(&walker->fast, (uint8_t)__builtin_ctz(walker->min_size));
    memset(walker->fast_listed, 0, sizeof(walker->fast_listed));
}

static bool has_fastbins(const struct heap_walker *walker)
{
    for (unsigned int i = 0; i < bins_count(walker); i++)
        if (walker->arena->fast[i])
            return true;
    return false;
}

bool heap_fastbins_follow(struct heap_walker *walker)
{
    struct follower follower = {.walker = walker};
    enum outcome outcome;

    fast_forget(walker);
    heapindex_deinit(&walker->fast_links);
    heapindex_init(&walker->fast_links);
    walker->max_fast = 0;
    if (has_fastbins(walker)) {
        walker->max_fast = size_of(walker, bins_count(walker) - 1);
        arena_name(walker);
    }
    outcome = fastbins_follow(&follower);
    if (outcome == TO_BE_READ) {
        follower.has_read = true;
        fast_forget(walker);
        memory_read(walker);
        outcome = fastbins_follow(&follower);
    }
    return outcome == ENDED;
}

bool heap_fastbins_have(struct heap_walker *walker, const struct heap_chunk *chunk)
{
    return chunk->size <= walker->max_fast &&
           (heapset_has(&walker->fast, chunk->address) ||
            heapindex_was_taken(&walker->fast_links, place_of(walker, chunk->address)));
}

void heap_fastbins_meet(struct heap_walker *walker, const struct heap_chunk *chunk)
{
    uint64_t bin = chunk->size / walker->header - 2;

    walker->state.n_fast_met++;
    if (bin < HEAP_FASTBINS)
        walker->state.fast_met[bin] += heap_address_mix(chunk->address);
}

/* A link that was kept does not say how large its chunk is: the sums by size do. */
bool heap_fastbins_are_met(struct heap_walker *walker)
{
    const struct heap_state *state = &walker->state;
    uint64_t n = walker->fast.n + walker->fast_links.n_taken;

    if (state->n_fast_met != n)
        return heap_break_set(walker, HEAP_FAST_MISSING, walker->arena->address,
                              n - state->n_fast_met);
    for (unsigned int i = 0; i < HEAP_FASTBINS; i++)
        if (state->fast_met[i] != walker->fast_listed[i])
            return heap_break_set(walker, HEAP_FAST_LIST, walker->arena->address,
                                  walker->arena->fast[i]);
    return true;
}
