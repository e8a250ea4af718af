/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/heapindex.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum {
    REGION_PLACES = 1 << HEAPINDEX_REGION_BITS,
    BLOCK_PLACES = 1 << HEAPINDEX_BLOCK_BITS,
    N_BLOCKS = REGION_PLACES / BLOCK_PLACES,
    N_SLOTS = 2048,
    SLAB = 1 << 16,
};
static const uint32_t taken = UINT32_MAX, none = UINT32_MAX;

void heapindex_init(struct heapindex *index)
{
    *index = (struct heapindex){0};
}

void heapindex_deinit(struct heapindex *index)
{
    for (uint32_t i = 0; i < index->n_regions; i++)
        free(index->regions[i].firsts);
    free(index->regions);
    free(index->slots);
    for (uint32_t i = 0; i < index->n_slabs; i++) {
        free(index->offsets[i]);
        free(index->links[i]);
    }
}

static uint8_t *offset_at(struct heapindex *index, uint32_t i)
{
    return &index->offsets[i / SLAB][i % SLAB];
}

static uint32_t *link_at(struct heapindex *index, uint32_t i)
{
    return &index->links[i / SLAB][i % SLAB];
}

/* The slot of the region, or the free one where it belongs. */
static uint16_t *slot_find(const struct heapindex *index, uint64_t number)
{
    uint32_t i = (uint32_t)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % N_SLOTS;

    while (index->slots[i] && index->regions[index->slots[i] - 1].number != number)
        i = (i + 1) % N_SLOTS;
    return &index->slots[i];
}

static uint32_t region_find(struct heapindex *index, uint64_t place)
{
    uint64_t number = place >> HEAPINDEX_REGION_BITS;
    uint16_t found;

    if (index->n_regions == 0)
        return none;
    if (index->regions[index->last].number == number)
        return index->last;
    found = *slot_find(index, number);
    if (!found)
        return none;
    index->last = found - 1U;
    return index->last;
}

static void tables_allocate(struct heapindex *index)
{
    index->regions = xreallocarray(NULL, HEAPINDEX_MAX_REGIONS, sizeof(*index->regions));
    index->slots = xreallocarray(NULL, N_SLOTS, sizeof(*index->slots));
    memset(index->slots, 0, N_SLOTS * sizeof(*index->slots));
}

bool heapindex_name(struct heapindex *index, uint64_t place)
{
    uint64_t number = place >> HEAPINDEX_REGION_BITS;

    if (region_find(index, place) != none)
        return true;
    if (index->n_regions == HEAPINDEX_MAX_REGIONS)
        return false;
    if (!index->regions)
        tables_allocate(index);
    *slot_find(index, number) = (uint16_t)(index->n_regions + 1);
    index->regions[index->n_regions++] = (struct heapindex_region){number, NULL};
    return true;
}

void heapindex_fill_start(struct heapindex *index, uint32_t region)
{
    index->regions[region].firsts = xreallocarray(NULL, N_BLOCKS + 1, sizeof(uint32_t));
    index->filling = region;
    index->next_block = 0;
}

static void blocks_begin(struct heapindex *index, uint32_t last)
{
    uint32_t *firsts = index->regions[index->filling].firsts;

    while (index->next_block <= last)
        firsts[index->next_block++] = index->n_links;
}

void heapindex_fill_end(struct heapindex *index)
{
    blocks_begin(index, N_BLOCKS);
}

/* Slabs, and no array that grows: while that is copied it takes its room twice. */
static bool slab_add(struct heapindex *index)
{
    if (index->n_slabs == HEAPINDEX_MAX_SLABS)
        return false;
    index->links[index->n_slabs] = xreallocarray(NULL, SLAB, sizeof(uint32_t));
    index->offsets[index->n_slabs] = xreallocarray(NULL, SLAB, sizeof(uint8_t));
    index->n_slabs++;
    return true;
}

void heapindex_add(struct heapindex *index, uint64_t place, uint64_t to)
{
    uint32_t region = region_find(index, to), i = index->n_links;

    if (region == none || (i == index->n_slabs * SLAB && !slab_add(index)))
        return;
    blocks_begin(index, (uint32_t)(place % REGION_PLACES / BLOCK_PLACES));
    *offset_at(index, i) = (uint8_t)(place % BLOCK_PLACES);
    *link_at(index, i) = region << HEAPINDEX_REGION_BITS | (uint32_t)(to % REGION_PLACES);
    index->n_links++;
}

/* Of the links from one to another, the one whose place is that in its block. */
static uint32_t offset_find(struct heapindex *index, uint32_t from, uint32_t to, uint8_t offset)
{
    while (from < to) {
        uint32_t slab_end = (from / SLAB + 1) * SLAB, end = to < slab_end ? to : slab_end;
        const uint8_t *first = offset_at(index, from), *found = memchr(first, offset, end - from);

        if (found)
            return from + (uint32_t)(found - first);
        from = end;
    }
    return none;
}

static uint32_t link_find(struct heapindex *index, uint64_t place)
{
    uint32_t region = region_find(index, place);
    uint32_t block = (uint32_t)(place % REGION_PLACES / BLOCK_PLACES);
    const uint32_t *firsts;

    if (region == none || !index->regions[region].firsts)
        return none;
    firsts = index->regions[region].firsts;
    return offset_find(index, firsts[block], firsts[block + 1], (uint8_t)(place % BLOCK_PLACES));
}

enum heapindex_answer heapindex_take(struct heapindex *index, uint64_t place, uint64_t *to)
{
    uint32_t i = link_find(index, place), link;

    if (i == none)
        return HEAPINDEX_NONE;
    link = *link_at(index, i);
    if (link == taken)
        return HEAPINDEX_TAKEN;
    *to = index->regions[link >> HEAPINDEX_REGION_BITS].number << HEAPINDEX_REGION_BITS |
          link % REGION_PLACES;
    *link_at(index, i) = taken;
    index->n_taken++;
    return HEAPINDEX_FOUND;
}

/* Two reads that wait for memory one after the other; here, for each of many places at once. */
void heapindex_expect(struct heapindex *index, uint64_t place)
{
    uint32_t region = region_find(index, place), i;

    if (region == none || !index->regions[region].firsts)
        return;
    i = index->regions[region].firsts[place % REGION_PLACES / BLOCK_PLACES];
    if (i == index->n_links)
        return;
    __builtin_prefetch(offset_at(index, i));
    __builtin_prefetch(link_at(index, i));
}

bool heapindex_was_taken(struct heapindex *index, uint64_t place)
{
    uint32_t i = index->n_taken > 0 ? link_find(index, place) : none;

    return i != none && *link_at(index, i) == taken;
}
