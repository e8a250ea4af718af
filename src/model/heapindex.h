/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links that were found in memory read once from end to end, so that lists can be followed in any
 * order without reading it again.  Both ends of a link are places: chunks' addresses, counted in
 * malloc's alignment.  A link takes 5 bytes, and 4 more each block of 256 places: 12 MiB for 2
 * million chunks in 1 GiB.
 */
#ifndef MODEL_HEAPINDEX_H
#define MODEL_HEAPINDEX_H

#include <stdbool.h>
#include <stdint.h>

enum {
    HEAPINDEX_REGION_BITS = 22, /* of a place, within its region: 64 MiB where alignment is 16 */
    HEAPINDEX_BLOCK_BITS = 8,
    HEAPINDEX_MAX_REGIONS = 1023,
    HEAPINDEX_MAX_SLABS = 256, /* of 65536 links: 80 MiB */
};

struct heapindex_region {
    uint64_t number;
    uint32_t *firsts; /* of each block, which link is the first there or behind; NULL: none added */
};

struct heapindex {
    struct heapindex_region *regions;
    uint16_t *slots; /* a region's index + 1, or 0 */
    /* Of each link its place within its block; its target's region and place within, or `taken`. */
    uint8_t *offsets[HEAPINDEX_MAX_SLABS];
    uint32_t *links[HEAPINDEX_MAX_SLABS];
    uint32_t n_regions, n_slabs, n_links;
    uint32_t filling, next_block, last;
    uint64_t n_taken;
};

void heapindex_init(struct heapindex *index);
void heapindex_deinit(struct heapindex *index);

/* First the regions are named that links lead from and to; false when there are too many. */
bool heapindex_name(struct heapindex *index, uint64_t place);

/*
 * Then they are filled, each once and in their order, with links in the order of their places.  One
 * to a region without a name is left out.
 */
void heapindex_fill_start(struct heapindex *index, uint32_t region);
void heapindex_add(struct heapindex *index, uint64_t place, uint64_t to);
void heapindex_fill_end(struct heapindex *index);

/* Each link can be had once. */
enum heapindex_answer { HEAPINDEX_NONE, HEAPINDEX_FOUND, HEAPINDEX_TAKEN };
enum heapindex_answer heapindex_take(struct heapindex *index, uint64_t place, uint64_t *to);
bool heapindex_was_taken(struct heapindex *index, uint64_t place);

/* Has the processor fetch what heapindex_take() will want. */
void heapindex_expect(struct heapindex *index, uint64_t place);

#endif
