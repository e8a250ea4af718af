/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/paper.h"

#include "../rows.h"

#include <stdlib.h>

static const struct {
    const char *name;
    unsigned int width, indent;
    const char *head;
    const char *text;
    const char *printed;
} rows[] = {
    {"fits", 20, 0, "", "one two", "one two\n"},
    {"fits exactly", 7, 0, "", "one two", "one two\n"},
    {"one too long", 6, 0, "", "one two", "one\ntwo\n"},
    {"indented, with a head", 12, 6, "heap", "one two six", "heap  one\n      two\n      six\n"},
    {"a word longer than the line", 4, 0, "", "a library b", "a\nlibrary\nb\n"},
    {"characters, not bytes", 7, 0, "", "\xc3\xa9\xc3\xa9\xc3\xa9 two",
     "\xc3\xa9\xc3\xa9\xc3\xa9 two\n"},
    {"a percentage", 7, 0, "", "all 60 % of", "all\n60 % of\n"},
    {"a percentage at the end", 6, 0, "", "all 60 %", "all\n60 %\n"},
    {"a percentage with a comma", 8, 0, "", "all 60 %, of", "all\n60 %, of\n"},
    {"nothing", 10, 2, "x", "", "x \n"},
};

START_TEST(test_wrap)
{
    struct style style = {.width = rows[_i].width};
    char *text;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    paper_wrap(out, &style, rows[_i].indent, rows[_i].head, rows[_i].text);
    fclose(out);
    ROW_TEXT(&rows[_i], text, rows[_i].printed);
    free(text);
}
END_TEST

START_TEST(test_size)
{
    struct style style = {.in_bytes = false};
    char buf[UNITS_TEXT];

    ck_assert_str_eq(paper_size(&style, 888832, buf), "868K");
    style.in_bytes = true;
    ck_assert_str_eq(paper_size(&style, 888832, buf), "888832");
    ck_assert_str_eq(paper_size(&style, UINT64_MAX, buf), "18446744073709551615");
}
END_TEST

START_TEST(test_color)
{
    struct style plain = {.color = false}, color = {.color = true};

    for (int severity = SEVERITY_INFO; severity <= SEVERITY_ERROR; severity++) {
        ck_assert_str_eq(paper_severity_on(&plain, (enum severity)severity), "");
        ck_assert_int_eq(*paper_severity_on(&color, (enum severity)severity), '\033');
    }
    ck_assert_str_eq(paper_bold_on(&plain), "");
    ck_assert_str_eq(paper_off(&plain), "");
    ck_assert_str_eq(paper_off(&color), "\033[0m");
}
END_TEST

Suite *paper_suite(void)
{
    Suite *suite = suite_create("paper");
    TCase *tcase = tcase_create("print");

    ROWS_ADD(tcase, test_wrap, rows);
    tcase_add_test(tcase, test_size);
    tcase_add_test(tcase, test_color);
    suite_add_tcase(suite, tcase);
    return suite;
}
