/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/snapshot.h"

#include "../fake.h"
#include "../rows.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fake fake;
static struct snapshot snapshot;
static struct err err;
static char path[256];

static void setup(void)
{
    fake_init(&fake);
    fake_write(&fake, "place/mine", "mine");
    snprintf(path, sizeof(path), "%s/place/snap", fake.root);
}

static void teardown(void)
{
    fake_deinit(&fake);
}

static void begin(void)
{
    ck_assert_msg(snapshot_begin(&snapshot, path, &err), "%s", err.text);
}

static void add(const char *file, struct str bytes)
{
    ck_assert_msg(snapshot_add(&snapshot, file, bytes, &err), "%s", err.text);
}

/* Names in place/, but for "mine". */
static int count_in_place(void)
{
    char place[256];
    DIR *directory;
    int n = -3;

    snprintf(place, sizeof(place), "%s/place", fake.root);
    directory = opendir(place);
    ck_assert_ptr_nonnull(directory);
    while (readdir(directory))
        n++;
    closedir(directory);
    return n;
}

static void expect_file(const char *file, struct str bytes)
{
    char full[512], buf[64];
    int fd;

    snprintf(full, sizeof(full), "%s/%s", path, file);
    fd = open(full, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(read(fd, buf, sizeof(buf)), (ssize_t)bytes.n);
    ck_assert_mem_eq(buf, bytes.p, bytes.n);
    close(fd);
}

START_TEST(test_written)
{
    begin();
    add("maps", STR("a\0b\n"));
    add("empty", STR(""));
    add("host/proc/sys/vm/x", STR("1\n"));
    add("host/proc/y", STR("2\n"));
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert(snapshot_end(&snapshot, true, &err));
    expect_file("maps", STR("a\0b\n"));
    expect_file("empty", STR(""));
    expect_file("host/proc/sys/vm/x", STR("1\n"));
    expect_file("host/proc/y", STR("2\n"));
    ck_assert_int_eq(count_in_place(), 1);
}
END_TEST

START_TEST(test_given_up)
{
    begin();
    add("maps", STR("x"));
    add("host/proc/sys/vm/x", STR("1\n"));
    ck_assert_int_eq(count_in_place(), 1);
    ck_assert(!snapshot_end(&snapshot, false, NULL));
    ck_assert_int_eq(count_in_place(), 0);
}
END_TEST

/* Names that do not stay inside, or that are there already. */
static const struct {
    const char *name;
} names[] = {
    {""},     {"/"}, {"/x"},    {"x/"},   {".."},   {"../x"},   {"a/../../x"},
    {"a/.."}, {"."}, {"a/./x"}, {"a//x"}, {"maps"}, {"maps/x"}, {"host"},
};

START_TEST(test_names)
{
    begin();
    add("maps", STR("x"));
    add("host/y", STR("y"));
    ck_assert_msg(!snapshot_add(&snapshot, names[_i].name, STR("z"), &err), "\"%s\" is taken",
                  names[_i].name);
    ROW_SAYS(&names[_i], err.text, "cannot write ");
    ck_assert(snapshot_end(&snapshot, true, &err));
    expect_file("maps", STR("x"));
    ck_assert_int_eq(count_in_place(), 1);
}
END_TEST

START_TEST(test_somebody_was_faster)
{
    begin();
    add("maps", STR("x"));
    fake_write(&fake, "place/snap/theirs", "theirs");
    ck_assert(!snapshot_end(&snapshot, true, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "cannot rename"));
    expect_file("theirs", STR("theirs"));
    ck_assert_int_eq(count_in_place(), 1);
}
END_TEST

START_TEST(test_left_behind)
{
    char name[64];

    snprintf(name, sizeof(name), "place/snap.incomplete-%d/x", (int)getpid());
    fake_write(&fake, name, "x");
    ck_assert(!snapshot_begin(&snapshot, path, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "snap.incomplete-"));
    ck_assert_int_eq(count_in_place(), 1);
}
END_TEST

Suite *snapshot_suite(void)
{
    Suite *suite = suite_create("snapshot");
    TCase *tcase = tcase_create("source");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_written);
    tcase_add_test(tcase, test_given_up);
    ROWS_ADD(tcase, test_names, names);
    tcase_add_test(tcase, test_somebody_was_faster);
    tcase_add_test(tcase, test_left_behind);
    suite_add_tcase(suite, tcase);
    return suite;
}
