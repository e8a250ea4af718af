/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/objectfile.h"

#include "model/build.h"
#include "model/filecache.h"

#include <elf.h>

/*
 * A file as far as memory holds it: by offset.  Only mappings near the first one are looked at, so
 * that a core with many of them does not take long.
 */
struct mapped_file {
    const struct image *image;
    struct reader memory;
    const struct mapping *near;
};

static bool shows(const struct mapped_file *file, const struct mapping *mapping, uint64_t offset,
                  size_t n)
{
    uint64_t before = offset - mapping->offset;

    return mapping->is_file && mapping->name == file->near->name && offset >= mapping->offset &&
           before < range_size(mapping->range) && n <= range_size(mapping->range) - before;
}

static bool read_mapped(void *context, uint64_t offset, void *buf, size_t n)
{
    enum { REACH = 32 };
    const struct mapped_file *file = context;
    uint32_t near = (uint32_t)(file->near - file->image->mappings);
    uint32_t end = file->image->n_mappings - near > REACH ? near + REACH : file->image->n_mappings;

    for (uint32_t i = near > REACH ? near - REACH : 0; i < end; i++) {
        const struct mapping *mapping = &file->image->mappings[i];

        if (shows(file, mapping, offset, n) &&
            reader_read(&file->memory, mapping->range.start + (offset - mapping->offset), buf, n))
            return true;
    }
    return false;
}

static bool mapped_file_open(struct mapped_file *file, const struct image *image,
                             const struct mapping *near)
{
    *file = (struct mapped_file){.image = image, .near = near};
    return capture_memory(image->capture, &file->memory, NULL);
}

static bool read_head_of_core(struct image *image, struct object *object,
                              const struct mapping *near, struct err *err)
{
    struct mapped_file file;
    struct reader reader = {read_mapped, &file};
    unsigned char byte;

    if (!mapped_file_open(&file, image, near) || !reader_read(&reader, 0, &byte, 1))
        return err_set(err, "the core does not hold its beginning, which would also tell whether "
                            "the file on this machine is the same");
    if (!elfhead_parse(&object->head, &image->arena, &reader, err))
        return false;
    buildid_read(&object->head, &reader, false, 0, &object->build_id);
    return true;
}

static bool has_build_id(struct objfile *file, const struct buildid *wanted)
{
    struct reader reader = objfile_reader(file);
    struct elfhead head;
    struct buildid id;
    struct arena arena;
    bool same;

    arena_init(&arena);
    same = elfhead_parse(&head, &arena, &reader, NULL) &&
           buildid_read(&head, &reader, false, 0, &id) && buildid_eq(&id, wanted);
    arena_deinit(&arena);
    return same;
}

static bool open_same_here(const struct image *image, const struct object *object, struct str path,
                           struct objfile *file, struct err *err)
{
    struct err why;

    *file = (struct objfile){.fd = -1};
    if (object->build_id.n == 0)
        return err_set(err, "the core does not tell its build id");
    if (!objfile_open_here(image->capture, path, file, &why))
        return err_set(err, "on this machine: %s", why.text);
    if (has_build_id(file, &object->build_id))
        return true;
    objfile_close(file);
    return err_set(err, "the file on this machine has another build id");
}

bool object_is_here(const struct image *image, const struct object *object, struct str path)
{
    struct objfile file;
    bool is_here = open_same_here(image, object, path, &file, NULL);

    objfile_close(&file);
    return is_here;
}

bool object_open(const struct image *image, const struct object *object, struct objfile *file,
                 struct err *err)
{
    if (image->core)
        return open_same_here(image, object, object->path, file, err);
    return object->is_exe ? objfile_open_exe(image->capture, file, err)
                          : objfile_open(image->capture, object->path, object->inode, file, err);
}

/* The executed file is held open by the process, so that it is read even when it was removed. */
static bool read_head_of_file(struct image *image, struct object *object, struct arena *arena,
                              struct err *err)
{
    struct objfile file;
    struct reader reader;
    bool ok;

    if (!object_open(image, object, &file, err))
        return false;
    reader = objfile_reader(&file);
    ok = elfhead_parse(&object->head, arena, &reader, err);
    objfile_close(&file);
    return ok;
}

/* What another image has read, or this one reads for all. */
static void share_head(struct image *image, struct object *object)
{
    struct arena *arena = filecache_arena(image->files);
    struct cached_file *file;
    bool is_new;
    struct err err;

    file = object->shared = filecache_find(image->files, image, object, &is_new);
    if (!file)
        return;
    if (is_new || !file->is_settled) {
        file->has_head = read_head_of_file(image, object, arena, &err);
        file->head = object->head;
        file->missing = file->has_head ? NULL : arena_strndup(arena, err.text, strlen(err.text));
        file->is_settled = file->has_head || !image_has_ended(image);
    }
    object->has_head = file->has_head;
    object->head = file->head;
    object->missing = file->missing;
}

void object_read_head(struct image *image, struct object *object, const struct mapping *mapping)
{
    struct err err;

    if (image->files)
        share_head(image, object);
    if (object->shared)
        return;
    object->has_head = image->core ? read_head_of_core(image, object, mapping, &err)
                                   : read_head_of_file(image, object, &image->arena, &err);
    if (!object->has_head)
        object->missing = arena_strndup(&image->arena, err.text, strlen(err.text));
}

static bool is_magic(const struct reader *reader)
{
    unsigned char magic[SELFMAG];

    return reader_read(reader, 0, magic, sizeof(magic)) && memcmp(magic, ELFMAG, SELFMAG) == 0;
}

bool mapping_is_of_elf(const struct image *image, const struct mapping *mapping)
{
    struct mapped_file mapped;
    struct objfile file;
    struct reader reader;
    bool is_elf;

    if (image->core) {
        reader = (struct reader){read_mapped, &mapped};
        return mapped_file_open(&mapped, image, mapping) && is_magic(&reader);
    }
    if (!objfile_open(image->capture, mapping_name(image, mapping), mapping->inode, &file, NULL))
        return false;
    reader = objfile_reader(&file);
    is_elf = is_magic(&reader);
    objfile_close(&file);
    return is_elf;
}
