/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a snapshot tells of ELF objects, instead of the files themselves. */
#include "model/build.h"

static void read_list(struct image *image)
{
    const struct blob *blob = capture_get(image->capture, CAPTURE_OBJECTS);
    struct err err;

    image->saved = arena_alloc(&image->arena, sizeof(*image->saved));
    if (!objectlist_parse(image->saved, &image->arena, blob->bytes, &err))
        image_note_missing(image, "objects", err.text);
}

static bool is_same(const struct object_entry *entry, const struct object *object)
{
    return str_eq(entry->path, object->path) && entry->inode == object->inode &&
           entry->dev_major == object->dev_major && entry->dev_minor == object->dev_minor;
}

/* Both are in the order of maps: nearly always it is the next one. */
static const struct object_entry *find_entry(struct image *image, const struct object *object)
{
    const struct objectlist *list = image->saved;

    for (uint32_t i = 0; i < list->n; i++) {
        uint32_t k = (image->n_saved_taken + i) % list->n;

        if (is_same(&list->entries[k], object)) {
            image->n_saved_taken = k + 1;
            return &list->entries[k];
        }
    }
    return NULL;
}

bool object_take_saved(struct image *image, struct object *object)
{
    const struct object_entry *entry;

    if (image_is_live(image))
        return false;
    if (!image->saved)
        read_list(image);
    entry = find_entry(image, object);
    if (!entry)
        return false;
    object->fate = entry->fate;
    object->has_head = entry->has_head;
    object->head = entry->head;
    object->missing = entry->missing;
    if (!object->has_head && !object->missing)
        object->missing = "the snapshot does not hold it";
    return true;
}
