/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found in a map alone: what it proves, by name, and nothing that comes from not knowing
 * the rest.  A row lists everything that is found.
 */
#include "check/finding.h"

#include "../fake.h"
#include "../rows.h"

static struct image image;
static struct facts facts;
static struct checker checker;

static void teardown(void)
{
    image_deinit(&image);
    capture_close(image.capture);
}

static void run(const char *maps)
{
    struct err err;

    ck_assert_msg(fake_text(maps, &image, &err) == IMAGE_READY, "%s", err.text);
    facts_compute(&facts, &image);
    check_run(&checker, &image, &facts, NULL);
}

static const char *summary(void)
{
    const char *text = "";

    for (uint32_t i = 0; i < checker.n_findings; i++)
        text =
            arena_printf(&image.arena, "%s%s%s %s", text, i > 0 ? ", " : "",
                         severity_name(checker.findings[i].severity), checker.findings[i].rule->id);
    return text;
}

static const char *reason(const char *id)
{
    for (uint32_t i = 0; i < checker.n_not_run; i++)
        if (strcmp(checker.not_run[i].rule->id, id) == 0)
            return checker.not_run[i].reason;
    return NULL;
}

#define PROG                                               \
    "00400000-00401000 r-xp 00000000 08:01 10 /bin/prog\n" \
    "00600000-00601000 rw-p 00001000 08:01 10 /bin/prog\n"
#define HEAP "01000000-01021000 rw-p 00000000 00:00 0 [heap]\n"
#define LIBC                                                            \
    "7f0000000000-7f0000100000 r-xp 00000000 08:01 11 /lib/libc.so.6\n" \
    "7f0000100000-7f0000101000 rw-p 00100000 08:01 11 /lib/libc.so.6\n"
#define LOADER                                                                       \
    "7f0000200000-7f0000220000 r-xp 00000000 08:01 12 /lib64/ld-linux-x86-64.so.2\n" \
    "7f0000220000-7f0000222000 rw-p 00020000 08:01 12 /lib64/ld-linux-x86-64.so.2\n"
#define AREA  LIBC LOADER
#define STACK "7ffffabde000-7ffffabff000 rw-p 00000000 00:00 0 [stack]\n"

static const struct {
    const char *name;
    const char *maps;
    const char *found;
    const char *title; /* a part of the last one's */
} rows[] = {
    {"ordinary", PROG HEAP AREA STACK, "", NULL},
    {"no heap", PROG AREA STACK, "", NULL},
    {"some lines", PROG HEAP, "", NULL},
    {"a page on the break", PROG HEAP "01021000-01022000 r--p 00000000 00:00 0\n" AREA STACK,
     "info brk-page-guard, warning brk-window-shrunken, error brk-blocked",
     "an anonymous mapping (r--p)"},
    {"a mapping above the heap",
     PROG HEAP "01100000-01200000 rw-s 00000000 00:01 7 /dev/zero (deleted)\n" AREA STACK,
     "warning brk-window-shrunken, error brk-room-low", "a shared anonymous mapping"},
    {"a library in the gap",
     PROG HEAP "30000000-30001000 r-xp 00000000 08:01 13 /opt/libx.so\n"
               "30001000-30002000 rw-p 00001000 08:01 13 /opt/libx.so\n" AREA STACK,
     "error lib-in-brk-gap, warning brk-window-shrunken", NULL},
    {"libraries around the program",
     "00120000-00130000 r-xp 00000000 08:01 13 /lib/libm.so.6\n" PROG HEAP AREA STACK,
     "warning mixed-mmap-base, warning lib-below-text", "libm.so.6"},
    {"the guest of an emulator is no library",
     "00400000-00500000 r-xp 00000000 08:01 9 /home/guest\n"
     "64800000-64900000 r-xp 00000000 08:01 10 /usr/bin/emulator\n"
     "64910000-64920000 rw-p 00100000 08:01 10 /usr/bin/emulator\n"
     "70000000-70100000 rw-p 00000000 00:00 0 [heap]\n" AREA STACK,
     "", NULL},
    {"a program that was started by its loader, which mapped it among the libraries",
     "555556000000-555556021000 rw-p 00000000 00:00 0 [heap]\n"
     "7effff000000-7effff100000 r-xp 00000000 08:01 11 /lib/libc.so.6\n"
     "7effff200000-7effff201000 r-xp 00000000 08:01 10 /bin/prog\n"
     "7effff201000-7effff202000 rw-p 00001000 08:01 10 /bin/prog\n"
     "7effff300000-7effff301000 r-xp 00000000 08:01 12 /lib/ld-2.31.so\n" STACK,
     "", NULL},
    {"an executable stack",
     PROG HEAP AREA "7ffffabde000-7ffffabff000 rwxp 00000000 00:00 0 [stack]\n",
     "warning exec-stack, warning wx-mapping", "[stack]"},
    {"a file that was deleted, one way or the other",
     PROG HEAP
     "7effff000000-7effff001000 r-xp 00000000 08:01 14 /lib/liby.so (deleted)\n"
     "7effff001000-7effff002000 rw-p 00001000 08:01 14 /lib/liby.so (deleted)\n" AREA STACK,
     "warning deleted-object", "liby.so: deleted"},
    {"a temporary library, deleted as soon as it was loaded",
     PROG HEAP "7effff000000-7effff001000 r-xp 00000000 08:01 14 "
               "/tmp/libnetty_x86_6413640138921.so (deleted)\n"
               "7effff001000-7effff002000 rw-p 00001000 08:01 14 "
               "/tmp/libnetty_x86_6413640138921.so (deleted)\n" AREA STACK,
     "info deleted-object", "libnetty_x86_6413640138921.so: loaded from a temporary file"},
};

