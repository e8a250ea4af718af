/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pasted maps: what parse/paste.h promises of any bytes.  No line of the kernel's is taken for
 * other text; with CRLF the text says the same; and what is known in full, printed as the kernel
 * does, is read as the same.
 */
#include "lib/fuzz.h"

#include "parse/paste.h"

#include <inttypes.h>
#include <stdlib.h>

enum { KNOWN_IN_FULL = PASTE_HAS_OFFSET | PASTE_HAS_DEVICE | PASTE_HAS_INODE | PASTE_HAS_NAME };

static void spans_are_sound(const struct paste *paste)
{
    uint64_t last = 0, covered = 0;

    for (size_t i = 0; i < paste->n_spans; i++) {
        const struct paste_span *span = &paste->spans[i];

        must(span->first > last && span->last >= span->first);
        must(*paste_reason_text(span->reason));
        covered += span->last - span->first + 1;
        last = span->last;
    }
    must(last <= paste->n_lines);
    must(paste->n_rejected <= covered && covered <= paste->n_rejected + paste->n_blank);
    must(paste->n_mappings + paste->n_details + paste->n_blank + paste->n_headings +
             paste->n_rejected ==
         paste->n_lines);
}

static const struct paste_span *find_span(const struct paste *paste, uint64_t line)
{
    for (size_t i = 0; i < paste->n_spans; i++)
        if (line >= paste->spans[i].first && line <= paste->spans[i].last)
            return &paste->spans[i];
    return NULL;
}

struct list {
    struct paste_record *records;
    size_t n;
};

static bool lists_line(const struct list *list, uint64_t line)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->records[i].line == line)
            return true;
    return false;
}

static void record_is_sound(const struct paste *paste, const struct list *list)
{
    const struct paste_record *record = &list->records[list->n - 1];
    const struct range *range = &record->smaps.line.range;

    must(range->start < range->end);
    must(list->n == 1 || range->start >= record[-1].smaps.line.range.end);
    must(record->line >= paste->first && record->line <= paste->last);
    must(!find_span(paste, record->line));
    must(paste->is_reordered || list->n == 1 || record->line > record[-1].line);
    must((record->has & PASTE_HAS_DEVICE) || !record->smaps.line.dev_major);
    must((record->has & PASTE_HAS_INODE) || !record->smaps.line.inode);
}

static struct list read_all(struct paste *paste, struct str text, struct arena *arena)
{
    struct list list = {NULL, 0};
    struct paste_record record;
    struct err err = {""};
    bool ok = paste_open(paste, text, arena, &err);

    must(ok == !*err.text && ok == (paste->n_mappings > 0));
    must(!ok || (paste->format && paste->n_maps > 0));
    spans_are_sound(paste);
    while (paste_next(paste, &record)) {
        list.records = xreallocarray(list.records, list.n + 1, sizeof(record));
        list.records[list.n++] = record;
        record_is_sound(paste, &list);
    }
    must(list.n == paste->n_mappings);
    return list;
}

static bool same_record(const struct paste_record *a, const struct paste_record *b)
{
    const struct maps_line *x = &a->smaps.line, *y = &b->smaps.line;

    return x->range.start == y->range.start && x->range.end == y->range.end &&
           x->offset == y->offset && x->inode == y->inode && x->dev_major == y->dev_major &&
           x->dev_minor == y->dev_minor && x->perms == y->perms && str_eq(x->name, y->name) &&
           a->has == b->has && a->smaps.has == b->smaps.has;
}

/* With a mark of an encoding its lines cannot be found by newlines. */
static bool is_marked(struct str text)
{
    return str_starts(text, STR("\xff\xfe")) || str_starts(text, STR("\xfe\xff"));
}

static bool is_printed_by_a_kernel(struct str line)
{
    struct maps_line mapping;

    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] < ' ' || line.p[i] > '~')
            return false;
    return maps_parse_line(line, &mapping);
}

/* Among the mappings, or told to be what cannot be one of them. */
static void no_mapping_is_lost(struct str text, const struct paste *paste, const struct list *list)
{
    struct str line;
    size_t at = 0;

    for (uint64_t number = 1; plain_line(text, &at, &line); number++) {
        const struct paste_span *span;

        if (!is_printed_by_a_kernel(line) || lists_line(list, number))
            continue;
        span = find_span(paste, number);
        must(span && span->reason != PASTE_NO_MAPPING && span->reason != PASTE_CUT);
    }
}

static void all_lines_are_counted(struct str text, const struct paste *paste)
{
    uint64_t n = 0;
    struct str line;
    size_t at = 0;

    while (plain_line(text, &at, &line))
        n++;
    must(paste->n_lines == n);
}

static void same_with_crlf(struct str text, const struct paste *first, const struct list *expected,
                           struct arena *arena)
{
    struct text crlf = {NULL, 0, 0};
    struct paste paste;
    struct list list;

    for (size_t i = 0; i < text.n; i++)
        text_add_str(&crlf, text.p[i] == '\n' ? STR("\r\n") : (struct str){text.p + i, 1});
    list = read_all(&paste, text_str(&crlf), arena);
    must(list.n == expected->n && paste.n_lines == first->n_lines);
    must(paste.n_rejected == first->n_rejected && paste.pid == first->pid);
    for (size_t i = 0; i < list.n; i++)
        must(same_record(&list.records[i], &expected->records[i]));
    free(list.records);
    text_free(&crlf);
}

static bool is_known(const struct paste_record *record)
{
    return (record->has & KNOWN_IN_FULL) == KNOWN_IN_FULL &&
           record->smaps.line.perms < PERM_UNKNOWN;
}

static void print_known(struct text *text, const struct list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct maps_line *line = &list->records[i].smaps.line;
        char perms[5];

        if (!is_known(&list->records[i]))
            continue;
        text_add(text, "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64 " %02x:%02x %" PRIu64 " ",
                 line->range.start, line->range.end, perms_text(line->perms, perms), line->offset,
                 line->dev_major, line->dev_minor, line->inode);
        text_add_str(text, line->name);
        text_add(text, "\n");
    }
}

static void same_when_printed(const struct list *expected, struct arena *arena)
{
    struct text text = {NULL, 0, 0};
    struct paste paste;
    struct list list;
    size_t k = 0;

    print_known(&text, expected);
    list = read_all(&paste, text_str(&text), arena);
    must(paste.n_lines == paste.n_mappings && !paste.is_reordered);
    for (size_t i = 0; i < expected->n; i++) {
        struct paste_record known = expected->records[i];

        if (!is_known(&known))
            continue;
        known.smaps.has = 0;
        must(k < list.n && same_record(&list.records[k++], &known));
    }
    must(k == list.n);
    free(list.records);
    text_free(&text);
}

void fuzz_input(struct str input)
{
    struct arena arena;
    struct paste paste;
    struct list list;

    arena_init(&arena);
    list = read_all(&paste, input, &arena);
    if (!is_marked(input) && str_has(input, '\n')) {
        all_lines_are_counted(input, &paste);
        no_mapping_is_lost(input, &paste, &list);
        same_with_crlf(input, &paste, &list, &arena);
    }
    same_when_printed(&list, &arena);
    free(list.records);
    arena_deinit(&arena);
}
