/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/facts.h"

#include "../fake.h"
#include "../rows.h"
#include "base/units.h"

#include <elf.h>
#include <inttypes.h>
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

static void compute(const char *between)
{
    char maps[2048];

    snprintf(maps, sizeof(maps), FAKE_PROG FAKE_HEAP "%s" FAKE_AREA, between);
    fake_ready(&fake, &(struct fake_process){.maps = maps, .start_brk = FAKE_BREAK}, &image);
    facts_compute(&facts, &image);
}

/*
 * brk() was asked for one page more and more on Linux 6.18, with a mapping so many pages above the
 * break: what it granted.  A mapping that grows down keeps a guard gap of 256 pages.
 */
static const struct {
    const char *name;
    unsigned int gap_pages;
    const char *perms; /* of the mapping above */
    const char *label;
    uint64_t room_pages;
} neighbours[] = {
    {"on the break", 0, "r--p", "", 0},
    {"one page", 1, "rw-p", "", 0},
    {"two pages", 2, "rw-p", "", 1},
    {"three pages", 3, "rw-p", "", 2},
    {"ten pages", 10, "rw-p", "", 9},
    {"no access counts the same", 10, "---p", "", 9},
    {"shared counts the same", 10, "rw-s", "", 9},
    {"stack on the break", 0, "rw-p", "[stack]", 0},
    {"stack, 1 page", 1, "rw-p", "[stack]", 0},
    {"stack, 100 pages", 100, "rw-p", "[stack]", 0},
    {"stack, 256 pages", 256, "rw-p", "[stack]", 0},
    {"stack, 257 pages", 257, "rw-p", "[stack]", 0},
    {"stack, 258 pages", 258, "rw-p", "[stack]", 1},
    {"stack, 259 pages", 259, "rw-p", "[stack]", 2},
    {"stack, 1000 pages", 1000, "rw-p", "[stack]", 743},
};

START_TEST(test_next_mapping)
{
    uint64_t start = FAKE_HEAP_END + neighbours[_i].gap_pages * UINT64_C(4096);
    const struct brk_facts *brk = &facts.brk;
    char line[128];

    snprintf(line, sizeof(line), "%" PRIx64 "-%" PRIx64 " %s 00000000 00:00 0 %s\n", start,
             start + 4096, neighbours[_i].perms, neighbours[_i].label);
    compute(line);
    ROW_TRUE(&neighbours[_i], brk->known);
    ROW_NUMBER(&neighbours[_i], brk->end, FAKE_HEAP_END);
    ROW_NUMBER(&neighbours[_i], brk->gap, neighbours[_i].gap_pages * 4096);
    ROW_NUMBER(&neighbours[_i], image.mappings[brk->next].range.start, start);
    ROW_NUMBER(&neighbours[_i], brk->growth.room, neighbours[_i].room_pages * 4096);
    ROW_NUMBER(&neighbours[_i], brk->max, FAKE_HEAP_END + neighbours[_i].room_pages * 4096);
    ROW_TEXT(&neighbours[_i], limit_name(brk->growth.limit), "next-mapping");
}
END_TEST

/* The guard gap is the kernel's: a boot parameter since 4.12, one hidden page before. */
static const struct {
    const char *name;
    const char *kernel, *cmdline;
    uint64_t gap_pages, room_pages;
} guards[] = {
    {"stack_guard_gap=1", "6.1.0", "stack_guard_gap=1", 10, 8},
    {"stack_guard_gap=0", "6.1.0", "stack_guard_gap=0", 10, 9},
    {"4.4: the page that /proc hides", "4.4.0", "", 10, 8},
    {"4.4, two pages", "4.4.0", "", 2, 0},
};

