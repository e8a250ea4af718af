/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands above the heap, where that can be told for sure and has a remedy of its own. */
#include "check/rules.h"

#include "base/units.h"

static const struct blocker java_heap = {
    .id = "java-heap",
    .title = "the Java heap",
    .why = "The Java runtime reserves its heap at a low address on purpose, so that its pointers "
           "to objects fit into 32 bits; above the break of a launcher that is no PIE that leaves "
           "little for everything that is allocated outside of it.",
    .remedy = "Let the Java heap begin higher: -XX:HeapBaseMinAddress=8g, for example; or link the "
              "launcher as a PIE, whose break is far away from it.",
};

static const struct blocker guest = {
    .id = "emulator",
    .title = "memory of the emulated program",
    .why = "The program is an emulator, and this is its own heap, not that of the program that it "
           "emulates: that one's break is emulated, above the guest's data.",
    .remedy = "Start the emulator without -B or with another base, so that the guest's memory "
              "does not begin right above the emulator's heap.",
};

static const struct blocker windows = {
    .id = "wine",
    .title = "memory that Wine puts where Windows has it",
    .why = "Programs for Windows expect some memory at fixed low addresses, between which the "
           "break of Wine's loader begins at a random one. They take their own memory by mmap.",
    .remedy = "Nothing: where the break begins is another place each time.",
    .is_usual = true,
};

static const struct blocker generated_code = {
    .id = "generated-code",
    .title = "generated code",
    .why = "It is a JIT compiler's memory, which LuaJIT and V8 put within 2 GiB of their own code, "
           "at a "
           "random place, so that calls reach it: above the heap, when they are in the program.",
    .remedy = "Nothing, unless the program has an allocator that only uses brk.",
    .is_usual = true,
};

static bool is_anonymous(const struct mapping *mapping)
{
    return !mapping->is_file && mapping->instance == NONE &&
           !(mapping->perms & (PERM_SHARED | PERM_EXEC)) &&
           (mapping->role == ROLE_ANON || mapping->role == ROLE_RESERVED ||
            mapping->role == ROLE_GUARD);
}

/*
 * What pointers of 32 bits can reach begins below 32 GiB.  A heap is reserved in one piece, of
 * which parts are made accessible one by one, and begins where a table of cards can describe it
 * from: at a multiple of 2 MiB.  One that is smaller than 8 MiB looks like anything else.
 */
static bool is_java_heap(const struct image *image, uint32_t first)
{
    enum { ALIGNMENT_MIB = 2, MIN_JAVA_HEAP_MIB = 8 };
    uint64_t start = image->mappings[first].range.start, end = start;

    if (image->program_type != PROGRAM_EXEC || image->elf_class != 64 || start >= 32 * GIB ||
        start % (ALIGNMENT_MIB * MIB) != 0)
        return false;
    for (uint32_t i = first; i < image->n_mappings && image->mappings[i].range.start == end &&
                             is_anonymous(&image->mappings[i]);
         i++)
        end = image->mappings[i].range.end;
    return end - start >= MIN_JAVA_HEAP_MIB * MIB;
}

static bool is_guest(const struct image *image, uint32_t next)
{
    const struct mapping *mapping = &image->mappings[next];

    return is_anonymous(mapping) || (mapping->is_file && mapping->instance == NONE &&
                                     !(mapping->perms & (PERM_EXEC | PERM_SHARED)));
}

/*
 * It is reserved in one piece, of which parts become executable: LuaJIT's areas from their start
 * on, V8's after what it keeps of its own there, some pages.
 */
static bool looks_like_code(const struct image *image, uint32_t first)
{
    enum { MAX_BEFORE_CODE = 64 << 10 };
    uint64_t start = image->mappings[first].range.start, end = start;

    for (uint32_t i = first; i < image->n_mappings && end - start <= MAX_BEFORE_CODE; i++) {
        const struct mapping *mapping = &image->mappings[i];

        if (mapping->is_file || mapping->instance != NONE || (mapping->perms & PERM_SHARED) ||
            mapping->range.start != end)
            return false;
        if (mapping->role == ROLE_ANON_EXEC)
            return true;
        end = mapping->range.end;
    }
    return false;
}

/* Looks like code, and a compiler is near that would put it there. */
static bool is_generated_code(struct image *image, uint32_t first)
{
    uint64_t start = image->mappings[first].range.start;
    const struct instance *jit;

    if (!looks_like_code(image, first) || image_find_jit(image) == NONE)
        return false;
    jit = &image->instances[image_find_jit(image)];
    return start < jit->range.start ? jit->range.start - start < 2 * GIB
                                    : start - jit->range.start < 2 * GIB;
}

const struct blocker *blocker_known(const struct checker *checker)
{
    struct image *image = checker->image;
    uint32_t next = checker->facts->brk.next;

    if (!checker->facts->brk.known || next == NONE)
        return NULL;
    image_read_allocator(image);
    if (image_has_runtime(image, RUNTIME_JVM) && is_java_heap(image, next))
        return &java_heap;
    if (image_has_runtime(image, RUNTIME_QEMU_USER) && is_guest(image, next))
        return &guest;
    if (image_has_runtime(image, RUNTIME_WINE) &&
        !mapping_is_library(image, &image->mappings[next]))
        return &windows;
    if (is_generated_code(image, next))
        return &generated_code;
    return NULL;
}
