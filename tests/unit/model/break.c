/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../fake.h"
#include "../rows.h"

#include <stdio.h>

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

#define HEAP(range, perms) range " " perms " 00000000 00:00 0 [heap]\n"

static const struct {
    const char *name;
    const char *maps; /* what stands between program and mmap area */
    uint64_t start_brk;
    bool without_start;  /* stat of 2.6.32 */
    uint64_t start, end; /* 0: not known */
    bool merged;
} shapes[] = {
    {"one heap", HEAP("1000000-1021000", "rw-p"), 0x1000000, false, 0x1000000, 0x1021000, false},
    {"nothing taken yet", "", 0x1000000, false, 0x1000000, 0x1000000, false},
    {"nothing taken yet, unaligned", "", 0x1000123, false, 0x1000123, 0x1001000, false},
    {"start inside a page", HEAP("1000000-1021000", "rw-p"), 0x1000123, false, 0x1000123, 0x1021000,
     false},
    {"a part is read-only",
     HEAP("1000000-1010000", "rw-p") HEAP("1010000-1011000", "r--p")
         HEAP("1011000-1021000", "rw-p"),
     0x1000000, false, 0x1000000, 0x1021000, false},
    {"a hole in the middle", HEAP("1000000-1010000", "rw-p") HEAP("1011000-1021000", "rw-p"),
     0x1000000, false, 0x1000000, 0x1021000, false},
    {"the lower part is gone", HEAP("1011000-1021000", "rw-p"), 0x1000000, false, 0x1000000,
     0x1021000, false},
    {"merged with bss", HEAP("404000-425000", "rw-p"), 0x405000, false, 0x405000, 0x425000, true},
    {"starts in bss' last page", HEAP("404000-425000", "rw-p"), 0x404800, false, 0x404800, 0x425000,
     false},
    {"bss called heap, no heap yet (to 6.5)", HEAP("404000-405000", "rw-p"), 0x405000, false,
     0x405000, 0x405000, true},
    {"bss called heap, another heap above it",
     HEAP("404000-405000", "rw-p") HEAP("405000-426000", "rwxp"), 0x405000, false, 0x405000,
     0x426000, true},
    {"no access on the start (to 6.5)", HEAP("1000000-1001000", "---p"), 0x1000000, false,
     0x1000000, 0x1000000, false},
    {"start not told", HEAP("1000000-1021000", "rw-p"), 0, true, 0x1000000, 0x1021000, false},
    {"start not told, no heap", "", 0, true, 0, 0, false},
    {"start that no address is", "", UINT64_MAX, false, 0, 0, false},
    {"start that no address is, a heap", HEAP("1000000-1021000", "rw-p"), UINT64_MAX, false,
     0x1000000, 0x1021000, false},
    {"other anonymous memory above",
     HEAP("1000000-1021000", "rw-p") "1021000-1022000 r--p 00000000 00:00 0 \n", 0x1000000, false,
     0x1000000, 0x1021000, false},
};

START_TEST(test_shape)
{
    char maps[2048];
    struct fake_process process = {.maps = maps, .start_brk = shapes[_i].start_brk};

    snprintf(maps, sizeof(maps), FAKE_PROG "%s" FAKE_AREA, shapes[_i].maps);
    process.n_stat_fields = shapes[_i].without_start ? 44 : 0;
    fake_ready(&fake, &process, &image);
    ROW_NUMBER(&shapes[_i], image.brk.known, shapes[_i].end != 0);
    ROW_NUMBER(&shapes[_i], image.brk.start, shapes[_i].start);
    ROW_NUMBER(&shapes[_i], image.brk.end, shapes[_i].end);
    ROW_NUMBER(&shapes[_i], image.brk.merged_with_bss, shapes[_i].merged);
    ROW_TRUE(&shapes[_i], !image.brk.exact);
    if (shapes[_i].end)
        ROW_SAYS(&shapes[_i], image.brk.uncertain, "not");
}
END_TEST

