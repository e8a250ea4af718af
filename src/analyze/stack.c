/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far the main stack can grow: mm/mmap.c expand_downwards(), expand_upwards() and
 * acct_stack_growth().  Each page fault beside the stack is one growth; the size that RLIMIT_STACK
 * bounds is that of the mapping which grows, so a stack that mprotect() split starts to count anew.
 */
#include "analyze/facts.h"

#include "base/units.h"

static bool is_accessible(const struct mapping *mapping)
{
    return mapping->perms & (PERM_READ | PERM_WRITE | PERM_EXEC);
}

/* It keeps its distance only from what it may meet. */
static uint64_t guard_towards(const struct image *image, const struct mapping *next, bool grows)
{
    return is_accessible(next) && !grows ? image->host.stack_guard_gap_bytes : 0;
}

/* The mapping that the stack grows towards, or NULL. */
static const struct mapping *next_of(const struct stack_facts *stack, const struct image *image)
{
    uint32_t next = stack->grows_up ? stack->mapping + 1 : stack->mapping - 1;

    if (next >= image->n_mappings || image->mappings[next].role == ROLE_VSYSCALL)
        return NULL;
    return &image->mappings[next];
}

/* Free bytes between the stack and what it grows towards. */
static uint64_t distance_to(const struct stack_facts *stack, const struct mapping *next)
{
    return stack->grows_up ? next->range.start - stack->range.end
                           : stack->range.start - next->range.end;
}

static void limit_by_mapping(struct stack_facts *stack, struct image *image)
{
    const struct mapping *next = next_of(stack, image);
    uint64_t guard, distance;
    struct limit_fact *limit;
    char address[UNITS_TEXT], size[UNITS_TEXT];

    if (!next)
        return;
    guard = guard_towards(image, next, stack->grows_up ? next->grows_up : next->grows_down);
    distance = distance_to(stack, next);
    limit = growth_limit(&stack->growth, image, LIMIT_NEXT_MAPPING,
                         distance > guard ? distance - guard : 0);
    limit->value =
        arena_printf(&image->arena, "%s",
                     address_text(stack->grows_up ? next->range.start : next->range.end, address));
    limit->detail =
        guard == 0 ? arena_printf(&image->arena, "%s, right up to its %s",
                                  mapping_title(image, next), stack->grows_up ? "start" : "end")
                   : arena_printf(&image->arena, "%s, and a guard gap of %s %s it",
                                  mapping_title(image, next), size_text(guard, size),
                                  stack->grows_up ? "below" : "above");
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
}

static void limit_by_min_address(struct stack_facts *stack, struct image *image)
{
    uint64_t least = align_up(image->host.mmap_min_addr, image->page_size);
    struct limit_fact *limit;
    char text[UNITS_TEXT];

    if (!image->host.has_mmap_min_addr || stack->range.start < least)
        return;
    limit = growth_limit(&stack->growth, image, LIMIT_MMAP_MIN_ADDR, stack->range.start - least);
    limit->value = arena_printf(&image->arena, "%s", address_text(least, text));
    limit->detail = "the lowest address that can be mapped";
}

static void limit_by_task_size(struct stack_facts *stack, struct image *image)
{
    uint64_t top = image->layout.task_size;
    struct limit_fact *limit;
    char text[UNITS_TEXT];

    if (top < stack->range.end)
        return;
    limit = growth_limit(&stack->growth, image, LIMIT_TASK_SIZE, top - stack->range.end);
    limit->value = arena_printf(&image->arena, "%s", address_text(top, text));
    limit->detail = "the end of the process's addresses";
}

static void find_reach(struct stack_facts *stack)
{
    stack->reach = stack->range;
    if (!stack->known)
        return;
    if (stack->grows_up)
        stack->reach.end += stack->growth.room;
    else
        stack->reach.start -= stack->growth.room;
}

void stack_compute(struct facts *facts, struct image *image)
{
    struct stack_facts *stack = &facts->stack_growth;

    if (!facts->has_stack)
        return;
    stack->grows_up = image->rules->stack_grows_up;
    stack->range = facts->stack_range;
    stack->mapping = image_find(image, stack->grows_up ? stack->range.end - 1 : stack->range.start);
    limit_by_mapping(stack, image);
    limit_by_rlimit(stack, image);
    growth_add_common(&stack->growth, image, false);
    if (image->mappings[stack->mapping].locked)
        growth_add_memlock(&stack->growth, image);
    if (stack->grows_up)
        limit_by_task_size(stack, image);
    else
        limit_by_min_address(stack, image);
    growth_decide(&stack->growth);
    if (!image->limits.stack.known)
        stack->growth.known = false;
    growth_doubt_unknown(&stack->growth, image);
    stack->known = stack->growth.known;
    find_reach(stack);
}
