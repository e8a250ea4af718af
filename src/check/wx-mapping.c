/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

static bool is_wx(const struct mapping *mapping)
{
    return (mapping->perms & (PERM_WRITE | PERM_EXEC)) == (PERM_WRITE | PERM_EXEC);
}

/* Generated code lives in anonymous memory, or in shared memory without a file. */
static bool is_expected(const struct mapping *mapping)
{
    return mapping->role == ROLE_ANON_EXEC || mapping->role == ROLE_SHARED ||
           mapping->role == ROLE_SPECIAL || mapping->role == ROLE_DEVICE;
}

static void report(struct checker *checker, enum severity severity, const struct places *places,
                   uint64_t bytes, const char *what, const char *remedy)
{
    struct finding *finding;
    char size[UNITS_TEXT];

    finding = finding_add(checker, severity, "%s: writable and executable at once, %s",
                          places_text(checker, places), size_text(bytes, size));
    finding_detail(checker, finding, "%s", what);
    finding_remedy(checker, finding, "%s", remedy);
    evidence_places(finding, "places", places->list, places->n);
    evidence_bytes(finding, "size", bytes);
}

static const char *trouble_text(const struct image *image)
{
    if (image->has_personality && (image->personality & PERSONALITY_READ_IMPLIES_EXEC))
        return "Its personality has READ_IMPLIES_EXEC (setarch -X, or an ELF object without "
               "PT_GNU_STACK): all memory that can be read is executable.";
    return "Files, the heap and the stack have no reason to be both: whoever can write there can "
           "run "
           "code.";
}

static void run(struct checker *checker)
{
    const struct image *image = checker->image;
    struct places trouble = {0}, expected = {0};
    uint64_t trouble_bytes = 0, expected_bytes = 0;

    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];
        bool fine = is_expected(mapping);

        if (!is_wx(mapping))
            continue;
        places_add_mapping(checker, fine ? &expected : &trouble, mapping);
        *(fine ? &expected_bytes : &trouble_bytes) += range_size(mapping->range);
    }
    if (trouble.n > 0)
        report(checker, SEVERITY_WARNING, &trouble, trouble_bytes, trouble_text(image),
               "Find the mprotect or mmap call: strace -f -e trace=mmap,mprotect. Text relocations "
               "do it as well: readelf -d FILE shows TEXTREL; build that object with -fPIC.");
    if (expected.n > 0)
        report(checker, SEVERITY_INFO, &expected, expected_bytes,
               "A JIT compiler's memory usually looks so.",
               "Nothing to do, unless the program has no JIT.");
}

const struct rule rule_wx_mapping = {
    .id = "wx-mapping",
    .severities = "warning for files, stack and heap, info for anonymous memory",
    .when = "memory is writable and executable at once",
    .meaning =
        "Memory that can be written and executed lets whoever can write run code. A JIT compiler's "
        "anonymous memory is often like that and only noted. On a file's mapping, the heap or the "
        "stack it comes from text relocations, a missing PT_GNU_STACK header, the personality flag "
        "READ_IMPLIES_EXEC, or from mprotect calls.",
    .remedy = "\"strace -f -e trace=mmap,mprotect\" shows the call; \"readelf -d FILE\" shows "
              "TEXTREL, which "
              "-fPIC avoids; \"readelf -lW FILE\" shows GNU_STACK, which -z noexecstack sets.",
    .run = run,
};
