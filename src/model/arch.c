/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/arch.h"

#include "base/units.h"

#include <elf.h>
#include <stddef.h>

/*
 * x86: arch/x86/mm/mmap.c (mmap_is_legacy, mmap_base), arch/x86/include/asm/elf.h
 * (ELF_ET_DYN_BASE),
 * arch/x86/kernel/process.c (arch_randomize_brk: 1 GiB for 64-bit programs since 44c76825d6ee,
 * v6.9;
 * 32 MiB before and for 32-bit ones).  An unlimited stack made the layout legacy until v4.16.
 */
static const struct arch arches[] = {
    {
        .machine = EM_X86_64,
        .elf_class = 64,
        .on_64bit_kernel = true,
        .task_size = 0x7ffffffff000,
        .brk_random_bytes = GIB,
        .mmap_random_bits = 32,
        .unlimited_stack_ignored_since = 4 << 8 | 17,
    },
    {
        .machine = EM_386,
        .elf_class = 32,
        .on_64bit_kernel = true,
        .task_size = 0xffffe000,
        .brk_random_bytes = 32 * MIB,
        .mmap_random_bits = 16,
        .unlimited_stack_ignored_since = 4 << 8 | 17,
    },
    {
        .machine = EM_386,
        .elf_class = 32,
        .on_64bit_kernel = false,
        .task_size = 0xc0000000,
        .brk_random_bytes = 32 * MIB,
        .mmap_random_bits = 8,
        .unlimited_stack_ignored_since = 4 << 8 | 17,
    },
};

const struct arch *arch_find(uint16_t machine, unsigned int elf_class, bool on_64bit_kernel)
{
    for (size_t i = 0; i < sizeof(arches) / sizeof(arches[0]); i++)
        if (arches[i].machine == machine && arches[i].elf_class == elf_class &&
            arches[i].on_64bit_kernel == on_64bit_kernel)
            return &arches[i];
    return NULL;
}
