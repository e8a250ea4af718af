/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/facts.h"

#include "../fake.h"
#include "../rows.h"

#include <stdio.h>

static struct fake fake;
static struct image image;
static struct facts facts;

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

static const struct {
    const char *name;
    const char *maps;
    uint64_t start_brk;
    const char *regions;
} rows[] = {
    {"ordinary", FAKE_MAPS, FAKE_BREAK,
     "text data bss gap brk gap mmap gap vdso mmap gap stack vsyscall"},
    {"an empty heap splits its gap", FAKE_PROG FAKE_AREA, FAKE_BREAK,
     "text data bss gap brk gap mmap gap vdso mmap gap stack vsyscall"},
    {"an empty heap right after bss", FAKE_PROG FAKE_AREA, 0x404000,
     "text data bss brk gap mmap gap vdso mmap gap stack vsyscall"},
    {"a page on the break",
     FAKE_PROG FAKE_HEAP "1021000-1022000 r--p 00000000 00:00 0 \n" FAKE_AREA, FAKE_BREAK,
     "text data bss gap brk mmap gap mmap gap vdso mmap gap stack vsyscall"},
    {"a page on the break of an empty heap",
     FAKE_PROG "1000000-1001000 r--p 00000000 00:00 0 \n" FAKE_AREA, FAKE_BREAK,
     "text data bss gap brk mmap gap mmap gap vdso mmap gap stack vsyscall"},
    {"2 MiB do not split the mmap area",
     "20000000-20001000 rw-p 00000000 00:00 0 \n20201000-20202000 rw-p 00000000 00:00 0 \n", 0,
     "mmap"},
    {"a page more does",
     "20000000-20001000 rw-p 00000000 00:00 0 \n20202000-20203000 rw-p 00000000 00:00 0 \n", 0,
     "mmap gap mmap"},
    {"nothing at the end", "20000000-20001000 rw-p 00000000 00:00 0 \n", 0x30000000, "mmap brk"},
};

/* What holds for any process: in address order, no overlap, gaps where nothing is. */
static void check_order(const char *name)
{
    for (uint32_t i = 1; i < facts.n_regions; i++)
        ck_assert_msg(facts.regions[i].range.start >= facts.regions[i - 1].range.end,
                      "%s: region %u begins before the one below ends", name, i);
    for (uint32_t i = 0; i < facts.n_regions; i++)
        ck_assert_msg(facts.regions[i].range.end >= facts.regions[i].range.start,
                      "%s: region %u ends before it begins", name, i);
}

START_TEST(test_regions)
{
    char text[256] = "";
    size_t n = 0;

    fake_ready(&fake,
               &(struct fake_process){.maps = rows[_i].maps, .start_brk = rows[_i].start_brk},
               &image);
    if (!image.layout.task_size)
        image.layout.task_size = 0x7ffffffff000;
    facts_compute(&facts, &image);
    for (uint32_t i = 0; i < facts.n_regions; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "",
                              region_name(facts.regions[i].role));
    ROW_TEXT(&rows[_i], text, rows[_i].regions);
    check_order(rows[_i].name);
}
END_TEST

/* prctl(PR_SET_MM) can put the break anywhere, into a file's mapping too. */
START_TEST(test_break_inside_a_mapping)
{
    fake_ready(&fake,
               &(struct fake_process){.maps = FAKE_PROG "20000000 @libc.so\n" FAKE_AREA,
                                      .start_brk = 0x20001800},
               &image);
    facts_compute(&facts, &image);
    check_order("break in a mapping");
}
END_TEST

/* Every mapping lies in the region that counts it. */
START_TEST(test_mappings_counted)
{
    uint32_t n = 0;

    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS, .start_brk = FAKE_BREAK}, &image);
    facts_compute(&facts, &image);
    for (uint32_t i = 0; i < facts.n_regions; i++) {
        const struct region *region = &facts.regions[i];

        for (uint32_t k = 0; k < region->n_mappings; k++, n++) {
            const struct mapping *mapping = &image.mappings[region->first_mapping + k];

            ck_assert(mapping->range.start >= region->range.start);
            ck_assert(mapping->range.end <= region->range.end);
        }
    }
    ck_assert_uint_eq(n, image.n_mappings);
}
END_TEST

START_TEST(test_names)
{
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS, .start_brk = FAKE_BREAK}, &image);
    facts_compute(&facts, &image);
    ck_assert_str_eq(facts.regions[0].name, "prog");
    ck_assert_ptr_null(facts.regions[3].name);
    ck_assert_ptr_nonnull(strstr(facts.regions[6].name, "libc.so"));
}
END_TEST

Suite *regions_suite(void)
{
    Suite *suite = suite_create("regions");
    TCase *tcase = tcase_create("merge");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_regions, rows);
    tcase_add_test(tcase, test_break_inside_a_mapping);
    tcase_add_test(tcase, test_mappings_counted);
    tcase_add_test(tcase, test_names);
    suite_add_tcase(suite, tcase);
    return suite;
}
