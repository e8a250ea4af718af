/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far one call of brk() can go: mm/mmap.c, brk() and do_brk_flags().  The new break is refused
 * when the first mapping that ends above the old one begins (less its guard gap) within a page of
 * the new one.  So one page always stays free.
 */
#include "analyze/facts.h"

#include "base/units.h"

/* The least distance between the stack and the mmap area: MIN_GAP of mmap_base(). */
#define MIN_STACK_GAP (128 * MIB)

static void limit_by_mapping(struct brk_facts *brk, struct image *image)
{
    const struct mapping *next = &image->mappings[brk->next];
    uint64_t guard = mapping_guard_bytes(image, next);
    uint64_t reserved = image->page_size + guard;
    struct limit_fact *limit = growth_limit(&brk->growth, image, LIMIT_NEXT_MAPPING,
                                            brk->gap > reserved ? brk->gap - reserved : 0);
    char address[UNITS_TEXT], size[UNITS_TEXT];

    brk->mapping_room = limit->room;
    limit->value = arena_printf(&image->arena, "%s", address_text(next->range.start, address));
    if (next->grows_down)
        limit->detail =
            arena_printf(&image->arena, "%s, which grows down and keeps a guard gap of %s",
                         mapping_title(image, next), size_text(guard, size));
    else
        limit->detail = arena_printf(&image->arena, "%s; one page before it stays free",
                                     mapping_title(image, next));
    if (next->grows_down && image->host.kernel_version < KERNEL(4, 12))
        growth_doubt(&brk->growth, "the guard gap below a stack is a page that /proc hides before "
                                   "Linux 4.12, or 256 pages where that was taken back");
}

/* Without a mapping above, it is the only bound; with one, a size below that is not believed. */
static void limit_by_task_size(struct brk_facts *brk, struct image *image)
{
    uint64_t task_size = image->layout.task_size;
    struct limit_fact *limit;
    char address[UNITS_TEXT];

    if (!task_size || (task_size < brk->end && brk->next != NONE))
        return;
    limit = growth_limit(&brk->growth, image, LIMIT_TASK_SIZE,
                         task_size > brk->end ? task_size - brk->end : 0);
    limit->value =
        arena_printf(&image->arena, "%s", address_text(image->layout.task_size, address));
    limit->detail = "the end of the process's addresses";
}

/*
 * brk's own test of RLIMIT_DATA (check_data_rlimit()), exact to the byte and older than the sum of
 * all private memory: the heap and the program's data together.  It comes before everything else,
 * so that a limit below use refuses even shrinking.
 */
static void limit_by_own_data(struct brk_facts *brk, struct image *image)
{
    const struct limit *rlimit = &image->limits.data;
    uint64_t data = image->stat.end_data - image->stat.start_data, max;
    struct limit_fact *limit;
    char size[UNITS_TEXT];

    if (!rlimit->known || rlimit->soft == LIMIT_INFINITY)
        return;
    if (!image->stat.has_data) {
        growth_doubt(&brk->growth, "the size of the program's data, which counts against "
                                   "RLIMIT_DATA, could not be read");
        return;
    }
    max = rlimit->soft > data ? brk->start + (rlimit->soft - data) : brk->start;
    if (max >= brk->end && max - brk->end >= brk->growth.room)
        return;
    limit = growth_find(&brk->growth, LIMIT_RLIMIT_DATA);
    if (!limit)
        limit = growth_limit(&brk->growth, image, LIMIT_RLIMIT_DATA, 0);
    limit->room = max > brk->end ? align_up(max, image->page_size) - brk->end : 0;
    limit->room_in_steps = limit->room;
    limit->value = arena_printf(&image->arena, "%s", size_text(rlimit->soft, size));
    limit->detail = "heap and program data together, to the byte";
    brk->own_data_max = max;
}

/*
 * mlockall(MCL_FUTURE) locks what is mapped later.  The newest part of the heap shows it; only when
 * an older part is not locked it is sure, for MCL_CURRENT and mlock() lock what is there.
 */
enum lock_state { LOCK_NO, LOCK_PROBABLE, LOCK_SURE };

static enum lock_state heap_lock(const struct image *image)
{
    const struct break_state *state = &image->brk;
    const struct mapping *last;

