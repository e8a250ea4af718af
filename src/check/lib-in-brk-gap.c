/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

/* Prelinked libraries at 0x3000000000 stop nobody: only an object within reach of a heap counts. */
#define REACH (64 * GIB)

/*
 * Top-down, the mmap area is what lies below its base and above the largest hole over the break.
 * An object under that hole was not put there by the default allocator, which takes the highest
 * hole that fits.  A hole under an eighth of the address space proves nothing: it is just full.
 */
static uint64_t area_start(const struct image *image, uint64_t break_end)
{
    struct range hole;

    if (image->layout.mode == MMAP_BOTTOM_UP && image->layout.base > break_end)
        return image->layout.base;
    if (image->layout.mode == MMAP_BOTTOM_UP)
        return mmap_area_has_program(image) ? 0 : address_space_end(image);
    hole = largest_hole_above(image, break_end);
    return range_size(hole) >= address_space_end(image) / 8 ? hole.start : 0;
}

/* Of a core, gdb leaves out some mappings, but none as large as a hole that matters here. */
static bool is_hole_doubtful(const struct image *image)
{
    return image_incomplete(image) && !(image->core && image->core->writer == CORE_WRITER_GDB);
}

static bool is_in_gap(const struct checker *checker, uint32_t instance)
{
    const struct image *image = checker->image;
    uint64_t start = image->instances[instance].seen.start;
    uint64_t end = checker->facts->brk.end;

    return instance_is_library(image, instance) && start >= end && start - end < REACH &&
           start < area_start(image, end);
}

static void run(struct checker *checker)
{
    const struct brk_facts *brk = &checker->facts->brk;
    struct places objects = {0};
    struct finding *finding;
    char distance[UNITS_TEXT];

    if (!brk->known) {
        rule_not_run(checker, break_missing(checker));
        return;
    }
    places_add_instances(checker, &objects, is_in_gap);
    if (objects.n == 0)
        return;
    if (is_hole_doubtful(checker->image)) {
        rule_not_run(checker, "more may be mapped above the heap than is shown");
        return;
    }
    finding = finding_add(checker, SEVERITY_ERROR, "%s %s where the heap must grow",
                          places_text(checker, &objects), objects.n == 1 ? "lies" : "lie");
    finding_detail(checker, finding,
                   "The first one begins %s above the break; the mmap area, where libraries "
                   "belong, is far above. %s",
                   size_text(objects.list[0].range.start - brk->end, distance),
                   mmap_base_is_mixed(checker->image)
                       ? "The kernel placed executable mappings by another allocator: see "
                         "mixed-mmap-base."
                       : "A fixed or hinted address, a loader of its own (an emulator, an "
                         "instrumentation tool) or a kernel that misplaces libraries does that.");
    finding_remedy(checker, finding, "%s", misplaced_remedy(checker->image));
    finding_cause(finding, &rule_mixed_mmap_base);
    evidence_places(finding, "objects", objects.list, objects.n);
    evidence_break(checker, finding);
}

const struct rule rule_lib_in_brk_gap = {
    .id = "lib-in-brk-gap",
    .severities = "error",
    .when = "a loaded object lies above the heap, apart from the mmap area",
    .meaning =
        "A shared object was mapped between the heap and the mmap area, where only the heap should "
        "grow. The heap ends one page before it. Kernels of the CentOS 6 lineage did it to 64-bit "
        "programs started by 32-bit ones (see mixed-mmap-base); emulators, instrumentation tools "
        "and programs that map libraries at fixed addresses do it too.",
    .remedy = "Find who placed it: \"" TRACE_MEMORY "\" shows whether the address was asked for "
              "(MAP_FIXED or a hint) or given by the kernel. If the kernel gave it, look at "
              "mixed-mmap-base and legacy-layout.",
    .run = run,
};
