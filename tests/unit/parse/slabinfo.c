/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/slabinfo.h"

#include "../rows.h"

#define TAIL " : tunables    0    0    0 : slabdata    7    8      0"

static const struct {
    const char *name;
    const char *line;
    enum slab_line found;
    struct slab_record record; /* .name is the cache's */
} lines[] = {
    {"6.1", "dentry   100 168 192 21 1" TAIL, SLAB_RECORD, {STR("dentry"), 100, 168, 192, 1, 8}},
    {"name with blanks",
     "two  words 1 2 3 4 5" TAIL,
     SLAB_RECORD,
     {STR("two  words"), 1, 2, 3, 5, 8}},
    {"name that is a number", "9 1 2 3 4 5" TAIL, SLAB_RECORD, {STR("9"), 1, 2, 3, 5, 8}},
    {"name with a colon", "a:b 1 2 3 4 5" TAIL, SLAB_RECORD, {STR("a:b"), 1, 2, 3, 5, 8}},
    {"name with a mark",
     "a : b : tunables 1 : slabdata 1 2 3 4 5" TAIL,
     SLAB_RECORD,
     {STR("a : b : tunables 1 : slabdata"), 1, 2, 3, 5, 8}},
    {"statistics of SLAB",
     "x 1 2 3 4 5 : tunables 120 60 8 : slabdata 7 8 0 : globalstat 1 2 : cpustat 3 4",
     SLAB_RECORD,
     {STR("x"), 1, 2, 3, 5, 8}},
    {"head", "slabinfo - version: 2.1", SLAB_END, {.n_active = 0}},
    {"names of columns", "# name            <active_objs> <num_objs>", SLAB_END, {.n_active = 0}},
    {"nothing", "", SLAB_END, {.n_active = 0}},
    {"empty line", "\n", SLAB_END, {.n_active = 0}},
    {"no name", "1 2 3 4 5" TAIL, SLAB_BAD, {.n_active = 0}},
    {"a number is missing", "x 1 2 3 4" TAIL, SLAB_BAD, {.n_active = 0}},
    {"no number", "x 1 2 3 y 5" TAIL, SLAB_BAD, {.n_active = 0}},
    {"too large", "x 1 2 3 99999999999999999999 5" TAIL, SLAB_BAD, {.n_active = 0}},
    {"no slabs", "x 1 2 3 4 5 : tunables 0 0 0", SLAB_BAD, {.n_active = 0}},
    {"cut off", "x 1 2 3 4 5 : tunables 0 0 0 : slabdata 7 8", SLAB_BAD, {.n_active = 0}},
    {"text", "no such thing", SLAB_BAD, {.n_active = 0}},
};

START_TEST(test_line)
{
    struct str text = str_of(lines[_i].line);
    struct slab_record record = {.n_active = 0};
    const struct slab_record *expected = &lines[_i].record;
    enum slab_line found = slabinfo_next(&text, &record);

    ROW_NUMBER(&lines[_i], found, lines[_i].found);
    if (found != SLAB_RECORD)
        return;
    ROW_TRUE(&lines[_i], str_eq(record.name, expected->name));
    ROW_NUMBER(&lines[_i], record.n_active, expected->n_active);
    ROW_NUMBER(&lines[_i], record.n_objects, expected->n_objects);
    ROW_NUMBER(&lines[_i], record.object_bytes, expected->object_bytes);
    ROW_NUMBER(&lines[_i], record.slab_pages, expected->slab_pages);
    ROW_NUMBER(&lines[_i], record.n_slabs, expected->n_slabs);
}
END_TEST

START_TEST(test_all_lines)
{
    struct str text =
        STR("slabinfo - version: 2.1\n# name\na 1 2 3 4 5" TAIL "\nb 1 2 3 4 5" TAIL "\n");
    struct slab_record record;

    ck_assert(slabinfo_next(&text, &record) == SLAB_RECORD && *record.name.p == 'a');
    ck_assert(slabinfo_next(&text, &record) == SLAB_RECORD && *record.name.p == 'b');
    ck_assert(slabinfo_next(&text, &record) == SLAB_END);
}
END_TEST

Suite *slabinfo_suite(void)
{
    Suite *suite = suite_create("slabinfo");
    TCase *tcase = tcase_create("lines");

    ROWS_ADD(tcase, test_line, lines);
    tcase_add_test(tcase, test_all_lines);
    suite_add_tcase(suite, tcase);
    return suite;
}
