/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules on glibc's malloc share. */
#include "check/rules.h"

#include "base/units.h"

const struct heap_facts *heap_to_judge(struct checker *checker)
{
    const struct heap_facts *facts = &checker->facts->heap;
    const char *inconsistency;
    char at[UNITS_TEXT];
    uint64_t address;

    if (!facts->heap)
        return NULL;
    if (facts->heap->missing) {
        rule_not_run(checker, facts->heap->missing);
        return NULL;
    }
    inconsistency = facts->malloc ? heap_inconsistency(facts->heap, &address) : NULL;
    if (!inconsistency)
        return facts->malloc ? facts : NULL;
    rule_not_run(checker, arena_printf(checker->arena, "the heap does not fit together: %s (at %s)",
                                       inconsistency, address_text(address, at)));
    return NULL;
}

const char *trim_cure(struct checker *checker)
{
    return arena_printf(checker->arena,
                        "have the program call malloc_trim(0) when it has freed much, or call it "
                        "from outside, which stops the process meanwhile: \"gdb -p %s -batch -ex "
                        "'call (int)malloc_trim(0)'\"",
                        pid_text(checker));
}
