/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

/* Between the end of the program's bss and start_brk nothing but the random distance belongs. */
static bool is_between(const struct checker *checker, uint32_t instance)
{
    const struct image *image = checker->image;
    struct range program = image->instances[image->program].seen;
    struct range object = image->instances[instance].seen;

    return instance_is_library(image, instance) && object.start >= program.end &&
           object.end <= checker->facts->brk.start;
}

static void run(struct checker *checker)
{
    const struct image *image = checker->image;
    struct places objects = {0};
    struct finding *finding;

    if (!checker->facts->brk.known || image->program == NONE) {
        rule_not_run(checker, "the program's data or the break could not be read");
        return;
    }
    if (!checker->facts->brk.is_start_known)
        return; /* it begins in the program's own mappings */
    if (!brk_follows_program(image, checker->facts->brk.start) || mmap_area_has_program(image))
        return;
    places_add_instances(checker, &objects, is_between);
    if (objects.n == 0)
        return;
    finding = finding_add(checker, SEVERITY_WARNING,
                          "%s between the program's data and the start of the heap",
                          places_text(checker, &objects));
    finding_detail(
        checker, finding,
        "The kernel leaves a random distance between bss and the break, and something mapped an "
        "object into it. It takes nothing from the heap by itself, but it shows that objects are "
        "placed around the program, and the next one may land above the break.");
    finding_remedy(checker, finding, "%s", misplaced_remedy(image));
    finding_cause(finding, &rule_mixed_mmap_base);
    evidence_places(finding, "objects", objects.list, objects.n);
    evidence_address(finding, "start_brk", checker->facts->brk.start);
    evidence_address(finding, "program_end", image->instances[image->program].seen.end);
}

const struct rule rule_lib_between_data_and_brk = {
    .id = "lib-between-data-and-brk",
    .severities = "warning",
    .when = "a loaded object lies between the program's data and the start of the break",
    .meaning = "Since the break is randomised, some room is free between the program's bss and the "
               "start of the heap. A shared object in there was not put there by the kernel's "
               "default layout. It is a sign of the same causes as lib-in-brk-gap, seen in "
               "processes that had more luck.",
    .remedy = "As for lib-in-brk-gap.",
    .run = run,
};
