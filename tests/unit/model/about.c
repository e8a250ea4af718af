/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/about.h"

#include "../fake.h"
#include "../rows.h"

#include <stdio.h>

/* A made-up snapshot: a program, its heap, a library. */
static struct fake fake;
static struct capture *process;
static struct image image;
static struct err err;

static const char maps[] =
    "00400000-00401000 r-xp 00000000 fe:00 11                                 /prog\n"
    "00401000-00402000 rw-p 00001000 fe:00 11                                 /prog\n"
    "01000000-01021000 rw-p 00000000 00:00 0                                  [heap]\n"
    "7f0000000000-7f0000001000 r-xp 00000000 fe:00 12                         /lib.so\n"
    "7ffff0000000-7ffff0021000 rw-p 00000000 00:00 0                          [stack]\n";

static const char objects[] = "object: /prog\ndevice: fe:00\ninode: 11\nfate: replaced\n"
                              "elf: 64-bit little-endian EXEC machine 62\n"
                              "segment: LOAD 0x0 0x400000 0x1000 0x1000 r-x 0x1000\n"
                              "segment: LOAD 0x1000 0x401000 0x1000 0x1000 rw- 0x1000\n"
                              "object: /lib.so\ndevice: fe:00\ninode: 12\nfate: in-place\n"
                              "elf: 64-bit little-endian DYN machine 62\n"
                              "segment: LOAD 0x0 0x0 0x1000 0x1000 r-x 0x1000\n";

static void setup(void)
{
    fake_init(&fake);
    fake_write(&fake, "snap/maps", "%s", maps);
    fake_write(&fake, "snap/objects", "%s", objects);
    fake_write(&fake, "snap/exe", "/prog\n");
    process = NULL;
}

static void teardown(void)
{
    if (process)
        image_deinit(&image);
    capture_close(process);
    fake_deinit(&fake);
}

static enum image_state look(const char *about)
{
    char path[256];

    if (about)
        fake_write(&fake, "snap/about", "%s", about);
    snprintf(path, sizeof(path), "%s/snap", fake.root);
    ck_assert_msg(capture_open_snapshot(&process, path, &err), "%s", err.text);
    return image_init(&image, process, 0, &err);
}

START_TEST(test_objects_are_taken)
{
    ck_assert_int_eq(look(NULL), IMAGE_READY);
    ck_assert_uint_eq(image.n_objects, 2);
    ck_assert(image.objects[0].has_head && image.objects[1].has_head);
    ck_assert_int_eq(image.objects[0].fate, FILE_REPLACED);
    ck_assert_int_eq(image.objects[1].fate, FILE_IN_PLACE);
    ck_assert_uint_eq(image.elf_class, 64);
    ck_assert_int_eq(image.program_type, PROGRAM_STATIC);
    ck_assert_uint_eq(image.n_instances, 2);
}
END_TEST

/* Another file than the one that is mapped says nothing of it. */
START_TEST(test_objects_of_another_inode)
{
    fake_write(&fake, "snap/objects", "%s", strstr(objects, "object: /lib.so"));
    ck_assert_int_eq(look(NULL), IMAGE_READY);
    ck_assert(!image.objects[0].has_head && image.objects[1].has_head);
    ck_assert_str_eq(fake_missing(&image, "ELF headers of /prog"), "the snapshot does not hold it");
}
END_TEST

START_TEST(test_damaged_objects)
{
    fake_write(&fake, "snap/objects", "%sentry: x\n", objects);
    ck_assert_int_eq(look(NULL), IMAGE_READY);
    ck_assert(!image.objects[0].has_head);
    ck_assert_str_eq(fake_missing(&image, "objects"), "line 14 of objects makes no sense");
}
END_TEST

START_TEST(test_without_about)
{
    ck_assert_int_eq(look(NULL), IMAGE_READY);
    ck_assert(!image.taken && !image.user && !image.host.machine && !image.execed);
    ck_assert(!about_read_allocator(&image));
    ck_assert(!about_read_jit(&image));
}
END_TEST

