/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/slabinfo: each line is a cache, is said to be wrong, or is empty; printed and read again, a
 * cache is the same.
 */
#include "lib/fuzz.h"

#include "parse/slabinfo.h"

#include <inttypes.h>

static bool is_skipped(struct str line)
{
    return str_trim(line).n == 0 || line.p[0] == '#' ||
           (line.n >= 18 && memcmp(line.p, "slabinfo - version", 18) == 0);
}

static uint64_t count_lines(struct str text)
{
    struct str line;
    uint64_t n = 0;
    size_t at = 0;

    while (plain_line(text, &at, &line))
        n += !is_skipped(line);
    return n;
}

static bool lies_within(struct str part, struct str whole)
{
    return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

/* What it has no place for is made up. */
static void same_when_printed(const struct slab_record *slab)
{
    struct text text = {NULL, 0, 0};
    struct slab_record again;
    struct str rest;

    text_add_str(&text, slab->name);
    text_add(&text, "  %" PRIu64 " %6" PRIu64 " %6" PRIu64 " 31 %4" PRIu64, slab->n_active,
             slab->n_objects, slab->object_bytes, slab->slab_pages);
    text_add(&text, " : tunables 1 2 3 : slabdata 77 %6" PRIu64 " 9 : globalstat 1 2\n",
             slab->n_slabs);
    rest = text_str(&text);
    /* A name that begins like a comment is read as one. */
    if (!is_skipped((struct str){rest.p, rest.n - 1})) {
        must(slabinfo_next(&rest, &again) == SLAB_RECORD);
        must(str_eq(again.name, slab->name) && again.n_active == slab->n_active);
        must(again.n_objects == slab->n_objects && again.object_bytes == slab->object_bytes);
        must(again.slab_pages == slab->slab_pages && again.n_slabs == slab->n_slabs);
        must(slabinfo_next(&rest, &again) == SLAB_END);
    }
    text_free(&text);
}

void fuzz_input(struct str input)
{
    struct slab_record slab;
    struct str rest = input;
    enum slab_line kind;
    uint64_t n = 0;

    while ((kind = slabinfo_next(&rest, &slab)) != SLAB_END) {
        n++;
        if (kind == SLAB_BAD)
            continue;
        must(slab.name.n > 0 && lies_within(slab.name, input));
        must(!memchr(slab.name.p, '\n', slab.name.n));
        same_when_printed(&slab);
    }
    must(rest.n == 0);
    must(n == count_lines(input));
}
