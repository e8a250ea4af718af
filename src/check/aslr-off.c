/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

static const struct flag_texts personality_texts = {
    .title = "addresses are not randomised: personality ADDR_NO_RANDOMIZE",
    .remedy_inherited = "Start that ancestor without it: no setarch -R or --addr-no-randomize; in "
                        "gdb, set disable-randomization off.",
    .remedy_own = "If it is not wanted: start the program without setarch -R; in gdb, set "
                  "disable-randomization off.",
};

static void by_other(struct checker *checker)
{
    bool sysctl = checker->image->layout.aslr_cause == CAUSE_SYSCTL;
    struct finding *finding = finding_add(checker, SEVERITY_INFO, "addresses are not randomised%s",
                                          sysctl ? ": sysctl kernel.randomize_va_space is 0" : "");

    finding_detail(checker, finding, "%s",
                   sysctl
                       ? "All programs of this host are laid out alike at every start."
                       : "Its stack ends exactly at the end of the address space. What turned "
                         "randomisation off when it was executed is not in force any more, or its "
                         "personality could not be read.");
    finding_remedy(checker, finding, "%s",
                   sysctl ? "sysctl kernel.randomize_va_space=2, then restart the program."
                          : "Restart it without setarch -R and with kernel.randomize_va_space=2.");
    evidence_text(finding, "cause", sysctl ? "sysctl" : "unknown");
}

static void run(struct checker *checker)
{
    const struct layout *layout = &checker->image->layout;

    if (layout->aslr == ASLR_UNKNOWN)
        rule_not_run(checker, "whether addresses are randomised could not be told");
    else if (layout->aslr == ASLR_OFF && layout->aslr_cause == CAUSE_PERSONALITY)
        find_personality(checker, TRAIT_NO_RANDOMIZE, "", &personality_texts);
    else if (layout->aslr == ASLR_OFF)
        by_other(checker);
}

const struct rule rule_aslr_off = {
    .id = "aslr-off",
    .severities = "warning when an ancestor handed it down, else info",
    .when = "the process was laid out without randomisation",
    .meaning =
        "Stack, mmap area and heap are at the same addresses at every start, which makes attacks "
        "easier. Debuggers and setarch -R do that for one program on purpose; when an ancestor has "
        "the personality flag ADDR_NO_RANDOMIZE, a whole tree of processes runs so, mostly by "
        "accident. The sysctl kernel.randomize_va_space does it for the host.",
    .remedy = "Start the ancestor that the report names without setarch -R; gdb: \"set "
              "disable-randomization off\"; sysctl: \"sysctl kernel.randomize_va_space=2\". Each "
              "takes effect at the next exec.",
    .run = run,
};
