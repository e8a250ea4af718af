/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saving what was read from the files of a snapshot: no file leads out of the directory or is made
 * twice, what this program alone writes can be read back, and what is read back from it is saved as
 * the same once more.
 */
#include "lib/fuzz.h"
#include "lib/world.h"

#include "model/ancestry.h"
#include "render/snapshot.h"

#include <stdlib.h>

/* The part of an input that becomes a file of a snapshot; others are not compared. */
static const struct {
    const char *file, *part;
} parts[] = {
    {"maps", "maps"},           {"objects", "objects"},
    {"ancestors", "ancestors"}, {"exe", "saved/exe"},
    {"cgroup", "cgroup"},       {"stat", "stat"},
    {"status", "status"},       {"limits", "limits"},
    {"auxv", "auxv"},           {"personality", "personality"},
};

enum { N_PARTS = sizeof(parts) / sizeof(parts[0]), MAX_FILES = 64 };

struct saved {
    struct str names[MAX_FILES];
    unsigned int n;
    struct arena arena;
    struct text about, files[N_PARTS];
    bool has[N_PARTS];
};

static bool put(void *context, const char *file, struct str bytes, struct err *err)
{
    struct saved *saved = context;
    struct str rest = str_of(file), part;

    (void)err;
    while (str_next_field(&rest, '/', &part))
        must(part.n > 0 && !str_eq(part, STR(".")) && !str_eq(part, STR("..")));
    for (unsigned int i = 0; i < saved->n; i++)
        must(!str_eq(saved->names[i], str_of(file)));
    must(saved->n < MAX_FILES);
    saved->names[saved->n++] = str_of(arena_strndup(&saved->arena, file, strlen(file)));
    if (strcmp(file, "about") == 0)
        text_add_str(&saved->about, bytes);
    for (int i = 0; i < N_PARTS; i++)
        if (strcmp(file, parts[i].file) == 0) {
            text_add_str(&saved->files[i], bytes);
            saved->has[i] = true;
        }
    return true;
}

static void saved_free(struct saved *saved)
{
    for (int i = 0; i < N_PARTS; i++)
        text_free(&saved->files[i]);
    text_free(&saved->about);
    arena_deinit(&saved->arena);
}

static void about_is_sound(struct str about)
{
    struct str line, key;

    while (str_next_line(&about, &line)) {
        must(str_next_field(&line, ':', &key) && key.n > 0);
        must(line.n == 0 || *line.p == ' ');
    }
}

static void lists_are_sound(struct saved *saved, const struct image *image)
{
    static struct ancestor ancestors[MAX_ANCESTORS];
    struct objectlist list;
    struct err err = {""};
    uint32_t n;

    must(objectlist_parse(&list, &saved->arena, text_str(&saved->files[1]), &err));
    must(list.n == (image->n_objects < MAX_OBJECTS ? image->n_objects : MAX_OBJECTS));
    must(ancestors_parse(ancestors, &n, &saved->arena, text_str(&saved->files[2]), &err));
    must(n == image->n_ancestors);
}

/* The sink refuses nothing: a map is what is not saved. */
static bool render(struct image *image, const struct disguise *disguise, struct saved *saved)
{
    struct sink sink = {.put = put, .context = saved};
    struct err err = {""};
    bool ok = render_snapshot(image, disguise, &sink, &err);

    must(ok || (*err.text && saved->n == 0));
    if (ok) {
        about_is_sound(text_str(&saved->about));
        lists_are_sound(saved, image);
    }
    return ok;
}

/* False when there is no image to save. */
static bool save(struct str input, const char *user, struct saved *saved)
{
    struct capture *process;
    struct disguise disguise;
    struct image image;
    struct err err = {""};
    bool ok;

    *saved = (struct saved){.n = 0};
    arena_init(&saved->arena);
    process = world_set_saved(input, &err);
    if (!process)
        return false;
    capture_keep(process);
    ok = image_init(&image, process, 0, &err) == IMAGE_READY;
    if (ok) {
        image_read_ancestors(&image);
        image_read_allocator(&image);
        image_read_cgroup_limits(&image);
        image_find_jit(&image);
        disguise_init(&disguise, &image.arena);
        disguise_user(&disguise, user);
        ok = render(&image, user ? &disguise : NULL, saved);
    }
    image_deinit(&image);
    return ok;
}

/* A file that looks like the beginning of another part cannot be told. */
static bool retell(const struct saved *saved, struct text *input)
{
    bool ok = true;

    text_add(input, "== about\nformat: 1\n");
    for (int i = 0; i < N_PARTS; i++) {
        struct str bytes = text_str(&saved->files[i]);

        if (!saved->has[i])
            continue;
        ok = ok && (bytes.n == 0 || !memmem(bytes.p, bytes.n, "== ", 3)) &&
             (bytes.n == 0 || !memchr(bytes.p, '@', bytes.n));
        text_add(input, "== %s\n", parts[i].part);
        text_add_str(input, bytes);
    }
    return ok;
}

void fuzz_input(struct str input)
{
    bool is_private = input.n > 0 && input.p[input.n - 1] == 'p';
    struct text again = {NULL, 0, 0};
    struct saved first, second;

    if (save(input, is_private ? "mary" : NULL, &first)) {
        if (retell(&first, &again) && !is_private) {
            must(save(text_str(&again), NULL, &second));
            for (int i = 0; i < N_PARTS; i++)
                must(str_eq(text_str(&first.files[i]), text_str(&second.files[i])));
            saved_free(&second);
        }
        text_free(&again);
    }
    saved_free(&first);
}
