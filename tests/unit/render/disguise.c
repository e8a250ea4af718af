/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/disguise.h"

#include "../rows.h"

#include <stdio.h>

static struct arena arena;
static struct image image;
static struct disguise disguise;

static void setup(void)
{
    arena_init(&arena);
    image = (struct image){0};
    intern_init(&image.names, &arena);
    disguise_init(&disguise, &arena);
}

static void teardown(void)
{
    intern_deinit(&image.names);
    arena_deinit(&arena);
}

static void learn(const char *path)
{
    intern_add(&image.names, str_of(path));
}

static const struct {
    const char *name;
    const char *path;
    const char *becomes;
} rows[] = {
    {"a home", "/home/mary/lib/a.so", "/home/user1/lib/a.so"},
    {"elsewhere", "/srv/mary/a.so", "/srv/user1/a.so"},
    {"a word of a name", "/tmp/build-mary.1/x", "/tmp/build-user1.1/x"},
    {"the last of a path", "/run/mary", "/run/user1"},
    {"no word", "/srv/maryland/mary2/rosemary", "/srv/maryland/mary2/rosemary"},
    {"Java's counters", "/tmp/hsperfdata_mary/4711", "/tmp/hsperfdata_user1/4711"},
    {"with a line on both sides", "/tmp/a_mary_b.so", "/tmp/a_user1_b.so"},
    {"two names in one", "/srv/bob-lee/bob-x/a.bob_lee", "/srv/user4/user2-x/a.user2_lee"},
    {"in other letters", "/srv/Mary/m\xc3\xa4ry", "/srv/Mary/m\xc3\xa4ry"},
    {"a letter beyond ASCII beside it", "/srv/mary\xc3\xa4", "/srv/mary\xc3\xa4"},
    {"another home", "/export/home/bob/x/mary", "/export/home/user2/x/user1"},
    {"a host", "/lxc/web1/mary", "/lxc/host/user1"},
    {"a host with its domain", "/backup/web1.example.org/x", "/backup/host/x"},
    {"another host of the domain", "/backup/web2.example.org", "/backup/web2.example.org"},
    {"deleted", "/home/mary/a.so (deleted)", "/home/user1/a.so (deleted)"},
    {"a user called so", "/home/deleted/x (deleted)", "/home/user3/x (deleted)"},
    {"the kernel's names", "[heap]", "[heap]"},
    {"as somebody is called", "[mary]", "[mary]"},
    {"a program's names", "[anon:cache of mary]", "[anon:cache of user1]"},
    {"a memfd", "/memfd:mary (deleted)", "/memfd:user1 (deleted)"},
    {"nothing", "", ""},
    {"only a slash", "/", "/"},
    {"root is nobody", "/home/root/x", "/home/root/x"},
    {"a file beside the homes", "/home/file.so", "/home/file.so"},
};

START_TEST(test_path)
{
    learn("/home/mary/lib/a.so");
    learn("/export/home/bob/x");
    learn("/home/deleted/x (deleted)");
    learn("/home/root/x");
    learn("/home/bob-lee/x");
    learn("/home/file.so"); /* no user has it */
    learn("home/other/x");  /* no path */
    disguise_host(&disguise, "web1.example.org");
    ck_assert(disguise_learn(&disguise, &image, NULL));
    ROW_STR(&rows[_i], disguise_path(&disguise, str_of(rows[_i].path)), rows[_i].becomes);
}
END_TEST

START_TEST(test_names)
{
    image.exe = "/home/ann/prog";
    image.cgroup = "/lxc/home/ben/x";
    disguise_user(&disguise, NULL);
    disguise_user(&disguise, "root");
    disguise_user(&disguise, "eve");
    disguise_user(&disguise, "eve");
    disguise_host(&disguise, NULL);
    disguise_host(&disguise, "localhost");
    disguise_host(&disguise, "db");
    ck_assert(disguise_learn(&disguise, &image, NULL));
    ck_assert_uint_eq(disguise.n, 4);
    ck_assert(str_eq(disguise_text(&disguise, STR("eve's /ann on db: ben, localhost, root")),
                     STR("user1's /user2 on host: user3, localhost, root")));
}
END_TEST

/* Whoever makes thousands of names does not make the reader work for ever. */
START_TEST(test_too_many)
{
    struct err err = {""};
    char path[40];

    for (int i = 0; i < 5000; i++) {
        snprintf(path, sizeof(path), "/home/n%d/x", i);
        learn(path);
    }
    ck_assert(!disguise_learn(&disguise, &image, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "names of users"));
    ck_assert_uint_lt(disguise.n, 300);
}
END_TEST

START_TEST(test_many)
{
    char path[40], wanted[40];

    for (int i = 1; i <= 200; i++) {
        snprintf(path, sizeof(path), "/home/n%d/x", i);
        learn(path);
    }
    ck_assert(disguise_learn(&disguise, &image, NULL));
    for (int i = 1; i <= 200; i++) {
        snprintf(path, sizeof(path), "/srv/n%d/x", i);
        snprintf(wanted, sizeof(wanted), "/srv/user%d/x", i);
        ck_assert(str_eq(disguise_path(&disguise, str_of(path)), str_of(wanted)));
    }
}
END_TEST

Suite *disguise_suite(void)
{
    Suite *suite = suite_create("disguise");
    TCase *tcase = tcase_create("render");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_path, rows);
    tcase_add_test(tcase, test_names);
    tcase_add_test(tcase, test_too_many);
    tcase_add_test(tcase, test_many);
    suite_add_tcase(suite, tcase);
    return suite;
}
