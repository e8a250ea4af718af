/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../fake.h"
#include "../rows.h"

static struct fake fake;
static struct image image;

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

static const struct fake_process ordinary = {.maps = FAKE_MAPS, .start_brk = FAKE_BREAK};

static const struct {
    const char *name; /* the release */
    unsigned int version;
} releases[] = {
    {"6.18.44-fc", KERNEL(6, 18)},
    {"6.1.0-13-amd64", KERNEL(6, 1)},
    {"2.6.32-642.el6", 2 << 8 | 6},
    {"5.10", KERNEL(5, 10)},
    {"4.5.0", KERNEL(4, 5)},
    {"10.0-rc1", KERNEL(10, 0)},
    {"6", 0},
    {"custom", 0},
    {"", 0},
    {"6.x", 0},
    {"999.1", 0},
    {".1", 0},
};

START_TEST(test_release)
{
    fake_write(&fake, "sys/kernel/osrelease", "%s\n", releases[_i].name);
    fake_ready(&fake, &ordinary, &image);
    ROW_NUMBER(&releases[_i], image.host.kernel_version, releases[_i].version);
    ROW_TEXT(&releases[_i], image.host.kernel, *releases[_i].name ? releases[_i].name : NULL);
}
END_TEST

static const struct {
    const char *name; /* the kernel's command line */
    uint64_t pages;
} gaps[] = {
    {"quiet", 256},
    {"quiet stack_guard_gap=1", 1},
    {"stack_guard_gap=0 quiet", 0},
    {"stack_guard_gap=1024\n", 1024},
    {"xstack_guard_gap=1", 256},
    {"stack_guard_gap=many", 256},
    {"stack_guard_gap=99999999999", 256},
    {"", 256},
};

START_TEST(test_guard_gap)
{
    fake_write(&fake, "cmdline", "%s", gaps[_i].name);
    fake_ready(&fake, &ordinary, &image);
    ROW_NUMBER(&gaps[_i], image.host.stack_guard_gap_bytes, gaps[_i].pages * 4096);
}
END_TEST

START_TEST(test_numbers)
{
    const struct host *host = &image.host;

    fake_write(&fake, "sys/vm/max_map_count", "262144\n");
    fake_write(&fake, "sys/vm/legacy_va_layout", "1\n");
    fake_write(&fake, "meminfo", "MemTotal:  2048 kB\nMemFree: 1 kB\nSwapTotal: 64 kB\n");
    fake_ready(&fake, &ordinary, &image);
    ck_assert(host->has_max_map_count && host->max_map_count == 262144);
    ck_assert(host->has_mmap_min_addr && host->mmap_min_addr == 65536);
    ck_assert(host->has_overcommit && host->overcommit_memory == 1);
    ck_assert(host->has_randomize && host->randomize_va_space == 2);
    ck_assert(host->has_legacy && host->legacy_va_layout == 1);
    ck_assert(host->has_memory && host->memory_bytes == 2 << 20);
    ck_assert(host->has_swap && host->swap_bytes == 64 << 10);
}
END_TEST

/* 1be7107fbe18 (v4.12): 256 pages; before, the one page that belonged to the mapping. */
static const struct {
    const char *name;
    const char *kernel;
    uint64_t bytes;
} guards[] = {
    {"since 4.12", "4.12.0", 256 * 4096},
    {"before", "4.11.0", 4096},
    {"2.6.32", "2.6.32-642.el6", 4096},
    {"unknown kernel", "custom", 256 * 4096},
};

START_TEST(test_guard_bytes)
{
    struct mapping stack = {.grows_down = true}, other = {.grows_down = false};

    fake_write(&fake, "sys/kernel/osrelease", "%s\n", guards[_i].kernel);
    fake_ready(&fake, &ordinary, &image);
    ROW_NUMBER(&guards[_i], mapping_guard_bytes(&image, &stack), guards[_i].bytes);
    ROW_NUMBER(&guards[_i], mapping_guard_bytes(&image, &other), 0);
}
END_TEST

Suite *host_suite(void)
{
    Suite *suite = suite_create("host");
    TCase *tcase = tcase_create("facts");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_release, releases);
    ROWS_ADD(tcase, test_guard_gap, gaps);
    tcase_add_test(tcase, test_numbers);
    ROWS_ADD(tcase, test_guard_bytes, guards);
    suite_add_tcase(suite, tcase);
    return suite;
}
