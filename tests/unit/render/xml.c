/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/xml.h"

#include "../rows.h"

#include <stdlib.h>

#define REPLACED "\xef\xbf\xbd"

static const struct {
    const char *name;
    const char *bytes, *text;
    const char *attribute; /* NULL: as `text` */
} rows[] = {
    {"nothing", "", "", NULL},
    {"plain", "a b", "a b", NULL},
    {"markup", "<a href=\"x\">&amp;'", "&lt;a href=&quot;x&quot;&gt;&amp;amp;'", NULL},
    {"the end of CDATA", "]]>", "]]&gt;", NULL},
    {"white space", "a\tb\nc\rd", "a\tb\nc&#13;d", "a&#9;b&#10;c&#13;d"},
    {"control characters", "\1\10\13\37", REPLACED REPLACED REPLACED REPLACED, NULL},
    {"DEL and C1, which are allowed", "\177\xc2\x9b", "\177\xc2\x9b", NULL},
    {"characters", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
     NULL},
    {"no UTF-8", "a\xff\xc0\xaf", "a" REPLACED REPLACED REPLACED, NULL},
    {"cut off", "\xe2\x82", REPLACED REPLACED, NULL},
    {"a surrogate", "\xed\xa0\x80", REPLACED REPLACED REPLACED, NULL},
    {"U+FFFE and U+FFFF", "\xef\xbf\xbe\xef\xbf\xbf", REPLACED REPLACED, NULL},
    {"U+FFFD and U+1FFFE", "\xef\xbf\xbd\xf0\x9f\xbf\xbe", "\xef\xbf\xbd\xf0\x9f\xbf\xbe", NULL},
};

START_TEST(test_text)
{
    char *text, *attribute, expected[200];
    size_t n;
    FILE *out = open_memstream(&text, &n);

    xml_text(out, str_of(rows[_i].bytes));
    fclose(out);
    out = open_memstream(&attribute, &n);
    xml_attribute(out, "a", str_of(rows[_i].bytes));
    fclose(out);
    snprintf(expected, sizeof(expected), " a=\"%s\"",
             rows[_i].attribute ? rows[_i].attribute : rows[_i].text);
    ROW_TEXT(&rows[_i], text, rows[_i].text);
    ROW_TEXT(&rows[_i], attribute, expected);
    free(text);
    free(attribute);
}
END_TEST

START_TEST(test_zero_byte)
{
    char *text;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    xml_text(out, (struct str){"a\0b", 3});
    fclose(out);
    ck_assert_str_eq(text, "a" REPLACED "b");
    free(text);
}
END_TEST

Suite *xml_suite(void)
{
    Suite *suite = suite_create("xml");
    TCase *tcase = tcase_create("text");

    ROWS_ADD(tcase, test_text, rows);
    tcase_add_test(tcase, test_zero_byte);
    suite_add_tcase(suite, tcase);
    return suite;
}
