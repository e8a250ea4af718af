/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/maps: fed in pieces as fed whole; each line is a mapping, or the text is said to be
 * wrong; mappings are in order; the numbers are those that strtoull() reads; printed and read
 * again, each mapping is the same.
 */
#include "lib/fuzz.h"

#include "base/arena.h"
#include "parse/maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct list {
    struct maps_line *lines;
    size_t n;
};

/* The names are kept: those of a parser that is fed pieces are gone after the call. */
static void take(void *context, const struct maps_line *line)
{
    struct list *list = context;
    char *name = xreallocarray(NULL, line->name.n + 1, 1);

    if (line->name.n > 0)
        memcpy(name, line->name.p, line->name.n);
    list->lines = xreallocarray(list->lines, list->n + 1, sizeof(*list->lines));
    list->lines[list->n] = *line;
    list->lines[list->n++].name.p = name;
}

static void list_free(struct list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free((void *)(uintptr_t)list->lines[i].name.p);
    free(list->lines);
}

static bool same_line(const struct maps_line *a, const struct maps_line *b)
{
    return a->range.start == b->range.start && a->range.end == b->range.end &&
           a->offset == b->offset && a->inode == b->inode && a->dev_major == b->dev_major &&
           a->dev_minor == b->dev_minor && a->perms == b->perms && str_eq(a->name, b->name);
}

/* Returns what maps_finish() does. */
static bool feed(struct maps_parser *parser, struct list *list, struct str input, bool whole)
{
    struct dice dice = dice_of(input);

    maps_parser_init(parser, take, list);
    while (input.n > 0) {
        size_t n = whole ? input.n : 1 + dice_roll(&dice, input.n < 300 ? input.n : 300);
        /* A buffer of the piece's own size, so that a read beyond it is noticed. */
        char *piece = xreallocarray(NULL, n, 1);

        memcpy(piece, input.p, n);
        maps_feed(parser, (struct str){piece, n});
        free(piece);
        input.p += n;
        input.n -= n;
    }
    return maps_finish(parser, NULL);
}

static void same_in_pieces(struct str input, const struct maps_parser *whole,
                           const struct list *expected, bool ok)
{
    struct maps_parser parser;
    struct list list = {NULL, 0};

    must(feed(&parser, &list, input, false) == ok);
    must(parser.n_lines == whole->n_lines);
    must(parser.bad_line == whole->bad_line);
    must(parser.overlaps == whole->overlaps);
    must(!parser.bad_line || strcmp(parser.bad_text, whole->bad_text) == 0);
    must(list.n == expected->n);
    for (size_t i = 0; i < list.n; i++)
        must(same_line(&list.lines[i], &expected->lines[i]));
    list_free(&list);
}

/* A number as strtoull() reads it, and the byte behind it. */
static const char *same_number(const char *at, int base, uint64_t value)
{
    char *end;

    errno = 0;
    must(strtoull(at, &end, base) == value && errno == 0 && end > at);
    return end + 1;
}

/* What stands at its place in the line. */
static void same_numbers(struct str text, const struct maps_line *line)
{
    char *copy = strndup(text.p, text.n);
    const char *at = same_number(copy, 16, line->range.start);

    at = same_number(at, 16, line->range.end);
    must((strchr(at, 'r') == at) == (line->perms & PERM_READ));
    at = same_number(at + 5, 16, line->offset);
    at = same_number(at, 16, line->dev_major);
    at = same_number(at, 16, line->dev_minor);
    same_number(at, 10, line->inode);
    free(copy);
}

/* Counts the text's lines and looks at each alone. */
static void nothing_is_lost(struct str input, const struct maps_parser *parser,
                            const struct list *list)
{
    uint64_t n_lines = 0, first_bad = 0, last_end = 0;
    size_t n_taken = 0, at = 0;
    struct maps_line line;
    bool overlaps = false;
    struct str text;

    while (plain_line(input, &at, &text)) {
        n_lines++;
        if (!maps_parse_line(text, &line)) {
            first_bad = first_bad ? first_bad : n_lines;
        } else if (line.range.start < last_end) {
            overlaps = true;
        } else {
            must(n_taken < list->n && same_line(&list->lines[n_taken], &line));
            same_numbers(text, &line);
            n_taken++;
            last_end = line.range.end;
        }
    }
    must(parser->n_lines == n_lines);
    must(parser->bad_line == first_bad);
    must(parser->overlaps == overlaps);
    must(list->n == n_taken);
}

/* As the kernel prints it; the name behind more or fewer blanks. */
static void same_when_printed(const struct maps_line *line, unsigned int n_blanks)
{
    struct text text = {NULL, 0, 0};
    struct maps_line again;
    char perms[5];

    text_add(&text, "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64 " %02x:%02x %" PRIu64 "%*s",
             line->range.start, line->range.end, perms_text(line->perms, perms), line->offset,
             line->dev_major, line->dev_minor, line->inode, (int)n_blanks, "");
    text_add_str(&text, line->name);
    must(maps_parse_line(text_str(&text), &again));
    must(same_line(line, &again));
    text_free(&text);
}

void fuzz_input(struct str input)
{
    struct maps_parser parser;
    struct list list = {NULL, 0};
    bool ok = feed(&parser, &list, input, true);

    must(ok == (parser.bad_line == 0));
    nothing_is_lost(input, &parser, &list);
    same_in_pieces(input, &parser, &list, ok);
    for (size_t i = 0; i < list.n; i++) {
        must(list.lines[i].range.start <= list.lines[i].range.end);
        must(i == 0 || list.lines[i - 1].range.end <= list.lines[i].range.start);
        same_when_printed(&list.lines[i], 1 + (unsigned int)i % 26);
    }
    list_free(&list);
}
