/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/arch.h"

#include "../rows.h"

#include <elf.h>
#include <stddef.h>

#define KERNEL(major, minor) ((unsigned int)(major) << 8 | (minor))

enum { WIDTH_UNKNOWN, KERNEL_32, KERNEL_64 };

/*
 * Expected are the kernel's constants: TASK_SIZE of arch/ARCH/include/asm/, and for a stack its end
 * in maps as processes of such kernels show it, or STACK_TOP less a random part that is allowed.
 */
static const struct {
    const char *name;
    uint16_t machine;
    unsigned int elf_class;
    int kernel_width;
    unsigned int version;
    uint64_t page_size;
    uint64_t highest, stack_end;
    uint32_t personality; /* UINT32_MAX: not known */
    uint64_t task_size;   /* 0: no rules */
    bool unsure, width_unknown;
} rows[] = {
    {"x86-64: 2^47 less a page", EM_X86_64, 64, KERNEL_64, 0, 4096, 0x7ffffffff000, 0x7fffffff0000,
     0, 0x7ffffffff000, false, false},
    {"x86-64, five levels, a hint", EM_X86_64, 64, KERNEL_64, 0, 4096, 0xff000000000000,
     0x7fffffff0000, 0, 0x7ffffffff000, false, false},
    {"i386 on x86-64: 4 GiB less two pages", EM_386, 32, KERNEL_64, 0, 4096, 0xffffe000, 0xff900000,
     0, 0xffffe000, false, false},
    {"i386 on x86-64 with 3 GiB", EM_386, 32, KERNEL_64, 0, 4096, 0xc0000000, 0xbff00000, 0x8000000,
     0xc0000000, false, false},
    {"i386 on x86-64, 3 GiB asked for too late", EM_386, 32, KERNEL_64, 0, 4096, 0xffffe000,
     0xfff00000, 0x8000000, 0xffffe000, false, false},
    {"i386: 3 GiB", EM_386, 32, KERNEL_32, 0, 4096, 0xc0000000, 0xbff00000, 0, 0xc0000000, false,
     false},
    {"i386: 2 GiB", EM_386, 32, KERNEL_32, 0, 4096, 0x80000000, 0x7ff00000, 0, 0x80000000, false,
     false},
    {"i386, only the stack tells: a 64-bit kernel", EM_386, 32, WIDTH_UNKNOWN, 0, 4096, 0xffffe000,
     0xff900000, UINT32_MAX, 0xffffe000, false, false},
    {"i386, only the stack tells: 3 GiB of either kernel", EM_386, 32, WIDTH_UNKNOWN, 0, 4096,
     0xc0000000, 0xbff00000, UINT32_MAX, 0xc0000000, false, true},
    {"i386 under setarch: uname says i686", EM_386, 32, KERNEL_32, 0, 4096, 0xffffe000, 0xff900000,
     0, 0xffffe000, false, false},
    {"x32", EM_X86_64, 32, KERNEL_64, 0, 4096, 0xffffe000, 0xff900000, 0, 0xffffe000, false, false},
    {"arm64, 39 bits", EM_AARCH64, 64, WIDTH_UNKNOWN, 0, 4096, 0x7fc7df2000, 0x7fc7df2000, 0,
     0x8000000000, false, false},
    {"arm64, 42 bits", EM_AARCH64, 64, WIDTH_UNKNOWN, 0, 65536, 0x3ffffff0000, 0x3ffffff0000, 0,
     0x40000000000, false, false},
    {"arm64, 47 bits", EM_AARCH64, 64, WIDTH_UNKNOWN, 0, 16384, 0x7fffff000000, 0x7fffff000000, 0,
     0x800000000000, false, false},
    {"arm64, 48 bits", EM_AARCH64, 64, WIDTH_UNKNOWN, 0, 4096, 0xfffff0000000, 0xfffff0000000, 0,
     0x1000000000000, false, false},
    {"arm64, 52 bits asked for", EM_AARCH64, 64, WIDTH_UNKNOWN, 0, 65536, 0xf000000000000,
     0xfffff0000000, 0, 0x1000000000000, false, false},
    {"arm64, no stack: libraries are too low for 48 bits", EM_AARCH64, 64, WIDTH_UNKNOWN, 0, 4096,
     0x7fb0000000, 0, 0, 0x8000000000, false, false},
    {"arm64, no stack, 16 KiB: 47 or 48 bits", EM_AARCH64, 64, WIDTH_UNKNOWN, 0, 16384,
     0x7fb000000000, 0, 0, 0x800000000000, true, false},
    {"arm on its own kernel", EM_ARM, 32, WIDTH_UNKNOWN, 0, 4096, 0xbefd6000, 0xbec01000, 0,
     0xbf000000, false, false},
    {"arm, 2 GiB", EM_ARM, 32, WIDTH_UNKNOWN, 0, 4096, 0x7efd6000, 0x7ec01000, 0, 0x7f000000, false,
     false},
    {"arm on arm64", EM_ARM, 32, WIDTH_UNKNOWN, 0, 4096, 0xffff0000, 0xff89b000, 0, 0xfffff000,
     false, false},
    {"riscv64, sv39", EM_RISCV, 64, WIDTH_UNKNOWN, 0, 4096, 0x3fff8a9000, 0x3fff8a9000, 0,
     0x4000000000, false, false},
    {"riscv64, sv48", EM_RISCV, 64, WIDTH_UNKNOWN, 0, 4096, 0x7fffff8a9000, 0x7fffff8a9000, 0,
     0x800000000000, false, false},
    {"riscv64, sv57 until 6.6", EM_RISCV, 64, WIDTH_UNKNOWN, KERNEL(6, 1), 4096, 0xffffffff8a9000,
     0xffffffff8a9000, 0, 0x100000000000000, false, false},
    {"riscv32 on a 64-bit kernel", EM_RISCV, 32, KERNEL_64, KERNEL(6, 3), 4096, 0x7ffff000,
     0x7ffff000, 0, 0x7ffff000, false, false},
    {"riscv32 on its own kernel", EM_RISCV, 32, KERNEL_32, 0, 4096, 0x9c7ff000, 0x9c7ff000, 0,
     0x9c800000, false, false},
    {"ppc64, 64 KiB", EM_PPC64, 64, WIDTH_UNKNOWN, 0, 65536, 0x7fffd9420000, 0x7fffd9420000, 0,
     0x800000000000, false, false},
    {"ppc64, 4 KiB", EM_PPC64, 64, WIDTH_UNKNOWN, 0, 4096, 0x3fffd9420000, 0x3fffd9420000, 0,
     0x400000000000, false, false},
    {"ppc64 of 2.6.32", EM_PPC64, 64, WIDTH_UNKNOWN, KERNEL(2, 6), 65536, 0xfffd9420000,
     0xfffd9420000, 0, 0x100000000000, false, false},
    {"ppc on its own kernel", EM_PPC, 32, WIDTH_UNKNOWN, 0, 4096, 0xbfa00000, 0xbfa00000, 0,
     0xc0000000, false, false},
    {"ppc on ppc64", EM_PPC, 32, WIDTH_UNKNOWN, 0, 4096, 0xffa00000, 0xffa00000, 0, 0xfffff000,
     false, false},
    {"s390x: the vdso is above the stack", EM_S390, 64, WIDTH_UNKNOWN, 0, 4096, 0x3fffba7b000,
     0x3fffba7b000, 0, 0x40000000000, false, false},
    {"s390, 31 bits", EM_S390, 32, WIDTH_UNKNOWN, 0, 4096, 0x80000000, 0x7fb00000, 0, 0x80000000,
     false, true},
    {"mips o32", EM_MIPS, 32, WIDTH_UNKNOWN, 0, 4096, 0x7fb00000, 0x7fb00000, 0, 0x7fff8000, false,
     true},
    {"mips n64", EM_MIPS, 64, WIDTH_UNKNOWN, 0, 16384, 0xfffb800000, 0xfffb800000, 0, 0x10000000000,
     false, false},
    {"loongarch64, 47 bits", EM_LOONGARCH, 64, WIDTH_UNKNOWN, 0, 16384, 0x7ffffb800000,
     0x7ffffb800000, 0, 0x800000000000, false, false},
    {"csky", EM_CSKY, 32, WIDTH_UNKNOWN, 0, 4096, 0x7fd9c000, 0x7fd9c000, 0, 0x7fff8000, false,
     false},
    {"hppa: the stack grows up and tells nothing", EM_PARISC, 32, WIDTH_UNKNOWN, 0, 4096,
     0xf8587000, 0, 0, 0xfff00000, false, true},
    {"sparc64", EM_SPARCV9, 64, KERNEL_64, 0, 8192, 0x7feffff0000, 0x7feffff0000, 0, 0, false,
     false},
    {"unknown", 0, 0, KERNEL_64, 0, 4096, 0, 0, 0, 0, false, false},
};

