/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of room and its answers fit a terminal, whatever has to be told. */
#include "render/room.h"

#include "../fake.h"
#include "../rows.h"
#include "render/safe.h"

#include <stdlib.h>

static struct fake fake;
static struct image image;
static struct facts facts;
static struct answers answers;
static char *text;
static size_t n_bytes;

static void setup(void)
{
    fake_init(&fake);
    fake_objects(&fake, 64);
    answers = (struct answers){0};
}

static void teardown(void)
{
    free(text);
    image_deinit(&image);
    fake_deinit(&fake);
}

#define LONG_NAME   "/srv/a-long-name-that-fills-a-line/but-for-a-few-columns/and/goes  on.so"
#define LONGER_NAME LONG_NAME LONG_NAME

/* Two mappings with such names, and one without any. */
#define MAPPED                                                          \
    "600000000000-600000001000 rw-s 00000000 fe:00 9 " LONG_NAME "\n"   \
    "600000001000-600000002000 rw-s 00000000 fe:00 8 " LONGER_NAME "\n" \
    "600000002000-600000003000 rw-p 00000000 00:00 0 \n"                \
    "600000003000-600000004000 rw-s 00000000 fe:00 7 /short\n"

static void print(const struct style *style)
{
    const struct fake_process process = {
        .maps = FAKE_PROG FAKE_HEAP MAPPED FAKE_AREA,
        .start_brk = FAKE_BREAK,
    };
    struct report report = {.image = &image, .facts = &facts, .path = "/proc/4321"};
    FILE *out;

    fake_ready(&fake, &process, &image);
    facts_compute(&facts, &image);
    query_range(&answers, &image, "", (struct range){0x600000000000, 0x600000005000});
    query_range(&answers, &image, "shadow", (struct range){0x7fff7000, 0x10007fff8000});
    out = open_memstream(&text, &n_bytes);
    render_room(&report, &answers, style, out);
    fclose(out);
}

static const struct {
    const char *name;
    unsigned int width;
    bool in_bytes;
} pages[] = {
    {"80 columns", 80, false},
    {"in bytes", 80, true},
    {"wide", 132, true},
    {"narrow", 60, false},
};

/* Only a name can be wider, where it has the line for itself. */
START_TEST(test_fits)
{
    struct style style = {.width = pages[_i].width, .in_bytes = pages[_i].in_bytes};
    struct str rest, line;

    print(&style);
    rest = str_of(text);
    while (str_next_line(&rest, &line))
        ck_assert_msg(safe_width(line) <= style.width || str_starts(str_trim(line), STR("/srv")),
                      "%s: %zu columns: %.*s", pages[_i].name, safe_width(line), (int)line.n,
                      line.p);
}
END_TEST

/* Its blanks are a part of the name. */
START_TEST(test_names)
{
    struct style style = {.width = 80};

    print(&style);
    ck_assert_ptr_nonnull(
        strstr(text, "    0x600000000000-0x600000001000 file\n      " LONG_NAME "\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "    0x600000001000-0x600000002000 file\n      " LONGER_NAME "\n"));
    ck_assert_ptr_nonnull(strstr(text, "    0x600000002000-0x600000003000 anon\n"));
    ck_assert_ptr_nonnull(strstr(text, "    0x600000003000-0x600000004000 file /short\n"));
}
END_TEST

/* Words are not broken where there is room beside the table. */
START_TEST(test_wide)
{
    struct style style = {.width = 200};

    print(&style);
    ck_assert_ptr_nonnull(strstr(text, " the size of the stack's mapping, arguments and "
                                       "environment included\n"));
}
END_TEST

Suite *room_suite(void)
{
    Suite *suite = suite_create("room");
    TCase *tcase = tcase_create("render");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_fits, pages);
    tcase_add_test(tcase, test_names);
    tcase_add_test(tcase, test_wide);
    suite_add_tcase(suite, tcase);
    return suite;
}
