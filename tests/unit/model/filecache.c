/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/filecache.h"

#include "../fake.h"
#include "../hook.h"
#include "../rows.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fake fake;
static struct filecache *cache;

static void setup(void)
{
    fake_init(&fake);
    fake_objects(&fake, 64);
    cache = filecache_new();
}

static void teardown(void)
{
    filecache_free(cache);
    fake_deinit(&fake);
}

/* Without a name, the namespace cannot be read. */
static void set_namespace(const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%d/ns", fake.root, FAKE_PID);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/%d/ns/mnt", fake.root, FAKE_PID);
    unlink(path);
    if (name)
        ck_assert_int_eq(symlink(name, path), 0);
}

/* What is known of libc in the process, read anew. */
static bool has_libc_head(const char *namespace, const char *maps)
{
    struct capture *process;
    struct image image;
    struct err err;
    bool has_head = false;

    fake_add(&fake, &(struct fake_process){.maps = maps});
    set_namespace(namespace);
    ck_assert(capture_open_process(&process, fake.host, FAKE_PID, &err));
    ck_assert_int_eq(image_init_sharing(&image, process, FAKE_PID, cache, false, &err),
                     IMAGE_READY);
    for (uint32_t i = 0; i < image.n_objects; i++)
        if (str_ends(image.objects[i].path, STR("libc.so")))
            has_head = image.objects[i].has_head;
    image_deinit(&image);
    capture_close(process);
    return has_head;
}

/* The process ends once its maps are read. */
static int end_at_auxv(const char *path)
{
    if (strcmp(path, "auxv") == 0)
        fake_write(&fake, "4321/stat", "%s", "");
    return 0;
}

/* It takes the way to its files with it. */
static void look_at_ending(const char *namespace, const char *maps)
{
    struct capture *process;
    struct image image;
    struct err err;

    fake_add(&fake, &(struct fake_process){.maps = maps});
    set_namespace(namespace);
    ck_assert(capture_open_process(&process, fake.host, FAKE_PID, &err));
    hook_openat = end_at_auxv;
    ck_assert_int_eq(image_init_sharing(&image, process, FAKE_PID, cache, false, &err),
                     IMAGE_NO_MEMORY);
    hook_openat = NULL;
    image_deinit(&image);
    capture_close(process);
}

static void remove_libc(void)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/libc.so", fake.files);
    ck_assert_int_eq(unlink(path), 0);
}

/* The map of a process that has it mapped, written while the file is there. */
static const char *map_of_libc(void)
{
    static char maps[4096];
    char path[256];
    struct stat st;

    snprintf(path, sizeof(path), "%s/libc.so", fake.files);
    ck_assert_int_eq(stat(path, &st), 0);
    snprintf(maps, sizeof(maps),
             "400000 @prog\n"
             "7ffff7c00000-7ffff7c01000 r--p 00000000 fe:00 %llu %s\n"
             "7ffff7c01000-7ffff7c02000 r-xp 00001000 fe:00 %llu %s\n" FAKE_STACK,
             (unsigned long long)st.st_ino, path, (unsigned long long)st.st_ino, path);
    return maps;
}

START_TEST(test_read_once)
{
    const char *maps = map_of_libc();

    ck_assert(has_libc_head("mnt:[1]", maps));
    remove_libc();
    ck_assert(has_libc_head("mnt:[1]", maps));
}
END_TEST

START_TEST(test_another_namespace)
{
    const char *maps = map_of_libc();

    ck_assert(has_libc_head("mnt:[1]", maps));
    remove_libc();
    ck_assert(!has_libc_head("mnt:[2]", maps));
    ck_assert(!has_libc_head(NULL, maps));
}
END_TEST

/* ... but not because the process has ended that was asked for it. */
START_TEST(test_ended_meanwhile)
{
    const char *maps = map_of_libc();
    char path[256], aside[256];

    snprintf(path, sizeof(path), "%s/libc.so", fake.files);
    snprintf(aside, sizeof(aside), "%s/aside", fake.files);
    ck_assert_int_eq(rename(path, aside), 0);
    look_at_ending("mnt:[1]", maps);
    ck_assert_int_eq(rename(aside, path), 0);
    ck_assert(has_libc_head("mnt:[1]", maps));
}
END_TEST

/* Also what could not be read is known for all. */
START_TEST(test_failure_is_kept)
{
    const char *maps = map_of_libc();
    char path[256], aside[256];

    snprintf(path, sizeof(path), "%s/libc.so", fake.files);
    snprintf(aside, sizeof(aside), "%s/aside", fake.files);
    ck_assert_int_eq(rename(path, aside), 0);
    ck_assert(!has_libc_head("mnt:[1]", maps));
    ck_assert_int_eq(rename(aside, path), 0);
    ck_assert(!has_libc_head("mnt:[1]", maps));
    ck_assert(has_libc_head("mnt:[2]", maps));
}
END_TEST

Suite *filecache_suite(void)
{
    Suite *suite = suite_create("filecache");
    TCase *tcase = tcase_create("filecache");

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_read_once);
    tcase_add_test(tcase, test_another_namespace);
    tcase_add_test(tcase, test_ended_meanwhile);
    tcase_add_test(tcase, test_failure_is_kept);
    return suite;
}
