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

Suite *mmap_suite(void)
{
    Suite *suite = suite_create("mmap");
    TCase *tcase = tcase_create("place");

    tcase_add_checked_fixture(tcase, NULL, teardown);
    ROWS_ADD(tcase, test_fallback, falls);
    suite_add_tcase(suite, tcase);
    return suite;
}
