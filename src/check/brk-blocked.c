/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

static const char *why_text(const struct checker *checker)
{
    const struct blocker *known = blocker_known(checker);

    if (known)
        return known->why;
    if (brk_has_page_guard(checker))
        return "A single page exactly on the break looks put there on purpose (brk-page-guard).";
    return "";
}

static const char *remedy_text(const struct checker *checker)
{
    const struct blocker *known = blocker_known(checker);

    if (known)
        return known->remedy;
    if (brk_has_page_guard(checker))
        return page_guard_remedy(checker);
    return "Find out who maps it: " FIND_MAPPER ". Until that is changed, a malloc that falls back "
           "to mmap keeps the program alive.";
}

static void run(struct checker *checker)
{
    const struct brk_facts *brk = &checker->facts->brk;
    struct finding *finding;
    const char *why;
    char end[UNITS_TEXT];

    if (!brk->known) {
        rule_not_run(checker, break_missing(checker));
        return;
    }
    if (brk->growth.room > 0 || brk->growth.limit != LIMIT_NEXT_MAPPING)
        return;
    why = why_text(checker);
    finding = finding_add(checker, brk_severity(checker),
                          "the heap cannot grow: %s stands on the break", blocker_title(checker));
    finding_detail(checker, finding,
                   "The break is at %s and the kernel keeps one page free before the next mapping, "
                   "so brk() refuses every page. %s%s%s",
                   address_text(brk->end, end), allocator_text(checker), *why ? " " : "", why);
    finding_remedy(checker, finding, "%s", remedy_text(checker));
    finding_cause(finding, &rule_brk_window_shrunken);
    cause_by_blocker(checker, finding);
    evidence_break(checker, finding);
    evidence_allocator(checker, finding);
}

const struct rule rule_brk_blocked = {
    .id = "brk-blocked",
    .severities = "error; info where malloc does not use brk, under Wine, and below generated code",
    .when = "not one page of room for the heap, because of the next mapping",
    .meaning =
        "The heap grows by moving the break up. The kernel refuses to move it so far that less "
        "than one free page would be left before the next mapping, or less than the guard gap when "
        "that mapping grows down (a stack). Here not a single page is left. brk() then returns the "
        "old break and sbrk() fails with ENOMEM, however much memory is free. The mallocs of "
        "glibc, musl and gperftools go on with mmap; those that only know brk (some shells, old "
        "Unix programs) report that memory is exhausted; jemalloc, mimalloc, Go's runtime and the "
        "sanitizers do not use the break at all. The report says which one the program has.",
    .remedy =
        "The report names the mapping. If it is a library, see lib-in-brk-gap; if it is one page "
        "exactly on the break, see brk-page-guard. Otherwise " FIND_MAPPER ".",
    .run = run,
    .is_quick = true,
};
