/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/filename.h"

#include "model/image.h"

static bool contains(struct str s, const char *part)
{
    return s.n > 0 && memmem(s.p, s.n, part, strlen(part));
}

/* ld-2.31.so: what glibc called its loader until 2.34. */
static bool is_versioned_loader(struct str name)
{
    const struct str start = STR("ld-");

    return str_starts(name, start) && str_ends(name, STR(".so")) && name.n > start.n &&
           name.p[start.n] >= '0' && name.p[start.n] <= '9';
}

/*
 * musl's libc is the loader itself; where it is installed as libc.so, its directory tells it from
 * bionic's and others'.
 */
static bool is_musl(struct str path, struct str name)
{
    return str_eq(name, STR("libc.so")) && contains(path, "musl");
}

bool filename_is_loader(struct str path)
{
    static const char *const starts[] = {"ld-linux",    "ld-musl-", "ld-uClibc",
                                         "ld64-uClibc", "ld.so.",   "ld64.so."};
    static const char *const names[] = {"ld.so",       "linker",        "linker64",
                                        "linker_asan", "linker_asan64", "linker_hwasan64",
                                        "ld-elf.so.1"};
    struct str name = short_name(path);

    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (str_starts(name, str_of(starts[i])))
            return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq(name, str_of(names[i])))
            return true;
    return is_versioned_loader(name) || is_musl(path, name);
}

bool filename_is_library(struct str path)
{
    struct str name = short_name(path);

    return str_ends(name, STR(".so")) || contains(name, ".so.") || filename_is_loader(path);
}

/* Android's compiled classes and packages, scratch files of JNA, Wine's and .NET's PE files. */
bool filename_is_no_program(struct str path)
{
    static const char *const ends[] = {".odex", ".oat", ".art",  ".vdex",   ".dex", ".jar",
                                       ".apk",  ".jsa", ".node", ".jnilib", ".dll", ".exe",
                                       ".drv",  ".sys", ".ocx",  ".cmxs",   ".tmp", ".dylib"};
    struct str name = short_name(path);

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (str_ends(name, str_of(ends[i])))
            return true;
    return filename_is_library(path);
}

static bool is_temporary_folder(struct str name)
{
    static const char *const names[] = {"tmp", "temp", ".tmp", "shm"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq(name, str_of(names[i])))
            return true;
    return false;
}

/* Java's createTempFile() adds up to twenty digits, others an UUID or a hash. */
static bool has_random_digits(struct str name)
{
    enum { ENOUGH = 8, DECIMAL = 2 };
    unsigned int run = 0, decimal = 0;

    for (size_t i = 0; i < name.n; i++) {
        bool is_decimal = name.p[i] >= '0' && name.p[i] <= '9';

        if (!is_decimal && (name.p[i] < 'a' || name.p[i] > 'f')) {
            run = decimal = 0;
            continue;
        }
        decimal += is_decimal;
        if (++run >= ENOUGH && decimal >= DECIMAL)
            return true;
    }
    return false;
}

bool filename_is_temporary(struct str path)
{
    bool is_inside = false;
    struct str part;

    while (str_next_field(&path, '/', &part)) {
        if (is_inside && has_random_digits(part))
            return true;
        is_inside = is_inside || is_temporary_folder(part);
    }
    return false;
}

/* Debian's multiarch directories and the loaders' names hold the machine, others the word size. */
unsigned int filename_class(struct str path)
{
    static const struct {
        const char *part;
        unsigned int elf_class;
    } parts[] = {
        {"x86_64-linux-gnux32", 32},
        {"x86_64-linux-", 64},
        {"aarch64-linux-", 64},
        {"powerpc64", 64},
        {"riscv64-", 64},
        {"s390x-", 64},
        {"mips64", 64},
        {"loongarch64", 64},
        {"sparc64-", 64},
        {"ld-linux-x86-64", 64},
        {"ld-linux-aarch64", 64},
        {"ld64.so.", 64},
        {"/linker64", 64},
        {"/lib64/", 64},
        {"i386-linux-", 32},
        {"arm-linux-", 32},
        {"ld-linux-armhf", 32},
        {"ld-linux-riscv32", 32},
        {"hppa-linux-", 32},
        {"powerpc-linux-", 32},
        {"/lib32/", 32},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (contains(path, parts[i].part))
            return parts[i].elf_class;
    return 0;
}
