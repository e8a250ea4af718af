/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../fake.h"
#include "../hook.h"
#include "../rows.h"

#include <elf.h>

static struct fake fake;
static struct image image;

static void setup(void)
{
    fake_init(&fake);
    fake_objects(&fake, 64);
}

static void teardown(void)
{
    hook_machine = "x86_64";
    image_deinit(&image);
    fake_deinit(&fake);
}

/* Bottom-up from a third of 128 TiB: the loader first, libraries above it. */
#define UP_AREA                                                \
    "2aaaaaaab000 @ld.so\n"                                    \
    "2aaaaaaaf000-2aaaaaab3000 r--p 00000000 00:00 0 [vvar]\n" \
    "2aaaaaab3000-2aaaaaab5000 r-xp 00000000 00:00 0 [vdso]\n" \
    "2aaaaac00000 @libc.so\n" FAKE_STACK
#define UP FAKE_PROG FAKE_HEAP UP_AREA

/* Five sixths of 128 TiB are left for an unlimited stack. */
#define LOW_AREA                                               \
    "155555000000 @libc.so\n"                                  \
    "1555554cb000-1555554cd000 r-xp 00000000 00:00 0 [vdso]\n" \
    "1555554cd000 @ld.so\n" FAKE_STACK

static const struct {
    const char *name;
    const char *maps;
    const char *kernel; /* NULL: 6.1 */
    const char *stack_limit;
    unsigned int personality;
    bool legacy_sysctl;
    enum mmap_mode mode;
    enum layout_cause cause;
    uint64_t base;
    bool unlimited_at_exec;
} modes[] = {
    {"top-down", FAKE_MAPS, NULL, NULL, 0, false, MMAP_TOP_DOWN, CAUSE_DEFAULT, 0x7ffff7fc9000,
     false},
    {"top-down, nothing but the loader", FAKE_PROG FAKE_HEAP FAKE_LOADER FAKE_STACK, NULL, NULL, 0,
     false, MMAP_TOP_DOWN, CAUSE_DEFAULT, 0x7ffff7fc9000, false},
    {"top-down, one library was asked for elsewhere",
     FAKE_PROG FAKE_HEAP "7ffff7b00000 @prelinked\n" FAKE_LIBC FAKE_VDSO FAKE_LOADER
                         "7ffff8000000 @fixed\n" FAKE_STACK,
     NULL, NULL, 0, false, MMAP_TOP_DOWN, CAUSE_DEFAULT, 0x7ffff7fc9000, false},
    {"bottom-up by personality", UP, NULL, NULL, PERSONALITY_COMPAT_LAYOUT, false, MMAP_BOTTOM_UP,
     CAUSE_PERSONALITY, 0x2aaaaaaab000, false},
    {"bottom-up by sysctl", UP, NULL, NULL, 0, true, MMAP_BOTTOM_UP, CAUSE_SYSCTL, 0x2aaaaaaab000,
     false},
    {"personality counts before the sysctl", UP, NULL, NULL, PERSONALITY_COMPAT_LAYOUT, true,
     MMAP_BOTTOM_UP, CAUSE_PERSONALITY, 0x2aaaaaaab000, false},
    {"unlimited stack on 4.4", UP, "4.4.0", "unlimited", 0, false, MMAP_BOTTOM_UP,
     CAUSE_STACK_LIMIT, 0x2aaaaaaab000, false},
    {"unlimited stack on 4.17 is no reason", UP, "4.17.0", "unlimited", 0, false, MMAP_BOTTOM_UP,
     CAUSE_NOT_KNOWN, 0x2aaaaaaab000, false},
    {"8 MiB of stack on 4.4 is no reason", UP, "4.4.0", NULL, 0, false, MMAP_BOTTOM_UP,
     CAUSE_NOT_KNOWN, 0x2aaaaaaab000, false},
    {"bottom-up, nothing but loader and vdso",
     FAKE_PROG "2aaaaaaab000 @ld.so\n"
               "2aaaaaaaf000-2aaaaaab1000 r-xp 00000000 00:00 0 [vdso]\n" FAKE_STACK,
     NULL, NULL, PERSONALITY_COMPAT_LAYOUT, false, MMAP_BOTTOM_UP, CAUSE_PERSONALITY,
     0x2aaaaaaab000, false},
    {"bottom-up, nothing but the loader", FAKE_PROG "2aaaaaaab000 @ld.so\n" FAKE_STACK, NULL, NULL,
     PERSONALITY_COMPAT_LAYOUT, false, MMAP_BOTTOM_UP, CAUSE_PERSONALITY, 0x2aaaaaaab000, false},
    {"unlimited stack at exec, top-down", FAKE_PROG FAKE_HEAP LOW_AREA, NULL, NULL, 0, false,
     MMAP_TOP_DOWN, CAUSE_STACK_LIMIT, 0x1555554d1000, true},
    {"no loader, no vdso", FAKE_PROG FAKE_HEAP FAKE_STACK, NULL, NULL, 0, false, MMAP_UNKNOWN,
     CAUSE_NOT_KNOWN, 0, false},
};

