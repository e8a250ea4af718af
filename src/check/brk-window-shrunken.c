/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

/*
 * A quarter of 64-bit's 128 TiB is a window that nobody fills, and healthy programs have less: Go
 * puts its arena at 0xc000000000, the JVM its heap above 2 GiB.  So the window must also be small
 * in itself; a little less so when a library made it, which no healthy program does.
 */
static bool is_shrunken(const struct image *image, const struct brk_facts *brk)
{
    bool by_library = brk->next != NONE && mapping_is_library(image, &image->mappings[brk->next]);

    return brk->normal_window > 0 && brk->window < brk->normal_window / 4 &&
           brk->window < (by_library ? 64 * GIB : GIB);
}

/*
 * Whether the window ends at the mmap area, so that the layout is to blame, and not at a mapping
 * apart from it: then a larger hole lies above that mapping.
 */
static bool ends_at_mmap_area(const struct image *image, const struct brk_facts *brk)
{
    return brk->next != NONE &&
           range_size(largest_hole_above(image, image->mappings[brk->next].range.end)) <
               brk->window;
}

enum cause { BY_STACK_LIMIT, BY_LEGACY_LAYOUT, BY_EXEC_ALLOCATOR, BY_MAPPING };

static enum cause find_cause(const struct checker *checker)
{
    const struct image *image = checker->image;
    const struct brk_facts *brk = &checker->facts->brk;

    if (ends_at_mmap_area(image, brk) && image->layout.unlimited_stack_at_exec)
        return BY_STACK_LIMIT;
    if (ends_at_mmap_area(image, brk) && image->layout.mode == MMAP_BOTTOM_UP)
        return BY_LEGACY_LAYOUT;
    if (brk->next != NONE && mapping_is_library(image, &image->mappings[brk->next]) &&
        mmap_base_is_mixed(image))
        return BY_EXEC_ALLOCATOR;
    return BY_MAPPING;
}

static const struct {
    const char *id;
    const char *why;
    const char *remedy;
} causes[] = {
    [BY_STACK_LIMIT] =
        {"unlimited-stack",
         "The stack limit was unlimited when the program was executed, so the kernel "
         "put the mmap area at a sixth of the address space, right above the heap.",
         "Start the program with a finite stack limit: ulimit -s 8192, or "
         "LimitSTACK=8M in its systemd unit."},
    [BY_LEGACY_LAYOUT] =
        {"legacy-layout",
         "The mmap layout is the legacy one, bottom-up from a third of the address "
         "space.",
         "See legacy-layout for who asked for it."},
    [BY_EXEC_ALLOCATOR] = {"mixed-mmap-base",
                           "The kernel placed it by another allocator than the rest: see "
                           "mixed-mmap-base.",
                           "Cure mixed-mmap-base; then the libraries go to the mmap area."},
    [BY_MAPPING] = {"mapping",
                    "It was not put there by the kernel's default layout: somebody asked for that "
                    "address.",
                    "Find out who maps it: strace -f -e trace=mmap,brk at the start of the program "
                    "shows the call."},
};

static void run(struct checker *checker)
{
    const struct brk_facts *brk = &checker->facts->brk;
    enum cause cause = find_cause(checker);
    struct finding *finding;
    char window[UNITS_TEXT], normal[UNITS_TEXT], start[UNITS_TEXT];

    if (!brk->known || brk->normal_window == 0) {
        rule_not_run(checker, brk->known ? "what this layout normally leaves is not known"
                                         : "the break could not be read");
        return;
    }
    if (!is_shrunken(checker->image, brk) || brk_is_unused(checker))
        return;
    finding =
        finding_add(checker, SEVERITY_WARNING, "the heap's window is %s in all, where %s is normal",
                    size_text(brk->window, window), size_text(brk->normal_window, normal));
    finding_detail(checker, finding, "It begins at %s and ends at %s. %s",
                   address_text(brk->start, start), blocker_title(checker), causes[cause].why);
    finding_remedy(checker, finding, "%s", causes[cause].remedy);
    evidence_break(checker, finding);
    evidence_text(finding, "cause", causes[cause].id);
    evidence_bytes(finding, "window", brk->window);
    evidence_bytes(finding, "normal_window", brk->normal_window);
}

const struct rule rule_brk_window_shrunken = {
    .id = "brk-window-shrunken",
    .severities = "warning",
    .when = "the whole window of the heap is under a quarter of what is normal",
    .meaning =
        "The window is all that the heap can ever have: from the start of the break to the next "
        "mapping. The kernel's layouts leave gigabytes in a 32-bit program and terabytes in a "
        "64-bit one. Here it is under a quarter of what this kernel, word size and layout leave "
        "(and under 1 GiB, or 64 GiB when a library ends it), so the heap may end early although "
        "it "
        "has room today. Known causes: an unlimited stack limit at exec, which moves mmap down to "
        "a "
        "sixth of the address space; the legacy layout; a mapping at a fixed or hinted address.",
    .remedy =
        "The report says which cause it is. Unlimited stack: \"ulimit -s 8192\" before the program "
        "is started, or LimitSTACK=8M in its unit. Legacy layout: see legacy-layout. A mapping: "
        "find "
        "who asks for that address with \"strace -f -e trace=mmap,brk\".",
    .run = run,
};