static const struct {
    const char *name;
    const char *about;
    const char *taken;
} times[] = {
    {"as it is written", "time: 2026-11-22T02:56:45Z\n", "2026-11-22T02:56:45Z"},
    {"with a control sequence", "time: 2026-11-22T02:56:45\\033\n", NULL},
    {"too long", "time: 2026-11-22T02:56:45Zx\n", NULL},
    {"too short", "time: 2026-11-22T02:56:45\n", NULL},
    {"no digit", "time: 2026-11-22T02:56:4xZ\n", NULL},
    {"nothing", "time:\n", NULL},
};

START_TEST(test_time)
{
    ck_assert_int_eq(look(times[_i].about), IMAGE_READY);
    ROW_TEXT(&times[_i], image.taken, times[_i].taken);
}
END_TEST

START_TEST(test_moment)
{
    ck_assert_int_eq(look("format: 1\nuser: a\\040b\nmachine: x86_64\nreads: 8\nexeced: yes\n"
                          "inconsistent: it never held still\n"),
                     IMAGE_READY);
    ck_assert_str_eq(image.user, "a b");
    ck_assert_str_eq(image.host.machine, "x86_64");
    ck_assert_uint_eq(image.n_reads, 8);
    ck_assert(image.execed && !image.consistent);
    ck_assert_str_eq(image.inconsistency, "it never held still");
}
END_TEST

static const struct {
    const char *name;
    const char *about;
    bool reads;
} formats[] = {
    {"this one", "format: 1\n", true},
    {"the next", "format: 2\n", false},
    {"no number", "format: one\n", false},
    {"beyond numbers", "format: 99999999999999999999999999999999\n", false},
};

START_TEST(test_format)
{
    bool ready = look(formats[_i].about) == IMAGE_READY;

    ROW_NUMBER(&formats[_i], ready, formats[_i].reads);
    if (!ready)
        ROW_SAYS(&formats[_i], err.text, "newer than this layoutcheck");
}
END_TEST

/* Rows of the process and of the host alike. */
START_TEST(test_reasons)
{
    ck_assert_int_eq(look("missing auxv: permission denied\n"
                          "missing meminfo: this \\134 kernel has none\n"
                          "missing smapsx: not this one\n"),
                     IMAGE_READY);
    ck_assert_str_eq(fake_missing(&image, "auxv"), "permission denied");
    ck_assert_str_eq(fake_missing(&image, "meminfo"), "this \\ kernel has none");
    ck_assert_str_eq(fake_missing(&image, "limits"), "the snapshot does not hold it");
}
END_TEST

START_TEST(test_break)
{
    fake_write(&fake, "snap/stat", "%s",
               "5 (prog) S 1 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 1000 1 18446744073709551615 "
               "4194304 4198400 140737219919872 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 4198400 4202496 "
               "16777216 140737219919872 140737219919873 140737219919874 140737219919875 0\n");
    ck_assert_int_eq(
        look(_i ? "missing libc_break: its memory is locked away\n" : "libc_break: 0x1020010\n"),
        IMAGE_READY);
    if (_i == 0) {
        ck_assert(image.brk.exact && image.brk.has_libc_value);
        ck_assert_uint_eq(image.brk.value, 0x1020010);
    } else {
        ck_assert(!image.brk.exact);
        ck_assert_str_eq(image.brk.not_read, "its memory is locked away");
        ck_assert_ptr_nonnull(strstr(image.brk.uncertain, "its memory is locked away"));
    }
}
END_TEST

