/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/objectfile.h"

#include <elf.h>

const char *runtime_name(enum runtime runtime)
{
    static const char *const names[] = {
#define RUNTIME(symbol, name) [RUNTIME_##symbol] = (name),
#include "model/runtimes.list"
#undef RUNTIME
    };

    return names[runtime];
}

/*
 * What nobody loads but the runtime itself.  Sanitizers that are linked into the program are told
 * by their symbols, for they define malloc.
 */
static const struct {
    const char *start; /* of the file's name */
    bool is_whole;     /* ... which has nothing after it */
    enum runtime runtime;
} marks[] = {
    {"libjvm.so", true, RUNTIME_JVM},          {"libasan.so", false, RUNTIME_ASAN},
    {"libclang_rt.asan", false, RUNTIME_ASAN}, {"libhwasan.so", false, RUNTIME_HWASAN},
    {"libtsan.so", false, RUNTIME_TSAN},       {"libclang_rt.tsan", false, RUNTIME_TSAN},
    {"liblsan.so", false, RUNTIME_LSAN},       {"libdynamorio.so", false, RUNTIME_DYNAMORIO},
    {"librrpreload.so", false, RUNTIME_RR},
};

static uint32_t bit(enum runtime runtime)
{
    return UINT32_C(1) << runtime;
}

static uint32_t runtimes_of_name(struct str name)
{
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (marks[i].is_whole ? str_eq(name, str_of(marks[i].start))
                              : str_starts(name, str_of(marks[i].start)))
            return bit(marks[i].runtime);
    return 0;
}

bool is_asan_shadow(const struct image *image, uint32_t mapping)
{
    /* A page below compiler-rt's offsets: 0x7fff8000, and 0x20000000 in 32-bit programs. */
    return (image->machine == EM_X86_64 || image->machine == EM_386) &&
           !image->mappings[mapping].is_file &&
           image->mappings[mapping].range.start ==
               (image->elf_class == 64 ? 0x7fff7000 : 0x1ffff000);
}

static bool has_asan_shadow(const struct image *image)
{
    uint32_t i = image_find(image, image->elf_class == 64 ? 0x7fff7000 : 0x1ffff000);

    return i < image->n_mappings && is_asan_shadow(image, i);
}

/* "qemu-arm", "qemu-x86_64-static", but not "qemu-system-arm". */
static bool is_qemu_user_name(struct str name)
{
    static const char *const others[] = {"qemu-system-", "qemu-img", "qemu-nbd", "qemu-io",
                                         "qemu-ga"};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (str_starts(name, str_of(others[i])))
            return false;
    return str_starts(name, STR("qemu-"));
}

/* The first of a file's mappings that are no part of a loaded object. */
static bool may_be_guest(const struct mapping *mapping)
{
    return mapping->instance == NONE && mapping->is_file && mapping->offset == 0 &&
           !(mapping->perms & (PERM_EXEC | PERM_SHARED));
}

/*
 * qemu's user mode reads its guest's code and never executes it in place: a program that is called
 * so and maps ELF files, none of them executable, is one.
 */
static bool is_qemu_user(struct image *image)
{
    enum { MAX_FILES = 16 };
    unsigned int n = 0;

    if (!image->exe || !is_qemu_user_name(short_name(str_of(image->exe))))
        return false;
    for (uint32_t i = 0; i < image->n_mappings && n < MAX_FILES; i++)
        if (may_be_guest(&image->mappings[i]) && n++ < MAX_FILES &&
            mapping_is_of_elf(image, &image->mappings[i]))
            return true;
    return false;
}

static struct str instance_name(const struct image *image, uint32_t instance)
{
    return short_name(image->objects[image->instances[instance].object].path);
}

static struct str program_name(const struct image *image)
{
    return short_name(str_of(image->exe ? image->exe : ""));
}

static bool is_wine_loader(struct str name)
{
    static const char *const names[] = {"wine", "wine64", "wine-preloader", "wine64-preloader"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq(name, str_of(names[i])))
            return true;
    return false;
}

/* Wine's loader, and what it loads first of all; ntdll.dll.so before Wine 6. */
static bool is_wine(const struct image *image)
{
    if (!is_wine_loader(program_name(image)))
        return false;
    for (uint32_t i = 0; i < image->n_instances; i++)
        if (str_eq(instance_name(image, i), STR("ntdll.so")) ||
            str_eq(instance_name(image, i), STR("ntdll.dll.so")))
            return true;
    return false;
}

/*
 * Valgrind is a static program called TOOL-PLATFORM, "memcheck-amd64-linux", which loads
 * vgpreload_core-PLATFORM.so into the program that it runs.
 */
static bool is_valgrind(const struct image *image)
{
    const struct str start = STR("vgpreload_core-"), end = STR(".so");

    if (image->program_type != PROGRAM_STATIC && image->program_type != PROGRAM_STATIC_PIE)
        return false;
    for (uint32_t i = 0; i < image->n_instances; i++) {
        struct str name = instance_name(image, i), platform;

        if (!str_starts(name, start) || !str_ends(name, end) || name.n <= start.n + end.n)
            continue;
        platform = (struct str){name.p + start.n - 1, name.n - start.n - end.n + 1};
        if (str_ends(program_name(image), platform)) /* with the dash before it */
            return true;
    }
    return false;
}

uint32_t runtimes_find(struct image *image)
{
    uint32_t found = image->is_go ? bit(RUNTIME_GO) : 0;

    for (uint32_t i = 0; i < image->n_instances; i++)
        found |= runtimes_of_name(instance_name(image, i));
    if (is_wine(image))
        found |= bit(RUNTIME_WINE);
    if (is_valgrind(image))
        found |= bit(RUNTIME_VALGRIND);
    if (has_asan_shadow(image))
        found |= bit(RUNTIME_ASAN);
    if (is_qemu_user(image))
        found |= bit(RUNTIME_QEMU_USER);
    return found;
}

bool image_has_runtime(const struct image *image, enum runtime runtime)
{
    return image->runtimes & bit(runtime);
}
