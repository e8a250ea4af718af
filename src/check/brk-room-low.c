/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "check/thresholds.h"

static void run(struct checker *checker)
{
    const struct brk_facts *brk = &checker->facts->brk;
    const struct blocker *known;
    struct finding *finding;
    char room[UNITS_TEXT], end[UNITS_TEXT], max[UNITS_TEXT];

    if (!brk->known) {
        rule_not_run(checker, break_missing(checker));
        return;
    }
    if (brk->growth.room == 0 || brk->growth.room >= BRK_ROOM_WARNING ||
        brk->growth.limit != LIMIT_NEXT_MAPPING)
        return;
    known = blocker_known(checker);
    finding = finding_add(checker, brk_severity(checker),
                          "the heap can grow by %s only, then %s stops it",
                          size_text(brk->growth.room, room), blocker_title(checker));
    finding_detail(
        checker, finding,
        "brk() can move the break from %s to %s at most; one page before the next mapping always "
        "stays free. Beyond that sbrk() fails with ENOMEM although memory is free. %s%s%s",
        address_text(brk->end, end), address_text(brk->max, max), allocator_text(checker),
        known ? " " : "", known ? known->why : "");
    finding_remedy(checker, finding, "%s",
                   known ? known->remedy
                         : "Make sure that the mapping goes elsewhere (the other findings name the "
                           "cause), or use a malloc that falls back to mmap.");
    finding_cause(finding, &rule_brk_window_shrunken);
    cause_by_blocker(checker, finding);
    evidence_break(checker, finding);
    evidence_allocator(checker, finding);
    evidence_address(finding, "max", brk->max);
}

const struct rule rule_brk_room_low = {
    .id = "brk-room-low",
    .severities = "error below 4M, or where malloc only uses brk; warning below 64M; info where "
                  "malloc does not use brk, under Wine, and below generated code",
    .when = "little room for the heap, because of the next mapping",
    .meaning =
        "Between the break and the next mapping there is less room than programs usually need. "
        "What counts is the distance less one page, which the kernel keeps free, and less the "
        "guard gap if the next mapping is a stack. The process runs until its heap has used that "
        "up; then brk() fails while the host has plenty of memory, and where the mapping lies is "
        "often random, so that only some processes of the same program fail.",
    .remedy =
        "Look at the other findings first: a library in the gap (lib-in-brk-gap) or a shrunken "
        "window (brk-window-shrunken) says what put the mapping there. A malloc that falls back to "
        "mmap (glibc, jemalloc, musl) survives; one that only uses brk does not.",
    .run = run,
    .is_quick = true,
};