START_TEST(test_choose)
{
    struct arch_clues clues = {
        .machine = rows[_i].machine,
        .elf_class = rows[_i].elf_class,
        .is_64bit_kernel = rows[_i].kernel_width == KERNEL_64,
        .is_32bit_kernel = rows[_i].kernel_width == KERNEL_32,
        .kernel_version = rows[_i].version,
        .page_size = rows[_i].page_size,
        .has_personality = rows[_i].personality != UINT32_MAX,
        .personality = rows[_i].personality,
        .highest = rows[_i].highest,
        .stack_end = rows[_i].stack_end,
    };
    struct arch_choice choice = arch_choose(&clues);

    ROW_NUMBER(&rows[_i], choice.arch ? choice.arch->task_size : 0, rows[_i].task_size);
    if (!choice.arch)
        return;
    ROW_NUMBER(&rows[_i], choice.is_sure, !rows[_i].unsure);
    ROW_NUMBER(&rows[_i], choice.is_kernel_known, !rows[_i].width_unknown);
}
END_TEST

/* mm.h and huge_mm.h: PMD_SIZE. */
static const struct {
    const char *name;
    uint16_t machine;
    uint64_t page_size, huge;
} pages[] = {
    {"x86-64", EM_X86_64, 4096, 2 << 20},
    {"i386", EM_386, 4096, 0},
    {"arm64, 4 KiB", EM_AARCH64, 4096, 2 << 20},
    {"arm64, 16 KiB", EM_AARCH64, 16384, 32 << 20},
    {"arm64, 64 KiB", EM_AARCH64, 65536, 512 << 20},
    {"s390x", EM_S390, 4096, 1 << 20},
    {"ppc64", EM_PPC64, 65536, 0},
};

START_TEST(test_huge_page)
{
    ROW_NUMBER(&pages[_i], machine_huge_page(machine_find(pages[_i].machine), pages[_i].page_size),
               pages[_i].huge);
}
END_TEST

START_TEST(test_unknown_machine)
{
    const struct machine *machine = machine_find(EM_VAX);

    ck_assert_ptr_nonnull(machine);
    ck_assert_uint_eq(machine->machine, EM_NONE);
    ck_assert_uint_eq(machine->page_sizes, 0);
}
END_TEST

Suite *arch_suite(void)
{
    Suite *suite = suite_create("arch");
    TCase *tcase = tcase_create("rules");

    ROWS_ADD(tcase, test_choose, rows);
    ROWS_ADD(tcase, test_huge_page, pages);
    tcase_add_test(tcase, test_unknown_machine);
    suite_add_tcase(suite, tcase);
    return suite;
}
