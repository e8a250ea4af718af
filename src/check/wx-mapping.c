/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

static bool is_wx(const struct mapping *mapping)
{
    return (mapping->perms & (PERM_WRITE | PERM_EXEC)) == (PERM_WRITE | PERM_EXEC);
}

/*
 * The memory image that a runtime was saved to, code and all: sbcl.core, gforth.fi, the PE files of
 * Wine.  What is written there stays in the process.
 */
static bool is_memory_image(const struct image *image, const struct mapping *mapping)
{
    if (mapping->perms & PERM_SHARED)
        return false;
    for (uint32_t i = 0; i < image->n_objects; i++)
        if (image->objects[i].head.other_format &&
            mapping_shows(image, mapping, &image->objects[i]))
            return true;
    return false;
}

/* Generated code lives in anonymous memory, or in shared memory without a file. */
static bool is_expected(const struct image *image, const struct mapping *mapping)
{
    return mapping->role == ROLE_ANON_EXEC || mapping->role == ROLE_SHARED ||
           mapping->role == ROLE_SPECIAL || mapping->role == ROLE_DEVICE ||
           (mapping->role == ROLE_FILE && is_memory_image(image, mapping));
}

/* Heap, bss and stack by the kernel's own default, the data of objects by the machine's ABI. */
static bool is_usual(const struct image *image, const struct mapping *mapping)
{
    if (mapping->role == ROLE_STACK || mapping->role == ROLE_HEAP || mapping->role == ROLE_BSS)
        return data_may_be_executable(image);
    return image->rules->objects_are_writable && mapping->instance != NONE;
}

static bool is_stack(const struct mapping *mapping)
{
    return mapping->role == ROLE_STACK || mapping->role == ROLE_THREAD_STACK;
}

struct group {
    struct places places;
    uint64_t bytes;
    uint32_t n_stacks;
};

static void group_add(struct checker *checker, struct group *group, const struct mapping *mapping)
{
    places_add_mapping(checker, &group->places, mapping);
    group->bytes += range_size(mapping->range);
    group->n_stacks += is_stack(mapping);
}

static void report(struct checker *checker, enum severity severity, const struct group *group,
                   const char *what, const char *remedy)
{
    struct finding *finding;
    char size[UNITS_TEXT];

    finding = finding_add(checker, severity, "%s: writable and executable at once, %s",
                          places_text(checker, &group->places), size_text(group->bytes, size));
    finding_detail(checker, finding, "%s", what);
    finding_remedy(checker, finding, "%s", remedy);
    evidence_places(finding, "places", group->places.list, group->places.n);
    evidence_bytes(finding, "size", group->bytes);
}

/* The kernel sets it for 32-bit programs without PT_GNU_STACK, and clears it for 64-bit ones. */
static bool reads_imply_exec(struct image *image)
{
    return image_read_personality(image) && (image->personality & PERSONALITY_READ_IMPLIES_EXEC);
}

static const char *trouble_text(struct image *image)
{
    if (reads_imply_exec(image))
        return "Its personality has READ_IMPLIES_EXEC (setarch -X, or a program without "
               "PT_GNU_STACK): what is mapped to be read is executable, too.";
    return "Files, the heap and the stack have no reason to be both: whoever can write there can "
           "run code.";
}

static const char *trouble_remedy(struct checker *checker, const struct group *trouble)
{
    bool known = stack_is_executable(checker); /* which exec-stack explains */

    if (known && trouble->n_stacks == trouble->places.n)
        return "See exec-stack.";
    if (reads_imply_exec(checker->image))
        return "Start the program without setarch -X. If it has the flag even so, it sets it "
               "itself, or it is a 32-bit program without PT_GNU_STACK: link that anew with "
               "-z noexecstack.";
    return arena_printf(checker->arena, "%s%s",
                        known && trouble->n_stacks > 0 ? "For the stack see exec-stack. " : "",
                        "Find the mprotect or mmap call: start the program under "
                        "\"" TRACE_MEMORY "\". A file may ask for it as well: \"readelf -lW FILE\" "
                        "shows a LOAD segment with RWE, link without the section that is writable "
                        "and executable; \"readelf -dW FILE\" shows TEXTREL, build with -fPIC.");
}

static void run(struct checker *checker)
{
    struct image *image = checker->image;
    struct group trouble = {0}, expected = {0}, usual = {0};
    uint32_t n_unknown = 0;

    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];

        n_unknown += (mapping->perms & PERM_UNKNOWN) != 0;
        if (is_wx(mapping))
            group_add(checker,
                      is_usual(image, mapping)      ? &usual
                      : is_expected(image, mapping) ? &expected
                                                    : &trouble,
                      mapping);
    }
    if (n_unknown > 0) /* of a table all, of a core what gdb left out */
        rule_not_run(checker, "permissions are not known");
    if (trouble.places.n > 0)
        report(checker, SEVERITY_WARNING, &trouble, trouble_text(image),
               trouble_remedy(checker, &trouble));
    if (expected.places.n > 0)
        report(
            checker, SEVERITY_INFO, &expected,
            "A JIT compiler's memory usually looks so, and a runtime's that was saved to a file.",
            "Nothing to do, unless the program generates no code.");
    if (usual.places.n > 0)
        report(
            checker, SEVERITY_INFO, &usual,
            image->machine
                ? "On this machine the kernel makes heap and stack executable when nothing asks "
                  "for less, and on parisc the linkage tables in an object's data are code."
                : "Which machine it is for is not known; on some the kernel makes heap and stack "
                  "executable when nothing asks for less.",
            "Nothing to do.");
}

const struct rule rule_wx_mapping = {
    .id = "wx-mapping",
    .severities = "warning for loaded objects, shared files, stack and heap; info for anonymous "
                  "memory, for a runtime's memory image, for what the machine has so by default "
                  "(csky: heap, bss and stack; parisc: the data of objects, too) or may have so, "
                  "when it is not known",
    .when = "memory is writable and executable at once",
    .meaning =
        "Memory that can be written and executed lets whoever can write run code. A JIT compiler's "
        "anonymous memory is often like that and only noted, as is a file of no ELF format that a "
        "runtime maps to be its memory (sbcl.core). On a loaded object, a shared file, the heap or "
        "the stack it comes from a segment that asks for it, from text relocations (musl), a "
        "missing PT_GNU_STACK header, the personality flag READ_IMPLIES_EXEC, or from mprotect "
        "calls.",
    .remedy =
        "\"" TRACE_MEMORY "\" shows the call; \"readelf -lW FILE\" shows a LOAD segment with RWE, "
        "\"readelf -dW FILE\" shows TEXTREL, which -fPIC avoids; for the stack see exec-stack.",
    .run = run,
};
