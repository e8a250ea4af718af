/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "check/thresholds.h"

/*
 * A quarter of 64-bit's 128 TiB is a window that nobody fills, and healthy programs have less: Go
 * puts its arena at 0xc000000000, the JVM its heap above 2 GiB.  So the window must also be small
 * in itself; a little less so when a library made it, which no healthy program does.
 */
static bool is_shrunken(const struct image *image, const struct brk_facts *brk)
{
    return brk->next != NONE && brk->window < brk->normal_window / 4 &&
           brk->window <
               (mapping_is_library(image, &image->mappings[brk->next]) ? BRK_WINDOW_ENOUGH : GIB);
}

/* The window ends early since the heap is high, not since something is low. */
static bool is_moved(const struct checker *checker)
{
    const struct image *image = checker->image;
    const struct brk_facts *brk = &checker->facts->brk;

    return brk_is_in_mmap_area(checker) || (brk->meets_mmap_area && image->program != NONE &&
                                            !brk_follows_program(image, brk->start));
}

/*
 * The break of a loader that is run directly starts where a PIE is loaded (11854fe263eb): on a
 * 32-bit kernel at 4 MiB, below a program that is none.
 */
static bool is_below_program(const struct image *image, const struct brk_facts *brk)
{
    return image->via_loader && image->program != NONE &&
           image->mappings[brk->next].instance == image->program &&
           brk->start < image->instances[image->program].seen.start;
}

enum cause {
    BY_SANITIZER,
    BY_STACK_LIMIT,
    BY_LEGACY_LAYOUT,
    BY_EXEC_ALLOCATOR,
    BY_32BIT_BASE,
    BY_LOADER,
    BY_OWN_PLACE,
    BY_MAPPING
};

static uint64_t size_of_next(const struct image *image, const struct mapping *next)
{
    return range_size(next->instance == NONE ? next->range : image->instances[next->instance].seen);
}

/* A PIE's heap can lie inside a bottom-up area; what would fit below was put above on purpose. */
static bool is_by_legacy_layout(const struct image *image, const struct brk_facts *brk)
{
    return image->layout.mode == MMAP_BOTTOM_UP &&
           (brk->meets_mmap_area ||
            (mmap_area_has_program(image) &&
             size_of_next(image, &image->mappings[brk->next]) > largest_hole_below_program(image)));
}

static enum cause find_cause(const struct checker *checker)
{
    const struct image *image = checker->image;
    const struct brk_facts *brk = &checker->facts->brk;
    const struct mapping *next = &image->mappings[brk->next];

    if (is_asan_shadow(image, brk->next))
        return BY_SANITIZER;
    if (brk->meets_mmap_area && image->layout.unlimited_stack_at_exec)
        return BY_STACK_LIMIT;
    if (is_by_legacy_layout(image, brk))
        return BY_LEGACY_LAYOUT;
    if (mapping_is_library(image, next) && mmap_base_is_mixed(image))
        return BY_EXEC_ALLOCATOR;
    if (brk->meets_mmap_area && mmap_base_is_32bit(image))
        return BY_32BIT_BASE;
    if (is_below_program(image, brk))
        return BY_LOADER;
    if (is_moved(checker))
        return BY_OWN_PLACE;
    return BY_MAPPING;
}

static const struct {
    const char *id;
    const char *why;
    const char *remedy;
} causes[] = {
    [BY_SANITIZER] =
        {"sanitizer", "AddressSanitizer keeps its shadow memory there, at a fixed address.",
         "Nothing, in a build for tests. Linked as a PIE the program has its heap above the "
         "shadow."},
    [BY_STACK_LIMIT] =
        {"unlimited-stack",
         "The stack limit was unlimited or nearly so when the program was executed. The kernel "
         "keeps that much free below the stack, five sixths of the address space at most, and mmap "
         "begins there, right above the heap.",
         "Start the program with a finite stack limit: \"ulimit -s 8192\", or LimitSTACK=8M in its "
         "systemd unit."},
    [BY_LEGACY_LAYOUT] =
        {"legacy-layout",
         "The mmap layout is the legacy one, bottom-up from low in the address space.",
         "See legacy-layout for who asked for it."},
    [BY_EXEC_ALLOCATOR] =
        {"mixed-mmap-base",
         "The kernel placed that mapping by another allocator than the rest: see mixed-mmap-base.",
         CURE_MIXED_BASE},
    [BY_32BIT_BASE] =
        {"mmap-base-32bit",
         "The mmap area of this 64-bit program begins below 4 GiB, as that of a 32-bit one: Linux "
         "4.12 to 4.16 do that when a 32-bit program executes it.",
         "Have no 32-bit program execute it, or use Linux 4.17 or later."},
    [BY_LOADER] =
        {"via-loader",
         "The loader was run directly, with the program as its argument. The kernel put the break "
         "where it goes with the loader, which is below the program.",
         "Execute the program itself instead of ld.so with the program as argument."},
    [BY_OWN_PLACE] =
        {"brk-in-mmap-area",
         "The heap is not where the kernel's default layout puts it, but among what mmap places.",
         "\"layoutcheck explain brk-in-mmap-area\" names the reasons; \"strace -f -e "
         "trace=prctl,brk\" shows a prctl call that moves the break."},
    [BY_MAPPING] =
        {"mapping",
         "The kernel's default layout does not put that mapping there: somebody asked for the "
         "address.",
         "Find out who maps it: " FIND_MAPPER "."},
};

