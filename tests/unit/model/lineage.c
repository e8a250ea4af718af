/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../fake.h"
#include "../hook.h"
#include "../rows.h"

#include <errno.h>

static struct fake fake;
static struct image image;

static void setup(void)
{
    struct elf_spec narrow = elf_object(32, 2, 0x8048000);

    fake_init(&fake);
    fake_objects(&fake, 64);
    fake_object(&fake, "sshd", &narrow);
    fake_add(&fake, &(struct fake_process){.pid = 1, .ppid = -1, .comm = "init", .maps = ""});
    fake_write(&fake, "1/stat", "1 (init) S 0 1 1 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 1 1 1 1 1 1 0\n");
    fake_add(&fake,
             &(struct fake_process){
                 .pid = 10, .comm = "ss) hd", .exe = "sshd", .maps = "", .personality = 0x0200008});
    fake_add(&fake, &(struct fake_process){.pid = 20, .ppid = 10, .exe = "none", .maps = ""});
}

static void teardown(void)
{
    hook_openat = NULL;
    image_deinit(&image);
    fake_deinit(&fake);
}

static void read_below(pid_t parent)
{
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS, .ppid = parent}, &image);
    image_read_ancestors(&image);
}

START_TEST(test_chain)
{
    read_below(20);
    ck_assert_uint_eq(image.n_ancestors, 3);
    ck_assert_int_eq(image.ancestors[0].pid, 20);
    ck_assert_uint_eq(image.ancestors[0].elf_class, 0); /* its file cannot be read */
    ck_assert_int_eq(image.ancestors[1].pid, 10);
    ck_assert_str_eq(image.ancestors[1].comm, "ss) hd");
    ck_assert_uint_eq(image.ancestors[1].elf_class, 32);
    ck_assert(image.ancestors[1].has_personality);
    ck_assert_uint_eq(image.ancestors[1].personality, 0x0200008);
    ck_assert_int_eq(image.ancestors[2].pid, 1);
    ck_assert_uint_eq(image.ancestors[2].elf_class, 64);
    image_read_ancestors(&image);
    ck_assert_uint_eq(image.n_ancestors, 3);
}
END_TEST

START_TEST(test_parent_hidden)
{
    read_below(77);
    ck_assert_uint_eq(image.n_ancestors, 1);
    ck_assert_int_eq(image.ancestors[0].pid, 77);
    ck_assert_ptr_null(image.ancestors[0].comm);
    ck_assert_ptr_nonnull(strstr(image.ancestors[0].missing, "hidepid"));
}
END_TEST

/* What the layout of an ancestor is, from its maps. */
START_TEST(test_layout)
{
    fake_add(&fake, &(struct fake_process){.pid = 40,
                                           .maps = FAKE_PROG "2aaaaaaab000 @ld.so\n"
                                                             "2aaaaac00000 @libc.so\n" FAKE_STACK,
                                           .personality = 0x0200000,
                                           .stack_limit = "unlimited"});
    read_below(40);
    ck_assert_int_eq(image.ancestors[0].mode, MMAP_BOTTOM_UP);
    ck_assert_int_eq(image.ancestors[0].aslr, ASLR_FULL);
    ck_assert_int_eq(ancestor_has(&image.ancestors[0], TRAIT_UNLIMITED_STACK), ANSWER_YES);
    ck_assert_int_eq(ancestor_has(&image.ancestors[1], TRAIT_UNLIMITED_STACK), ANSWER_NO);
    ck_assert_ptr_null(image.ancestors[0].missing);
    ck_assert_int_eq(image.ancestors[1].mode, MMAP_UNKNOWN); /* PID 1 here has no memory */
}
END_TEST

START_TEST(test_personality_names)
{
    ck_assert_str_eq(personality_name(0x0240008, 0), "PER_LINUX32");
    ck_assert_str_eq(personality_name(0x0240008, 1), "ADDR_NO_RANDOMIZE");
    ck_assert_str_eq(personality_name(0x0240008, 2), "ADDR_COMPAT_LAYOUT");
    ck_assert_ptr_null(personality_name(0x0240008, 3));
    ck_assert_ptr_null(personality_name(0, 0));
}
END_TEST

static int refuse_personality(const char *path)
{
    return strcmp(path, "personality") == 0 ? EACCES : 0;
}

START_TEST(test_personality_denied)
{
    hook_openat = refuse_personality;
    read_below(10);
    ck_assert_uint_eq(image.n_ancestors, 2);
    ck_assert(!image.ancestors[0].has_personality);
}
END_TEST

/* PIDs that were given again while they are read can point in a circle. */
START_TEST(test_circle_ends)
{
    fake_add(&fake, &(struct fake_process){.pid = 30, .ppid = 31, .maps = ""});
    fake_add(&fake, &(struct fake_process){.pid = 31, .ppid = 30, .maps = ""});
    read_below(30);
    ck_assert_uint_eq(image.n_ancestors, 2);
}
END_TEST

Suite *lineage_suite(void)
{
    Suite *suite = suite_create("lineage");
    TCase *tcase = tcase_create("ancestors");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_chain);
    tcase_add_test(tcase, test_parent_hidden);
    tcase_add_test(tcase, test_personality_denied);
    tcase_add_test(tcase, test_circle_ends);
    tcase_add_test(tcase, test_layout);
    tcase_add_test(tcase, test_personality_names);
    suite_add_tcase(suite, tcase);
    return suite;
}
