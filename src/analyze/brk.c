/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far the break can go before the next mapping.  mm/mmap.c, brk(): the new break is refused
 * when the first mapping that ends above the old one begins (less its guard gap) within a page of
 * the new one.  So one page always stays free.
 */
#include "analyze/facts.h"

#include "base/units.h"

/* The least distance between the stack and the mmap area: MIN_GAP of mmap_base(). */
#define MIN_STACK_GAP (128 * MIB)

static struct limit_fact *add_limit(struct brk_facts *brk, enum limit_kind kind)
{
    struct limit_fact *limit = &brk->limits[brk->n_limits++];

    *limit = (struct limit_fact){.kind = kind};
    return limit;
}

static void limit_by_mapping(struct brk_facts *brk, struct image *image)
{
    const struct mapping *next = &image->mappings[brk->next];
    struct limit_fact *limit = add_limit(brk, LIMIT_NEXT_MAPPING);
    uint64_t reserved = image->page_size + mapping_guard_bytes(image, next);
    char address[UNITS_TEXT], guard[UNITS_TEXT];

    limit->room = brk->gap > reserved ? align_down(brk->gap - reserved, image->page_size) : 0;
    address_text(next->range.start, address);
    if (next->grows_down)
        limit->detail = arena_printf(&image->arena,
                                     "%s at %s, which grows down and keeps a guard "
                                     "gap of %s",
                                     mapping_title(image, next), address,
                                     size_text(mapping_guard_bytes(image, next), guard));
    else
        limit->detail = arena_printf(&image->arena, "%s at %s; one page before it stays free",
                                     mapping_title(image, next), address);
}

static void limit_by_task_size(struct brk_facts *brk, struct image *image)
{
    struct limit_fact *limit;
    char address[UNITS_TEXT];

    if (!image->layout.task_size || image->layout.task_size < brk->end)
        return;
    limit = add_limit(brk, LIMIT_TASK_SIZE);
    limit->room = align_down(image->layout.task_size - brk->end, image->page_size);
    limit->detail = arena_printf(&image->arena, "the end of the process's addresses, %s",
                                 address_text(image->layout.task_size, address));
}

/* The window that is left when nothing unusual takes a part of it. */
static uint64_t normal_window(const struct image *image, uint64_t start_brk)
{
    const struct arch *arch = image->arch;
    uint64_t end;

    if (!arch || image->layout.mode == MMAP_UNKNOWN)
        return 0;
    end = image->layout.task_size - MIN_STACK_GAP;
    if (image->layout.mode == MMAP_BOTTOM_UP && start_brk < arch->legacy_base)
        end = arch->legacy_base;
    return end > start_brk ? end - start_brk : 0;
}

/* Below the mmap area the largest hole is the heap's own. */
static bool meets_mmap_area(const struct image *image, const struct brk_facts *brk)
{
    const struct layout *layout = &image->layout;
    uint64_t next_end;

    if (brk->next == NONE || !layout->has_base)
        return false;
    next_end = image->mappings[brk->next].range.end;
    if (layout->mode == MMAP_BOTTOM_UP)
        return image->mappings[brk->next].range.start == layout->base;
    return next_end <= layout->base && range_size(largest_hole_above(image, next_end)) < brk->gap;
}

static void pick_limit(struct brk_facts *brk)
{
    const struct limit_fact *least = &brk->limits[0];

    for (unsigned int i = 1; i < brk->n_limits; i++)
        if (brk->limits[i].room < least->room)
            least = &brk->limits[i];
    brk->room = least->room;
    brk->limit = least->kind;
    brk->max = brk->end + brk->room;
}

/* The kernel's gate page is no mapping of the process. */
static uint32_t next_mapping(const struct image *image, uint64_t address)
{
    uint32_t next = image_find(image, address);

    if (next == image->n_mappings || image->mappings[next].role == ROLE_VSYSCALL)
        return NONE;
    return next;
}

void brk_compute(struct facts *facts, struct image *image)
{
    struct brk_facts *brk = &facts->brk;
    const struct break_state *state = &image->brk;
    uint64_t top = image->layout.task_size;

    brk->next = NONE;
    if (!state->known)
        return;
    brk->start = state->start;
    brk->end = state->end;
    brk->size = state->end - state->start;
    brk->exact = state->exact;
    brk->uncertain = state->uncertain;
    brk->next = next_mapping(image, state->end);
    if (brk->next == NONE && !top)
        return;
    brk->known = true;
    if (brk->next != NONE)
        top = image->mappings[brk->next].range.start;
    if (top < state->end)
        top = state->end;
    brk->gap = top - state->end;
    brk->window = top - state->start;
    brk->meets_mmap_area = meets_mmap_area(image, brk);
    brk->normal_window = normal_window(image, state->start);
    if (brk->next != NONE)
        limit_by_mapping(brk, image);
    limit_by_task_size(brk, image);
    pick_limit(brk);
}
