/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/ancestry.h"

#include "../rows.h"

#include <stdio.h>

static struct arena arena;
static struct ancestor ancestors[MAX_ANCESTORS];
static uint32_t n;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

static bool parse(const char *text, struct err *err)
{
    return ancestors_parse(ancestors, &n, &arena, str_of(text), err);
}

static const struct {
    const char *name;
    const char *text;
} texts[] = {
    {"nobody", ""},
    {"a shell",
     "pid: 1234\ncomm: bash\nclass: 64\npersonality: 00040000\nstack_limit: 8388608 unlimited\n"
     "layout: top-down\naslr: full\nmmap_base: 0x7f2f8e4a1000\nstart_brk: 0x55d0a0b2c000\n"},
    {"two", "pid: 9\ncomm: a\\012pid: 1\nclass: 32\nstack_limit: unlimited unlimited\n"
            "layout: bottom-up\naslr: off\nmissing: permission denied\n"
            "pid: 2147483647\naslr: no-brk\n"},
    {"one that is not shown", "pid: 1\nmissing: /proc does not show it\n"},
};

START_TEST(test_print_is_what_was_read)
{
    struct textbuf text = {0};

    ROW_TRUE(&texts[_i], parse(texts[_i].text, NULL));
    ancestors_print(&text, ancestors, n);
    ROW_STR(&texts[_i], textbuf_view(&text), texts[_i].text);
    textbuf_deinit(&text);
}
END_TEST

START_TEST(test_fields)
{
    ck_assert(parse(texts[1].text, NULL));
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(ancestors[0].pid, 1234);
    ck_assert_str_eq(ancestors[0].comm, "bash");
    ck_assert_uint_eq(ancestors[0].elf_class, 64);
    ck_assert(ancestors[0].has_personality);
    ck_assert_uint_eq(ancestors[0].personality, 0x40000);
    ck_assert(ancestors[0].stack_limit.known);
    ck_assert_uint_eq(ancestors[0].stack_limit.soft, 8388608);
    ck_assert_uint_eq(ancestors[0].stack_limit.hard, LIMIT_INFINITY);
    ck_assert_int_eq(ancestors[0].mode, MMAP_TOP_DOWN);
    ck_assert_int_eq(ancestors[0].aslr, ASLR_FULL);
    ck_assert_uint_eq(ancestors[0].mmap_base, 0x7f2f8e4a1000);
    ck_assert_uint_eq(ancestors[0].start_brk, 0x55d0a0b2c000);
    ck_assert_ptr_null(ancestors[0].missing);
}
END_TEST

START_TEST(test_unknown_stays_unknown)
{
    ck_assert(parse("pid: 1\nfuture: yes\n\n", NULL));
    ck_assert_uint_eq(n, 1);
    ck_assert(!ancestors[0].comm && !ancestors[0].elf_class && !ancestors[0].has_personality &&
              !ancestors[0].stack_limit.known && ancestors[0].mode == MMAP_UNKNOWN &&
              ancestors[0].aslr == ASLR_UNKNOWN && !ancestors[0].missing);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    unsigned int line;
} bad[] = {
    {"no PID", "pid: x\n", 1},
    {"PID 0", "pid: 0\n", 1},
    {"a PID beyond all", "pid: 2147483648\n", 1},
    {"of nobody", "comm: bash\n", 1},
    {"no key", "pid: 1\nhello\n", 2},
    {"another class", "pid: 1\nclass: 48\n", 2},
    {"a personality beyond 32 bits", "pid: 1\npersonality: 100000000\n", 2},
    {"half a limit", "pid: 1\nstack_limit: 5\n", 2},
    {"a limit of letters", "pid: 1\nstack_limit: 5 many\n", 2},
    {"another layout", "pid: 1\nlayout: sideways\n", 2},
    {"no layout", "pid: 1\nlayout:\n", 2},
    {"another aslr", "pid: 1\naslr: maybe\n", 2},
    {"no address", "pid: 1\nmmap_base: -1\n", 2},
};

START_TEST(test_bad)
{
    struct err err = {""};
    char wanted[40];

    snprintf(wanted, sizeof(wanted), "line %u of ancestors", bad[_i].line);
    ROW_TRUE(&bad[_i], !parse(bad[_i].text, &err));
    ROW_SAYS(&bad[_i], err.text, wanted);
    ROW_NUMBER(&bad[_i], n, 0);
}
END_TEST

START_TEST(test_too_many)
{
    struct textbuf text = {0};

    for (int i = 1; i <= MAX_ANCESTORS; i++)
        textbuf_printf(&text, "pid: %d\n", i);
    ck_assert(ancestors_parse(ancestors, &n, &arena, textbuf_view(&text), NULL));
    ck_assert_uint_eq(n, MAX_ANCESTORS);
    textbuf_printf(&text, "pid: 5\n");
    ck_assert(!ancestors_parse(ancestors, &n, &arena, textbuf_view(&text), NULL));
    textbuf_deinit(&text);
}
END_TEST

Suite *ancestry_suite(void)
{
    Suite *suite = suite_create("ancestry");
    TCase *tcase = tcase_create("model");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_print_is_what_was_read, texts);
    tcase_add_test(tcase, test_fields);
    tcase_add_test(tcase, test_unknown_stays_unknown);
    ROWS_ADD(tcase, test_bad, bad);
    tcase_add_test(tcase, test_too_many);
    suite_add_tcase(suite, tcase);
    return suite;
}
