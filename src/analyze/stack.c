/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far the main stack can grow: mm/mmap.c expand_downwards() and acct_stack_growth().  Each page
 * fault below the stack is one growth; the size that RLIMIT_STACK bounds is that of the mapping
 * which grows, so a stack that mprotect() split starts to count anew.
 */
#include "analyze/facts.h"

#include "base/units.h"

static bool is_accessible(const struct mapping *mapping)
{
    return mapping->perms & (PERM_READ | PERM_WRITE | PERM_EXEC);
}

/*
 * The lowest address that the mapping below allows: it keeps its distance only from what it may
 * meet.
 */
static uint64_t floor_by_mapping(const struct image *image, const struct mapping *below)
{
    if (!is_accessible(below) || below->grows_down)
        return below->range.end;
    return below->range.end + image->host.stack_guard_gap_bytes;
}

static void limit_by_mapping(struct stack_facts *stack, struct image *image, uint64_t start)
{
    const struct mapping *below;
    struct limit_fact *limit;
    char address[UNITS_TEXT], guard[UNITS_TEXT];
    uint64_t floor;

    if (stack->mapping == 0)
        return;
    below = &image->mappings[stack->mapping - 1];
    floor = floor_by_mapping(image, below);
    limit =
        growth_limit(&stack->growth, image, LIMIT_NEXT_MAPPING, start > floor ? start - floor : 0);
    limit->value = arena_printf(&image->arena, "%s", address_text(below->range.end, address));
    limit->detail =
        floor == below->range.end
            ? arena_printf(&image->arena, "%s, right up to its end", mapping_title(image, below))
            : arena_printf(&image->arena, "%s, and a guard gap of %s above it",
                           mapping_title(image, below),
                           size_text(image->host.stack_guard_gap_bytes, guard));
    if (image->host.kernel_version < KERNEL(4, 12))
        growth_doubt(&stack->growth, "the guard gap of a stack differs before Linux 4.12");
}

static void limit_by_rlimit(struct stack_facts *stack, struct image *image)
{
    const struct limit *rlimit = &image->limits.stack;
    const struct range part = image->mappings[stack->mapping].range;
    uint64_t bytes = align_down(rlimit->soft, image->page_size);
    struct limit_fact *limit;
    char text[UNITS_TEXT];

    if (!rlimit->known)
        growth_unknown(&stack->growth, LIMIT_RLIMIT_STACK);
    if (!rlimit->known || rlimit->soft == LIMIT_INFINITY)
        return;
    limit = growth_limit(&stack->growth, image, LIMIT_RLIMIT_STACK,
                         bytes > range_size(part) ? bytes - range_size(part) : 0);
    limit->value = arena_printf(&image->arena, "%s", size_text(rlimit->soft, text));
    limit->detail = "the size of the stack's mapping, arguments and environment included";
    stack->promised = part.end > bytes ? part.end - bytes : 0;
}

static void limit_by_min_address(struct stack_facts *stack, struct image *image, uint64_t start)
{
    uint64_t least = align_up(image->host.mmap_min_addr, image->page_size);
    struct limit_fact *limit;
    char text[UNITS_TEXT];

    if (!image->host.has_mmap_min_addr || start < least)
        return;
    limit = growth_limit(&stack->growth, image, LIMIT_MMAP_MIN_ADDR, start - least);
    limit->value = arena_printf(&image->arena, "%s", address_text(least, text));
    limit->detail = "the lowest address that can be mapped";
}

void stack_compute(struct facts *facts, struct image *image)
{
    struct stack_facts *stack = &facts->stack_growth;
    uint64_t start;

    if (!facts->has_stack)
        return;
    stack->mapping = image_find(image, facts->stack_range.start);
    stack->range = facts->stack_range;
    start = stack->range.start;
    limit_by_mapping(stack, image, start);
    limit_by_rlimit(stack, image);
    growth_add_common(&stack->growth, image, false);
    if (image->mappings[stack->mapping].locked)
        growth_add_memlock(&stack->growth, image);
    limit_by_min_address(stack, image, start);
    growth_decide(&stack->growth);
    if (!image->limits.stack.known)
        stack->growth.known = false;
    growth_doubt_unknown(&stack->growth, image);
    stack->known = stack->growth.known;
    stack->lowest = start - stack->growth.room;
}