    if (state->last_heap == NONE || !image->mappings[state->last_heap].locked)
        return LOCK_NO;
    last = &image->mappings[state->last_heap];
    /* malloc grows by 128 KiB at least; a buffer for keys that mlock() locked is smaller. */
    if (range_size(last->range) < 128 * KIB)
        return LOCK_PROBABLE;
    for (uint32_t i = state->first_heap; i < state->last_heap; i++)
        if (image->mappings[i].role == ROLE_HEAP && !image->mappings[i].locked)
            return LOCK_SURE;
    return LOCK_PROBABLE;
}

static void limit_by_lock(struct brk_facts *brk, struct image *image)
{
    enum lock_state state;

    image_read_locks(image);
    state = heap_lock(image);
    brk->heap_is_locked = state != LOCK_NO;
    brk->lock_is_sure = state == LOCK_SURE;
    if (brk->heap_is_locked)
        growth_add_memlock(&brk->growth, image);
    if (only_doubts_lock(image) || may_lock_anything(image))
        return;
    if (!image->limits.locked.known)
        growth_unknown(&brk->growth, LIMIT_RLIMIT_MEMLOCK);
    else if (state != LOCK_SURE)
        growth_doubt(&brk->growth,
                     state == LOCK_PROBABLE
                         ? "the heap is locked: taken for mlockall(MCL_FUTURE), under which "
                           "RLIMIT_MEMLOCK bounds the growth; MCL_CURRENT alone looks the same"
                     : image->status.vm_locked_bytes > 0
                         ? "some memory is locked: if mlockall(MCL_FUTURE) did it, which cannot be "
                           "seen, RLIMIT_MEMLOCK bounds the growth"
                         : "whether mlockall(MCL_FUTURE) was called cannot be seen; if it was, "
                           "RLIMIT_MEMLOCK bounds the growth");
}

/* The window that is left when nothing unusual takes a part of it. */
static uint64_t normal_window(const struct image *image, uint64_t start_brk)
{
    uint64_t end;

    if (!image->layout.task_size || image->layout.mode == MMAP_UNKNOWN)
        return 0;
    end = image->layout.task_size - MIN_STACK_GAP;
    if (image->layout.mode == MMAP_BOTTOM_UP && start_brk < image->layout.legacy_base)
        end = image->layout.legacy_base;
    return end > start_brk ? end - start_brk : 0;
}

/*
 * Bottom-up the area begins at its base.  Top-down it grows from its base towards the heap, so that
 * between the two lies the largest hole, of which the heap has taken a part: a larger one above the
 * next mapping shows that somebody put that apart.
 */
static bool meets_mmap_area(const struct image *image, const struct brk_facts *brk)
{
    const struct layout *layout = &image->layout;
    const struct mapping *next;

    if (brk->next == NONE || !layout->has_base)
        return false;
    next = &image->mappings[brk->next];
    if (layout->mode == MMAP_BOTTOM_UP)
        return next->range.start == layout->base;
    return next->range.end <= layout->base && next->role != ROLE_STACK &&
           range_size(largest_hole_above(image, next->range.end)) < brk->window;
}

/*
 * brk() of the present break always "succeeds": the kernel answers a refusal with the present
 * break.
 */
static void find_max(struct brk_facts *brk, uint64_t value)
{
    brk->max = brk->end + brk->growth.room;
    if (brk->own_data_max && brk->own_data_max < brk->max)
        brk->max = brk->own_data_max;
    if (brk->max < value)
        brk->max = value;
}

/* The kernel's gate page is no mapping of the process, and nothing grows as far as there. */
static uint32_t next_mapping(const struct image *image, uint64_t address)
{
    uint32_t next = image_find(image, address);

    if (next == image->n_mappings || (image->mappings[next].role == ROLE_VSYSCALL &&
                                      image->mappings[next].range.start > address))
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
    brk->is_start_known = state->is_start_known;
    brk->size = state->end - state->start;
    brk->exact = state->exact;
    brk->growth.uncertain = state->uncertain;
    brk->next = next_mapping(image, state->end);
    if (brk->next == NONE && !top) {
        image->brk.missing = "nothing is mapped above the heap, and the end of the address space "
                             "is not known";
        return;
    }
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
    else
        brk->mapping_room = brk->gap;
    limit_by_task_size(brk, image);
    limit_by_lock(brk, image);
    growth_add_common(&brk->growth, image, true);
    growth_decide(&brk->growth);
    limit_by_own_data(brk, image);
    growth_decide(&brk->growth);
    growth_doubt_unknown(&brk->growth, image);
    find_max(brk, state->value);
}
