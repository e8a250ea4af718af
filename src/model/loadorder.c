/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/image.h"
#include "parse/symbols.h"
#include "parse/word.h"

enum { MAX_LINKS = 4096 };

/* The four words that begin struct link_map of <link.h>. */
enum { LINK_BIAS, LINK_NAME, LINK_DYNAMIC, LINK_NEXT, N_LINK_WORDS };

struct walk {
    struct image *image;
    struct reader memory;
    bool *seen; /* of each instance */
    struct load_order *order;
};

static void add(struct walk *walk, uint32_t instance)
{
    if (walk->seen[instance])
        return;
    walk->seen[instance] = true;
    walk->order->instances[walk->order->n++] = instance;
}

/* Instances are in address order. */
static uint32_t instance_at(const struct image *image, uint64_t address)
{
    uint32_t low = 0, high = image->n_instances;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (image->instances[middle].range.end > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low < image->n_instances && range_has(image->instances[low].range, address) ? low : NONE;
}

static bool read_words(const struct walk *walk, uint64_t at, uint64_t *words, size_t n)
{
    const struct image *image = walk->image;
    size_t width = image->elf_class == 64 ? 8 : 4;
    unsigned char raw[N_LINK_WORDS * 8];

    if (!reader_read(&walk->memory, at, raw, n * width))
        return false;
    for (size_t i = 0; i < n; i++)
        words[i] = word_load(raw + i * width, width, image->big_endian);
    return true;
}

/*
 * DT_DEBUG of the program leads to struct r_debug: a version, and after it the first link_map.
 */
static bool find_first_link(const struct walk *walk, uint64_t *link)
{
    const struct image *image = walk->image;
    const struct instance *program = &image->instances[image->program];
    const struct object *object = &image->objects[program->object];
    struct dynamic dynamic;
    uint64_t r_debug[2];

    if (!object->has_head || !program->has_bias ||
        !dynamic_read(&dynamic, &object->head, &walk->memory, program->bias) || !dynamic.debug ||
        !read_words(walk, dynamic.debug, r_debug, 2))
        return false;
    *link = r_debug[1];
    return true;
}

static bool walk_links(struct walk *walk)
{
    uint64_t link, words[N_LINK_WORDS];

    if (!capture_memory(walk->image->capture, &walk->memory, NULL) || !find_first_link(walk, &link))
        return false;
    for (int i = 0; i < MAX_LINKS && link; i++, link = words[LINK_NEXT]) {
        uint32_t instance;

        if (!read_words(walk, link, words, N_LINK_WORDS))
            return false;
        instance = instance_at(walk->image, words[LINK_DYNAMIC]);
        if (instance != NONE)
            add(walk, instance);
    }
    return walk->order->n > 0;
}

static bool is_of_process(const struct image *image, uint32_t instance)
{
    const struct object *object = &image->objects[image->instances[instance].object];

    return !object->has_head ||
           (object->head.machine == image->machine && object->head.elf_class == image->elf_class);
}

static bool is_libc(const struct image *image, uint32_t instance)
{
    struct str name = short_name(image->objects[image->instances[instance].object].path);

    return str_starts(name, STR("libc.so")) || str_starts(name, STR("libc-2."));
}

/*
 * Who offers what libc offers too is mostly there to replace it.  Addresses tell nothing: kernels
 * since 6.7 align large files, and what is mapped later fills the holes.
 */
static void guess(struct walk *walk)
{
    const struct image *image = walk->image;

    add(walk, image->program);
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < image->n_instances; i++)
            if (i != image->interp && is_of_process(image, i) && is_libc(image, i) == pass)
                add(walk, i);
    if (image->interp != NONE)
        add(walk, image->interp);
}

void load_order_find(struct image *image, struct load_order *order)
{
    struct walk walk = {.image = image, .order = order};

    *order = (struct load_order){0};
    if (image->program == NONE)
        return;
    order->instances = arena_alloc(&image->arena, image->n_instances * sizeof(*order->instances));
    walk.seen = arena_alloc(&image->arena, image->n_instances * sizeof(*walk.seen));
    order->is_read = walk_links(&walk);
    if (order->is_read)
        return;
    order->n = 0;
    memset(walk.seen, 0, image->n_instances * sizeof(*walk.seen));
    guess(&walk);
}