START_TEST(test_mode)
{
    const struct layout *layout = &image.layout;

    if (modes[_i].kernel)
        fake_write(&fake, "sys/kernel/osrelease", "%s\n", modes[_i].kernel);
    if (modes[_i].legacy_sysctl)
        fake_write(&fake, "sys/vm/legacy_va_layout", "1\n");
    fake_ready(&fake,
               &(struct fake_process){.maps = modes[_i].maps,
                                      .start_brk = FAKE_BREAK,
                                      .stack_limit = modes[_i].stack_limit,
                                      .personality = modes[_i].personality},
               &image);
    ROW_NUMBER(&modes[_i], layout->mode, modes[_i].mode);
    ROW_NUMBER(&modes[_i], layout->cause, modes[_i].cause);
    ROW_NUMBER(&modes[_i], layout->has_base, modes[_i].base != 0);
    ROW_NUMBER(&modes[_i], layout->base, modes[_i].base);
    ROW_NUMBER(&modes[_i], layout->unlimited_stack_at_exec, modes[_i].unlimited_at_exec);
    ROW_NUMBER(&modes[_i], layout->task_size, 0x7ffffffff000);
    ck_assert_ptr_nonnull(layout->reason);
}
END_TEST

#define VDSO(start, end) start "-" end " r-xp 00000000 00:00 0 [vdso]\n"
#define HIGH_VDSO        "7fffffffe000-7ffffffff000 r-xp 00000000 00:00 0 [vdso]\n"

/* Programs without interpreter: the vdso was placed first, or the program itself. */
static const struct {
    const char *name;
    const char *maps;
    uint16_t type;
    enum mmap_mode mode;
    uint64_t base;
    uint64_t align;
} statics[] = {
    {"static, top-down", FAKE_PROG FAKE_HEAP FAKE_VDSO FAKE_STACK, ET_EXEC, MMAP_TOP_DOWN,
     0x7ffff7fc5000, 0},
    {"static, bottom-up",
     FAKE_PROG FAKE_HEAP "2aaaaaaab000-2aaaaaaad000 r-xp 00000000 00:00 0 [vdso]\n" FAKE_STACK,
     ET_EXEC, MMAP_BOTTOM_UP, 0x2aaaaaaab000, 0},
    {"static PIE, loaded like a library", FAKE_VDSO "7ffff7fc5000 @prog\n" FAKE_STACK, ET_DYN,
     MMAP_TOP_DOWN, 0x7ffff7fc9000, 0},
    {"static PIE, loaded like a program", "555555554000 @prog\n" FAKE_VDSO FAKE_STACK, ET_DYN,
     MMAP_TOP_DOWN, 0x7ffff7fc5000, 0},
    {"static, vdso above the stack, top-down", FAKE_PROG FAKE_HEAP FAKE_STACK HIGH_VDSO, ET_EXEC,
     MMAP_TOP_DOWN, 0, 0},
    {"static, vdso above the stack, bottom-up", FAKE_PROG FAKE_HEAP FAKE_STACK HIGH_VDSO, ET_EXEC,
     MMAP_BOTTOM_UP, 0, 0},
    {"static PIE, vdso above the stack", "555555554000 @prog\n" FAKE_STACK HIGH_VDSO, ET_DYN,
     MMAP_TOP_DOWN, 0, 0},
    {"aligned static PIE, vdso in what is left above",
     "7ffff7fb0000 @prog\n" VDSO("7ffff7fbb000", "7ffff7fbd000") FAKE_STACK, ET_DYN, MMAP_TOP_DOWN,
     0x7ffff7fbd000, 0x10000},
    {"aligned static PIE, what is left is the vdso's",
     "7ffff7fb0000 @prog\n" VDSO("7ffff7fb4000", "7ffff7fb6000") FAKE_STACK, ET_DYN, MMAP_TOP_DOWN,
     0x7ffff7fb6000, 0x10000},
    {"aligned static PIE, what is left is less than the vdso",
     VDSO("7ffff7fae000", "7ffff7fb0000") "7ffff7fb0000 @prog\n" FAKE_STACK, ET_DYN, MMAP_TOP_DOWN,
     0, 0x10000},
    {"aligned static PIE, vdso right at the bottom-up base",
     VDSO("2aaaaaab3000", "2aaaaaab5000") "2aaaaaac0000 @prog\n" FAKE_STACK, ET_DYN, MMAP_BOTTOM_UP,
     0x2aaaaaab3000, 0x10000},
    {"aligned static PIE far from the vdso", "555555550000 @prog\n" FAKE_VDSO FAKE_STACK, ET_DYN,
     MMAP_TOP_DOWN, 0x7ffff7fc5000, 0x10000},
};

