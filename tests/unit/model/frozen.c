/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a text tells, and what it does not. */
#include "../fake.h"
#include "../rows.h"

#include <stdio.h>

static struct image image;
static struct err err;

static void setup(void)
{
    memset(&image, 0, sizeof(image));
    err.text[0] = '\0';
}

static void teardown(void)
{
    image_deinit(&image);
    capture_close(image.capture);
}

#define STACK "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 [stack]\n"

static const struct {
    const char *name;
    const char *text;
    const char *says;
} nothings[] = {
    {"nothing", "", "it is empty"},
    {"blanks", " \n\n", "it is empty"},
    {"prose", "\n  Dear all,\nit crashed.\n", "it begins with \"Dear all,\""},
    {"a long line", "0123456789012345678901234567890123456789012345678901234567890123456789\n",
     "it begins with \"012345678901234567890123456789012345678901234567890123456789\""},
};

START_TEST(test_nothing)
{
    ROW_NUMBER(&nothings[_i], fake_text(nothings[_i].text, &image, &err), IMAGE_FAILED);
    ROW_SAYS(&nothings[_i], err.text, nothings[_i].says);
}
END_TEST

START_TEST(test_unknown)
{
    ck_assert_int_eq(fake_text(STACK, &image, &err), IMAGE_READY);
    ck_assert(!image.has_stat && !image.has_status && !image.has_sums && !image.has_personality);
    ck_assert(!image.limits.stack.known && !image.host.has_max_map_count && !image.host.kernel);
    ck_assert(!image.host.has_cmdline);
    ck_assert_int_eq(image.pid, 0);
    ck_assert_ptr_null(image.comm);
    ck_assert(!image.brk.known);
    ck_assert_ptr_nonnull(strstr(image.brk.missing, "[heap]"));
    ck_assert_str_eq(image.lacks, "stat, statm, status, limits and auxv");
}
END_TEST

static const struct {
    const char *name;
    bool is_file;
} mapped_names[] = {
    {"/bin/prog", true},       {"libc-2.31.so", true},
    {"[heap]", false},         {"anon_inode:[perf_event]", false},
    {"socket:[12345]", false}, {"", false},
};

/* Old tables have names of files without their directories. */
START_TEST(test_names)
{
    char text[128];

    snprintf(text, sizeof(text), "400000-401000 rw-p 00000000 00:00 0 %s\n" STACK,
             mapped_names[_i].name);
    ck_assert_int_eq(fake_text(text, &image, &err), IMAGE_READY);
    ROW_NUMBER(&mapped_names[_i], image.mappings[0].is_file, mapped_names[_i].is_file);
}
END_TEST

/* The number before gdb's table is a PID if it can be one. */
START_TEST(test_pid)
{
#define TABLE "Mapped address spaces:\n0x1000 0x2000 0x1000 0x0 r-xp /x\n"
    ck_assert_int_eq(fake_text("process 71\n" TABLE, &image, &err), IMAGE_READY);
    ck_assert_int_eq(image.pid, 71);
    teardown();
    ck_assert_int_eq(fake_text("process 4294967367\n" TABLE, &image, &err), IMAGE_READY);
    ck_assert_int_eq(image.pid, 0);
}
END_TEST

/* A process has memory without a file: where a map shows none, it was left out. */
START_TEST(test_only_files)
{
    static const char only_files[] = "400000-401000 r-xp 00000000 08:01 10 /bin/prog\n";

    ck_assert_int_eq(fake_text(STACK, &image, &err), IMAGE_READY);
    ck_assert_ptr_null(image_incomplete(&image));
    teardown();
    ck_assert_int_eq(fake_text(only_files, &image, &err), IMAGE_READY);
    ck_assert_ptr_nonnull(strstr(image_incomplete(&image), "without a file"));
    ck_assert_ptr_nonnull(fake_missing(&image, "mappings"));
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    uint64_t page_size;
    bool is_guessed;
} pages[] = {
    {"4K fits alone", "10000000-10001000 r-xp 00000000 00:00 0\n", 4096, false},
    {"16K fits", "10004000-10008000 r-xp 00000000 00:00 0\n", 16384, true},
    {"64K fits", "10000000-10010000 r-xp 00000000 00:00 0\n", 65536, true},
    {"smaps tells it",
     "10000000-10010000 r-xp 00000000 00:00 0\nSize: 64 kB\nKernelPageSize: 4 kB\nRss: 4 kB\n",
     4096, false},
};

START_TEST(test_page_size)
{
    ck_assert_int_eq(fake_text(pages[_i].text, &image, &err), IMAGE_READY);
    ROW_NUMBER(&pages[_i], image.page_size, pages[_i].page_size);
    ROW_NUMBER(&pages[_i], image.is_page_size_guessed, pages[_i].is_guessed);
    ROW_NUMBER(&pages[_i], image_lacks(&image, "page size"), pages[_i].is_guessed);
}
END_TEST

