/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap(MAP_32BIT) looks between 1 GiB and 2 GiB only (arch/x86/kernel/sys_x86_64.c
 * find_start_end()).  LuaJIT without GC64 takes all its memory there.
 */
#include "check/rules.h"

#include "base/units.h"

/* What LuaJIT asks for at a time. */
#define LEAST (128 * KIB)

static const struct object *find_user(const struct image *image)
{
    for (uint32_t i = 0; i < image->n_objects; i++) {
        const char *path = image->objects[i].path.p;

        if (memmem(path, image->objects[i].path.n, "luajit", 6))
            return &image->objects[i];
    }
    return NULL;
}

static void run(struct checker *checker)
{
    const struct image *image = checker->image;
    uint64_t gap = range_size(checker->facts->low_2g_gap);
    const struct object *user;
    struct finding *finding;
    struct str name;
    char size[UNITS_TEXT];

    if (image->elf_class != 64 || gap >= LEAST)
        return;
    user = find_user(image);
    if (!user)
        return;
    name = short_name(user->path);
    finding =
        finding_add(checker, SEVERITY_WARNING, "no room under 2G for %.*s", (int)name.n, name.p);
    finding_detail(
        checker, finding,
        "mmap with MAP_32BIT searches from 1G to 2G only, and the largest hole there is %s. LuaJIT "
        "without GC64 takes its memory there and reports that memory is exhausted.",
        size_text(gap, size));
    finding_remedy(
        checker, finding,
        "A LuaJIT built with GC64 (the default since 2.1 of 2022) does not need low addresses. "
        "\"layoutcheck map %s\" shows what lies there.",
        pid_text(checker));
    evidence_text(finding, "object", arena_strndup(checker->arena, name.p, name.n));
    evidence_bytes(finding, "low_2g_gap", gap);
}

const struct rule rule_low_2g_full = {
    .id = "low-2g-full",
    .severities = "warning",
    .when = "no room from 1G to 2G in a process with LuaJIT",
    .meaning =
        "mmap(MAP_32BIT) of a 64-bit program only looks between 1 GiB and 2 GiB. LuaJIT without "
        "GC64 keeps all its objects there. That range is full: of LuaJIT's own memory, or because "
        "a non-PIE program's heap has grown into it.",
    .remedy =
        "Use a LuaJIT that is built with GC64. A heap that is in the way stays out of it when the "
        "program is linked as a PIE.",
    .run = run,
};
