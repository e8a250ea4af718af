/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "check/thresholds.h"

static void run(struct checker *checker)
{
    const struct brk_facts *brk = &checker->facts->brk;
    const struct limit_fact *limit = growth_binding(&brk->growth);
    struct finding *finding;
    char room[UNITS_TEXT];

    if (!brk->known) {
        rule_not_run(checker, break_missing(checker));
        return;
    }
    if (brk->growth.room >= BRK_ROOM_WARNING || limit->kind == LIMIT_NEXT_MAPPING ||
        limit->kind == LIMIT_TASK_SIZE || limit_is_doubtful(checker, limit))
        return;
    finding = finding_add(checker, brk_severity(checker), "the heap can%s: %s is %s",
                          brk->growth.room == 0 ? "not grow"
                                                : arena_printf(checker->arena, " grow by %s only",
                                                               size_text(brk->growth.room, room)),
                          limit_name(limit->kind), limit->value);
    finding_detail(
        checker, finding,
        "A limit stops it, not a mapping (%s). brk() fails with ENOMEM when it is reached, "
        "however much memory is free. %s",
        limit->detail, allocator_text(checker));
    finding_remedy(checker, finding, "%s \"layoutcheck room %s\" shows all limits.",
                   limit_cure(checker, limit->kind), pid_text(checker));
    cause_by_limit(finding, limit->kind);
    evidence_text(finding, "limit", limit_name(limit->kind));
    evidence_text(finding, "value", limit->value);
    evidence_bytes(finding, "room", brk->growth.room);
    evidence_address(finding, "max", brk->max);
    evidence_allocator(checker, finding);
}

const struct rule rule_brk_limit_low = {
    .id = "brk-limit-low",
    .severities = "error below 4M, or where malloc only uses brk; warning below 64M; info where "
                  "malloc does not use brk",
    .when = "little room for the heap, because of a limit",
    .meaning =
        "The address space above the heap is free, but a limit refuses to use it: RLIMIT_DATA "
        "(which counts all private writable memory since Linux 4.7, and brk by itself in an older "
        "test), RLIMIT_AS, RLIMIT_MEMLOCK under mlockall(MCL_FUTURE), vm.max_map_count, or "
        "overcommit. With a soft RLIMIT_DATA of 0 brk is dead while mmap still works up to the "
        "hard limit.",
    .remedy = "The report names the limit and its value. For a running process: prlimit --pid PID "
              "--data=BYTES, --as=BYTES or --memlock=; for a service: LimitDATA=, LimitAS=, "
              "LimitMEMLOCK= in its unit; in a shell: ulimit -d, -v, -l. The sysctls are "
              "vm.max_map_count and vm.overcommit_memory.",
    .run = run,
    .is_quick = true,
};
