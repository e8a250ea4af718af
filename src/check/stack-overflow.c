/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

/* The mapping that kept the main stack from growing, if one did; NULL: its limit, or another. */
static const struct mapping *stopper_of(const struct checker *checker)
{
    const struct stack_facts *stack = &checker->facts->stack_growth;
    const struct limit_fact *limit = NULL;

    for (unsigned int i = 0; i < stack->growth.n_limits; i++)
        if (stack->growth.limits[i].kind == LIMIT_NEXT_MAPPING)
            limit = &stack->growth.limits[i];
    return limit && limit->room == 0 && stack->mapping > 0
               ? &checker->image->mappings[stack->mapping - 1]
               : NULL;
}

static const char *why_text(struct checker *checker, const struct death_facts *death)
{
    const struct mapping *stopper = death->is_main_stack ? stopper_of(checker) : NULL;
    char address[UNITS_TEXT];

    if (stopper)
        return arena_printf(checker->arena,
                            "Where it would grow stands %s, whose end is at %s; the kernel keeps a "
                            "guard gap above that.",
                            mapping_title(checker->image, stopper),
                            address_text(stopper->range.end, address));
    return death->is_main_stack
               ? "It grows until RLIMIT_STACK, which a core does not hold, and no further."
               : "The stacks of threads do not grow: each has the size that it was made with.";
}

static const char *cure_text(const struct checker *checker, const struct death_facts *death)
{
    if (death->is_main_stack && stopper_of(checker))
        return "If it needs that much, find who maps what is in its way: " FIND_MAPPER ".";
    return death->is_main_stack
               ? "If it needs that much: \"ulimit -s\" or LimitSTACK= gives it more."
               : "If it needs that much: pthread_attr_setstacksize() gives a thread more; without "
                 "it, RLIMIT_STACK as it was when the program was started (\"ulimit -s\").";
}

static void run(struct checker *checker)
{
    const struct death_facts *death = &checker->facts->death;
    struct finding *finding;
    char size[UNITS_TEXT], address[UNITS_TEXT], start[UNITS_TEXT];

    if (!death->has_overflown)
        return;
    finding = finding_add(checker, SEVERITY_ERROR, "%s overflowed: it had %s",
                          death->is_main_stack
                              ? "the main stack"
                              : arena_printf(checker->arena, "the stack of thread %u", death->tid),
                          size_text(range_size(death->stack), size));
    finding_detail(checker, finding,
                   "The process died when it touched %s, %s, which begins at %s. %s",
                   address_text(death->address, address), death->place,
                   address_text(death->stack.start, start), why_text(checker, death));
    finding_remedy(checker, finding,
                   "Look for a recursion that does not end, or for large variables: \"gdb PROGRAM "
                   "CORE -batch -ex 'bt 20'\" shows the last calls, \"bt -20\" the first. %s",
                   cure_text(checker, death));
    evidence_address(finding, "address", death->address);
    evidence_address(finding, "start", death->stack.start);
    evidence_bytes(finding, "size", range_size(death->stack));
    evidence_count(finding, "thread", death->tid);
}

const struct rule rule_stack_overflow = {
    .id = "stack-overflow",
    .severities = "error",
    .when = "a core shows that the process died of a stack that was full",
    .meaning =
        "The process was ended by SIGSEGV when it touched the memory right below a stack, and its "
        "stack pointer was there too. The main stack grows by itself, down to RLIMIT_STACK or to "
        "the guard gap above another mapping; the stack of another thread has a fixed size and a "
        "guard below it. Only a core can show that.",
    .remedy = "Most often a recursion does not end: look at the calls in gdb. Else \"ulimit -s\", "
              "LimitSTACK= or, for threads, pthread_attr_setstacksize().",
    .run = run,
};
