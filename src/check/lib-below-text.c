/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

static bool is_below(const struct checker *checker, uint32_t instance)
{
    const struct image *image = checker->image;

    return instance_is_library(image, instance) && instance != image->interp &&
           image->instances[instance].seen.end <= image->instances[image->program].seen.start;
}

/*
 * A program that itself lies high has libraries below it by the kernel's own choice: a PIE above a
 * bottom-up mmap area, above one that an unlimited stack pushed down, or among mmap's mappings.
 */
static bool area_is_below_program(const struct image *image)
{
    const struct layout *layout = &image->layout;
    uint64_t text = image->instances[image->program].seen.start;

    if (!layout->has_base || layout->base <= text)
        return true;
    if (layout->mode == MMAP_BOTTOM_UP)
        return false;
    /* The loader, run directly, mapped the program as it maps libraries. */
    if (image->via_loader && image->program_type == PROGRAM_PIE)
        return true;
    return image->interp != NONE && image->instances[image->interp].seen.start < text;
}

/*
 * 32-bit programs of exec-shield kernels have all their libraries below 0x08048000: the normal
 * way.
 */
static bool is_exec_shield_32bit(const struct image *image)
{
    return image->elf_class == 32 && image->host.kernel_version &&
           image->host.kernel_version < KERNEL(3, 0);
}

static void run(struct checker *checker)
{
    const struct image *image = checker->image;
    struct places objects = {0};
    struct finding *finding;

    if (image->program == NONE || image->layout.mode == MMAP_UNKNOWN) {
        rule_not_run(checker, "where program or mmap area begin is not known");
        return;
    }
    if (area_is_below_program(image) || is_exec_shield_32bit(image) || program_is_static(image))
        return;
    places_add_instances(checker, &objects, is_below);
    if (objects.n == 0)
        return;
    finding = finding_add(checker, SEVERITY_WARNING, "%s below the program's text",
                          places_text(checker, &objects));
    finding_detail(
        checker, finding,
        "The kernel's mmap area is above the program; below it libraries only come by a fixed or "
        "hinted address or by another allocator of the kernel. They take nothing from the heap, "
        "but their siblings may lie above the break.");
    finding_remedy(checker, finding, "%s", misplaced_remedy(image));
    finding_cause(finding, &rule_mixed_mmap_base);
    evidence_places(finding, "objects", objects.list, objects.n);
    evidence_address(finding, "text", image->instances[image->program].seen.start);
}

const struct rule rule_lib_below_text = {
    .id = "lib-below-text",
    .severities = "warning",
    .when = "a loaded object lies below the program's text",
    .meaning =
        "Libraries normally go to the mmap area, far above the program. One below the program's "
        "own text was placed by somebody else: by exec-shield's allocator for executable mappings "
        "(see mixed-mmap-base), by prelink, by a fixed address.",
    .remedy = "As for lib-in-brk-gap. Alone, without brk findings, it is harmless.",
    .run = run,
};