START_TEST(test_found)
{
    run(rows[_i].maps);
    ROW_TEXT(&rows[_i], summary(), rows[_i].found);
    if (rows[_i].title)
        ROW_SAYS(&rows[_i], checker.findings[checker.n_findings - 1].title, rows[_i].title);
}
END_TEST

/* A small stack over a mapping can hardly grow; a large one may just be reserved. */
START_TEST(test_stack)
{
    run(PROG HEAP AREA "7ffffab00000-7ffffabdd000 rw-p 00000000 00:00 0\n" STACK);
    ck_assert_str_eq(summary(), "error stack-room-low");
    teardown();
    run(PROG HEAP AREA "7ffffa3fe000-7ffffa3ff000 ---p 00000000 00:00 0\n"
                       "7ffffa3ff000-7ffffabff000 rw-p 00000000 00:00 0 [stack]\n");
    ck_assert_str_eq(summary(), "");
    ck_assert_str_eq(reason("stack-room-low"), "how much of the stack is in use is not known");
}
END_TEST

START_TEST(test_not_run)
{
    run(PROG AREA STACK);
    ck_assert_ptr_nonnull(strstr(reason("brk-blocked"), "[heap]"));
    ck_assert_str_eq(reason("stack-room-low"), "RLIMIT_STACK is not known");
    ck_assert_str_eq(reason("stack-limit-unreachable"), "RLIMIT_STACK is not known");
    ck_assert_str_eq(reason("map-count-high"), "vm.max_map_count could not be read");
    ck_assert_str_eq(reason("elf-mismatch"), "the ELF headers of its objects are not known");
    ck_assert_str_eq(reason("host-overcommit"), "vm.overcommit_memory could not be read");
    ck_assert_ptr_nonnull(reason("future-lock"));
    ck_assert_ptr_nonnull(reason("cgroup-near"));
}
END_TEST

START_TEST(test_unknown_limits)
{
    const unsigned int all = 1U << LIMIT_RLIMIT_DATA | 1U << LIMIT_RLIMIT_AS |
                             1U << LIMIT_RLIMIT_MEMLOCK | 1U << LIMIT_MAX_MAP_COUNT |
                             1U << LIMIT_OVERCOMMIT;

    run(PROG HEAP AREA STACK);
    ck_assert(facts.brk.growth.known);
    ck_assert_uint_eq(facts.brk.gap, 0x7f0000000000 - 0x1021000);
    ck_assert_uint_eq(facts.brk.growth.room, facts.brk.gap - 4096);
    ck_assert_uint_eq(facts.brk.growth.unknown, all);
    ck_assert_ptr_nonnull(strstr(facts.brk.growth.uncertain,
                                 "rlimit-data, rlimit-as, rlimit-memlock, max-map-count and "
                                 "overcommit are not known and may leave less"));
    ck_assert(!facts.stack_growth.known);
    ck_assert(facts.stack_growth.growth.unknown & 1U << LIMIT_RLIMIT_STACK);
}
END_TEST

Suite *from_text_suite(void)
{
    Suite *suite = suite_create("from-text");
    TCase *tcase = tcase_create("rules");

    tcase_add_checked_fixture(tcase, NULL, teardown);
    ROWS_ADD(tcase, test_found, rows);
    tcase_add_test(tcase, test_stack);
    tcase_add_test(tcase, test_not_run);
    tcase_add_test(tcase, test_unknown_limits);
    suite_add_tcase(suite, tcase);
    return suite;
}
