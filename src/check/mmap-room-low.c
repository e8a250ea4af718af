/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "check/thresholds.h"

static void run(struct checker *checker)
{
    const struct mmap_facts *mmap = &checker->facts->mmap;
    const struct limit_fact *limit = growth_binding(&mmap->growth);
    struct finding *finding;
    char room[UNITS_TEXT];

    if (!mmap->growth.known) {
        rule_not_run(checker, "where the mmap area begins is not known");
        return;
    }
    if (mmap->growth.room >= MMAP_ROOM_WARNING || limit_is_doubtful(checker, limit))
        return;
    finding = finding_add(
        checker, mmap->growth.room < MMAP_ROOM_ERROR ? SEVERITY_ERROR : SEVERITY_WARNING,
        "the largest mapping that mmap can still give is %s: %s is %s",
        size_text(mmap->growth.room, room), limit_name(limit->kind), limit->value);
    finding_detail(
        checker, finding,
        "%s: %s. Thread stacks, large allocations and files to map fail with ENOMEM when they need "
        "more in one piece.",
        limit_name(limit->kind), limit->detail);
    finding_remedy(checker, finding, "%s \"layoutcheck room %s\" shows all limits.",
                   limit_cure(checker, limit->kind), pid_text(checker));
    cause_by_limit(finding, limit->kind);
    if (checker->facts->brk.known && checker->facts->brk.growth.limit == limit->kind)
        finding_twin(finding, &rule_brk_limit_low);
    evidence_text(finding, "limit", limit_name(limit->kind));
    evidence_text(finding, "value", limit->value);
    evidence_bytes(finding, "room", mmap->growth.room);
}

const struct rule rule_mmap_room_low = {
    .id = "mmap-room-low",
    .severities = "error below 4M, warning below 64M",
    .when = "the largest possible mmap is small",
    .meaning =
        "One mmap of private memory can get no more than this, because of a limit (RLIMIT_AS, "
        "RLIMIT_DATA, vm.max_map_count, overcommit) or because the address space is full or in "
        "pieces: then no hole is larger, although their sum may be. That happens to 32-bit "
        "programs.",
    .remedy =
        "The report names the limit. Limits: prlimit --pid PID --as=BYTES or --data=BYTES, "
        "LimitAS=, LimitDATA=, ulimit -v, -d. A full or fragmented address space: a 64-bit build, "
        "smaller thread stacks (ulimit -s), fewer arenas (MALLOC_ARENA_MAX).",
    .run = run,
};
