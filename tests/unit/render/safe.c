/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/safe.h"

#include "../rows.h"

#include <ctype.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

static const struct {
    const char *name;
    const char *text, *safe;
    size_t width;
} rows[] = {
    {"nothing", "", "", 0},
    {"plain", "/lib/libc.so.6 (deleted)", "/lib/libc.so.6 (deleted)", 24},
    {"backslash stays", "a\\012b", "a\\012b", 6},
    {"a name that looks escaped", "a\\x1bb", "a\\x5cx1bb", 9},
    {"\\x before other letters", "a\\xyz\\x1", "a\\xyz\\x1", 8},
    {"colour", "\033[31mred", "\\x1b[31mred", 11},
    {"newline, tab, return", "a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd", 16},
    {"DEL", "\177", "\\x7f", 4},
    {"C1 control as UTF-8 (CSI)",
     "\xc2\x9b"
     "31m",
     "\\xc2\\x9b31m", 11},
    {"C1 control as one byte",
     "\x9b"
     "31m",
     "\\x9b31m", 7},
    {"two bytes", "\xc3\xa9", "\xc3\xa9", 1},
    {"three bytes", "\xe2\x82\xac", "\xe2\x82\xac", 1},
    {"four bytes", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 1},
    {"first character above C1", "\xc2\xa0", "\xc2\xa0", 1},
    {"cut off", "a\xe2\x82", "a\\xe2\\x82", 9},
    {"a lone continuation", "\x80", "\\x80", 4},
    {"not continued", "\xe2(\xa1", "\\xe2(\\xa1", 9},
    {"overlong slash", "\xc0\xaf", "\\xc0\\xaf", 8},
    {"overlong three", "\xe0\x80\xaf", "\\xe0\\x80\\xaf", 12},
    {"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80", 12},
    {"beyond U+10FFFF", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", 16},
    {"the last character", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", 1},
    {"byte that is never UTF-8", "\xff\xfe", "\\xff\\xfe", 8},
    {"right-to-left override",
     "a\xe2\x80\xae"
     "b",
     "a\\xe2\\x80\\xae"
     "b",
     14},
    {"isolate", "\xe2\x81\xa6", "\\xe2\\x81\\xa6", 12},
    {"Arabic letter mark", "\xd8\x9c", "\\xd8\\x9c", 8},
    {"zero width space", "\xe2\x80\x8b", "\\xe2\\x80\\x8b", 12},
    {"line separator", "\xe2\x80\xa8", "\\xe2\\x80\\xa8", 12},
    {"byte order mark", "\xef\xbb\xbf", "\\xef\\xbb\\xbf", 12},
    {"U+FFFD", "\xef\xbf\xbd", "\xef\xbf\xbd", 1},
    {"U+FFFE, which is no character", "\xef\xbf\xbe", "\\xef\\xbf\\xbe", 12},
    {"U+FFFF", "\xef\xbf\xbf", "\\xef\\xbf\\xbf", 12},
};

START_TEST(test_text)
{
    const char *safe = safe_text(&arena, str_of(rows[_i].text));

    ROW_TEXT(&rows[_i], safe, rows[_i].safe);
    ROW_NUMBER(&rows[_i], safe_width(str_of(safe)), rows[_i].width);
}
END_TEST

START_TEST(test_zero_byte)
{
    ck_assert_str_eq(safe_text(&arena, (struct str){"a\0b", 3}), "a\\x00b");
}
END_TEST

static int hex_digit(char c)
{
    return c >= 'a' ? c - 'a' + 10 : c - '0';
}

/* The bytes that a safe text stands for. */
static size_t read_back(const char *safe, char *bytes)
{
    size_t n = 0;

    while (*safe) {
        if (safe[0] == '\\' && safe[1] == 'x' && isxdigit(safe[2]) && isxdigit(safe[3])) {
            bytes[n++] = (char)(hex_digit(safe[2]) << 4 | hex_digit(safe[3]));
            safe += 4;
        } else {
            bytes[n++] = *safe++;
        }
    }
    return n;
}

static void check_unambiguous(struct str s)
{
    const char *safe = safe_text(&arena, s);
    char back[16];

    for (const char *p = safe; *p; p++)
        ck_assert_msg((unsigned char)*p >= 0x20 && *p != 0x7f, "becomes %s", safe);
    ck_assert_uint_eq(read_back(safe, back), s.n);
    ck_assert_msg(memcmp(back, s.p, s.n) == 0, "%s does not lead back", safe);
}

/* No two names look the same: each two bytes that there are, also behind what begins an escape. */
START_TEST(test_unambiguous)
{
    for (unsigned int i = 0; i < 65536; i++) {
        const char bytes[4] = {'\\', 'x', (char)(i >> 8), (char)i};

        check_unambiguous((struct str){bytes, 4});
        check_unambiguous((struct str){bytes + 2, 2});
        if (i % 256 == 0)
            arena_deinit(&arena);
    }
}
END_TEST

Suite *safe_suite(void)
{
    Suite *suite = suite_create("safe");
    TCase *tcase = tcase_create("text");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_text, rows);
    tcase_add_test(tcase, test_zero_byte);
    tcase_add_test(tcase, test_unambiguous);
    suite_add_tcase(suite, tcase);
    return suite;
}
