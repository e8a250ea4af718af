/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lists of free chunks that start in malloc_state: of bins here, of fastbins in heapfast.c.
 * Bins are not followed, which would take a read of the target for each chunk: sums tell whether
 * they hold what the walk has met.
 */
#include "model/heapinner.h"

enum { N_BINS = 127, MAX_WORD = 8, MAX_LOOKED_AT = 1 << 20 };

/* Spreads what differs in an address's few changing bits, so that sums do not agree by chance. */
uint64_t heap_address_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x;
}

void heap_circle_member(struct heap_circle *circle, uint64_t address)
{
    circle->members += heap_address_mix(address);
}

void heap_circle_links(struct heap_circle *circle, uint64_t forward, uint64_t backward)
{
    circle->forward += heap_address_mix(forward);
    circle->backward += heap_address_mix(backward);
}

bool heap_circle_is_closed(const struct heap_circle *circle)
{
    return circle->members == circle->forward && circle->members == circle->backward;
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
        at = heap_link_decode(walker, list->linking, list->bad,
                              heap_chunk_link(walker, &chunk, LINK_FORWARD));
    }
    list->next = at;
    list->ends = at == 0;
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
    return bins_add(walker) && heap_fastbins_follow(walker);
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
    return heap_fastbins_are_met(walker);
}
