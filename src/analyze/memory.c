/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resident memory summed over roles. */
#include "analyze/facts.h"

#include <limits.h>

static void add(struct usage *to, const struct usage *from)
{
    to->has &= from->has;
    to->rss_bytes += from->rss_bytes;
    to->pss_bytes += from->pss_bytes;
    to->private_bytes += from->private_bytes;
    to->swap_bytes += from->swap_bytes;
    to->anonymous_bytes += from->anonymous_bytes;
    to->locked_bytes += from->locked_bytes;
}

void memory_compute(struct facts *facts, const struct image *image)
{
    struct memory_facts *memory = &facts->memory;

    if (!image->usage)
        return;
    memory->known = true;
    memory->total.has = UINT_MAX;
    for (int role = 0; role < N_ROLES; role++)
        memory->by_role[role].has = UINT_MAX;
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        add(&memory->total, &image->usage[i]);
        add(&memory->by_role[image->mappings[i].role], &image->usage[i]);
        memory->n_by_role[image->mappings[i].role]++;
    }
}
