/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of objects in a snapshot: a line that makes no sense is the first that is named, no
 * object is lost, and what is printed is read as the same, whatever the names.
 */
#include "lib/fuzz.h"

#include "parse/objectlist.h"

#include <stdlib.h>

static bool same_text(const char *a, const char *b)
{
    return str_eq(str_of(a ? a : "-"), str_of(b ? b : "-"));
}

static void same_head(const struct elfhead *a, const struct elfhead *b)
{
    must(a->elf_class == b->elf_class && a->machine == b->machine && a->type == b->type);
    must(a->big_endian == b->big_endian && a->entry == b->entry && a->phoff == b->phoff);
    must(a->shoff == b->shoff && a->n_sections == b->n_sections);
    must(a->n_segments == b->n_segments);
    for (unsigned int i = 0; i < a->n_segments; i++) {
        const struct segment *x = &a->segments[i], *y = &b->segments[i];

        must(x->type == y->type && x->flags == y->flags && x->offset == y->offset);
        must(x->vaddr == y->vaddr && x->file_bytes == y->file_bytes);
        must(x->memory_bytes == y->memory_bytes && x->align == y->align);
    }
    must(same_text(a->interp, b->interp) && a->is_pie == b->is_pie && a->is_go == b->is_go);
    must(a->has_dynamic == b->has_dynamic && a->has_gnu_stack == b->has_gnu_stack);
    must(a->wants_exec_stack == b->wants_exec_stack);
}

static void same_entry(const struct object_entry *a, const struct object_entry *b)
{
    must(str_eq(a->path, b->path) && a->inode == b->inode && a->fate == b->fate);
    must(a->dev_major == b->dev_major && a->dev_minor == b->dev_minor);
    must(a->has_head == b->has_head && same_text(a->missing, b->missing));
    if (a->has_head)
        same_head(&a->head, &b->head);
    else
        must(a->head.other_format == b->head.other_format);
}

static struct textbuf print(const struct objectlist *list)
{
    struct textbuf text = {0};

    for (uint32_t i = 0; i < list->n; i++)
        objectlist_print(&text, &list->entries[i]);
    return text;
}

static void same_when_printed(const struct objectlist *list, struct arena *arena)
{
    struct textbuf text = print(list), again;
    struct objectlist second;

    must(objectlist_parse(&second, arena, textbuf_view(&text), NULL));
    must(second.n == list->n);
    for (uint32_t i = 0; i < list->n; i++)
        same_entry(&list->entries[i], &second.entries[i]);
    again = print(&second);
    must(str_eq(textbuf_view(&text), textbuf_view(&again)));
    textbuf_deinit(&text);
    textbuf_deinit(&again);
}

/* An object with the input as its path, and another which says of it why it cannot be read. */
static void same_when_read(struct str input, struct arena *arena)
{
    struct dice dice = dice_of(input);
    struct segment segment = {.type = (uint32_t)dice_roll(&dice, 8),
                              .flags = (uint32_t)dice_roll(&dice, 16),
                              .offset = dice_roll(&dice, UINT64_MAX),
                              .vaddr = dice_roll(&dice, UINT64_MAX),
                              .file_bytes = dice_roll(&dice, UINT64_MAX),
                              .memory_bytes = dice_roll(&dice, UINT64_MAX),
                              .align = dice_roll(&dice, UINT64_MAX)};
    struct object_entry entries[] = {
        {.path = input,
         .inode = dice_roll(&dice, UINT64_MAX),
         .dev_major = (uint32_t)dice_roll(&dice, UINT32_MAX),
         .dev_minor = (uint32_t)dice_roll(&dice, UINT32_MAX),
         .fate = (enum file_fate)dice_roll(&dice, 4),
         .has_head = true,
         .head = {.elf_class = dice_roll(&dice, 2) ? 64 : 32,
                  .machine = (uint16_t)dice_roll(&dice, UINT16_MAX),
                  .type = (uint16_t)dice_roll(&dice, 5),
                  .big_endian = dice_roll(&dice, 2),
                  .entry = dice_roll(&dice, UINT64_MAX),
                  .segments = &segment,
                  .n_segments = 1,
                  .interp = arena_strndup(arena, input.p, input.n),
                  .is_pie = dice_roll(&dice, 2),
                  .has_dynamic = dice_roll(&dice, 2)}},
        {.path = STR("/"), .missing = arena_strndup(arena, input.p, input.n)},
    };
    struct objectlist list = {entries, 2}, second;
    struct textbuf text = print(&list);

    must(objectlist_parse(&second, arena, textbuf_view(&text), NULL) && second.n == 2);
    same_entry(&entries[0], &second.entries[0]);
    same_entry(&entries[1], &second.entries[1]);
    textbuf_deinit(&text);
}

static uint64_t count_objects(struct str input)
{
    struct str line;
    uint64_t n = 0;
    size_t at = 0;

    while (plain_line(input, &at, &line))
        n += line.n >= 7 && memcmp(line.p, "object:", 7) == 0;
    return n;
}

/* What comes before the line is a list; with the line it is none. */
static void names_the_line(struct str input, const struct err *err, struct arena *arena)
{
    uint64_t number = strtoull(err->text + strlen("line "), NULL, 10);
    struct objectlist list;
    struct str line;
    size_t at = 0, before = 0;

    must(strncmp(err->text, "line ", 5) == 0 && number > 0);
    for (uint64_t i = 0; i < number; i++) {
        before = at;
        must(plain_line(input, &at, &line));
    }
    must(objectlist_parse(&list, arena, (struct str){input.p, before}, NULL));
    at = at < input.n ? at : input.n;
    must(!objectlist_parse(&list, arena, (struct str){input.p, at}, NULL) && list.n == 0);
}

void fuzz_input(struct str input)
{
    struct objectlist list;
    struct err err = {""};
    struct arena arena;

    arena_init(&arena);
    if (objectlist_parse(&list, &arena, input, &err)) {
        must(!*err.text && list.n == count_objects(input) && list.n <= MAX_OBJECTS);
        same_when_printed(&list, &arena);
    } else {
        must(list.n == 0);
        names_the_line(input, &err, &arena);
    }
    if (input.n > 0)
        same_when_read(input, &arena);
    arena_deinit(&arena);
}
