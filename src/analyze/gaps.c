/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The largest holes between mappings: in all of the address space, and under 2 GiB. */
#include "analyze/facts.h"

#include "base/units.h"

/* Keeps the larger of *largest and the part of `hole` that lies inside `window`. */
static void consider(struct range *largest, struct range hole, struct range window)
{
    if (hole.start < window.start)
        hole.start = window.start;
    if (hole.end > window.end)
        hole.end = window.end;
    if (range_size(hole) > range_size(*largest))
        *largest = hole;
}

/* arch/x86/kernel/sys_x86_64.c find_start_end(): where MAP_32BIT looks. */
static const struct range map_32bit_window = {0x40000000, 0x80000000};

static void consider_hole(struct facts *facts, struct range hole, struct range all)
{
    consider(&facts->largest_gap, hole, all);
    if (facts->has_low_2g)
        consider(&facts->low_2g_gap, hole, map_32bit_window);
}

struct range largest_hole_above(const struct image *image, uint64_t address)
{
    uint64_t base = image->layout.has_base ? image->layout.base : address_space_end(image);
    struct range largest = {0, 0}, hole = {address, address};

    for (uint32_t i = image_find(image, address); i < image->n_mappings && hole.start < base; i++) {
        hole.end = image->mappings[i].range.start;
        if (range_size(hole) > range_size(largest))
            largest = hole;
        hole.start = image->mappings[i].range.end;
    }
    return largest;
}

void gaps_compute(struct facts *facts, const struct image *image)
{
    struct range all = {image->page_size, image->layout.task_size};
    uint64_t last_end = 0;

    facts->has_low_2g = image->rules->has_map_32bit;
    if (image->host.has_mmap_min_addr && image->host.mmap_min_addr > all.start)
        all.start = align_up(image->host.mmap_min_addr, image->page_size);
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        uint64_t guard = mapping_guard_bytes(image, &image->mappings[i]);
        struct range hole = {last_end, image->mappings[i].range.start};

        hole.end = hole.end > guard ? hole.end - guard : 0;
        consider_hole(facts, hole, all);
        last_end = image->mappings[i].range.end + mapping_guard_above(image, &image->mappings[i]);
    }
    consider_hole(facts, (struct range){last_end, all.end}, all);
}
