/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/facts.h"

#include "../fake.h"
#include "../hook.h"
#include "../rows.h"

static struct fake fake;
static struct image image;

static void teardown(void)
{
    hook_machine = "x86_64";
    image_deinit(&image);
    fake_deinit(&fake);
}

/*
 * An unlimited stack at exec leaves a sixth of the address space below the base, here less 64K by
 * chance. A longer mapping goes above: to a third, and as much higher where the kernel has a search
 * of its own.
 */
static const struct {
    const char *name;
    const char *machine; /* of the kernel */
    const char *maps;
    uint64_t length, address;
} falls[] = {
    {"32-bit kernel, below the base", "i686",
     FAKE_PROG "1ffec000 @ld.so\nbffdf000-bffff000 rw-p 00000000 00:00 0 [stack]\n", 0x1000,
     0x1ffeb000},
    {"32-bit kernel, above", "i686",
     FAKE_PROG "1ffec000 @ld.so\nbffdf000-bffff000 rw-p 00000000 00:00 0 [stack]\n", 0x30000000,
     0x40000000},
    {"64-bit kernel, above", "x86_64",
     FAKE_PROG "2aa97000 @ld.so\nfffdd000-ffffd000 rw-p 00000000 00:00 0 [stack]\n", 0x30000000,
     0x55565000},
};

START_TEST(test_fallback)
{
    uint64_t address = 0;

    hook_machine = falls[_i].machine;
    fake_init(&fake); /* a host asks for the machine once */
    fake_objects(&fake, 32);
    fake_ready(
        &fake,
        &(struct fake_process){.maps = falls[_i].maps, .word_bytes = 4, .stack_limit = "unlimited"},
        &image);
    ck_assert(mmap_place(&image, falls[_i].length, &address));
    ROW_NUMBER(&falls[_i], address, falls[_i].address);
}
END_TEST

/*
 * All is full but 3f8000 bytes below the stack, and 3f0000 from 64K to the program: before 6.3 that
 * hole begins at the first page for who has CAP_SYS_RAWIO, and is the larger one.
 */
static const struct {
    const char *name, *release;
    bool is_doubted;
} lowest_holes[] = {
    {"before 6.3", "6.1.0", true},
    {"since", "6.3.0", false},
};

START_TEST(test_lowest_hole)
{
    struct facts facts;

    fake_init(&fake);
    fake_objects(&fake, 64);
    fake_write(&fake, "sys/kernel/osrelease", "%s\n", lowest_holes[_i].release);
    fake_ready(&fake,
               &(struct fake_process){
                   .maps = FAKE_PROG
                   "404000-7ffff7c00000 ---p 00000000 00:00 0 \n" FAKE_LIBC
                   "7ffff7c04000-7ffff7fc3000 ---p 00000000 00:00 0 \n"
                   "7ffff7fc3000-7ffff7fc5000 r-xp 00000000 00:00 0 [vdso]\n" FAKE_LOADER
                   "7ffff7fc9000-7fffffae5000 ---p 00000000 00:00 0 \n" FAKE_STACK FAKE_GATE},
               &image);
    facts_compute(&facts, &image);
    ROW_NUMBER(&lowest_holes[_i], facts.mmap.growth.room, 0x3f8000);
    ROW_TRUE(&lowest_holes[_i],
             (facts.mmap.growth.uncertain &&
              strstr(facts.mmap.growth.uncertain, "CAP_SYS_RAWIO")) == lowest_holes[_i].is_doubted);
}
END_TEST

Suite *mmap_suite(void)
{
    Suite *suite = suite_create("mmap");
    TCase *tcase = tcase_create("place"), *room = tcase_create("room");

    tcase_add_checked_fixture(tcase, NULL, teardown);
    ROWS_ADD(tcase, test_fallback, falls);
    tcase_add_checked_fixture(room, NULL, teardown);
    ROWS_ADD(room, test_lowest_hole, lowest_holes);
    suite_add_tcase(suite, room);
    suite_add_tcase(suite, tcase);
    return suite;
}