/* 2.6.32 without ASLR: one [heap] over bss and heap; the headers say where bss ends. */
START_TEST(test_start_after_bss)
{
    fake_ready(&fake,
               &(struct fake_process){
                   .maps = "400000-401000 r--p 00000000 @prog\n"
                           "401000-402000 r-xp 00001000 @prog\n"
                           "402000-403000 rw-p 00002000 @prog\n"
                           "403000-425000 rw-p 00000000 00:00 0 [heap]\n" FAKE_AREA,
                   .n_stat_fields = 44,
               },
               &image);
    ck_assert_uint_eq(image.brk.start, 0x404000);
    ck_assert_uint_eq(image.brk.end, 0x425000);
    ck_assert(image.brk.merged_with_bss);
}
END_TEST

/* Without the right to read memory stat shows no addresses; the heap's label still does. */
START_TEST(test_denied_addresses)
{
    fake_ready(&fake,
               &(struct fake_process){
                   .maps = FAKE_MAPS, .start_brk = FAKE_BREAK, .denied_addresses = true},
               &image);
    ck_assert(image.brk.known);
    ck_assert_ptr_nonnull(image.brk.uncertain);
    ck_assert_uint_eq(image.brk.start, FAKE_BREAK);
}
END_TEST

/* What libc says the break is, held against labels of kernels before and since 6.6. */
static const struct {
    const char *name;
    const char *release;
    const char *heap;
    uint64_t libc_break;
    uint64_t end;
    bool exact;
} labels[] = {
    {"the heap alone", "6.1.0", HEAP("1000000-1021000", "rw-p"), 0x1020f00, 0x1021000, true},
    {"no access on the break", "6.1.0",
     HEAP("1000000-1021000", "rw-p") HEAP("1021000-1022000", "---p"), 0x1021000, 0x1021000, true},
    {"code on the break", "6.1.0", HEAP("1000000-1021000", "rw-p") HEAP("1021000-1022000", "r-xp"),
     0x1021000, 0x1021000, true},
    {"the same, since", "6.6.0", HEAP("1000000-1021000", "rw-p") HEAP("1021000-1022000", "---p"),
     0x1021000, 0x1022000, false},
    {"no heap, no access on its start", "6.1.0", HEAP("1000000-1001000", "---p"), 0, 0x1000000,
     true},
    {"no heap of libc's", "6.1.0", HEAP("1000000-1001000", "rw-p"), 0, 0x1001000, false},
    {"a part of the heap without access", "6.1.0",
     HEAP("1000000-1020000", "rw-p") HEAP("1020000-1021000", "---p"), 0x1020f00, 0x1021000, true},
};

START_TEST(test_labels)
{
    char maps[2048], path[256];

    snprintf(maps, sizeof(maps), FAKE_PROG "%s" FAKE_AREA, labels[_i].heap);
    fake_add(&fake, &(struct fake_process){.maps = maps, .start_brk = 0x1000000});
    fake_write(&fake, "4321/about", "libc_break: %#llx\n",
               (unsigned long long)labels[_i].libc_break);
    fake_write(&fake, "4321/host/proc/sys/kernel/osrelease", "%s\n", labels[_i].release);
    snprintf(path, sizeof(path), "%s/4321", fake.root);
    ck_assert(capture_open_snapshot(&fake.process, path, NULL));
    ck_assert_int_eq(image_init(&image, fake.process, 0, NULL), IMAGE_READY);
    ROW_NUMBER(&labels[_i], image.brk.end, labels[_i].end);
    ROW_NUMBER(&labels[_i], image.brk.exact, labels[_i].exact);
    for (uint32_t i = image_find(&image, labels[_i].end); i < image.n_mappings; i++)
        ROW_TRUE(&labels[_i], image.mappings[i].role != ROLE_HEAP);
}
END_TEST

Suite *break_suite(void)
{
    Suite *suite = suite_create("break");
    TCase *tcase = tcase_create("shapes");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_shape, shapes);
    tcase_add_test(tcase, test_start_after_bss);
    tcase_add_test(tcase, test_denied_addresses);
    ROWS_ADD(tcase, test_labels, labels);
    suite_add_tcase(suite, tcase);
    return suite;
}
