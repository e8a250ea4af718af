/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of chunks' addresses: bits, 512 to a leaf, and leaves found by hashing.  Where chunks lie
 * close together it takes a bit for each place where one could be (4.5 MiB for a heap of 1 GiB),
 * where they do not a leaf for each.  Asking for addresses in order costs next to nothing.
 */
#ifndef MODEL_HEAPSET_H
#define MODEL_HEAPSET_H

#include <stdbool.h>
#include <stdint.h>

struct heapset_leaf {
    uint64_t number;
    uint64_t bits[8];
};

struct heapset {
    struct heapset_leaf *leaves;
    uint32_t *slots; /* a leaf's index + 1, or 0 */
    uint32_t n_leaves, room, n_slots;
    uint32_t last; /* index of the leaf that was asked for last */
    uint8_t shift; /* log2 of the distance between two addresses */
    bool is_full;  /* an address was left out: leaves are bounded */
    uint64_t n;
};

void heapset_init(struct heapset *set, uint8_t shift);
void heapset_deinit(struct heapset *set);

/* False when the address was there already, or there is no room for it. */
bool heapset_add(struct heapset *set, uint64_t address);
bool heapset_has(struct heapset *set, uint64_t address);

#endif
