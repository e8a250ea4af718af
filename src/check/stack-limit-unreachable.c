/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

static const struct limit_fact *find_limit(const struct growth *growth, enum limit_kind kind)
{
    for (unsigned int i = 0; i < growth->n_limits; i++)
        if (growth->limits[i].kind == kind)
            return &growth->limits[i];
    return NULL;
}

/* Terabytes are no promise that anybody needs: a stack cannot use more than all of memory. */
static uint64_t more_than_enough(const struct image *image)
{
    const struct host *host = &image->host;

    return host->has_memory && host->has_swap ? host->memory_bytes + host->swap_bytes : TIB;
}

/*
 * mmap_base() leaves five sixths of the address space at most: beyond, the limit promises nothing.
 */
static bool is_clamped(const struct image *image)
{
    return image->limits.stack.soft >= image->layout.task_size / 6 * 5;
}

/* The mapping in the way; the fact LIMIT_NEXT_MAPPING says that there is one. */
static const struct mapping *obstacle(const struct checker *checker)
{
    const struct stack_facts *stack = &checker->facts->stack_growth;
    uint32_t next = stack->grows_up ? stack->mapping + 1 : stack->mapping - 1;

    return &checker->image->mappings[next];
}

/* The kernel places nothing above the mmap base while there is room below it. */
static bool is_asked_for(const struct checker *checker)
{
    const struct layout *layout = &checker->image->layout;

    return layout->mode == MMAP_TOP_DOWN && layout->has_base &&
           obstacle(checker)->range.end > layout->base;
}

/*
 * A guard where the limit ends, of the program's own: Mono has one, to tell an overflow from other
 * faults.
 */
static bool is_own_guard(const struct checker *checker, uint64_t missing_bytes)
{
    return obstacle(checker)->role == ROLE_GUARD && missing_bytes <= 64 * KIB;
}

static const char *why(const struct checker *checker, bool asked_for)
{
    if (checker->facts->stack_growth.grows_up)
        return "The kernel keeps room for the hard limit of exec, but without randomisation of "
               "addresses (setarch -R) it put the stack too low, until f31b256994ac.";
    if (asked_for)
        return "The kernel keeps room for the limit of exec only, 128M at least: somebody asked "
               "for that address, or no other was free.";
    return "The kernel keeps room for the limit of exec only, 128M at least: one that is raised "
           "later can lie beyond it.";
}

static const char *cure(struct checker *checker, bool asked_for)
{
    if (checker->facts->stack_growth.grows_up)
        return "Start the program without setarch -R, or update the kernel.";
    if (asked_for)
        return limit_cure(checker, LIMIT_NEXT_MAPPING);
    return "Set the limit before the program is executed: ulimit -s, LimitSTACK=, \"prlimit "
           "--stack=BYTES COMMAND\".";
}

static void run(struct checker *checker)
{
    const struct stack_facts *stack = &checker->facts->stack_growth;
    const struct limit_fact *mapping = find_limit(&stack->growth, LIMIT_NEXT_MAPPING);
    const struct limit_fact *rlimit = find_limit(&stack->growth, LIMIT_RLIMIT_STACK);
    bool asked_for;
    struct finding *finding;
    char room[UNITS_TEXT], promised[UNITS_TEXT];

    if (!stack->known) {
        rule_not_run(checker, checker->facts->has_stack ? "RLIMIT_STACK is not known"
                                                        : "the stack was not found");
        return;
    }
    if (!mapping || !rlimit || mapping->room >= rlimit->room ||
        mapping->room >= more_than_enough(checker->image) || is_clamped(checker->image) ||
        is_own_guard(checker, rlimit->room - mapping->room))
        return;
    asked_for = is_asked_for(checker);
    finding = finding_add(checker, SEVERITY_WARNING,
                          "RLIMIT_STACK is %s, but a mapping stops the stack after %s more",
                          rlimit->value, size_text(mapping->room, room));
    finding_detail(checker, finding,
                   "%s, whose %s is at %s, lies where the limit promises %s more of stack. %s",
                   mapping->detail, stack->grows_up ? "start" : "end", mapping->value,
                   size_text(rlimit->room, promised), why(checker, asked_for));
    finding_remedy(checker, finding, "%s", cure(checker, asked_for));
    evidence_bytes(finding, "room", mapping->room);
    evidence_bytes(finding, "promised", rlimit->room);
    if (stack->grows_up)
        evidence_text(finding, "mapping_start", mapping->value);
    else
        evidence_text(finding, "mapping_end", mapping->value);
}

const struct rule rule_stack_limit_unreachable = {
    .id = "stack-limit-unreachable",
    .severities = "warning",
    .when = "a mapping stands where RLIMIT_STACK promises stack",
    .meaning =
        "At exec the kernel leaves as much room below the stack as RLIMIT_STACK allows, and at "
        "least 128 MiB. A limit that is raised in the running process, or a mapping at a fixed "
        "address, breaks that promise: the stack meets the mapping before its limit. On parisc, "
        "where stacks grow up, kernels of 2024 and before do it to programs under setarch -R. A "
        "guard page "
        "of the program's own at the limit itself (Mono) is not meant.",
    .remedy = "Raise the limit before exec (ulimit -s, LimitSTACK=), not in the program itself. A "
              "mapping at a fixed address has to go elsewhere: \"" TRACE_MEMORY "\" shows who asks "
              "for it.",
    .run = run,
};
