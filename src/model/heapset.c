/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/heapset.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

/* Leaves of 8 or 16 KiB of memory each: 32 GiB of chunks side by side take 150 MiB here. */
enum { MAX_LEAVES = 1 << 21, MIN_SLOTS = 64, LEAF_BITS = 9 };

void heapset_init(struct heapset *set, uint8_t shift)
{
    *set = (struct heapset){.shift = shift};
}

void heapset_deinit(struct heapset *set)
{
    free(set->leaves);
    free(set->slots);
}

static uint32_t slot_of(const struct heapset *set, uint64_t number)
{
    return (uint32_t)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (set->n_slots - 1);
}

/* The slot of the leaf, or the free one where it belongs. */
static uint32_t *slot_find(const struct heapset *set, uint64_t number)
{
    uint32_t i = slot_of(set, number);

    while (set->slots[i] && set->leaves[set->slots[i] - 1].number != number)
        i = (i + 1) & (set->n_slots - 1);
    return &set->slots[i];
}

static void slots_grow(struct heapset *set)
{
    set->n_slots = set->n_slots ? set->n_slots * 2 : MIN_SLOTS;
    set->slots = xreallocarray(set->slots, set->n_slots, sizeof(*set->slots));
    memset(set->slots, 0, set->n_slots * sizeof(*set->slots));
    for (uint32_t i = 0; i < set->n_leaves; i++)
        *slot_find(set, set->leaves[i].number) = i + 1;
}

static struct heapset_leaf *leaf_find(struct heapset *set, uint64_t number)
{
    uint32_t found;

    if (set->n_leaves == 0)
        return NULL;
    if (set->leaves[set->last].number == number)
        return &set->leaves[set->last];
    found = *slot_find(set, number);
    if (!found)
        return NULL;
    set->last = found - 1;
    return &set->leaves[found - 1];
}

/* Room grows by an eighth: a set of many leaves is what this program's memory consists of. */
static struct heapset_leaf *leaf_add(struct heapset *set, uint64_t number)
{
    uint32_t n = set->n_leaves, old_room = set->room;

    if (n == MAX_LEAVES) {
        set->is_full = true;
        return NULL;
    }
    if (n == old_room) {
        set->room = old_room + old_room / 8 + MIN_SLOTS;
        set->leaves = xreallocarray(set->leaves, set->room, sizeof(*set->leaves));
    }
    if (n * 4 >= set->n_slots * 3)
        slots_grow(set);
    set->leaves[n] = (struct heapset_leaf){.number = number};
    set->n_leaves++;
    *slot_find(set, number) = n + 1;
    set->last = n;
    return &set->leaves[n];
}

bool heapset_add(struct heapset *set, uint64_t address)
{
    uint64_t place = address >> set->shift, bit = UINT64_C(1) << place % 64;
    struct heapset_leaf *leaf = leaf_find(set, place >> LEAF_BITS);
    uint64_t *word;

    if (!leaf)
        leaf = leaf_add(set, place >> LEAF_BITS);
    if (!leaf)
        return false;
    word = &leaf->bits[place / 64 % 8];
    if (*word & bit)
        return false;
    *word |= bit;
    set->n++;
    return true;
}

bool heapset_has(struct heapset *set, uint64_t address)
{
    uint64_t place = address >> set->shift;
    const struct heapset_leaf *leaf = leaf_find(set, place >> LEAF_BITS);

    return leaf && leaf->bits[place / 64 % 8] >> place % 64 & 1;
}
