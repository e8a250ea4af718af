/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the process of a core died: the signal, and where the address lies that it is about.  A stack
 * that overflowed is told by that address and the stack pointer together: both are at the end of a
 * stack, in a hole or in a guard.
 */
#include "analyze/facts.h"

#include "base/units.h"
#include "model/signals.h"

/* What a frame may be written to below the stack pointer: red zones, saved vector registers. */
#define BELOW_POINTER (64 * KIB)

/* The kernel writes the thread first that the signal was for. */
static const struct core_thread *dying_thread(const struct core *core)
{
    return core->n_threads > 0 ? &core->threads[0] : NULL;
}

static bool is_no_access(const struct mapping *mapping)
{
    return !(mapping->perms & (PERM_READ | PERM_WRITE | PERM_EXEC | PERM_UNKNOWN));
}

/* The stack that the thread had, when its pointer has come to the lower end of it, or beyond. */
static bool is_at_end(const struct core_thread *thread, uint64_t address, const struct image *image,
                      uint64_t stack_start)
{
    uint64_t reach = stack_start + 2 * image->page_size;

    return thread && thread->has_sp && thread->sp < reach &&
           (address >= thread->sp || thread->sp - address <= BELOW_POINTER);
}

/* The main stack: what the address meets is a hole that ends where the stack begins. */
static bool is_below_main_stack(const struct facts *facts, const struct image *image,
                                uint64_t address)
{
    uint32_t next = image_find(image, address);

    return facts->has_stack && address < facts->stack_range.start && next < image->n_mappings &&
           image->mappings[next].range.start == facts->stack_range.start;
}

/* Another stack: a guard, and writable memory right above it. */
static bool is_in_guard(const struct image *image, uint64_t address)
{
    uint32_t i = image_find(image, address);
    const struct mapping *guard = &image->mappings[i], *stack = guard + 1;

    return i + 1 < image->n_mappings && range_has(guard->range, address) && !guard->is_file &&
           is_no_access(guard) && stack->range.start == guard->range.end && !stack->is_file &&
           stack->perms & PERM_WRITE;
}

static void find_overflow(struct death_facts *death, const struct facts *facts,
                          const struct image *image)
{
    const struct core_thread *thread = dying_thread(image->core);
    uint32_t stack;

    if (is_below_main_stack(facts, image, death->address)) {
        death->stack = facts->stack_range;
        death->is_main_stack = true;
    } else if (is_in_guard(image, death->address)) {
        stack = image_find(image, death->address) + 1;
        death->stack = image->mappings[stack].range;
    } else {
        return;
    }
    death->has_overflown = is_at_end(thread, death->address, image, death->stack.start);
}

static const char *place_text(struct image *image, const struct death_facts *death,
                              const struct facts *facts)
{
    uint32_t i = image_find(image, death->address);
    const struct mapping *mapping = &image->mappings[i];
    uint64_t below = death->stack.start - death->address;
    char perms[5], size[UNITS_TEXT];

    if (death->has_overflown && !death->is_main_stack)
        return "in the guard below a stack";
    if (death->has_overflown)
        return below <= image->page_size
                   ? "right below the main stack"
                   : arena_printf(&image->arena, "%s below the main stack", size_text(below, size));
    if (death->address < 64 * KIB)
        return "close to 0, as of a null pointer";
    if (i == image->n_mappings || !range_has(mapping->range, death->address))
        return is_below_main_stack(facts, image, death->address)
                   ? "where nothing is mapped, below the main stack"
                   : "where nothing is mapped";
    return arena_printf(&image->arena, "in %s (%s)", mapping_title(image, mapping),
                        perms_text(mapping->perms, perms));
}

void death_compute(struct facts *facts, struct image *image)
{
    struct death_facts *death = &facts->death;
    const struct core *core = image->core;
    const struct core_thread *thread;

    if (!core || core->writer == CORE_WRITER_GDB)
        return;
    thread = dying_thread(core);
    death->signal = core->has_siginfo ? core->signal : thread ? thread->signal : 0;
    death->known = death->signal != 0;
    death->name = signal_name(image->machine, death->signal);
    death->tid = thread ? thread->tid : 0;
    death->has_address = death->known && core->has_fault;
    if (!death->has_address)
        return;
    death->address = core->fault_address;
    find_overflow(death, facts, image);
    death->place = place_text(image, death, facts);
}