START_TEST(test_static)
{
    struct elf_spec spec =
        elf_object(64, statics[_i].type, statics[_i].type == ET_EXEC ? 0x400000 : 0);

    spec.dynamic = spec.pie = statics[_i].type == ET_DYN;
    spec.align = statics[_i].align;
    fake_object(&fake, "prog", &spec);
    fake_write(&fake, "sys/vm/legacy_va_layout", statics[_i].mode == MMAP_BOTTOM_UP ? "1" : "0");
    fake_ready(&fake, &(struct fake_process){.maps = statics[_i].maps}, &image);
    ROW_NUMBER(&statics[_i], image.layout.mode, statics[_i].mode);
    ROW_NUMBER(&statics[_i], image.layout.has_base, statics[_i].base != 0);
    ROW_NUMBER(&statics[_i], image.layout.base, statics[_i].base);
}
END_TEST

#define FULL_STACK "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 [stack]\n"
#define NOT_RANDOM FAKE_PROG FAKE_LIBC FAKE_VDSO FAKE_LOADER FULL_STACK
#define RANDOM     FAKE_PROG FAKE_LIBC FAKE_VDSO FAKE_LOADER FAKE_STACK

static const struct {
    const char *name;
    const char *maps;
    uint64_t start_brk;
    unsigned int personality;
    const char *sysctl;
    enum aslr aslr;
    enum layout_cause cause;
} aslrs[] = {
    {"full", RANDOM, 0x1000000, 0, "2", ASLR_FULL, CAUSE_DEFAULT},
    {"the break follows bss", RANDOM, 0x404000, 0, "1", ASLR_NO_BRK, CAUSE_DEFAULT},
    {"the break follows bss after a page", RANDOM, 0x405000, 0, "1", ASLR_NO_BRK, CAUSE_DEFAULT},
    {"two pages are random", RANDOM, 0x406000, 0, "2", ASLR_FULL, CAUSE_DEFAULT},
    {"off by personality", NOT_RANDOM, 0x404000, PERSONALITY_NO_RANDOMIZE, "2", ASLR_OFF,
     CAUSE_PERSONALITY},
    {"off by sysctl", NOT_RANDOM, 0x404000, 0, "0", ASLR_OFF, CAUSE_SYSCTL},
    {"off, and nothing says why", NOT_RANDOM, 0x404000, 0, "2", ASLR_OFF, CAUSE_NOT_KNOWN},
    {"the sysctl came after exec", RANDOM, 0x1000000, 0, "0", ASLR_FULL, CAUSE_DEFAULT},
    {"no stack", FAKE_PROG FAKE_LOADER, 0x1000000, 0, "2", ASLR_UNKNOWN, CAUSE_DEFAULT},
};

START_TEST(test_aslr)
{
    fake_write(&fake, "sys/kernel/randomize_va_space", "%s\n", aslrs[_i].sysctl);
    fake_ready(&fake,
               &(struct fake_process){.maps = aslrs[_i].maps,
                                      .start_brk = aslrs[_i].start_brk,
                                      .personality = aslrs[_i].personality},
               &image);
    ROW_NUMBER(&aslrs[_i], image.layout.aslr, aslrs[_i].aslr);
    ROW_NUMBER(&aslrs[_i], image.layout.aslr_cause, aslrs[_i].cause);
}
END_TEST

