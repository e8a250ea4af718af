/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/facts.h"

const char *region_name(enum region_role role)
{
    static const char *const names[] = {
        [REGION_TEXT] = "text",   [REGION_DATA] = "data", [REGION_BSS] = "bss",
        [REGION_BRK] = "brk",     [REGION_MMAP] = "mmap", [REGION_THREAD_STACKS] = "thread-stacks",
        [REGION_STACK] = "stack", [REGION_VDSO] = "vdso", [REGION_VSYSCALL] = "vsyscall",
        [REGION_GAP] = "gap",
    };

    return names[role];
}

bool mapping_is_library(const struct image *image, const struct mapping *mapping)
{
    const struct object *object = mapping_object(image, mapping);

    return object && mapping->instance != image->program;
}

const char *mapping_title(struct image *image, const struct mapping *mapping)
{
    const struct object *object = mapping_object(image, mapping);
    struct str name = object ? short_name(object->path) : short_name(mapping_name(image, mapping));
    char perms[5];

    perms_text(mapping->perms, perms);
    if (mapping->role == ROLE_SHARED && str_starts(mapping_name(image, mapping), STR("/dev/zero")))
        return arena_printf(&image->arena, "a shared anonymous mapping (%s)", perms);
    if (name.n == 0 || (mapping->role != ROLE_HEAP && str_eq(name, STR("[heap]"))))
        return arena_printf(&image->arena, "an anonymous mapping (%s)", perms);
    return arena_strndup(&image->arena, name.p, name.n);
}

uint64_t address_space_end(const struct image *image)
{
    uint32_t i = image->n_mappings;

    if (image->layout.task_size)
        return image->layout.task_size;
    while (i > 0 && image->mappings[i - 1].role == ROLE_VSYSCALL)
        i--;
    return i > 0 ? image->mappings[i - 1].range.end : 0;
}

static void count_mappings(struct facts *facts, const struct image *image)
{
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];

        if (mapping->role == ROLE_VSYSCALL)
            continue; /* as the kernel counts */
        if (mapping->perms & PERM_EXEC)
            facts->n_executable++;
        if (mapping->is_file)
            facts->n_file++;
        else
            facts->n_anonymous++;
        if (mapping->role != ROLE_STACK)
            continue;
        if (!facts->has_stack)
            facts->stack_range.start = mapping->range.start;
        facts->stack_range.end = mapping->range.end;
        facts->has_stack = true;
        if (mapping->name != 0 || facts->stack == NONE)
            facts->stack = i;
    }
}

void facts_compute(struct facts *facts, struct image *image)
{
    *facts = (struct facts){.stack = NONE};
    count_mappings(facts, image);
    brk_compute(facts, image);
    stack_compute(facts, image);
    mmap_compute(facts, image);
    gaps_compute(facts, image);
    memory_compute(facts, image);
    death_compute(facts, image);
    heap_compute(&facts->heap, image);
    if (image->in_passing)
        return; /* the rest is for reports, and no rule needs it */
    regions_compute(facts, image);
    outline_compute(facts, image);
}
