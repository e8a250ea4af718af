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

bool stack_is_executable(const struct checker *checker)
{
    const struct facts *facts = checker->facts;

    return facts->has_stack && (checker->image->mappings[facts->stack].perms & PERM_EXEC);
}

bool data_may_be_executable(const struct image *image)
{
    return !image->machine || image->rules->data_is_executable;
}

static void explain(struct checker *checker, struct finding *finding, const struct places *askers)
{
    static const char consequence[] = "Code that an attacker writes to the stack can be run.";
    const char *names = places_text(checker, askers);

    if (data_may_be_executable(checker->image)) {
        finding_detail(checker, finding,
                       "%s the kernel makes stack and heap executable when nothing asks for less. "
                       "%s",
                       checker->image->machine ? "On this machine"
                                               : "Which machine it is for is not known; on some",
                       consequence);
        finding_remedy(checker, finding,
                       "Nothing to do, unless the program shall have less than is usual there.");
    } else if (askers->n > 0) {
        finding_detail(checker, finding,
                       "%s asked for it: PT_GNU_STACK is executable there, or missing. %s", names,
                       consequence);
        finding_remedy(checker, finding,
                       "Link %s anew with -z noexecstack and without -z execstack, unless nested "
                       "functions of GNU C need it: \"readelf -lW FILE\" then shows GNU_STACK with "
                       "RW, not RWE. Assembler "
                       "sources without a section .note.GNU-stack are the usual reason.",
                       names);
    } else {
        finding_detail(checker, finding,
                       "None of its objects' headers asks for it: the program itself called "
                       "mprotect, or an object that asked was unloaded. %s",
                       consequence);
        finding_remedy(checker, finding, "%s",
                       "Find the mprotect call, or the library before it: start the program under "
                       "\"" TRACE_MEMORY "\".");
    }
}

static void run(struct checker *checker)
{
    const struct facts *facts = checker->facts;
    struct places askers = {0}, where = {0};
    struct finding *finding;

    if (!facts->has_stack) {
        rule_not_run(checker, "the stack was not found");
        return;
    }
    if (checker->image->mappings[facts->stack].perms & PERM_UNKNOWN) {
        rule_not_run(checker, "permissions are not known");
        return;
    }
    if (!stack_is_executable(checker))
        return;
    places_add_instances(checker, &askers, asks);
    finding = finding_add(checker,
                          data_may_be_executable(checker->image) ? SEVERITY_INFO : SEVERITY_WARNING,
                          "the stack is executable");
    explain(checker, finding, &askers);
    places_add_mapping(checker, &where, &checker->image->mappings[facts->stack]);
    evidence_places(finding, "places", where.list, where.n);
    evidence_places(finding, "asked_by", askers.list, askers.n);
}

const struct rule rule_exec_stack = {
    .id = "exec-stack",
    .severities = "warning; info on machines where every stack is so (csky, parisc), and where the "
                  "machine is not known",
    .when = "the main stack is executable",
    .meaning =
        "An object's program header PT_GNU_STACK tells whether it needs an executable stack "
        "(nested functions of GNU C do). One object that asks for it, or an old one without the "
        "header, makes the stack of the whole process executable.",
    .remedy = "Link the object that the report names with -z noexecstack; in assembler sources add "
              "\".section .note.GNU-stack,\\\"\\\",@progbits\". \"readelf -lW FILE\" shows "
              "GNU_STACK: RW is right, RWE asks for an executable stack.",
    .run = run,
};
