/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

/* OpenResty's page is read-only, below 2 GiB, where its LuaJIT has its memory. */
static bool is_for_luajit(const struct checker *checker)
{
    const struct brk_facts *brk = &checker->facts->brk;

    return brk->end < 2 * GIB && checker->image->mappings[brk->next].perms == PERM_READ;
}

const char *page_guard_remedy(const struct checker *checker)
{
    if (!is_for_luajit(checker))
        return "Find out who maps it: " FIND_MAPPER ".";
    return "OpenResty: lua-nginx-module 0.10.8 or later, with a LuaJIT that is built with GC64. "
           "Other programs: " FIND_MAPPER ".";
}

bool brk_has_page_guard(const struct checker *checker)
{
    const struct image *image = checker->image;
    const struct brk_facts *brk = &checker->facts->brk;
    const struct mapping *next;

    if (!brk->known || brk->next == NONE)
        return false;
    next = &image->mappings[brk->next];
    return next->range.start == brk->end && range_size(next->range) == image->page_size &&
           !next->is_file && !(next->perms & PERM_SHARED) && !mapping_is_library(image, next);
}

static void run(struct checker *checker)
{
    const struct brk_facts *brk = &checker->facts->brk;
    struct finding *finding;
    char address[UNITS_TEXT];

    if (!brk->known) {
        rule_not_run(checker, break_missing(checker));
        return;
    }
    if (!brk_has_page_guard(checker))
        return;
    finding = finding_add(checker, SEVERITY_INFO, "one page is mapped exactly on the break");
    finding_detail(
        checker, finding,
        "A single private anonymous page at %s looks put there on purpose, to stop the heap%s. %s",
        address_text(brk->end, address),
        is_for_luajit(checker) ? " and keep the low 2 GiB free for something else, as OpenResty's "
                                 "lua-nginx-module 0.10.3 to 0.10.7 does for LuaJIT"
                               : "",
        allocator_text(checker));
    finding_remedy(checker, finding, "%s", page_guard_remedy(checker));
    evidence_break(checker, finding);
    evidence_allocator(checker, finding);
}

const struct rule rule_brk_page_guard = {
    .id = "brk-page-guard",
    .severities = "info",
    .when = "what stops the heap is one page, mapped exactly on the break",
    .meaning =
        "Some programs stop their own heap: they map one page at the break, so that malloc leaves "
        "brk and the low 2 GiB stay free for a runtime that needs them (LuaJIT without GC64). "
        "lua-nginx-module 0.10.3 to 0.10.7 did, and nginx then needed gigabytes where megabytes "
        "had been enough, because memory taken by mmap in small steps is hardly ever given back.",
    .remedy =
        "lua-nginx-module 0.10.8 or later no longer does it; LuaJIT built with GC64 does not need "
        "the low addresses.",
    .run = run,
    .is_quick = true,
};
