/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that a snapshot holds: what is taken is in order, the line that is none is the first
 * that is named, a read gives what a search through all pieces gives, and what is printed of it is
 * read as the same.
 */
#include "lib/fuzz.h"

#include "parse/memorylist.h"

#include <stdlib.h>

enum { READ = 80, N_READS = 16 };

static unsigned char byte_at(const struct memorylist *list, uint64_t address)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct memorylist_piece *piece = &list->pieces[i];

        if (address >= piece->start && address - piece->start < piece->n)
            return piece->bytes[address - piece->start];
    }
    return 0;
}

static void pieces_are_sound(const struct memorylist *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct memorylist_piece *piece = &list->pieces[i];

        must(piece->n > 0 && piece->n <= MEMORYLIST_PIECE);
        must(piece->start <= UINT64_MAX - piece->n);
        must(i == 0 || piece[-1].start + piece[-1].n <= piece->start);
    }
}

static void reads_are_right(struct memorylist *list, struct dice dice)
{
    struct reader reader = memorylist_reader(list);
    unsigned char got[READ];

    for (int i = 0; i < N_READS; i++) {
        uint64_t near = list->n > 0 ? list->pieces[dice_roll(&dice, list->n)].start : 0;
        uint64_t at = near + dice_roll(&dice, 2 * READ) - READ;
        size_t n = dice_roll(&dice, READ + 1);

        if (at > UINT64_MAX - READ)
            at = 0;
        must(reader_read(&reader, at, got, n));
        for (size_t k = 0; k < n; k++)
            must(got[k] == byte_at(list, at + k));
    }
}

/* Zeros are not printed. */
static void same_when_printed(struct memorylist *list, struct arena *arena)
{
    struct textbuf text = {0};
    struct memorylist again;

    for (size_t i = 0; i < list->n; i++)
        memorylist_print(&text, list->pieces[i].start, list->pieces[i].bytes, list->pieces[i].n);
    must(memorylist_parse(&again, arena, textbuf_view(&text), NULL) && again.n <= list->n);
    for (size_t i = 0; i < list->n; i++)
        for (size_t k = 0; k < list->pieces[i].n; k++)
            must(byte_at(&again, list->pieces[i].start + k) == list->pieces[i].bytes[k]);
    textbuf_deinit(&text);
}

/* What comes before the line is a list; with the line it is none. */
static void names_the_line(struct str input, const struct err *err, struct arena *arena)
{
    uint64_t number;
    struct memorylist list;
    struct str line;
    size_t at = 0, before = 0;

    must(strncmp(err->text, "line ", 5) == 0);
    number = strtoull(err->text + strlen("line "), NULL, 10);
    must(number > 0);
    for (uint64_t i = 0; i < number; i++) {
        before = at;
        must(plain_line(input, &at, &line));
    }
    must(memorylist_parse(&list, arena, (struct str){input.p, before}, NULL));
    must(list.n == number - 1);
    at = at < input.n ? at : input.n;
    must(!memorylist_parse(&list, arena, (struct str){input.p, at}, NULL));
}

void fuzz_input(struct str input)
{
    struct memorylist list;
    struct err err = {""};
    struct arena arena;

    arena_init(&arena);
    if (memorylist_parse(&list, &arena, input, &err)) {
        must(!*err.text);
        pieces_are_sound(&list);
        if (list.n <= 200) {
            reads_are_right(&list, dice_of(input));
            same_when_printed(&list, &arena);
        }
    } else {
        names_the_line(input, &err, &arena);
    }
    arena_deinit(&arena);
}
