/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/slabinfo.h"

/* Takes the last word off the text. */
static bool take_last(struct str *text, struct str *word)
{
    size_t n;

    *text = str_trim(*text);
    n = text->n;
    while (n > 0 && text->p[n - 1] != ' ' && text->p[n - 1] != '\t')
        n--;
    *word = (struct str){text->p + n, text->n - n};
    text->n = n;
    return word->n > 0;
}

/* The last n numbers of the text, in their order. */
static bool take_numbers(struct str *text, uint64_t *numbers, size_t n)
{
    struct str word;

    while (n > 0)
        if (!take_last(text, &word) || !str_to_u64(word, &numbers[--n]))
            return false;
    return true;
}

/* Splits the part before the last such mark off the line, which keeps what follows it. */
static bool take_head(struct str *line, struct str mark, struct str *head)
{
    size_t i;

    if (line->n < mark.n)
        return false;
    for (i = line->n - mark.n; i > 0 && memcmp(line->p + i, mark.p, mark.n) != 0; i--)
        ;
    *head = (struct str){line->p, i};
    i += mark.n;
    *line = (struct str){line->p + i, line->n - i};
    return head->n > 0;
}

/*
 * "NAME active objects size objects-a-slab pages-a-slab : tunables ... : slabdata active slabs
 * shared", and with kernels for debugging " : " and statistics.  From the end, since the module
 * that made a cache chose its name.
 */
static bool parse_line(struct str line, struct slab_record *record)
{
    uint64_t head[5], data[3];
    struct str name, tunables, part;

    if (!take_head(&line, STR(" : tunables "), &name) ||
        !take_head(&line, STR(" : slabdata "), &tunables) || !take_numbers(&name, head, 5))
        return false;
    record->name = str_trim(name);
    record->n_active = head[0];
    record->n_objects = head[1];
    record->object_bytes = head[2];
    record->slab_pages = head[4];
    if (!str_next_field(&line, ':', &part) || !take_numbers(&part, data, 3))
        return false;
    record->n_slabs = data[1];
    return record->name.n > 0;
}

enum slab_line slabinfo_next(struct str *text, struct slab_record *record)
{
    struct str line;

    while (str_next_line(text, &line)) {
        if (str_trim(line).n == 0 || *line.p == '#' || str_starts(line, STR("slabinfo - version")))
            continue;
        return parse_line(line, record) ? SLAB_RECORD : SLAB_BAD;
    }
    return SLAB_END;
}
