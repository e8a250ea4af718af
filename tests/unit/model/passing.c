/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One of many processes: with fewer files the same image, and with care when anything moves. */
#include "../fake.h"
#include "../hook.h"
#include "../rows.h"
#include "model/filecache.h"

#include <errno.h>

static struct fake fake;
static struct filecache *cache;
static struct capture *process;
static struct image image;
static struct err err;

static void setup(void)
{
    fake_init(&fake);
    fake_objects(&fake, 64);
    cache = filecache_new();
}

static void teardown(void)
{
    hook_openat = NULL;
    image_deinit(&image);
    capture_close(process);
    filecache_free(cache);
    fake_deinit(&fake);
}

static const struct fake_process ordinary = {.maps = FAKE_MAPS, .start_brk = FAKE_BREAK};

static enum image_state pass(const struct fake_process *wanted)
{
    fake_add(&fake, wanted);
    ck_assert(capture_open_process(&process, fake.host, FAKE_PID, &err));
    return image_init_sharing(&image, process, FAKE_PID, cache, true, &err);
}

/* None of them is asked for. */
static int refuse_rest(const char *path)
{
    static const char *const rest[] = {"statm", "personality", "uid_map", "cgroup", "smaps"};

    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
        ck_assert_str_ne(path, rest[i]);
    return 0;
}

START_TEST(test_few_files)
{
    struct image with_care;

    hook_openat = refuse_rest;
    ck_assert_int_eq(pass(&ordinary), IMAGE_READY);
    ck_assert(image.consistent && image.in_passing && !image.execed);
    ck_assert_uint_eq(image.n_reads, 1);
    ck_assert_uint_eq(image.n_missing, 0);
    ck_assert_str_eq(image.comm, "prog");
    hook_openat = NULL;
    fake_ready(&fake, &ordinary, &with_care);
    ck_assert_uint_eq(image.n_mappings, with_care.n_mappings);
    ck_assert_uint_eq(image.size_bytes, with_care.size_bytes);
    ck_assert_uint_eq(image.data_and_stack_bytes, with_care.data_and_stack_bytes);
    ck_assert_uint_eq(image.brk.start, with_care.brk.start);
    ck_assert_uint_eq(image.brk.end, with_care.brk.end);
    ck_assert_int_eq(image.layout.mode, with_care.layout.mode);
    ck_assert_int_eq(image.layout.aslr, with_care.layout.aslr);
    ck_assert_uint_eq(image.limits.stack.soft, with_care.limits.stack.soft);
    image_deinit(&with_care);
}
END_TEST

START_TEST(test_personality)
{
    static const struct fake_process legacy = {
        .maps = FAKE_PROG FAKE_HEAP "2aaaaaaab000 @ld.so\n2aaaaaac0000 @libc.so\n" FAKE_STACK,
        .start_brk = FAKE_BREAK,
        .interp_base = 0x2aaaaaaab000,
        .personality = 0x0200000};

    ck_assert_int_eq(pass(&legacy), IMAGE_READY);
    ck_assert_int_eq(image.layout.mode, MMAP_BOTTOM_UP);
    ck_assert_int_eq(image.layout.cause, CAUSE_PERSONALITY);
}
END_TEST

/* What happens when the file is opened for the n-th time. */
static const struct change {
    const char *name;
    const char *file;
    unsigned int n;
    struct fake_process next;
    bool execed;
    const char *comm;
    unsigned int n_mappings;
    unsigned int n_reads;
} changes[] = {
    {"a mapping before maps",
     "maps",
     1,
     {.maps = FAKE_PROG FAKE_HEAP "2000000-2001000 rw-p 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     false,
     "prog",
     18,
     1},
    {"a mapping after maps",
     "stat",
     1,
     {.maps = FAKE_PROG FAKE_HEAP "2000000-2001000 rw-p 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     false,
     "prog",
     18,
     1},
    {"the same size at other places",
     "maps",
     1,
     {.maps = FAKE_PROG FAKE_HEAP
      "7ffeffffd000-7fff0001e000 rw-p 00000000 00:00 0 [stack]\n" FAKE_LIBC FAKE_VDSO FAKE_LOADER
          FAKE_GATE,
      .start_brk = FAKE_BREAK,
      .comm = "new"},
     false,
     "new",
     17,
     1},
    {"another program before memory",
     "mem",
     1,
     {.maps = FAKE_MAPS, .start_brk = FAKE_BREAK - 0x1000, .comm = "new"},
     true,
     "new",
     17,
     1},
};

static unsigned int n_opened;
static const struct change *change;

static int change_process(const char *path)
{
    if (strcmp(path, change->file) == 0 && ++n_opened == change->n) {
        hook_openat = NULL;
        fake_add(&fake, &change->next);
    }
    return 0;
}

START_TEST(test_changes)
{
    change = &changes[_i];
    hook_openat = change_process;
    ck_assert_int_eq(pass(&ordinary), IMAGE_READY);
    ck_assert_uint_eq(n_opened, change->n);
    ROW_NUMBER(change, image.in_passing, false);
    ROW_NUMBER(change, image.execed, change->execed);
    ROW_TEXT(change, image.comm, change->comm);
    ROW_NUMBER(change, image.n_mappings, change->n_mappings);
    ROW_NUMBER(change, image.n_reads, change->n_reads);
    ROW_NUMBER(change, image.brk.start, change->next.start_brk);
}
END_TEST

static const struct {
    const char *name;
    struct fake_process process;
    const char *says;
} others[] = {
    {"kernel thread", {.comm = "kworker/0:1", .flags = 0x208040}, "is a kernel thread"},
    {"zombie", {.state = 'Z', .ppid = 77}, "is a zombie"},
    {"maps reads as empty", {.maps = ""}, "has ended"},
};

START_TEST(test_no_memory)
{
    ROW_NUMBER(&others[_i], pass(&others[_i].process), IMAGE_NO_MEMORY);
    ROW_SAYS(&others[_i], err.text, others[_i].says);
}
END_TEST

/* A limited cgroup's figures are read for one of its processes. */
START_TEST(test_cgroup_once)
{
    fake_write(&fake, "self/mountinfo", "30 1 0:26 / %s/cgroups rw - cgroup2 cgroup2 rw\n",
               fake.root);
    fake_write(&fake, "cgroups/a/memory.max", "1000\n");
    fake_write(&fake, "cgroups/a/memory.current", "400\n");
    for (int i = 0; i < 2; i++) {
        fake_add(&fake, &ordinary);
        fake_write(&fake, "4321/cgroup", "0::/a\n");
        ck_assert(capture_open_process(&process, fake.host, FAKE_PID, &err));
        ck_assert_int_eq(image_init_sharing(&image, process, FAKE_PID, cache, true, &err),
                         IMAGE_READY);
        image_read_cgroup_limits(&image);
        ck_assert_ptr_nonnull(image.cgroup_limit);
        ck_assert_uint_eq(cgroup_room(image.cgroup_limit), 600);
        ck_assert_str_eq(image.cgroup_limit->path, "/a");
        fake_write(&fake, "cgroups/a/memory.current", "900\n");
        if (i == 0) {
            image_deinit(&image);
            capture_close(process);
        }
    }
}
END_TEST

Suite *passing_suite(void)
{
    Suite *suite = suite_create("passing");
    TCase *tcase = tcase_create("passing");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_few_files);
    tcase_add_test(tcase, test_personality);
    ROWS_ADD(tcase, test_changes, changes);
    ROWS_ADD(tcase, test_no_memory, others);
    tcase_add_test(tcase, test_cgroup_once);
    suite_add_tcase(suite, tcase);
    return suite;
}
