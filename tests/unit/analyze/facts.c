/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/facts.h"

#include "../fake.h"
#include "../rows.h"

static struct fake fake;
static struct image image;
static struct facts facts;

static void setup(void)
{
    fake_init(&fake);
    fake_objects(&fake, 64);
}

static void teardown(void)
{
    image_deinit(&image);
    fake_deinit(&fake);
}

static void compute(const char *maps)
{
    fake_ready(&fake, &(struct fake_process){.maps = maps, .start_brk = FAKE_BREAK}, &image);
    facts_compute(&facts, &image);
}

START_TEST(test_counts)
{
    compute(FAKE_MAPS);
    ck_assert_uint_eq(facts.n_file, 9);
    ck_assert_uint_eq(facts.n_anonymous, 7);  /* as the kernel counts: without the gate page */
    ck_assert_uint_eq(facts.n_executable, 4); /* three texts and the vdso */
}
END_TEST

/* mprotect() split the stack: the lower part lost the label, and still grows down. */
START_TEST(test_stack)
{
    fake_write(&fake, "4321/smaps",
               "7ffffffcd000-7ffffffdd000 rwxp 00000000 00:00 0 \nVmFlags: gd\n" FAKE_STACK
               "VmFlags: gd\n");
    fake_ready(&fake,
               &(struct fake_process){
                   .maps = "7ffffffcd000-7ffffffdd000 rwxp 00000000 00:00 0 \n" FAKE_STACK,
                   .more_stack = 0x10000},
               &image);
    facts_compute(&facts, &image);
    ck_assert(facts.has_stack);
    ck_assert_uint_eq(facts.stack, 1);
    ck_assert_uint_eq(facts.stack_range.start, 0x7ffffffcd000);
    ck_assert_uint_eq(facts.stack_range.end, 0x7fffffffe000);
}
END_TEST

START_TEST(test_no_stack)
{
    compute(FAKE_PROG FAKE_LOADER);
    ck_assert(!facts.has_stack);
    ck_assert_uint_eq(facts.stack, NONE);
}
END_TEST

START_TEST(test_titles)
{
    compute("10000-11000 ---p 00000000 00:00 0 \n" FAKE_MAPS);
    ck_assert_ptr_nonnull(strstr(mapping_title(&image, &image.mappings[0]), "anonymous"));
    ck_assert_ptr_nonnull(strstr(mapping_title(&image, &image.mappings[1]), "prog"));
    ck_assert_ptr_nonnull(strstr(mapping_title(&image, &image.mappings[5]), "heap"));
    ck_assert(!mapping_is_library(&image, &image.mappings[0]));
    ck_assert(!mapping_is_library(&image, &image.mappings[1]));
    ck_assert(mapping_is_library(&image, &image.mappings[6]));
}
END_TEST

/* Each role its own, and the sum of all. */
START_TEST(test_memory)
{
    struct err err = {""};

    fake_write(&fake, "4321/smaps",
               "1000-2000 rw-p 00000000 00:00 0 \nRss: 4 kB\nPss: 1 kB\n"
               "3000-4000 rw-p 00000000 00:00 0 \nRss: 8 kB\nSwap: 2 kB\n"
               "5000-6000 rwxp 00000000 00:00 0 \nRss: 16 kB\n");
    fake_ready(&fake,
               &(struct fake_process){.maps = "1000-2000 rw-p 00000000 00:00 0 \n"
                                              "3000-4000 rw-p 00000000 00:00 0 \n"
                                              "5000-6000 rwxp 00000000 00:00 0 \n"},
               &image);
    facts_compute(&facts, &image);
    ck_assert(!facts.memory.known);
    ck_assert_msg(image_read_memory(&image, &err), "%s", err.text);
    facts_compute(&facts, &image);
    ck_assert(facts.memory.known);
    ck_assert_uint_eq(facts.memory.total.rss_bytes, 28 << 10);
    ck_assert_uint_eq(facts.memory.total.pss_bytes, 1 << 10);
    ck_assert_uint_eq(facts.memory.by_role[ROLE_ANON].rss_bytes, 12 << 10);
    ck_assert_uint_eq(facts.memory.by_role[ROLE_ANON].swap_bytes, 2 << 10);
    ck_assert_uint_eq(facts.memory.n_by_role[ROLE_ANON], 2);
    ck_assert_uint_eq(facts.memory.by_role[ROLE_ANON_EXEC].rss_bytes, 16 << 10);
    ck_assert(facts.regions[0].has_rss);
}
END_TEST

Suite *facts_suite(void)
{
    Suite *suite = suite_create("facts");
    TCase *tcase = tcase_create("sums");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_counts);
    tcase_add_test(tcase, test_stack);
    tcase_add_test(tcase, test_no_stack);
    tcase_add_test(tcase, test_titles);
    tcase_add_test(tcase, test_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
