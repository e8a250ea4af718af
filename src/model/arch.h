/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an architecture's kernel does with an address space: one row per machine, word size of the
 * program and word size of the kernel.
 */
#ifndef MODEL_ARCH_H
#define MODEL_ARCH_H

#include <stdbool.h>
#include <stdint.h>

struct arch {
    uint16_t machine; /* EM_* of the program */
    unsigned int elf_class;
    bool on_64bit_kernel;
    uint64_t task_size;        /* the end of user addresses without a hint above it */
    uint64_t brk_random_bytes; /* the largest random distance from bss to start_brk, since 6.9 */
    unsigned int mmap_random_bits; /* the most that vm.mmap_rnd_bits can ask for, in pages */
    /* From this version on an unlimited stack does not make the layout legacy; 0: it always does */
    unsigned int unlimited_stack_ignored_since;
};

/* NULL when there are no rules for it. */
const struct arch *arch_find(uint16_t machine, unsigned int elf_class, bool on_64bit_kernel);

#endif
