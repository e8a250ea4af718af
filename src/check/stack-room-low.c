/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "check/thresholds.h"

/*
 * What is mapped and was never touched is as good as room: Ruby touches the last page that the
 * limit allows when it starts, so that nothing else gets the place.
 */
static bool find_unused(const struct checker *checker, uint64_t *unused)
{
    uint64_t size = range_size(checker->facts->stack_growth.range), used;

    *unused = 0;
    if (size < STACK_ROOM_WARNING)
        return true;
    if (!image_read_stack_use(checker->image))
        return false;
    used = checker->image->stack_used_bytes;
    *unused = size > used ? size - used : 0;
    return true;
}

/* What the mapping below leaves is the most, whatever the limits are that are not known. */
static const struct limit_fact *binding_of(const struct stack_facts *stack)
{
    if (stack->known)
        return growth_binding(&stack->growth);
    for (unsigned int i = 0; i < stack->growth.n_limits; i++)
        if (stack->growth.limits[i].kind == LIMIT_NEXT_MAPPING)
            return &stack->growth.limits[i];
    return NULL;
}

static enum severity severity_of(uint64_t room, uint64_t unused)
{
    if (unused >= STACK_ROOM_WARNING)
        return SEVERITY_INFO;
    return room < STACK_ROOM_ERROR ? SEVERITY_ERROR : SEVERITY_WARNING;
}

static void report_unused(struct checker *checker, struct finding *finding, uint64_t unused)
{
    char text[UNITS_TEXT];

    finding_detail(checker, finding,
                   "It is mapped nearly in full, but %s of it were never touched: the program "
                   "reserved it, as Ruby does at its start.",
                   size_text(unused, text));
    finding_remedy(checker, finding, "Nothing to do.");
}

static void run(struct checker *checker)
{
    const struct stack_facts *stack = &checker->facts->stack_growth;
    const struct limit_fact *limit = binding_of(stack);
    uint64_t unused, end;
    struct finding *finding;
    char room[UNITS_TEXT], reach[UNITS_TEXT];

    if (!limit || (!stack->known && limit->room >= STACK_ROOM_WARNING)) {
        rule_not_run(checker, checker->facts->has_stack ? "RLIMIT_STACK is not known"
                                                        : "the stack was not found");
        return;
    }
    if (limit->room >= STACK_ROOM_WARNING)
        return;
    end = stack->grows_up ? stack->range.end + limit->room : stack->range.start - limit->room;
    if (!find_unused(checker, &unused)) {
        rule_not_run(checker, "how much of the stack is in use is not known");
        return;
    }
    finding = finding_add(checker, severity_of(limit->room, unused),
                          "the main stack can grow by %s only: %s is %s",
                          size_text(limit->room, room), limit_name(limit->kind), limit->value);
    finding_detail(
        checker, finding,
        "It can reach %s to %s; a touch beyond is a segmentation fault (SIGSEGV). %s: %s.",
        stack->grows_up ? "up" : "down", address_text(end, reach), limit_name(limit->kind),
        limit->detail);
    finding_remedy(checker, finding,
                   "%s Deep recursion may be the real reason: \"gdb %s %s -batch -ex \'bt 20\'\" "
                   "shows the calls.",
                   limit_cure(checker, limit->kind), checker->image->core ? "PROGRAM" : "-p",
                   pid_text(checker));
    if (limit->kind == LIMIT_NEXT_MAPPING)
        finding_cause(finding, &rule_stack_limit_unreachable);
    cause_by_limit(finding, limit->kind);
    if (finding->severity == SEVERITY_INFO)
        report_unused(checker, finding, unused);
    evidence_text(finding, "limit", limit_name(limit->kind));
    evidence_text(finding, "value", limit->value);
    evidence_bytes(finding, "room", limit->room);
    if (stack->grows_up)
        evidence_address(finding, "highest", end);
    else
        evidence_address(finding, "lowest", end);
}

const struct rule rule_stack_room_low = {
    .id = "stack-room-low",
    .severities = "error below 128K, warning below 512K; info when 512K of it were never touched",
    .when = "the main stack can hardly grow",
    .meaning =
        "The kernel grows the main stack page by page when it is touched, down (on parisc up) to "
        "RLIMIT_STACK, to a mapping in its way (less a guard gap of 256 pages) or to another "
        "limit. Little is left. The "
        "process is killed by SIGSEGV when it goes on. A stack that is mapped nearly in full, but "
        "was never touched for the most part, is only noted: the program reserved it (Ruby does).",
    .remedy = "prlimit --pid PID --stack=BYTES raises the limit of a running process, ulimit -s or "
              "LimitSTACK= of one that is started. If a mapping is in the way, see "
              "stack-limit-unreachable.",
    .run = run,
};
