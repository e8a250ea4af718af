/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compilers whose code calls into their own: LuaJIT, V8.  Names alone tell libraries that nobody
 * else calls so; a program is told by its symbols, or by the heap that V8 starts from.
 */
#include "model/about.h"
#include "model/subject.h"

static bool is_jit_library(struct str name)
{
    static const char *const starts[] = {"libluajit-", "libv8.so", "libnode.so"};

    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (str_starts(name, str_of(starts[i])))
            return true;
    return false;
}

/* Chromium, and what is made of it, offer no symbols of V8, but map its snapshot. */
static bool maps_snapshot(const struct image *image)
{
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        struct str name = short_name(mapping_name(image, &image->mappings[i]));

        if (image->mappings[i].is_file && (str_eq(name, STR("v8_context_snapshot.bin")) ||
                                           str_eq(name, STR("snapshot_blob.bin"))))
            return true;
    }
    return false;
}

/* luaJIT_setmode(), v8::V8::GetVersion(): of all their versions. */
static bool has_jit_symbol(const struct subject *subject)
{
    static const char *const names[] = {"luaJIT_setmode", "_ZN2v82V810GetVersionEv"};
    enum { N_NAMES = sizeof(names) / sizeof(names[0]) };
    struct dynamic dynamic;
    uint64_t found = 0, value;

    if (dynamic_read(&dynamic, &subject->object->head, &subject->memory, subject->bias))
        for (int i = 0; i < N_NAMES; i++)
            if (dynamic_find(&dynamic, names[i], &value))
                return true;
    return symtab_find(&subject->object->head, &subject->file_reader, names, N_NAMES, &found) &&
           found != 0;
}

static bool is_program_jit(struct image *image)
{
    struct meter meter = meter_full();
    struct subject subject;
    bool has = maps_snapshot(image);

    if (has)
        return true;
    has = subject_open(&subject, image, image->program, &meter) && has_jit_symbol(&subject);
    subject_close(&subject);
    return has;
}

static uint32_t find_jit(struct image *image)
{
    if (image->program != NONE && is_program_jit(image))
        return image->program;
    for (uint32_t i = 0; i < image->n_instances; i++)
        if (is_jit_library(short_name(image->objects[image->instances[i].object].path)))
            return i;
    return NONE;
}

uint32_t image_find_jit(struct image *image)
{
    if (!image->has_jit) {
        if (!about_read_jit(image))
            image->jit = find_jit(image);
        image->has_jit = true;
    }
    return image->jit;
}
