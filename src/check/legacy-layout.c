/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

/* A PIE and its heap lie above that place. */
static const char *effect_text(struct checker *checker)
{
    const struct brk_facts *brk = &checker->facts->brk;
    uint64_t base = checker->image->layout.base;
    char address[UNITS_TEXT];

    return arena_printf(
        checker->arena, "Mappings start at %s and go up%s.", address_text(base, address),
        brk->known && brk->start < base ? ", so the window of the heap ends there at the latest"
                                        : "");
}

static const struct flag_texts personality_texts = {
    .title = "mmap goes bottom-up: personality ADDR_COMPAT_LAYOUT",
    .remedy_inherited = "Start that ancestor without it: no setarch -L or --addr-compat-layout, no "
                        "personality(2) call before exec.",
    .remedy_own = "If it is not wanted: start the program without setarch -L.",
};

static const char *remedy_text(struct checker *checker)
{
    unsigned int since = checker->image->rules->top_down_since;

    switch (checker->image->layout.cause) {
    case CAUSE_SYSCTL:
        return "sysctl vm.legacy_va_layout=0, then restart the program.";
    case CAUSE_STACK_LIMIT:
        return "Start the program with a finite stack limit: ulimit -s 8192.";
    case CAUSE_OLD_KERNEL:
        return arena_printf(checker->arena, "Update the kernel: from %u.%u on it goes top-down.",
                            since >> 8, since & 0xff);
    default:
        return "Look at how the program was started: setarch -L, vm.legacy_va_layout, or an "
               "unlimited stack limit on kernels that go bottom-up for it.";
    }
}

static void by_other(struct checker *checker)
{
    const struct layout *layout = &checker->image->layout;
    bool by_stack = layout->cause == CAUSE_STACK_LIMIT;
    const char *who = "";
    const struct ancestor *origin = by_stack ? find_stack_origin(checker->image, &who) : NULL;
    struct finding *finding =
        finding_add(checker, origin ? SEVERITY_WARNING : SEVERITY_INFO,
                    "mmap goes bottom-up, the legacy layout%s", origin ? ", inherited" : "");

    finding_detail(checker, finding, "%s Why: %s.%s%s", effect_text(checker), layout->reason,
                   by_stack ? " " : "", who);
    finding_remedy(checker, finding, "%s", remedy_text(checker));
    evidence_text(finding, "cause",
                  layout->cause == CAUSE_SYSCTL        ? "sysctl"
                  : layout->cause == CAUSE_STACK_LIMIT ? "stack-limit"
                  : layout->cause == CAUSE_OLD_KERNEL  ? "kernel"
                                                       : "unknown");
    evidence_origin(finding, origin);
}

static void run(struct checker *checker)
{
    const struct layout *layout = &checker->image->layout;

    if (layout->mode == MMAP_UNKNOWN) {
        rule_not_run(checker, layout->reason);
        return;
    }
    if (layout->mode != MMAP_BOTTOM_UP)
        return;
    if (layout->cause == CAUSE_PERSONALITY)
        find_personality(checker, TRAIT_COMPAT_LAYOUT, effect_text(checker), &personality_texts);
    else
        by_other(checker);
}

const struct rule rule_legacy_layout = {
    .id = "legacy-layout",
    .severities = "warning when an ancestor handed it down, else info",
    .when = "mmap goes bottom-up",
    .meaning =
        "The kernel can place mappings top-down, below the stack, or bottom-up, from a third of "
        "the address space on x86 (a quarter, three eighths or a half on others): the layout of "
        "old kernels. Bottom-up leaves the heap of a 32-bit x86 "
        "program that is no PIE about 1.2 GiB instead of 3.75 GiB. It is chosen at exec: by the "
        "personality flag ADDR_COMPAT_LAYOUT (setarch -L), which children inherit; by the sysctl "
        "vm.legacy_va_layout; on all architectures but x86 since 4.17 and parisc by an unlimited "
        "stack limit; and by kernels that know no other: riscv before 5.5, csky before 5.9, arm "
        "before 3.3, mips before 3.0.",
    .remedy = "Personality: start the ancestor that the report names without setarch -L. Sysctl: "
              "\"sysctl vm.legacy_va_layout=0\". Stack limit: \"ulimit -s 8192\" before the "
              "program is started. Each takes effect at the next exec.",
    .run = run,
};
