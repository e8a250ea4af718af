/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lists of free chunks that start in malloc_state.  Fastbins are followed before the walk, since
 * what is in them looks as if it were in use.  Bins are not followed, which would take a read of the
 * target for each chunk: sums tell whether they hold what the walk has met.
 */
#include "model/heapinner.h"

enum { N_BINS = 127, MAX_WORD = 8, MAX_LOOKED_AT = 1 << 20, ENOUGH_CHUNKS = 16 };

/* Spreads what differs in an address's few changing bits, so that sums do not agree by chance. */
static uint64_t address_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x;
}

void heap_circle_member(struct heap_circle *circle, uint64_t address)
{
    circle->members += address_mix(address);
}

void heap_circle_links(struct heap_circle *circle, uint64_t forward, uint64_t backward)
{
    circle->forward += address_mix(forward);
    circle->backward += address_mix(backward);
}

bool heap_circle_is_closed(const struct heap_circle *circle)
{
    return circle->members == circle->forward && circle->members == circle->backward;
}

static uint64_t link_decode(const struct heap_walker *walker, const struct heap_list *list,
                            const struct heap_chunk *chunk)
{
    uint64_t at = chunk->address + walker->header;
    uint64_t link = heap_chunk_link(walker, chunk, LINK_FORWARD);

    return list->linking == LINKING_SAFE ? link ^ at >> 12 : link;
}

static bool member_is_sound(const struct heap_walker *walker, const struct heap_list *list,
                            const struct heap_chunk *chunk)
{
    return chunk->size >= walker->min_size && !(chunk->flags & CHUNK_MAPPED) &&
           (list->size == 0 || chunk->size == list->size);
}

bool heap_list_follow(struct heap_walker *walker, struct heap_list *list)
{
    struct heap_chunk chunk;
    uint64_t at = list->head;

    for (list->n = 0; at && list->n < list->limit; list->n++) {
        list->bad = at - list->link;
        if (walker->jumps_left == 0 || !heap_is_aligned(walker, list->bad) ||
            !heap_chunk_load(walker, &walker->jumps, list->bad, &chunk) ||
            !member_is_sound(walker, list, &chunk) ||
            (list->member && !list->member(walker, list->context, &chunk)))
            return false;
        walker->jumps_left--;
        at = link_decode(walker, list, &chunk);
    }
    list->ends = at == 0;
    return true;
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

/* A list that comes back to itself ends where the set has its chunk already. */
static bool fastbin_add(struct heap_walker *walker, uint64_t head, uint64_t size)
{
    struct heap_list list = {.head = head, .size = size, .limit = UINT64_MAX, .member = fast_add};
    bool is_bound;

    if (!heap_is_aligned(walker, head))
        return heap_break_set(walker, HEAP_FAST_HEAD, walker->arena->address, head);
    if (walker->linking == LINKING_UNKNOWN &&
        !linking_find(walker, (struct heap_list){.head = head, .size = size}))
        return false;
    list.linking = walker->linking;
    if (heap_list_follow(walker, &list))
        return true;
    is_bound = walker->fast.is_full || walker->jumps_left == 0;
    return heap_break_set(walker, is_bound ? HEAP_LIMIT : HEAP_FAST_LIST, list.bad, head);
}

/* fastbin_index() counts by 16 bytes with 64 bits and by 8 with 32, whatever the alignment is. */
static bool fastbins_add(struct heap_walker *walker)
{
    const struct glibc_arena *arena = walker->arena;
    unsigned int n = walker->malloc->layout.n_fast, room = sizeof(arena->fast) / sizeof(uint64_t);

    heapset_deinit(&walker->fast);
    heapset_init(&walker->fast, (uint8_t)__builtin_ctz(walker->min_size));
    for (unsigned int i = 0; i < n && i < room; i++)
        if (arena->fast[i] && !fastbin_add(walker, arena->fast[i], (i + 2) * walker->header))
            return false;
    return true;
}

/* The list heads lie like chunks whose links are the bin's two words. */
static uint64_t bin_at(const struct heap_walker *walker, unsigned int i)
{
    return walker->arena->address + walker->malloc->layout.bins + (uint64_t)i * 2 * walker->word -
           walker->header;
}

static bool bin_points_well(const struct heap_walker *walker, uint64_t to)
{
    uint64_t first = bin_at(walker, 0);

    return heap_is_aligned(walker, to) || (to >= first && to < bin_at(walker, N_BINS));
}

static bool bins_add(struct heap_walker *walker)
{
    unsigned char bytes[N_BINS * 2 * MAX_WORD];
    uint64_t start = walker->arena->address + walker->malloc->layout.bins;
    uint32_t word = walker->word;

    if (!reader_read(walker->source->memory, start, bytes, (size_t)N_BINS * 2 * word))
        return heap_break_set(walker, HEAP_UNREADABLE, start, 0);
    for (unsigned int i = 0; i < N_BINS; i++) {
        const unsigned char *pair = bytes + (size_t)i * 2 * word;
        uint64_t forward = heap_word(walker, pair), backward = heap_word(walker, pair + word);

        if (!bin_points_well(walker, forward) || !bin_points_well(walker, backward))
            return heap_break_set(walker, HEAP_BIN_HEAD, start + (uint64_t)i * 2 * word, forward);
        heap_circle_member(&walker->state.bins, bin_at(walker, i));
        heap_circle_links(&walker->state.bins, forward, backward);
    }
    return true;
}

bool heap_lists_start(struct heap_walker *walker)
{
    return bins_add(walker) && fastbins_add(walker);
}

static bool links_load(struct heap_walker *walker, uint64_t address, uint64_t *forward,
                       uint64_t *backward)
{
    const struct glibc_layout *layout = &walker->malloc->layout;
    uint64_t at = address + walker->header;

    return word_read(walker->source->memory, at, walker->word, layout->is_big_endian, forward) &&
           word_read(walker->source->memory, at + walker->word, walker->word, layout->is_big_endian,
                     backward);
}

/* The first one of a bin that its next does not point back to, or that cannot be read; else 0. */
static uint64_t bin_find_bad(struct heap_walker *walker, uint64_t bin, unsigned int *left)
{
    uint64_t at = bin, next, forward, backward;

    if (!links_load(walker, bin, &next, &backward))
        return bin;
    for (; *left > 0; --*left) {
        if (!links_load(walker, next, &forward, &backward) || backward != at)
            return at;
        if (next == bin)
            return 0;
        at = next;
        next = forward;
    }
    return 0;
}

static uint64_t bins_find_bad(struct heap_walker *walker)
{
    unsigned int left = MAX_LOOKED_AT;

    for (unsigned int i = 0; i < N_BINS; i++) {
        uint64_t bad = bin_find_bad(walker, bin_at(walker, i), &left);

        if (bad)
            return bad;
    }
    return walker->arena->address;
}

bool heap_lists_end(struct heap_walker *walker)
{
    const struct heap_state *state = &walker->state;

    if (!heap_circle_is_closed(&state->bins))
        return heap_break_set(walker, HEAP_BINS, bins_find_bad(walker), 0);
    if (!heap_circle_is_closed(&state->sizes))
        return heap_break_set(walker, HEAP_SIZES, walker->arena->address, 0);
    if (state->n_fast_met != walker->fast.n)
        return heap_break_set(walker, HEAP_FAST_MISSING, walker->arena->address,
                              walker->fast.n - state->n_fast_met);
    return true;
}
