/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include <elf.h>

/*
 * fs/binfmt_elf.c: a program without PT_GNU_STACK gets an executable stack on x86 (32-bit programs;
 * 64-bit ones until 5.8).  glibc makes the stack executable for a library that asks for it.
 */
static bool asks(const struct checker *checker, uint32_t instance)
{
    const struct image *image = checker->image;
    const struct object *object = &image->objects[image->instances[instance].object];

    if (!object->has_head)
        return false;
    return object->head.wants_exec_stack ||
           (!object->head.has_gnu_stack && instance != image->interp);
}

static const char *cause_text(struct checker *checker, const struct places *askers)
{
    const struct image *image = checker->image;

    if (image->has_personality && (image->personality & PERSONALITY_READ_IMPLIES_EXEC))
        return "Its personality has READ_IMPLIES_EXEC (setarch -X), so all readable memory is "
               "executable.";
    if (askers->n > 0)
        return arena_printf(&checker->image->arena,
                            "%s asked for it: PT_GNU_STACK is executable there, or missing.",
                            places_text(checker, askers));
    return "None of its objects' headers asks for it: the program itself called mprotect, or an "
           "object that asked was unloaded.";
}

static void run(struct checker *checker)
{
    const struct facts *facts = checker->facts;
    const struct mapping *stack;
    struct places askers = {0}, where = {0};
    struct finding *finding;

    if (!facts->has_stack) {
        rule_not_run(checker, "the stack was not found");
        return;
    }
    stack = &checker->image->mappings[facts->stack];
    if (!(stack->perms & PERM_EXEC))
        return;
    places_add_instances(checker, &askers, asks);
    finding = finding_add(checker, SEVERITY_WARNING, "the stack is executable");
    finding_detail(checker, finding, "%s Code that an attacker writes to the stack can be run.",
                   cause_text(checker, &askers));
    finding_remedy(
        checker, finding,
        "Assembler sources without a .note.GNU-stack section are the usual reason: add "
        "it, or link with -z noexecstack. \"readelf -lW FILE\" shows GNU_STACK; execstack -c "
        "or patchelf --clear-execstack clears the mark.");
    places_add_mapping(checker, &where, stack);
    evidence_places(finding, "places", where.list, where.n);
    evidence_places(finding, "asked_by", askers.list, askers.n);
}

const struct rule rule_exec_stack = {
    .id = "exec-stack",
    .severities = "warning",
    .when = "the main stack is executable",
    .meaning = "An object's program header PT_GNU_STACK tells whether it needs an executable stack "
               "(nested "
               "functions of GNU C do). One object that asks for it, or an old one without the "
               "header, makes "
               "the stack of the whole process executable.",
    .remedy = "Link the object that the report names with -z noexecstack; in assembler sources add "
              "\".section .note.GNU-stack,\\\"\\\",@progbits\".",
    .run = run,
};