/* Who set the stack limit. */
static void blame_stack_limit(struct checker *checker, struct finding *finding)
{
    struct image *image = checker->image;
    const char *who;
    const struct ancestor *origin = find_stack_origin(image, &who);

    finding_detail(checker, finding, "%s %s", finding->detail, who);
    if (origin)
        finding_remedy(checker, finding,
                       "Give %s (PID %d) a finite stack limit before it starts others: \"ulimit -s "
                       "8192\", or LimitSTACK=8M in its systemd unit.",
                       origin->comm, (int)origin->pid);
    evidence_origin(finding, origin);
}

/* What the makers of a runtime chose is nothing to decide on. */
static bool is_usual(enum cause cause, const struct blocker *known)
{
    return cause == BY_SANITIZER || (known && known->is_usual);
}

static void run(struct checker *checker)
{
    const struct image *image = checker->image;
    const struct brk_facts *brk = &checker->facts->brk;
    const struct blocker *known;
    enum cause cause;
    struct finding *finding;
    char window[UNITS_TEXT], normal[UNITS_TEXT], start[UNITS_TEXT], end[UNITS_TEXT];

    if (!brk->known || brk->normal_window == 0) {
        rule_not_run(checker, brk->known ? "what this layout normally leaves is not known"
                                         : break_missing(checker));
        return;
    }
    if (!is_shrunken(image, brk) || brk_is_unused(checker))
        return;
    cause = find_cause(checker);
    known = cause == BY_MAPPING ? blocker_known(checker) : NULL;
    finding = finding_add(checker, is_usual(cause, known) ? SEVERITY_INFO : SEVERITY_WARNING,
                          "the heap's window is %s in all, up to %s, where %s is normal",
                          size_text(brk->window, window),
                          brk->meets_mmap_area ? "the mmap area" : blocker_title(checker),
                          size_text(brk->normal_window, normal));
    finding_detail(
        checker, finding, "The heap starts at %s, %s %s begins, at %s. %s",
        address_text(brk->start, start),
        image->mappings[brk->next].range.start < brk->start ? "above where"
                                                            : "and its window ends where",
        blocker_title(checker), address_text(image->mappings[brk->next].range.start, end),
        known ? known->why : causes[cause].why);
    finding_remedy(checker, finding, "%s", known ? known->remedy : causes[cause].remedy);
    cause_by_blocker(checker, finding);
    if (cause == BY_LEGACY_LAYOUT)
        finding_cause(finding, &rule_legacy_layout);
    if (cause == BY_32BIT_BASE)
        finding_cause(finding, &rule_inherited_from_32bit);
    evidence_break(checker, finding);
    evidence_text(finding, "cause", known ? known->id : causes[cause].id);
    evidence_bytes(finding, "window", brk->window);
    evidence_bytes(finding, "normal_window", brk->normal_window);
    if (cause == BY_STACK_LIMIT)
        blame_stack_limit(checker, finding);
}

const struct rule rule_brk_window_shrunken = {
    .id = "brk-window-shrunken",
    .severities =
        "warning; info when a sanitizer's shadow memory, Wine's or generated code ends it",
    .when = "the whole window of the heap is under a quarter of what is normal",
    .meaning =
        "The window is all that the heap can ever have: from the start of the break to the next "
        "mapping. The kernel's layouts leave gigabytes in a 32-bit program and terabytes in a "
        "64-bit one. Here it is under a quarter of what this kernel, word size and layout leave "
        "(and under 1 GiB, or 64 GiB when a library ends it), so the heap may end early although "
        "it has room today. Known causes: a stack limit that was unlimited or nearly so at exec, "
        "which moves mmap down to a sixth of the address space; the legacy layout; a mapping at a "
        "fixed or hinted address: in programs that are no PIE the Java heap or the shadow memory "
        "of AddressSanitizer, under qemu's user mode the memory of the emulated program.",
    .remedy =
        "The report says which cause it is. Unlimited stack: \"ulimit -s 8192\" before the program "
        "is started, or LimitSTACK=8M in its unit. Legacy layout: see legacy-layout. A mapping: "
        "find who asks for that address with \"" TRACE_MEMORY "\".",
    .run = run,
    .is_quick = true,
};
