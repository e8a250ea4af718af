/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The regions once more, coarse enough to be drawn: the mmap area of a large process has hundreds
 * of libraries, thread stacks and arenas with gaps between them, and a person wants to see one box.
 */
#include "analyze/facts.h"

#include "base/units.h"

/* Beyond this many boxes of mmap'ed memory, those that lie scattered are drawn as one. */
enum { MANY_BOXES = 4 };

static bool is_mmapped(const struct region *region)
{
    return region->role == REGION_MMAP || region->role == REGION_VDSO ||
           region->role == REGION_THREAD_STACKS;
}

/* A small thing right above the break is what the reader looks for: it stays a box of its own. */
static bool is_obstacle(const struct facts *facts, const struct region *region)
{
    const struct brk_facts *brk = &facts->brk;

    return brk->known && brk->next != NONE && brk->mapping_room < 64 * MIB &&
           region->first_mapping == brk->next;
}

static bool has_base(const struct image *image, const struct region *region)
{
    const struct layout *layout = &image->layout;

    return layout->has_base &&
           (region->range.end == layout->base || region->range.start == layout->base);
}

/* Lets `lower` swallow `upper` and what is between. */
static void swallow(struct region *lower, const struct region *upper)
{
    lower->role = REGION_MMAP;
    lower->range.end = upper->range.end;
    lower->n_mappings += upper->n_mappings;
    lower->mapped_bytes += upper->mapped_bytes;
}

/*
 * The gap that two boxes may have between them and still be one: 32 GiB of 128 TiB, 1 MiB of 4
 * GiB.
 */
static uint64_t close_gap(const struct image *image)
{
    return image->layout.task_size ? image->layout.task_size >> 12 : 32 * GIB;
}

static bool joins(const struct facts *facts, const struct image *image, const struct region *lower,
                  const struct region *upper, bool scattered)
{
    if (!is_mmapped(lower) || !is_mmapped(upper) || is_obstacle(facts, lower) ||
        is_obstacle(facts, upper))
        return false;
    if (scattered)
        return !has_base(image, lower) && !has_base(image, upper);
    return upper->range.start - lower->range.end <= close_gap(image);
}

/* One pass over the boxes; gaps between boxes that became one disappear. */
static void join_boxes(struct facts *facts, const struct image *image, bool scattered)
{
    struct region *boxes = facts->outline;
    uint32_t n = 0;

    for (uint32_t i = 0; i < facts->n_outline; i++) {
        bool after_gap = n > 1 && boxes[n - 1].role == REGION_GAP;
        uint32_t below = after_gap ? n - 2 : n - 1;

        if (n > 0 && boxes[i].role != REGION_GAP &&
            joins(facts, image, &boxes[below], &boxes[i], scattered)) {
            swallow(&boxes[below], &boxes[i]);
            n = below + 1;
        } else {
            boxes[n++] = boxes[i];
        }
    }
    facts->n_outline = n;
}

static uint32_t count_mmapped(const struct facts *facts)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < facts->n_outline; i++)
        n += is_mmapped(&facts->outline[i]);
    return n;
}

/* The kernel's gate page, far above everything, is nobody's concern. */
static uint32_t end_of_user_space(const struct facts *facts)
{
    uint32_t n = facts->n_regions;

    return n > 0 && facts->regions[n - 1].role == REGION_VSYSCALL ? n - 1 : n;
}

void outline_compute(struct facts *facts, struct image *image)
{
    facts->n_outline = end_of_user_space(facts);
    facts->outline = arena_alloc(&image->arena, (facts->n_outline + 1) * sizeof(*facts->outline));
    for (uint32_t i = 0; i < facts->n_outline; i++)
        facts->outline[i] = facts->regions[i];
    join_boxes(facts, image, false);
    if (count_mmapped(facts) > MANY_BOXES)
        join_boxes(facts, image, true);
    for (uint32_t i = 0; i < facts->n_outline; i++)
        if (is_mmapped(&facts->outline[i]))
            facts->outline[i].name = region_describe(image, &facts->outline[i]);
}
