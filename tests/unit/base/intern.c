/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/intern.h"

#include <check.h>
#include <stdio.h>

static struct arena arena;
static struct intern names;

static void setup(void)
{
    arena_init(&arena);
    intern_init(&names, &arena);
}

static void teardown(void)
{
    intern_deinit(&names);
    arena_deinit(&arena);
}

START_TEST(test_same_bytes_same_index)
{
    char buffer[] = "/lib/libc.so.6";
    uint32_t libc = intern_add(&names, str_of(buffer));

    ck_assert_uint_ne(libc, 0);
    buffer[1] = 'x'; /* the bytes were copied */
    ck_assert_uint_eq(intern_add(&names, STR("/lib/libc.so.6")), libc);
    ck_assert_uint_ne(intern_add(&names, STR("/lib/libc.so.60")), libc);
    ck_assert_str_eq(intern_get(&names, libc).p, "/lib/libc.so.6");
}
END_TEST

START_TEST(test_empty_is_zero)
{
    ck_assert_uint_eq(intern_add(&names, STR("")), 0);
    ck_assert_uint_eq(intern_add(&names, str_of(NULL)), 0);
    ck_assert_uint_eq(intern_get(&names, 0).n, 0);
}
END_TEST

START_TEST(test_zero_byte_counts)
{
    uint32_t a = intern_add(&names, (struct str){"a\0b", 3});
    uint32_t b = intern_add(&names, (struct str){"a\0c", 3});

    ck_assert_uint_ne(a, b);
    ck_assert_uint_ne(a, intern_add(&names, STR("a")));
}
END_TEST

/* Many more than the first table holds: no name may be lost or doubled when it grows. */
START_TEST(test_growth)
{
    enum { N = 20000 };
    char text[32];

    for (int round = 0; round < 2; round++)
        for (uint32_t i = 1; i <= N; i++) {
            int n = snprintf(text, sizeof(text), "/dev/shm/segment-%u", i * 64);

            ck_assert_uint_eq(intern_add(&names, (struct str){text, (size_t)n}), i);
        }
    for (uint32_t i = 1; i <= N; i++) {
        snprintf(text, sizeof(text), "/dev/shm/segment-%u", i * 64);
        ck_assert(str_eq(intern_get(&names, i), str_of(text)));
    }
}
END_TEST

/*
 * "costarring" and "liquid" have the same 32-bit FNV-1a hash (as have the other pairs): the bytes
 * decide, not the hash.
 */
START_TEST(test_collisions)
{
    static const char *const pairs[][2] = {
        {"costarring", "liquid"},
        {"declinate", "macallums"},
        {"altarage", "zinke"},
        {"altarages", "zinkes"},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        uint32_t a = intern_add(&names, str_of(pairs[i][0]));
        uint32_t b = intern_add(&names, str_of(pairs[i][1]));

        ck_assert_uint_ne(a, b);
        ck_assert_uint_eq(intern_add(&names, str_of(pairs[i][0])), a);
        ck_assert_uint_eq(intern_add(&names, str_of(pairs[i][1])), b);
    }
}
END_TEST

static uint32_t fnv1a(struct str s)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < s.n; i++)
        hash = (hash ^ (unsigned char)s.p[i]) * 16777619u;
    return hash;
}

static uint32_t longest_run(const struct intern *table)
{
    uint32_t longest = 0, run = 0;

    for (uint32_t i = 0; i < table->n_slots; i++) {
        run = table->slots[i] ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

/*
 * Names that a known hash puts into one slot, as a target may choose them, spread like any others:
 * each search then takes some steps, not as many as there are names.
 */
START_TEST(test_flood)
{
    enum { N = 500, MASK = 1023 };
    char text[32];
    uint32_t n = 0;

    for (unsigned int i = 0; n < N; i++) {
        struct str s = {text, (size_t)snprintf(text, sizeof(text), "/tmp/%u", i)};

        if ((fnv1a(s) & MASK) == 7) {
            intern_add(&names, s);
            n++;
        }
    }
    ck_assert_uint_eq(names.n_slots, MASK + 1);
    ck_assert_uint_lt(longest_run(&names), N / 2);
}
END_TEST

/* A fixed hash, however good, is one that a target can compute too. */
START_TEST(test_seed_is_random)
{
    ck_assert(names.seed[0] != 0 || names.seed[1] != 0);
}
END_TEST

Suite *intern_suite(void)
{
    Suite *suite = suite_create("intern");
    TCase *tcase = tcase_create("names");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_same_bytes_same_index);
    tcase_add_test(tcase, test_empty_is_zero);
    tcase_add_test(tcase, test_zero_byte_counts);
    tcase_add_test(tcase, test_growth);
    tcase_add_test(tcase, test_collisions);
    tcase_add_test(tcase, test_flood);
    tcase_add_test(tcase, test_seed_is_random);
    suite_add_tcase(suite, tcase);
    return suite;
}
