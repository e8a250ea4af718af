/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ancestors of a process, as far as they explain its layout: personality and word size are
 * handed down through fork and exec.
 */
#include "model/image.h"
#include "source/objfile.h"

enum { MAX_ANCESTORS = 64 };

static void read_personality(struct ancestor *ancestor, struct capture *capture,
                             struct arena *arena)
{
    const struct blob *blob = capture_get(capture, CAPTURE_PERSONALITY);
    struct str bytes = str_trim(blob->bytes);
    uint64_t number;

    if (blob->missing)
        ancestor->missing = arena_strndup(arena, blob->missing, strlen(blob->missing));
    if (!str_hex_to_u64(bytes, &number) || number > UINT32_MAX)
        return;
    ancestor->has_personality = true;
    ancestor->personality = (uint32_t)number;
}

static void read_class(struct ancestor *ancestor, struct capture *capture, struct arena *arena)
{
    struct objfile file;
    struct reader reader;
    struct elfhead head;

    struct err err;

    if (!objfile_open_exe(capture, &file, &err)) {
        ancestor->missing = arena_strndup(arena, err.text, strlen(err.text));
        return;
    }
    reader = objfile_reader(&file);
    if (elfhead_parse(&head, arena, &reader, NULL))
        ancestor->elf_class = head.elf_class;
    objfile_close(&file);
}

/* Fills one ancestor and tells its parent; false when /proc does not show it. */
static bool read_ancestor(struct image *image, pid_t pid, struct ancestor *ancestor, pid_t *parent)
{
    struct capture *capture;
    struct stat_record stat;
    const struct blob *blob;
    bool ok;

    if (!capture_open_process(&capture, capture_host(image->capture), pid, NULL))
        return false;
    blob = capture_get(capture, CAPTURE_STAT);
    ok = !blob->missing && stat_parse(blob->bytes, &stat, NULL);
    if (ok) {
        *ancestor = (struct ancestor){
            .pid = pid,
            .comm = arena_strndup(&image->arena, stat.comm.p, stat.comm.n),
        };
        *parent = (pid_t)stat.ppid;
        read_personality(ancestor, capture, &image->arena);
        read_class(ancestor, capture, &image->arena);
    }
    capture_close(capture);
    return ok;
}

void image_read_ancestors(struct image *image)
{
    pid_t pid = (pid_t)image->stat.ppid;

    if (image->has_ancestors)
        return;
    image->has_ancestors = true;
    image->ancestors = arena_alloc(&image->arena, MAX_ANCESTORS * sizeof(*image->ancestors));
    while (pid > 0 && image->n_ancestors < MAX_ANCESTORS &&
           read_ancestor(image, pid, &image->ancestors[image->n_ancestors], &pid))
        image->n_ancestors++;
}
