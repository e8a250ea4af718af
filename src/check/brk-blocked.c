/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

static void run(struct checker *checker)
{
    const struct brk_facts *brk = &checker->facts->brk;
    struct finding *finding;
    char end[UNITS_TEXT];

    if (!brk->known) {
        rule_not_run(checker, "the break could not be read");
        return;
    }
    if (brk->growth.room > 0 || brk->growth.limit != LIMIT_NEXT_MAPPING)
        return;
    finding = finding_add(checker, brk_is_unused(checker) ? SEVERITY_INFO : SEVERITY_ERROR,
                          "the heap cannot grow: %s stands on the break", blocker_title(checker));
    finding_detail(checker, finding,
                   "The break is at %s and the kernel keeps one page free before the next mapping, "
                   "so brk() refuses every page. malloc in glibc goes on with mmap, at the cost of "
                   "memory that is given back less well; an allocator that only uses brk fails.%s",
                   address_text(brk->end, end),
                   brk_has_page_guard(checker)
                       ? " A single page exactly on the break is put there on purpose, as "
                         "OpenResty's lua-nginx-module 0.10.3 to 0.10.7 does for LuaJIT "
                         "(brk-page-guard)."
                       : "");
    finding_remedy(checker, finding, "%s",
                   brk_has_page_guard(checker)
                       ? page_guard_remedy
                       : "Find out who maps it: " FIND_MAPPER ". Until that is changed, a malloc "
                         "that falls back to mmap keeps the program alive.");
    finding_cause(finding, &rule_brk_window_shrunken);
    cause_by_blocker(checker, finding);
    evidence_break(checker, finding);
}

const struct rule rule_brk_blocked = {
    .id = "brk-blocked",
    .severities = "error; info in a Go program, which does not use brk",
    .when = "not one page of room for the heap, because of the next mapping",
    .meaning =
        "The heap grows by moving the break up. The kernel refuses to move it so far that less "
        "than one free page would be left before the next mapping, or less than the guard gap when "
        "that mapping grows down (a stack). Here not a single page is left. brk() then returns the "
        "old break and sbrk() fails with ENOMEM, however much memory is free. glibc's malloc falls "
        "back to mmap for good; allocators that only know brk (some shells, old Unix programs) "
        "report that memory is exhausted.",
    .remedy =
        "The report names the mapping. If it is a library, see lib-in-brk-gap; if it is one page "
        "exactly on the break, see brk-page-guard. Otherwise " FIND_MAPPER ".",
    .run = run,
};