START_TEST(test_guard)
{
    uint64_t start = FAKE_HEAP_END + guards[_i].gap_pages * 4096;
    char line[128];

    fake_write(&fake, "sys/kernel/osrelease", "%s\n", guards[_i].kernel);
    fake_write(&fake, "cmdline", "%s\n", guards[_i].cmdline);
    snprintf(line, sizeof(line), "%" PRIx64 "-%" PRIx64 " rw-p 00000000 00:00 0 [stack]\n", start,
             start + 4096);
    compute(line);
    ROW_NUMBER(&guards[_i], facts.brk.growth.room, guards[_i].room_pages * 4096);
}
END_TEST

/* The failing layout of a 2016 bash: the break at 0x7ac000, a library at 0x886000. */
START_TEST(test_872_kib)
{
    fake_ready(&fake,
               &(struct fake_process){
                   .maps = FAKE_PROG "886000 @libc.so\n" FAKE_LOADER FAKE_STACK,
                   .start_brk = 0x7ac000,
               },
               &image);
    facts_compute(&facts, &image);
    ck_assert_uint_eq(facts.brk.gap, 892928);
    ck_assert_uint_eq(facts.brk.growth.room, 888832);
    ck_assert_uint_eq(facts.brk.size, 0);
    ck_assert_uint_eq(facts.brk.window, 892928);
}
END_TEST

/* Nothing above but the gate page: the end of the address space, where no page stays free. */
START_TEST(test_task_size)
{
    fake_ready(
        &fake,
        &(struct fake_process){.maps = FAKE_PROG FAKE_HEAP FAKE_GATE, .start_brk = FAKE_BREAK},
        &image);
    facts_compute(&facts, &image);
    ck_assert(facts.brk.known);
    ck_assert_uint_eq(facts.brk.next, NONE);
    ck_assert_uint_eq(facts.brk.growth.room, 0x7ffffffff000 - FAKE_HEAP_END);
    ck_assert_uint_eq(facts.brk.max, 0x7ffffffff000);
    ck_assert_str_eq(limit_name(facts.brk.growth.limit), "task-size");
}
END_TEST

/* As a file can say that was not written by a kernel. */
START_TEST(test_beyond_task_size)
{
    fake_ready(&fake,
               &(struct fake_process){.maps = FAKE_PROG, .start_brk = UINT64_C(0x900000000000)},
               &image);
    facts_compute(&facts, &image);
    ck_assert_uint_eq(facts.brk.next, NONE);
    ck_assert_uint_eq(facts.brk.gap, 0);
    ck_assert(!facts.brk.known || facts.brk.growth.room == 0);
}
END_TEST

/* Each with its own room, not only the one that binds. */
START_TEST(test_all_limits_listed)
{
    const struct limit_fact *next, *end;

    compute("");
    next = growth_find(&facts.brk.growth, LIMIT_NEXT_MAPPING);
    end = growth_find(&facts.brk.growth, LIMIT_TASK_SIZE);
    ck_assert(next && end);
    ck_assert_ptr_eq(growth_binding(&facts.brk.growth), next);
    ck_assert_uint_eq(next->room, 0x7ffff7c00000 - FAKE_HEAP_END - 4096);
    ck_assert_str_eq(next->value, "0x7ffff7c00000");
    ck_assert_ptr_nonnull(strstr(next->detail, "libc.so"));
    ck_assert_uint_eq(end->room, 0x7ffffffff000 - FAKE_HEAP_END);
}
END_TEST

/* Other libc pages lie over the break: it was moved there; nothing can be added. */
START_TEST(test_covered)
{
    fake_ready(
        &fake,
        &(struct fake_process){.maps = FAKE_PROG "20000000 @libc.so\n" FAKE_LOADER FAKE_STACK,
                               .start_brk = 0x20001800},
        &image);
    facts_compute(&facts, &image);
    ck_assert(facts.brk.known);
    ck_assert_uint_eq(facts.brk.gap, 0);
    ck_assert_uint_eq(facts.brk.growth.room, 0);
    ck_assert_uint_eq(facts.brk.max, facts.brk.end);
}
END_TEST

START_TEST(test_unknown)
{
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_PROG FAKE_AREA, .denied_addresses = true},
               &image);
    facts_compute(&facts, &image);
    ck_assert(!facts.brk.known);
}
END_TEST

