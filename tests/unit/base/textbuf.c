/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/textbuf.h"

#include "../rows.h"

static const struct {
    const char *name;
    struct str plain;
    const char *escaped;
} rows[] = {
    {"nothing", STR(""), ""},
    {"a path", STR("/usr/lib/x y.so"), "/usr/lib/x y.so"},
    {"blanks at the ends", STR(" a "), "\\040a\\040"},
    {"one blank", STR(" "), "\\040"},
    {"a newline", STR("a\nb: c"), "a\\012b: c"},
    {"a backslash", STR("a\\012"), "a\\134012"},
    {"only a backslash", STR("\\"), "\\134"},
    {"control bytes", STR("\x01\t\x7f"), "\\001\\011\\177"},
    {"a zero", STR("a\0b"), "a\\000b"},
    {"UTF-8, and no UTF-8", STR("\xc3\xa4\xff"), "\xc3\xa4\xff"},
};

START_TEST(test_escape)
{
    struct arena arena;
    struct textbuf text = {0};
    struct str back;

    arena_init(&arena);
    textbuf_add_escaped(&text, rows[_i].plain);
    ROW_STR(&rows[_i], textbuf_view(&text), rows[_i].escaped);
    back = str_unescape(&arena, textbuf_view(&text));
    ROW_TRUE(&rows[_i], str_eq(back, rows[_i].plain));
    ROW_NUMBER(&rows[_i], back.p[back.n], '\0');
    textbuf_deinit(&text);
    arena_deinit(&arena);
}
END_TEST

/* What nobody wrote so: other backslashes stay, and nothing beyond the end is looked at. */
static const struct {
    const char *name;
    const char *escaped;
    const char *plain;
} strange[] = {
    {"cut off", "a\\01", "a\\01"},          {"no octal digit", "\\018x", "\\018x"},
    {"more than a byte", "\\400", "\\400"}, {"the largest", "\\377", "\xff"},
    {"twice", "\\\\012", "\\\n"},
};

START_TEST(test_unescape)
{
    struct arena arena;

    arena_init(&arena);
    ROW_STR(&strange[_i], str_unescape(&arena, str_of(strange[_i].escaped)), strange[_i].plain);
    arena_deinit(&arena);
}
END_TEST

START_TEST(test_grow)
{
    struct textbuf text = {0};
    size_t n = 0;

    ck_assert(str_eq(textbuf_view(&text), STR("")));
    for (unsigned int i = 0; i < 1000; i++) {
        textbuf_printf(&text, "%u ", i);
        textbuf_add(&text, STR("ab"));
        n += 3 + (i > 9) + (i > 99) + (i > 999);
        n++;
    }
    ck_assert_uint_eq(text.n, n);
    ck_assert(str_starts(textbuf_view(&text), STR("0 ab1 ab2 ab")));
    ck_assert(str_ends(textbuf_view(&text), STR("998 ab999 ab")));
    textbuf_deinit(&text);
    ck_assert_uint_eq(text.n, 0);
}
END_TEST

Suite *textbuf_suite(void)
{
    Suite *suite = suite_create("textbuf");
    TCase *tcase = tcase_create("base");

    ROWS_ADD(tcase, test_escape, rows);
    ROWS_ADD(tcase, test_unescape, strange);
    tcase_add_test(tcase, test_grow);
    suite_add_tcase(suite, tcase);
    return suite;
}
