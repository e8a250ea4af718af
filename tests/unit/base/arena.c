/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"

#include <check.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

/* Sizes around the block's and around the alignment, so that each way to get memory is taken. */
START_TEST(test_aligned_zeroed_apart)
{
    static const size_t sizes[] = {1, 15, 16, 17, 31, 4096, 8191, 8192, 8193, 100000, 3, 0, 5};
    enum { N = sizeof(sizes) / sizeof(sizes[0]) };
    unsigned char *p[N];

    for (int i = 0; i < N; i++) {
        p[i] = arena_alloc(&arena, sizes[i]);
        ck_assert_uint_eq((uintptr_t)p[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < sizes[i]; k++)
            ck_assert_uint_eq(p[i][k], 0);
        memset(p[i], i + 1, sizes[i]);
    }
    for (int i = 0; i < N; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            ck_assert_msg(p[i][k] == i + 1, "object %d was overwritten at %zu", i, k);
}
END_TEST

START_TEST(test_strings)
{
    char *copy = arena_strndup(&arena, "a\0bc", 4);

    ck_assert_mem_eq(copy, "a\0bc\0", 5);
    ck_assert_str_eq(arena_strndup(&arena, "abc", 2), "ab");
    ck_assert_str_eq(arena_strndup(&arena, NULL, 0), "");
    ck_assert_str_eq(arena_printf(&arena, "%d and %s", 7, "seven"), "7 and seven");
}
END_TEST

START_TEST(test_long_text)
{
    char *text = arena_printf(&arena, "%20000d", 1);

    ck_assert_uint_eq(strlen(text), 20000);
    ck_assert_int_eq(text[19999], '1');
}
END_TEST

/* Running out of memory ends the program with status 2. */
START_TEST(test_impossible_size)
{
    close(STDERR_FILENO); /* the message is not for who runs the tests */
    arena_alloc(&arena, SIZE_MAX - 8);
}
END_TEST

Suite *arena_suite(void)
{
    Suite *suite = suite_create("arena");
    TCase *tcase = tcase_create("memory");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_aligned_zeroed_apart);
    tcase_add_test(tcase, test_strings);
    tcase_add_test(tcase, test_long_text);
    tcase_add_exit_test(tcase, test_impossible_size, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