/* From the start of the break to 128 MiB under the end, or to a third of the address space. */
START_TEST(test_normal_window)
{
    compute("");
    ck_assert_uint_eq(facts.brk.window, 0x7ffff7c00000 - FAKE_BREAK);
    ck_assert_uint_eq(facts.brk.normal_window, 0x7ffffffff000 - 128 * MIB - FAKE_BREAK);
}
END_TEST

START_TEST(test_normal_window_bottom_up)
{
    fake_ready(&fake,
               &(struct fake_process){.maps =
                                          FAKE_PROG FAKE_HEAP "2aaaaaaab000 @ld.so\n"
                                                              "2aaaaac00000 @libc.so\n" FAKE_STACK,
                                      .personality = PERSONALITY_COMPAT_LAYOUT,
                                      .start_brk = FAKE_BREAK},
               &image);
    facts_compute(&facts, &image);
    ck_assert_uint_eq(facts.brk.normal_window, 0x2aaaaaaab000 - FAKE_BREAK);
    ck_assert(facts.brk.meets_mmap_area);
}
END_TEST

static const struct {
    const char *name;
    const char *between;
    bool meets;
} meetings[] = {
    {"the area", "", true},
    {"a mapping in the way", "2000000-2001000 rw-p 00000000 00:00 0 \n", false},
};

START_TEST(test_meets_mmap_area)
{
    compute(meetings[_i].between);
    ROW_NUMBER(&meetings[_i], facts.brk.meets_mmap_area, meetings[_i].meets);
}
END_TEST

/* A hole inside the area is larger than what the heap has left of its own. */
START_TEST(test_meets_mmap_area_when_grown)
{
    fake_ready(
        &fake,
        &(struct fake_process){.maps = FAKE_PROG
                               "1000000-7ffff7b00000 rw-p 00000000 00:00 0 [heap]\n" FAKE_AREA,
                               .start_brk = FAKE_BREAK},
        &image);
    facts_compute(&facts, &image);
    ck_assert_uint_eq(facts.brk.gap, MIB);
    ck_assert(facts.brk.meets_mmap_area);
}
END_TEST

/*
 * Kernels that put the vdso above the stack: a static program has nothing between heap and stack.
 */
START_TEST(test_stack_is_no_mmap_area)
{
    struct elf_spec program = elf_object(64, ET_EXEC, 0x400000);

    fake_object(&fake, "static", &program);
    fake_ready(&fake,
               &(struct fake_process){.maps = "400000 @static\n" FAKE_HEAP
                                              "7ffffff00000-7ffffff21000 rw-p 00000000 00:00 0 "
                                              "[stack]\n"
                                              "7fffffff0000-7fffffff2000 r-xp 00000000 00:00 0 "
                                              "[vdso]\n",
                                      .exe = "static",
                                      .start_brk = FAKE_BREAK},
               &image);
    facts_compute(&facts, &image);
    ck_assert(!image.layout.has_base); /* nothing shows where mmap begins */
    ck_assert(!facts.brk.meets_mmap_area);
}
END_TEST

Suite *brk_suite(void)
{
    Suite *suite = suite_create("brk");
    TCase *tcase = tcase_create("room");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_next_mapping, neighbours);
    ROWS_ADD(tcase, test_guard, guards);
    tcase_add_test(tcase, test_872_kib);
    tcase_add_test(tcase, test_task_size);
    tcase_add_test(tcase, test_beyond_task_size);
    tcase_add_test(tcase, test_all_limits_listed);
    tcase_add_test(tcase, test_covered);
    tcase_add_test(tcase, test_unknown);
    tcase_add_test(tcase, test_normal_window);
    tcase_add_test(tcase, test_normal_window_bottom_up);
    ROWS_ADD(tcase, test_meets_mmap_area, meetings);
    tcase_add_test(tcase, test_meets_mmap_area_when_grown);
    tcase_add_test(tcase, test_stack_is_no_mmap_area);
    suite_add_tcase(suite, tcase);
    return suite;
}