START_TEST(test_allocator)
{
    look("allocator: jemalloc\nallocator_object: 0x7f0000000000\nallocator_use: none\n"
         "allocator_by_name: yes\nallocator_evidence: by the name of a\\012b\nruntimes: jvm "
         "perl asan\njit: 0x400000\n");
    image_read_allocator(&image);
    ck_assert_str_eq(image.allocator.name, "jemalloc");
    ck_assert_uint_eq(image.allocator.instance, 1);
    ck_assert_int_eq(image.allocator.use, BREAK_USE_NONE);
    ck_assert(image.allocator.by_name);
    ck_assert_str_eq(image.allocator.evidence, "by the name of a\nb");
    ck_assert_uint_eq(image.runtimes, 1U << RUNTIME_JVM | 1U << RUNTIME_ASAN);
    ck_assert_uint_eq(image_find_jit(&image), 0);
}
END_TEST

/* Names go into documents as they are; addresses must be those of objects. */
static const struct {
    const char *name;
    const char *about;
} strangers[] = {
    {"not known then", "allocator: unknown\njit: none\n"},
    {"no name", "allocator:\njit:\n"},
    {"control bytes", "allocator: x\x1b[31m\nallocator_object: 0x7f0000000001\njit: 0x1\n"},
    {"invalid UTF-8", "allocator: gl\xff\nallocator_object: -5\nallocator_use: \xff\njit: x\n"},
    {"long", "allocator: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\njit: 0x400001\n"},
};

START_TEST(test_strange_allocator)
{
    look(strangers[_i].about);
    image_read_allocator(&image);
    ROW_TEXT(&strangers[_i], image.allocator.name, NULL);
    ROW_NUMBER(&strangers[_i], image.allocator.instance, NONE);
    ROW_NUMBER(&strangers[_i], image.allocator.use, BREAK_USE_UNKNOWN);
    ROW_TRUE(&strangers[_i], image.allocator.evidence != NULL);
    ROW_NUMBER(&strangers[_i], image_find_jit(&image), NONE);
}
END_TEST

/* What is printed of an image is what it was read from. */
START_TEST(test_print_is_what_was_read)
{
    static const char about[] =
        "format: 1\ntime: 2026-11-22T02:56:45Z\nuser: mary\nmachine: x86_64\npage_size: 4096\n"
        "reads: 3\ninconsistent: it moved\nexeced: yes\nmissing libc_break: denied\n"
        "allocator: glibc\nallocator_object: 0x7f0000000000\nallocator_use: first\n"
        "allocator_by_name: yes\nallocator_evidence: by \\134 name\nruntimes: go qemu-user\n"
        "jit: 0x400000\n";
    struct textbuf text = {0};

    fake_write(&fake, "snap/stat", "%s",
               "5 (prog) S 1 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 1000 1 18446744073709551615 "
               "4194304 4198400 140737219919872 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 4198400 4202496 "
               "16777216 140737219919872 140737219919873 140737219919874 140737219919875 0\n");
    ck_assert_int_eq(look(about), IMAGE_READY);
    image_read_allocator(&image);
    image_find_jit(&image);
    about_print(&text, &image);
    ck_assert_msg(str_eq(textbuf_view(&text), str_of(about)), "%.*s", (int)text.n, text.bytes);
    textbuf_deinit(&text);
}
END_TEST

Suite *about_suite(void)
{
    Suite *suite = suite_create("about");
    TCase *tcase = tcase_create("model");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_objects_are_taken);
    tcase_add_test(tcase, test_objects_of_another_inode);
    tcase_add_test(tcase, test_damaged_objects);
    tcase_add_test(tcase, test_without_about);
    ROWS_ADD(tcase, test_time, times);
    tcase_add_test(tcase, test_moment);
    ROWS_ADD(tcase, test_format, formats);
    tcase_add_test(tcase, test_reasons);
    tcase_add_loop_test(tcase, test_break, 0, 2);
    tcase_add_test(tcase, test_allocator);
    ROWS_ADD(tcase, test_strange_allocator, strangers);
    tcase_add_test(tcase, test_print_is_what_was_read);
    suite_add_tcase(suite, tcase);
    return suite;
}
