/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/image.h"

#include "../fake.h"
#include "../hook.h"
#include "../rows.h"

#include <errno.h>
#include <stdio.h>

static struct fake fake;
static struct image image;
static struct err err;

static void setup(void)
{
    fake_init(&fake);
    fake_objects(&fake, 64);
}

static void teardown(void)
{
    hook_openat = NULL;
    image_deinit(&image);
    fake_deinit(&fake);
}

static const struct fake_process ordinary = {.maps = FAKE_MAPS, .start_brk = FAKE_BREAK};

START_TEST(test_ordinary)
{
    fake_ready(&fake, &ordinary, &image);
    ck_assert(image.consistent);
    ck_assert_uint_eq(image.n_reads, 1);
    ck_assert(!image.execed);
    ck_assert_uint_eq(image.n_mappings, 4 + 1 + 4 + 2 + 4 + 2);
    ck_assert_uint_eq(image.n_counted, image.n_mappings - 1); /* without [vsyscall] */
    ck_assert_uint_eq(image.n_missing, 0);
    ck_assert_str_eq(image.comm, "prog");
    ck_assert_uint_eq(image.page_size, 4096);
    ck_assert_uint_eq(image.elf_class, 64);
    ck_assert_ptr_nonnull(image.arch);
}
END_TEST

/* What image_init() refuses, and the sentence that says why. */
static const struct {
    const char *name;
    struct fake_process process;
    enum image_state state;
    const char *says;
} refused[] = {
    {"kernel thread",
     {.comm = "kworker/0:1", .flags = 0x208040},
     IMAGE_NO_MEMORY,
     "(kworker/0:1) is a kernel thread"},
    {"zombie", {.state = 'Z', .ppid = 77}, IMAGE_NO_MEMORY, "is a zombie"},
    {"zombie names its parent", {.state = 'Z', .ppid = 77}, IMAGE_NO_MEMORY, "77"},
    {"ended", {.state = 'X'}, IMAGE_NO_MEMORY, "has ended"},
    {"maps reads as empty", {.maps = ""}, IMAGE_NO_MEMORY, "has ended"},
    {"not a mapping", {.maps = FAKE_PROG "rubbish\n" FAKE_STACK}, IMAGE_FAILED, "line 5 of maps"},
};

START_TEST(test_refused)
{
    ROW_NUMBER(&refused[_i], fake_image(&fake, &refused[_i].process, &image, &err),
               refused[_i].state);
    ROW_SAYS(&refused[_i], err.text, refused[_i].says);
}
END_TEST

START_TEST(test_thread_id)
{
    fake_add(&fake, &ordinary);
    fake_write(&fake, "4321/status", "Name:\tprog\nTgid:\t4300\nPid:\t4321\nVmSize:\t4 kB\n");
    ck_assert(capture_open_process(&fake.process, fake.host, FAKE_PID, &err));
    ck_assert_int_eq(image_init(&image, fake.process, FAKE_PID, &err), IMAGE_FAILED);
    ck_assert_ptr_nonnull(strstr(err.text, "4321 is a thread of process 4300"));
}
END_TEST

static const char *refused_row;
static int refused_error;

static int refuse_row(const char *path)
{
    return strcmp(path, refused_row) == 0 ? refused_error : 0;
}

static const struct {
    const char *name;
    const char *row;
    int error;
    enum image_state state;
    const char *says; /* NULL: nothing */
} denials[] = {
    {"other user", "maps", EACCES, IMAGE_DENIED, NULL},
    {"security module", "maps", EPERM, IMAGE_DENIED, NULL},
    {"ended between two reads", "maps", ESRCH, IMAGE_NO_MEMORY, "has ended"},
    {"input error", "maps", EIO, IMAGE_FAILED, "cannot read maps"},
    {"no more files", "statm", EMFILE, IMAGE_FAILED, "4321/statm: Too many open files"},
    {"ended before its sums", "statm", ESRCH, IMAGE_NO_MEMORY, "has ended"},
    {"no stat", "stat", EACCES, IMAGE_FAILED, "4321/stat: permission denied"},
    {"no status", "status", EACCES, IMAGE_FAILED, "4321/status: permission denied"},
};

START_TEST(test_denied)
{
    refused_row = denials[_i].row;
    refused_error = denials[_i].error;
    hook_openat = refuse_row;
    ROW_NUMBER(&denials[_i], fake_image(&fake, &ordinary, &image, &err), denials[_i].state);
    if (denials[_i].says)
        ROW_SAYS(&denials[_i], err.text, denials[_i].says);
}
END_TEST

/* Rows that are not needed: the image is made, and says what is missing. */
static const struct {
    const char *name; /* the file */
    const char *what;
} optional[] = {
    {"limits", "limits"},
    {"auxv", "auxv"},
    {"personality", "personality"},
    {"sys/vm/max_map_count", "vm.max_map_count"},
    {"sys/vm/overcommit_memory", "vm.overcommit_memory"},
    {"meminfo", "meminfo"},
};

START_TEST(test_missing)
{
    refused_row = optional[_i].name;
    refused_error = EACCES;
    hook_openat = refuse_row;
    fake_ready(&fake, &ordinary, &image);
    ROW_TEXT(&optional[_i], fake_missing(&image, optional[_i].what), "permission denied");
    ROW_NUMBER(&optional[_i], image.n_missing, 1);
}
END_TEST

