/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../fake.h"
#include "../rows.h"

static struct fake fake;
static struct image image;

static void setup(void)
{
    fake_init(&fake);
}

static void teardown(void)
{
    image_deinit(&image);
    fake_deinit(&fake);
}

#define A "1000-3000 rw-p 00000000 00:00 0 \n"
#define B "5000-9000 rw-p 00000000 00:00 0 \n"

static const struct {
    const char *name;
    const char *smaps;
    const char *says; /* NULL: it is taken */
} rows[] = {
    {"both", A "Rss: 4 kB\nPss: 2 kB\n" B "Rss: 8 kB\nSwap: 12 kB\n", NULL},
    {"one is missing", A "Rss: 4 kB\n", "changed between"},
    {"one has grown", A "Rss: 4 kB\n5000-a000 rw-p 00000000 00:00 0 \nRss: 8 kB\n",
     "changed between"},
    {"one has moved", A "Rss: 4 kB\n6000-a000 rw-p 00000000 00:00 0 \nRss: 8 kB\n",
     "changed between"},
    {"not a mapping", A "Rss: 4 kB\nrubbish\n", "line 3 of smaps"},
    {"empty", "", "changed between"},
};

START_TEST(test_usage)
{
    struct err err = {""};
    bool ok;

    fake_ready(&fake, &(struct fake_process){.maps = A B}, &image);
    fake_write(&fake, "4321/smaps", "%s", rows[_i].smaps);
    ok = image_read_memory(&image, &err);
    ROW_NUMBER(&rows[_i], ok, rows[_i].says == NULL);
    ROW_NUMBER(&rows[_i], image.usage != NULL, ok);
    if (!ok) {
        ROW_SAYS(&rows[_i], err.text, rows[_i].says);
        ROW_TEXT(&rows[_i], image.missing[image.n_missing - 1].what, "smaps");
        return;
    }
    ROW_NUMBER(&rows[_i], image.usage[0].rss_bytes, 4 << 10);
    ROW_NUMBER(&rows[_i], image.usage[0].pss_bytes, 2 << 10);
    ROW_NUMBER(&rows[_i], image.usage[1].rss_bytes, 8 << 10);
    ROW_NUMBER(&rows[_i], image.usage[1].swap_bytes, 12 << 10);
}
END_TEST

START_TEST(test_no_smaps)
{
    struct err err = {""};

    fake_ready(&fake, &(struct fake_process){.maps = A B}, &image);
    ck_assert(!image_read_memory(&image, &err));
    ck_assert_ptr_null(image.usage);
    ck_assert_ptr_nonnull(strstr(err.text, "does not have it"));
}
END_TEST

/* VmStk tells more than [stack] has: smaps says which other mapping grows down. */
static const struct {
    const char *name;
    const char *kernel;
    uint64_t more_stack;
    bool grows_down;
} growth[] = {
    {"VmStk has more", "6.1.0", 0x4000, true},
    {"VmStk is [stack] alone", "6.1.0", 0, false},
    {"VmStk meant something else", "4.4.0", 0x4000, false},
};

START_TEST(test_grows_down)
{
    fake_write(&fake, "sys/kernel/osrelease", "%s\n", growth[_i].kernel);
    fake_write(&fake, "4321/smaps",
               A "VmFlags: rd wr\n" B "VmFlags: rd wr gd ac\n" FAKE_STACK "VmFlags: rd wr gd\n");
    fake_ready(&fake,
               &(struct fake_process){.maps = A B FAKE_STACK, .more_stack = growth[_i].more_stack},
               &image);
    ROW_NUMBER(&growth[_i], image.mappings[0].grows_down, false);
    ROW_NUMBER(&growth[_i], image.mappings[1].grows_down, growth[_i].grows_down);
    ROW_NUMBER(&growth[_i], image.mappings[2].grows_down, true);
}
END_TEST

Suite *memory_suite(void)
{
    Suite *suite = suite_create("memory");
    TCase *tcase = tcase_create("smaps");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_usage, rows);
    tcase_add_test(tcase, test_no_smaps);
    ROWS_ADD(tcase, test_grows_down, growth);
    suite_add_tcase(suite, tcase);
    return suite;
}