/* TASK_SIZE of arch/x86: 4 GiB less two pages, or 3 GiB. */
static const struct {
    const char *name;
    const char *machine; /* of the kernel */
    const char *maps;
    unsigned int personality;
    enum mmap_mode mode;
    uint64_t task_size, base;
} narrow[] = {
    {"compat, top-down", "x86_64",
     FAKE_PROG "f7c00000 @libc.so\nf7fc0000 @ld.so\n"
               "fffdd000-ffffd000 rw-p 00000000 00:00 0 [stack]\n",
     0, MMAP_TOP_DOWN, 0xffffe000, 0xf7fc4000},
    {"compat, bottom-up", "x86_64",
     FAKE_PROG "55555000 @ld.so\n55600000 @libc.so\n"
               "fffdd000-ffffd000 rw-p 00000000 00:00 0 [stack]\n",
     PERSONALITY_COMPAT_LAYOUT, MMAP_BOTTOM_UP, 0xffffe000, 0x55555000},
    {"compat, 3 GiB", "x86_64",
     FAKE_PROG "b7c00000 @libc.so\nb7fc0000 @ld.so\n"
               "bffdf000-c0000000 rw-p 00000000 00:00 0 [stack]\n",
     PERSONALITY_LIMIT_3GB, MMAP_TOP_DOWN, 0xc0000000, 0xb7fc4000},
    {"compat, 3 GiB asked for after exec", "x86_64",
     FAKE_PROG "f7c00000 @libc.so\nf7fc0000 @ld.so\n"
               "fffdd000-ffffd000 rw-p 00000000 00:00 0 [stack]\n",
     PERSONALITY_LIMIT_3GB, MMAP_TOP_DOWN, 0xffffe000, 0xf7fc4000},
    {"32-bit kernel", "i686",
     FAKE_PROG "b7c00000 @libc.so\nb7fc0000 @ld.so\n"
               "bffdf000-bffff000 rw-p 00000000 00:00 0 [stack]\n",
     0, MMAP_TOP_DOWN, 0xc0000000, 0xb7fc4000},
    {"32-bit kernel, bottom-up", "i686",
     FAKE_PROG "40000000 @ld.so\n40100000 @libc.so\n"
               "bffdf000-bffff000 rw-p 00000000 00:00 0 [stack]\n",
     PERSONALITY_COMPAT_LAYOUT, MMAP_BOTTOM_UP, 0xc0000000, 0x40000000},
};

START_TEST(test_32bit)
{
    struct fake other;

    hook_machine = narrow[_i].machine;
    fake_init(&other); /* a host asks for the machine once */
    fake_objects(&other, 32);
    fake_ready(&other,
               &(struct fake_process){
                   .maps = narrow[_i].maps, .word_bytes = 4, .personality = narrow[_i].personality},
               &image);
    ROW_NUMBER(&narrow[_i], image.layout.task_size, narrow[_i].task_size);
    ROW_NUMBER(&narrow[_i], image.layout.mode, narrow[_i].mode);
    ROW_NUMBER(&narrow[_i], image.layout.base, narrow[_i].base);
    fake_deinit(&other);
}
END_TEST

/* Without rules for the machine the libraries still show the direction. */
START_TEST(test_unknown_machine)
{
    static const char *const names[] = {"prog", "ld.so", "libc.so"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct elf_spec spec = elf_object(64, i == 0 ? ET_EXEC : ET_DYN, i == 0 ? 0x400000 : 0);

        spec.machine = EM_ALPHA;
        spec.interp = i == 0 ? "/lib/ld.so" : NULL;
        fake_object(&fake, names[i], &spec);
    }
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS}, &image);
    ck_assert_ptr_null(image.arch);
    ck_assert_uint_eq(image.layout.task_size, 0);
    ck_assert_int_eq(image.layout.mode, MMAP_TOP_DOWN);
    ck_assert_int_eq(image.layout.aslr, ASLR_UNKNOWN);
}
END_TEST

Suite *layout_suite(void)
{
    Suite *suite = suite_create("layout");
    TCase *tcase = tcase_create("infer");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_mode, modes);
    ROWS_ADD(tcase, test_static, statics);
    ROWS_ADD(tcase, test_aslr, aslrs);
    ROWS_ADD(tcase, test_32bit, narrow);
    tcase_add_test(tcase, test_unknown_machine);
    suite_add_tcase(suite, tcase);
    return suite;
}