/* statm that never agrees: eight readings, then the image says that it is of no one moment. */
static const struct {
    const char *name;
    const char *kernel;
    uint64_t odd_total, odd_data;
    bool consistent;
    const char *says;
} odd[] = {
    {"size too large", "6.1.0", 4096, 0, false, "do not add up to its size"},
    {"size too small", "6.1.0", (uint64_t)-4096, 0, false, "do not add up to its size"},
    {"data too large", "6.1.0", 0, 4096, false, "data and stack size"},
    {"since 4.5", "4.5.0", 0, 4096, false, "data and stack size"},
    {"data means something else before 4.5", "4.4.0-31-generic", 0, 4096, true, NULL},
    {"size does not", "2.6.32-642.el6", 4096, 0, false, "do not add up to its size"},
};

START_TEST(test_never_adds_up)
{
    struct fake_process process = ordinary;

    process.odd_total_bytes = odd[_i].odd_total;
    process.odd_data_bytes = odd[_i].odd_data;
    fake_write(&fake, "sys/kernel/osrelease", "%s\n", odd[_i].kernel);
    fake_ready(&fake, &process, &image);
    ROW_NUMBER(&odd[_i], image.consistent, odd[_i].consistent);
    ROW_NUMBER(&odd[_i], image.n_reads, odd[_i].consistent ? 1 : 8);
    if (odd[_i].says)
        ROW_SAYS(&odd[_i], image.inconsistency, odd[_i].says);
    else
        ck_assert_ptr_null(image.inconsistency);
    ROW_NUMBER(&odd[_i], image.n_mappings, 17); /* the last reading, not all of them */
}
END_TEST

/* What happens at the opening of maps number hook_at. */
static unsigned int n_opened, hook_at;
static struct fake_process next_process;

static int replace_process(const char *path)
{
    if (strcmp(path, "maps") == 0 && ++n_opened == hook_at) {
        hook_openat = NULL;
        fake_add(&fake, &next_process);
    }
    return 0;
}

/* A mapping comes between statm and maps: the second reading is of one moment again. */
START_TEST(test_mapping_meanwhile)
{
    next_process = ordinary;
    next_process.maps = FAKE_PROG FAKE_HEAP "2000000-2001000 rw-p 00000000 00:00 0 \n" FAKE_AREA;
    hook_at = 1;
    hook_openat = replace_process;
    fake_ready(&fake, &ordinary, &image);
    ck_assert_uint_eq(image.n_reads, 2);
    ck_assert(image.consistent);
    ck_assert(!image.execed);
    ck_assert_uint_eq(image.n_mappings, 18);
}
END_TEST

/* Same sizes, other addresses in stat: another program. */
START_TEST(test_exec_meanwhile)
{
    next_process = ordinary;
    next_process.start_brk = FAKE_BREAK + 0x2000;
    next_process.comm = "new";
    hook_at = 1;
    hook_openat = replace_process;
    fake_ready(&fake, &ordinary, &image);
    ck_assert(image.execed);
    ck_assert(image.consistent);
    ck_assert_uint_eq(image.n_reads, 2);
    ck_assert_str_eq(image.comm, "new");
    ck_assert_uint_eq(image.brk.start, FAKE_BREAK + 0x2000);
}
END_TEST

static const struct {
    const char *name;
    uint64_t address;
    uint32_t index; /* in the maps below */
} places[] = {
    {"before all", 0, 0},           {"first byte", 0x1000, 0},
    {"last byte", 0x1fff, 0},       {"in the gap", 0x2000, 1},
    {"touching, first", 0x3fff, 1}, {"touching, second", 0x4000, 2},
    {"behind all", 0x5000, 3},      {"the end of all numbers", UINT64_MAX, 3},
};

START_TEST(test_find)
{
    fake_ready(&fake,
               &(struct fake_process){.maps = "1000-2000 rw-p 00000000 00:00 0 \n"
                                              "3000-4000 rw-p 00000000 00:00 0 \n"
                                              "4000-5000 r--p 00000000 00:00 0 \n"},
               &image);
    ROW_NUMBER(&places[_i], image_find(&image, places[_i].address), places[_i].index);
}
END_TEST

static const struct {
    const char *name; /* a path */
    const char *expected;
} names[] = {
    {"/lib/libc.so.6", "libc.so.6"},
    {"/lib/libc.so.6 (deleted)", "libc.so.6"},
    {" (deleted)", " (deleted)"},
    {"anon_inode:[io_uring]", "anon_inode:[io_uring]"},
    {"[heap]", "[heap]"},
    {"", ""},
};

START_TEST(test_short_name)
{
    ROW_STR(&names[_i], short_name(str_of(names[_i].name)), names[_i].expected);
}
END_TEST

Suite *image_suite(void)
{
    Suite *suite = suite_create("image");
    TCase *build = tcase_create("build"), *torn = tcase_create("torn"), *ask = tcase_create("ask");

    tcase_add_checked_fixture(build, setup, teardown);
    tcase_add_test(build, test_ordinary);
    ROWS_ADD(build, test_refused, refused);
    tcase_add_test(build, test_thread_id);
    ROWS_ADD(build, test_denied, denials);
    ROWS_ADD(build, test_missing, optional);
    tcase_add_checked_fixture(torn, setup, teardown);
    ROWS_ADD(torn, test_never_adds_up, odd);
    tcase_add_test(torn, test_mapping_meanwhile);
    tcase_add_test(torn, test_exec_meanwhile);
    tcase_add_checked_fixture(ask, setup, teardown);
    ROWS_ADD(ask, test_find, places);
    suite_add_tcase(suite, build);
    suite_add_tcase(suite, torn);
    suite_add_tcase(suite, ask);
    ask = tcase_create("name");
    ROWS_ADD(ask, test_short_name, names);
    suite_add_tcase(suite, ask);
    return suite;
}
