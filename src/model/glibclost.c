/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arenas that the ring has lost.  A ring is closed wherever a pointer in it leads to another of its
 * arenas: what it leaves out has to be looked for where arenas lie, at the start of heaps.
 */
#include "model/glibcparts.h"

#include <stdlib.h>

/* More places than a process has that is no hoax: 2 TiB of heaps. */
enum { MAX_PLACES = 1 << 15 };

struct ring {
    uint64_t *addresses; /* in order */
    uint32_t n;
};

static int address_compare(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

    return one < other ? -1 : one > other;
}

static struct ring ring_of(const struct glibc_malloc *malloc)
{
    struct ring ring = {xreallocarray(NULL, malloc->n_arenas + 1, sizeof(uint64_t)),
                        malloc->n_arenas};

    for (uint32_t i = 0; i < ring.n; i++)
        ring.addresses[i] = malloc->arenas[i].address;
    qsort(ring.addresses, ring.n, sizeof(*ring.addresses), address_compare);
    return ring;
}

static bool ring_has(const struct ring *ring, uint64_t address)
{
    return bsearch(&address, ring->addresses, ring->n, sizeof(address), address_compare);
}

/* The first heap of an arena has that arena behind its heap_info, which names it first. */
static bool starts_lost(const struct glibc_place *place, const struct glibc_layout *layout,
                        const struct ring *ring, uint64_t at)
{
    uint64_t arena, next;

    return place_word(place, at, &arena) && arena == at + layout->heap_size &&
           !ring_has(ring, arena) && place_word(place, arena + layout->next, &next) &&
           ring_has(ring, next);
}

static uint64_t heap_max(const struct glibc_malloc *malloc)
{
    uint64_t huge = malloc->par.huge_page_size;

    if (malloc->n_arenas > 1 && malloc->arenas[1].n_heaps > 0)
        return malloc->arenas[1].heaps[0].max;
    if (huge != 0 && huge <= UINT64_C(1) << 40)
        return 4 * huge;
    return malloc->layout.word == 8 ? 64 << 20 : 1 << 20;
}

void glibc_find_lost(struct glibc_malloc *malloc, const struct glibc_place *place,
                     const struct range *ranges, size_t n_ranges)
{
    uint64_t max = heap_max(malloc), n_places = 0;
    struct ring ring;

    if (!malloc->is_used || malloc->broken)
        return;
    ring = ring_of(malloc);
    for (size_t i = 0; i < n_ranges && !malloc->broken; i++)
        for (uint64_t at = align_up(ranges[i].start, max);
             at >= ranges[i].start && at < ranges[i].end && n_places < MAX_PLACES;
             at += max, n_places++)
            if (starts_lost(place, &malloc->layout, &ring, at)) {
                malloc->broken = "an arena leads into the ring, which does not lead to it";
                malloc->broken_at = at + malloc->layout.heap_size;
                break;
            }
    free(ring.addresses);
}
