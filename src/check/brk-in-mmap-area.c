/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

/* What mmap placed for sure: libraries and the interpreter, outside exec-shield's low window. */
static bool is_area_member(const struct image *image, uint32_t instance)
{
    return instance_is_library(image, instance) && !instance_is_in_exec_window(image, instance);
}

struct neighbours {
    uint32_t below, above; /* how many libraries lie there */
};

/* A library below the program says nothing about the heap, unless the mmap area begins there. */
static struct neighbours neighbours_of(const struct image *image, uint64_t start_brk)
{
    uint64_t least = image->instances[image->program].seen.end;
    struct neighbours n = {0, 0};

    if (mmap_area_has_program(image))
        least = image->layout.base;
    else if (brk_follows_program(image, start_brk))
        return n;

    for (uint32_t i = 0; i < image->n_instances; i++) {
        if (!is_area_member(image, i))
            continue;
        if (image->instances[i].seen.start >= start_brk)
            n.above++;
        else if (image->instances[i].seen.start >= least)
            n.below++;
    }
    return n;
}

/*
 * A program without interpreter that the kernel loaded like a library has its heap right below the
 * vdso: static PIE, and ld.so run directly, until 7be3cb019db1 and 11854fe263eb.
 */
static bool is_under_vdso(const struct image *image, const struct brk_facts *brk)
{
    const struct mapping *next;

    if (brk->next == NONE || !(image->program_type == PROGRAM_STATIC_PIE || image->via_loader))
        return false;
    next = &image->mappings[brk->next];
    return (next->role == ROLE_VDSO || next->role == ROLE_VVAR) && brk->window < 64 * MIB;
}

static bool is_among(struct neighbours near, const struct checker *checker)
{
    return (near.below > 0 && near.above > 0) ||
           is_under_vdso(checker->image, &checker->facts->brk);
}

bool brk_is_in_mmap_area(const struct checker *checker)
{
    const struct brk_facts *brk = &checker->facts->brk;

    return brk->known && checker->image->program != NONE &&
           is_among(neighbours_of(checker->image, brk->start), checker);
}

static void run(struct checker *checker)
{
    struct image *image = checker->image;
    const struct brk_facts *brk = &checker->facts->brk;
    struct neighbours near;
    struct finding *finding;
    char start[UNITS_TEXT];

    if (!brk->known) {
        rule_not_run(checker, break_missing(checker));
        return;
    }
    if (image->program == NONE) {
        rule_not_run(checker, "the program was not found");
        return;
    }
    near = neighbours_of(image, brk->start);
    if (!is_among(near, checker))
        return;
    finding = finding_add(checker, SEVERITY_WARNING, "the heap lies among mmap's mappings");
    finding_detail(
        checker, finding,
        "The break starts at %s, inside the area where the kernel places mappings, and the next "
        "one above it is %s. What is mapped next may take the room of the heap. %s",
        address_text(brk->start, start), blocker_title(checker),
        image->via_loader ? "The loader was run directly, and the break follows it."
        : image->program_type == PROGRAM_STATIC_PIE
            ? "A static PIE is loaded there by some kernels before 6.15."
            : "A PIE in the legacy layout of 32-bit programs, kernels before 4.1 and "
              "prctl(PR_SET_MM) do that.");
    finding_remedy(
        checker, finding, "%s",
        image->via_loader
            ? "Execute the program itself instead of ld.so with the program as argument."
        : image->program_type == PROGRAM_STATIC_PIE
            ? "Link it with -static -no-pie, or use a kernel with 11854fe263eb (v6.15)."
            : "If the layout is legacy, see legacy-layout; link with -no-pie; otherwise find who "
              "moves the break: \"strace -f -e trace=prctl,brk\" shows the prctl call.");
    if (image->layout.mode == MMAP_BOTTOM_UP)
        finding_cause(finding, &rule_legacy_layout);
    evidence_break(checker, finding);
    evidence_count(finding, "libraries_below", near.below);
    evidence_count(finding, "libraries_above", near.above);
}

const struct rule rule_brk_in_mmap_area = {
    .id = "brk-in-mmap-area",
    .severities = "warning",
    .when = "the break lies among mmap's mappings",
    .meaning =
        "The heap normally has a window of its own, apart from the area where the kernel puts "
        "mappings. Here libraries lie on both sides of it, or the vdso right above it. How far it "
        "can grow is then a matter of luck. It happens when ld.so is run directly with the program "
        "as its argument or a program is a static PIE, on kernels that load both like a library; "
        "to a PIE in the legacy layout of a 32-bit program; on kernels before 4.1 to every PIE; "
        "and after prctl(PR_SET_MM), as checkpoint/restore tools use it.",
    .remedy = "Run the program itself, not the loader. Link static programs with -no-pie, or use a "
              "kernel of 6.15 or later. Leave the legacy layout.",
    .run = run,
};
