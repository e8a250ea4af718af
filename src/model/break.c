/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The break is not exported.  Its start is (stat field 47, since 3.3); its end follows from the
 * mappings that the kernel labels [heap]: anonymous ones between start_brk and the break
 * (fs/proc/task_mmu.c vma_is_initial_heap()).  The label can stand on several mappings (part of the
 * heap was mprotected, locked or unmapped) or begin in the bss that the heap merged with.
 */
#include "model/build.h"

#include <elf.h>

static bool is_heap(const struct image *image, const struct mapping *mapping)
{
    return str_eq(mapping_name(image, mapping), STR("[heap]"));
}

static void find_heap(struct image *image)
{
    struct break_state *brk = &image->brk;

    brk->first_heap = NONE;
    brk->last_heap = NONE;
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        if (!is_heap(image, &image->mappings[i]))
            continue;
        if (brk->first_heap == NONE)
            brk->first_heap = i;
        brk->last_heap = i;
    }
}

/* Where bss ends, which is where the break starts when it is not randomised; 0: unknown. */
static uint64_t end_of_bss(const struct image *image)
{
    const struct instance *program;

    if (image->program == NONE)
        return 0;
    program = &image->instances[image->program];
    return program->has_bias ? program->range.end : 0;
}

void break_infer(struct image *image)
{
    struct break_state *brk = &image->brk;

    find_heap(image);
    if (image->stat.has_data && image->stat.start_brk) {
        brk->known = true;
        brk->start = image->stat.start_brk;
    } else if (brk->first_heap != NONE) {
        brk->known = true;
        brk->start = image->mappings[brk->first_heap].range.start;
        if (brk->start < end_of_bss(image))
            brk->start = end_of_bss(image);
        brk->uncertain = "start_brk could not be read; the heap's first mapping stands for it";
    }
    if (!brk->known)
        return;
    if (!brk->uncertain)
        brk->uncertain = "the break was not read but inferred: it is taken for the end of the last "
                         "mapping labelled [heap]";
    brk->end = align_up(brk->start, image->page_size);
    if (brk->last_heap == NONE) {
        brk->uncertain =
            "the break was not read but inferred: no mapping is labelled [heap], so it "
            "is taken for its start";
        return;
    }
    if (image->mappings[brk->last_heap].range.end > brk->end)
        brk->end = image->mappings[brk->last_heap].range.end;
    brk->merged_with_bss =
        image->mappings[brk->first_heap].range.start < align_down(brk->start, image->page_size);
}