static const char smaps[] = "10000000-10001000 rw-p 00000000 00:00 0\n"
                            "Size:                  4 kB\nRss:                   4 kB\n"
                            "Locked:                4 kB\nVmFlags: rd wr gd lo ac\n"
                            "10005000-10007000 rw-p 00000000 00:00 0\n"
                            "Size:                  8 kB\nRss:                   0 kB\n"
                            "Locked:                0 kB\nVmFlags: rd wr ac\n";

START_TEST(test_smaps)
{
    ck_assert_int_eq(fake_text(smaps, &image, &err), IMAGE_READY);
    ck_assert(image.mappings[0].grows_down && image.mappings[0].locked);
    ck_assert(!image.mappings[1].grows_down && !image.mappings[1].locked);
    ck_assert(image_read_memory(&image, &err));
    ck_assert_uint_eq(image.usage[0].rss_bytes, 4096);
    ck_assert_uint_eq(image.usage[0].has, SMAPS_RSS | SMAPS_LOCKED);
    ck_assert_uint_eq(image.usage[1].rss_bytes, 0);
}
END_TEST

START_TEST(test_no_sizes)
{
    ck_assert_int_eq(fake_text(STACK, &image, &err), IMAGE_READY);
    ck_assert(!image_read_memory(&image, &err));
    ck_assert(!image_read_stack_use(&image));
    ck_assert_ptr_null(image.usage);
    ck_assert(image_lacks(&image, "smaps"));
}
END_TEST

/* The lines between are no mappings, and said to be so. */
START_TEST(test_rejected)
{
    ck_assert_int_eq(fake_text("it crashed\nas you see\n10000000-10001000 r-xp 00000000 00:00 0\n"
                               "bye\n",
                               &image, &err),
                     IMAGE_READY);
    ck_assert_uint_eq(image.n_mappings, 1);
    ck_assert_uint_eq(image.pasted.n_rejected, 3);
    ck_assert_uint_eq(image.pasted.n_spans, 2);
    ck_assert_uint_eq(image.pasted.spans[0].first, 1);
    ck_assert_uint_eq(image.pasted.spans[0].last, 2);
    ck_assert_uint_eq(image.pasted.spans[1].first, 4);
}
END_TEST

static const char log_text[] =
    "#\n# A fatal error has been detected by the Java Runtime Environment:\n#\n"
    "#  SIGSEGV (0xb) at pc=0x00007f3c244d7f14, pid=4711, tid=4712\n#\n"
    "# JRE version: OpenJDK Runtime Environment (11.0.4+11) (build 11.0.4+11-LTS)\n\n"
    "Dynamic libraries:\n"
    "00400000-00401000 r-xp 00000000 08:01 10                       /usr/bin/java\n" STACK "\n"
    "uname: Linux 4.18.0-425.el8.x86_64 #1 SMP x86_64\n"
    "rlimit (soft/hard): STACK 8192k/infinity , CORE 0k/infinity , AS infinity/infinity , "
    "DATA infinity/infinity , MEMLOCK 64k/64k\n\n"
    "/proc/meminfo:\nMemTotal:       1048576 kB\nSwapTotal:             0 kB\n\n"
    "/proc/sys/vm/max_map_count (maximum number of memory map areas a process may have): 65530\n";

START_TEST(test_log)
{
    ck_assert_int_eq(fake_text(log_text, &image, &err), IMAGE_READY);
    ck_assert_int_eq(image.pid, 4711);
    ck_assert(image.limits.stack.known);
    ck_assert_uint_eq(image.limits.stack.soft, 8 << 20);
    ck_assert(image.host.has_memory);
    ck_assert_uint_eq(image.host.memory_bytes, 1 << 30);
    ck_assert(image.host.has_max_map_count);
    ck_assert_uint_eq(image.host.max_map_count, 65530);
    ck_assert_str_eq(image.host.kernel, "4.18.0-425.el8.x86_64");
    ck_assert_uint_eq(image.host.kernel_version, KERNEL(4, 18));
    ck_assert(!image_lacks(&image, "limits"));
    ck_assert(!image_lacks(&image, "meminfo"));
    ck_assert(image_lacks(&image, "vm.mmap_min_addr"));
    ck_assert(!image_lacks(&image, "vm.max_map_count"));
}
END_TEST

Suite *frozen_suite(void)
{
    Suite *suite = suite_create("frozen");
    TCase *tcase = tcase_create("text");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_nothing, nothings);
    ROWS_ADD(tcase, test_page_size, pages);
    tcase_add_test(tcase, test_unknown);
    tcase_add_test(tcase, test_only_files);
    ROWS_ADD(tcase, test_names, mapped_names);
    tcase_add_test(tcase, test_pid);
    tcase_add_test(tcase, test_smaps);
    tcase_add_test(tcase, test_no_sizes);
    tcase_add_test(tcase, test_rejected);
    tcase_add_test(tcase, test_log);
    suite_add_tcase(suite, tcase);
    return suite;
}
