/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/keyed.h"

#include "../rows.h"

static const char text[] = "MemTotal:        1048576 kB\n"
                           "Mem:\n"
                           "SwapTotal:\t       0 kB  \n"
                           "SwapTotal: 5 kB\n"
                           " Slab: 1 kB\n"
                           "Last: a:b";

static const struct {
    const char *name;  /* the key */
    const char *value; /* NULL: there is none */
} keys[] = {
    {"MemTotal", "1048576 kB"},
    {"Mem", ""},
    {"SwapTotal", "0 kB"},
    {"Swap", NULL},
    {"Total", NULL},
    {"Slab", NULL},
    {"Last", "a:b"},
    {"Last: a", "b"},
    {"memtotal", NULL},
    {"Missing", NULL},
};

START_TEST(test_find)
{
    struct str value = STR("untouched");

    ROW_NUMBER(&keys[_i], keyed_find(STR(text), str_of(keys[_i].name), &value),
               keys[_i].value != NULL);
    ROW_STR(&keys[_i], value, keys[_i].value ? keys[_i].value : "");
}
END_TEST

#define BAD UINT64_C(0xbadbadbad)

static const struct {
    const char *name; /* what is parsed */
    uint64_t bytes;
} values[] = {
    {"0 kB", 0},
    {"4 kB", 4096},
    {"4", 4096},
    {"  4   kB  ", 4096},
    {"18014398509481983 kB", UINT64_C(18014398509481983) << 10},
    {"18014398509481984 kB", BAD},
    {"4 MB", BAD},
    {"-4 kB", BAD},
    {"kB", BAD},
    {"", BAD},
};

START_TEST(test_kb)
{
    uint64_t bytes = BAD;

    ROW_NUMBER(&values[_i], keyed_kb(str_of(values[_i].name), &bytes), values[_i].bytes != BAD);
    ROW_NUMBER(&values[_i], bytes, values[_i].bytes);
}
END_TEST

Suite *keyed_suite(void)
{
    Suite *suite = suite_create("keyed");
    TCase *tcase = tcase_create("lines");

    ROWS_ADD(tcase, test_find, keys);
    ROWS_ADD(tcase, test_kb, values);
    suite_add_tcase(suite, tcase);
    return suite;
}
