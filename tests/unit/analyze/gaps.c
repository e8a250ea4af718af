/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/facts.h"

#include "../fake.h"
#include "../rows.h"

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

/* MAP_32BIT looks from 1 GiB to 2 GiB (arch/x86/kernel/sys_x86_64.c). */
static const struct {
    const char *name;
    const char *maps;
    struct range low_2g;
} low[] = {
    {"free", FAKE_MAPS, {0x40000000, 0x80000000}},
    {"one page in the middle",
     FAKE_PROG FAKE_HEAP "50000000-50001000 rw-p 00000000 00:00 0 \n" FAKE_AREA,
     {0x50001000, 0x80000000}},
    {"reaches into it from below",
     FAKE_PROG FAKE_HEAP "3ffff000-60000000 rw-p 00000000 00:00 0 \n" FAKE_AREA,
     {0x60000000, 0x80000000}},
    {"reaches out of it",
     FAKE_PROG FAKE_HEAP "50000000-90000000 rw-p 00000000 00:00 0 \n" FAKE_AREA,
     {0x40000000, 0x50000000}},
    {"just beside it",
     FAKE_PROG FAKE_HEAP "3ffff000-40000000 rw-p 00000000 00:00 0 \n"
                         "80000000-80001000 rw-p 00000000 00:00 0 \n" FAKE_AREA,
     {0x40000000, 0x80000000}},
    {"full", FAKE_PROG FAKE_HEAP "3ffff000-80001000 rw-p 00000000 00:00 0 \n" FAKE_AREA, {0, 0}},
};

START_TEST(test_low_2g)
{
    fake_ready(&fake, &(struct fake_process){.maps = low[_i].maps, .start_brk = FAKE_BREAK},
               &image);
    facts_compute(&facts, &image);
    ROW_NUMBER(&low[_i], facts.low_2g_gap.start, low[_i].low_2g.start);
    ROW_NUMBER(&low[_i], facts.low_2g_gap.end, low[_i].low_2g.end);
}
END_TEST

/* Neither below mmap_min_addr nor above the end of the address space is anything to be had. */
static const struct {
    const char *name;
    const char *maps;
    const char *min_addr;
    struct range largest;
} largest[] = {
    {"between heap and mmap area", FAKE_MAPS, "65536", {FAKE_HEAP_END, 0x7ffff7c00000}},
    {"under the program",
     "7ffff7000000-7ffffffff000 rw-p 00000000 00:00 0 \n" FAKE_GATE,
     "65536",
     {0x10000, 0x7ffff7000000}},
    {"min_addr 0: a page all the same",
     "7ffff7000000-7ffffffff000 rw-p 00000000 00:00 0 \n" FAKE_GATE,
     "0",
     {0x1000, 0x7ffff7000000}},
    {"min_addr of half a page",
     "7ffff7000000-7ffffffff000 rw-p 00000000 00:00 0 \n" FAKE_GATE,
     "66000",
     {0x11000, 0x7ffff7000000}},
};

START_TEST(test_largest)
{
    fake_write(&fake, "sys/vm/mmap_min_addr", "%s\n", largest[_i].min_addr);
    fake_ready(&fake, &(struct fake_process){.maps = largest[_i].maps, .start_brk = FAKE_BREAK},
               &image);
    facts_compute(&facts, &image);
    ROW_NUMBER(&largest[_i], facts.largest_gap.start, largest[_i].largest.start);
    ROW_NUMBER(&largest[_i], facts.largest_gap.end, largest[_i].largest.end);
}
END_TEST

Suite *gaps_suite(void)
{
    Suite *suite = suite_create("gaps");
    TCase *tcase = tcase_create("largest");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_low_2g, low);
    ROWS_ADD(tcase, test_largest, largest);
    suite_add_tcase(suite, tcase);
    return suite;
}
