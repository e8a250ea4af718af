/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of ancestors in a snapshot: none is lost, a line that makes no sense is the first that
 * is named, and what is printed is read as the same, whatever the ancestor's name.
 */
#include "lib/fuzz.h"

#include "model/ancestry.h"

#include <limits.h>
#include <stdlib.h>

struct list {
    struct ancestor ancestors[MAX_ANCESTORS];
    uint32_t n;
};

static bool same_text(const char *a, const char *b)
{
    return str_eq(str_of(a ? a : "-"), str_of(b ? b : "-"));
}

static void same_ancestor(const struct ancestor *a, const struct ancestor *b)
{
    must(a->pid == b->pid && a->elf_class == b->elf_class && a->mode == b->mode);
    must(a->aslr == b->aslr && a->mmap_base == b->mmap_base && a->start_brk == b->start_brk);
    must(a->has_personality == b->has_personality && a->personality == b->personality);
    must(a->stack_limit.known == b->stack_limit.known);
    must(!a->stack_limit.known || (a->stack_limit.soft == b->stack_limit.soft &&
                                   a->stack_limit.hard == b->stack_limit.hard));
    must(same_text(a->comm, b->comm) && same_text(a->missing, b->missing));
}

static void same_when_printed(const struct list *list, struct arena *arena)
{
    struct textbuf text = {0}, again = {0};
    struct list second;

    ancestors_print(&text, list->ancestors, list->n);
    must(ancestors_parse(second.ancestors, &second.n, arena, textbuf_view(&text), NULL));
    must(second.n == list->n);
    for (uint32_t i = 0; i < list->n; i++)
        same_ancestor(&list->ancestors[i], &second.ancestors[i]);
    ancestors_print(&again, second.ancestors, second.n);
    must(str_eq(textbuf_view(&text), textbuf_view(&again)));
    textbuf_deinit(&text);
    textbuf_deinit(&again);
}

static uint64_t bytes_of(struct dice *dice)
{
    return dice_roll(dice, 2) ? LIMIT_INFINITY : dice_roll(dice, UINT64_C(1) << 50);
}

/* One with the input as its name. */
static struct ancestor make_ancestor(struct str input, struct arena *arena)
{
    struct dice dice = dice_of(input);

    return (struct ancestor){
        .pid = 1 + (pid_t)dice_roll(&dice, INT_MAX),
        .comm = arena_strndup(arena, input.n > 0 ? input.p : "", input.n),
        .elf_class = dice_roll(&dice, 2) ? 64 : 32,
        .has_personality = true,
        .personality = (uint32_t)dice_roll(&dice, UINT32_MAX),
        .stack_limit = {true, bytes_of(&dice), bytes_of(&dice)},
        .mode = dice_roll(&dice, 2) ? MMAP_TOP_DOWN : MMAP_BOTTOM_UP,
        .aslr = dice_roll(&dice, 2) ? ASLR_FULL : ASLR_NO_BRK,
        .mmap_base = 1 + dice_roll(&dice, UINT64_C(1) << 56),
        .start_brk = 1 + dice_roll(&dice, UINT64_C(1) << 56),
    };
}

static void same_when_read(struct str input, struct arena *arena)
{
    struct list list = {.ancestors[0] = make_ancestor(input, arena), .n = 1}, second;
    struct textbuf text = {0};

    ancestors_print(&text, list.ancestors, list.n);
    must(ancestors_parse(second.ancestors, &second.n, arena, textbuf_view(&text), NULL));
    must(second.n == 1);
    same_ancestor(&list.ancestors[0], &second.ancestors[0]);
    textbuf_deinit(&text);
}

static uint64_t count_ancestors(struct str input)
{
    struct str line;
    uint64_t n = 0;
    size_t at = 0;

    while (plain_line(input, &at, &line))
        n += line.n >= 4 && memcmp(line.p, "pid:", 4) == 0;
    return n;
}

/* What comes before the line is a list; with the line it is none. */
static void names_the_line(struct str input, const struct err *err, struct arena *arena)
{
    uint64_t number = strtoull(err->text + strlen("line "), NULL, 10);
    size_t at = 0, before = 0;
    struct list list;
    struct str line;

    must(strncmp(err->text, "line ", 5) == 0 && number > 0);
    for (uint64_t i = 0; i < number; i++) {
        before = at;
        must(plain_line(input, &at, &line));
    }
    must(ancestors_parse(list.ancestors, &list.n, arena, (struct str){input.p, before}, NULL));
    at = at < input.n ? at : input.n;
    must(!ancestors_parse(list.ancestors, &list.n, arena, (struct str){input.p, at}, NULL));
}

void fuzz_input(struct str input)
{
    struct err err = {""};
    struct arena arena;
    struct list list;

    arena_init(&arena);
    if (ancestors_parse(list.ancestors, &list.n, &arena, input, &err)) {
        must(!*err.text && list.n == count_ancestors(input) && list.n <= MAX_ANCESTORS);
        for (uint32_t i = 0; i < list.n; i++)
            must(list.ancestors[i].pid > 0);
        same_when_printed(&list, &arena);
    } else {
        must(list.n == 0);
        names_the_line(input, &err, &arena);
    }
    same_when_read(input, &arena);
    arena_deinit(&arena);
}
