/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/vitals.h"

#include "../fake.h"
#include "../rows.h"

/* A glibc arena as malloc/arena.c makes it: 64 MiB from a multiple of that, a part of it usable. */
#define ARENA                                            \
    "7ffff0000000-7ffff0021000 rw-p 00000000 00:00 0 \n" \
    "7ffff0021000-7ffff4000000 ---p 00000000 00:00 0 \n"

static void take(const struct fake_process *process, struct vitals *vitals)
{
    struct facts facts;
    struct image image;
    struct fake fake;

    fake_init(&fake);
    fake_objects(&fake, 64);
    fake_ready(&fake, process, &image);
    facts_compute(&facts, &image);
    vitals_take(vitals, &image, &facts);
    image_deinit(&image);
    fake_deinit(&fake);
}

START_TEST(test_figures)
{
    struct vitals vitals;

    take(&(struct fake_process){.maps = FAKE_PROG FAKE_HEAP ARENA FAKE_AREA,
                                .start_brk = FAKE_BREAK},
         &vitals);
    ck_assert(vitals.figures[VITAL_HEAP].known);
    ck_assert_uint_eq(vitals.figures[VITAL_HEAP].value, FAKE_HEAP_END - FAKE_BREAK);
    /* The page before the next mapping stays free. */
    ck_assert_uint_le(vitals.figures[VITAL_BRK_ROOM].value, 0x7ffff0000000 - FAKE_HEAP_END);
    ck_assert_uint_ge(vitals.figures[VITAL_BRK_ROOM].value, 0x7ffff0000000 - FAKE_HEAP_END - 8192);
    ck_assert_int_eq(vitals.brk_limit, LIMIT_NEXT_MAPPING);
    /* Four of each object, the heap, vvar, vdso, the stack and the arena's two: no vsyscall. */
    ck_assert_uint_eq(vitals.figures[VITAL_MAPPINGS].value, 3 * 4 + 6);
    ck_assert_uint_eq(vitals.figures[VITAL_ARENA_HEAPS].value, 1);
    ck_assert(!vitals.figures[VITAL_MMAP_ROOM].known); /* 128 TiB of addresses alone limit it */
    ck_assert_uint_eq(vitals.settings[SETTING_STACK].value, 8 << 20);
    ck_assert_uint_eq(supply_left(&vitals, SUPPLY_MAPPINGS).value,
                      vitals.settings[SETTING_MAX_MAP_COUNT].value - 18);
}
END_TEST

static struct vitals sample(void)
{
    struct vitals vitals = {.brk_limit = LIMIT_RLIMIT_DATA};

    vitals.figures[VITAL_HEAP] = (struct figure){true, 1000};
    vitals.figures[VITAL_BRK_ROOM] = (struct figure){true, 9000};
    vitals.figures[VITAL_MAPPINGS] = (struct figure){true, 20};
    vitals.settings[SETTING_DATA] = (struct figure){true, 10000};
    vitals.settings[SETTING_MAX_MAP_COUNT] = (struct figure){true, 100};
    vitals.stat = (struct stat_record){.has_addresses = true,
                                       .start_ticks = 5,
                                       .start_code = 0x400000,
                                       .end_code = 0x401000,
                                       .start_stack = 0x7ffff000,
                                       .start_data = 0x402000,
                                       .end_data = 0x403000,
                                       .start_brk = 0x500000,
                                       .arg_start = 0x7ffff100};
    return vitals;
}

START_TEST(test_compare)
{
    struct vitals before = sample(), now = sample();
    struct change changes[MAX_CHANGES];

    ck_assert_uint_eq(vitals_compare(&before, &now, changes), 0);
    now.figures[VITAL_HEAP].value = 1100;
    now.figures[VITAL_MAPPINGS].known = false;
    now.figures[VITAL_STACK_ROOM] = (struct figure){true, 7};
    now.settings[SETTING_DATA].value = LIMIT_INFINITY;
    ck_assert_uint_eq(vitals_compare(&before, &now, changes), 2);
    ck_assert(!changes[0].is_setting && changes[0].vital == VITAL_HEAP);
    ck_assert_uint_eq(changes[0].from, 1000);
    ck_assert_uint_eq(changes[0].to, 1100);
    ck_assert(changes[1].is_setting && changes[1].setting == SETTING_DATA);
    ck_assert_uint_eq(changes[1].from, 10000);
    ck_assert_uint_eq(changes[1].to, LIMIT_INFINITY);
}
END_TEST

START_TEST(test_identity)
{
    struct vitals before = sample(), now = sample();

    ck_assert(!vitals_is_other_process(&before, &now) && !vitals_is_other_program(&before, &now));
    now.stat.start_ticks++;
    ck_assert(vitals_is_other_process(&before, &now));
    now = sample();
    now.stat.start_stack -= 4096;
    ck_assert(!vitals_is_other_process(&before, &now) && vitals_is_other_program(&before, &now));
    now.stat.has_addresses = false; /* all of them are 0 or 1 then */
    ck_assert(!vitals_is_other_program(&before, &now));
    now = sample();
    now.stat.arg_start += 4096; /* prctl(PR_SET_MM_ARG_START) */
    ck_assert(!vitals_is_other_program(&before, &now));
}
END_TEST

START_TEST(test_comparable)
{
    struct vitals before = sample(), now = sample();

    now.figures[VITAL_BRK_ROOM].value = 1;
    ck_assert(supply_is_comparable(SUPPLY_BRK, &before, &now));
    now.brk_limit = LIMIT_NEXT_MAPPING;
    ck_assert(!supply_is_comparable(SUPPLY_BRK, &before, &now));
    ck_assert(supply_is_comparable(SUPPLY_MAPPINGS, &before, &now));
    now.settings[SETTING_MAX_MAP_COUNT].value = 50;
    ck_assert(!supply_is_comparable(SUPPLY_MAPPINGS, &before, &now));
    now.figures[VITAL_MAPPINGS].value = 60;
    ck_assert_uint_eq(supply_left(&now, SUPPLY_MAPPINGS).value, 0);
    now.settings[SETTING_MAX_MAP_COUNT].known = false;
    ck_assert(!supply_left(&now, SUPPLY_MAPPINGS).known);
}
END_TEST

START_TEST(test_extremes)
{
    static const struct figure figures[] = {{false, 0}, {true, 5}, {true, 9},
                                            {false, 1}, {true, 2}, {true, 4}};
    struct extremes extremes = {0};

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        extremes_add(&extremes, figures[i]);
    ck_assert_uint_eq(extremes.n, 4);
    ck_assert_uint_eq(extremes.first, 5);
    ck_assert_uint_eq(extremes.last, 4);
    ck_assert_uint_eq(extremes.least, 2);
    ck_assert_uint_eq(extremes.most, 9);
}
END_TEST

Suite *vitals_suite(void)
{
    Suite *suite = suite_create("vitals");
    TCase *tcase = tcase_create("vitals");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, test_figures);
    tcase_add_test(tcase, test_compare);
    tcase_add_test(tcase, test_identity);
    tcase_add_test(tcase, test_comparable);
    tcase_add_test(tcase, test_extremes);
    return suite;
}
