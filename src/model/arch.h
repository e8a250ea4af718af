/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an architecture's kernel does with an address space.  Two tables: what holds for a machine
 * whatever its kernel was built for, and a row for each end that its address space can have, by
 * word size, kernel, page size and the width of virtual addresses.
 */
#ifndef MODEL_ARCH_H
#define MODEL_ARCH_H

#include <stdbool.h>
#include <stdint.h>

/* Where a kernel looks for an address when there is no room below its top-down mmap base. */
enum second_search {
    SEARCH_UNKNOWN,
    SEARCH_FROM_LEGACY_BASE,
    SEARCH_FROM_RANDOM_LEGACY_BASE, /* moved by the random number that moved the other base */
    SEARCH_FROM_MMAP_BASE
};

/* How the kernel aligns large anonymous memory since 6.7. */
enum huge_pages {
    HUGE_UNKNOWN,
    HUGE_NONE,
    HUGE_MIDDLE_TABLE, /* what one page of entries of 8 bytes maps: 2 MiB with pages of 4 KiB */
    HUGE_1M
};

/* What holds for all programs of a machine. */
struct machine {
    uint16_t machine;    /* EM_* */
    uint64_t page_sizes; /* those that its kernels can be built for, or'ed */
    bool stack_grows_up;
    bool has_map_32bit;          /* mmap(MAP_32BIT) of 64-bit programs */
    bool data_is_executable;     /* heap and stack are, unless a program asks for less */
    bool objects_are_writable;   /* ... and so are the data segments of objects, by the ABI */
    unsigned int top_down_since; /* before this version mmap went bottom-up; 0: long ago */
    /* From this version on an unlimited stack does not make the layout legacy; 0: it does */
    unsigned int unlimited_stack_ignored_since;
    enum second_search second_search;
    enum huge_pages huge_pages;
    uint64_t usual_min_address; /* CONFIG_LSM_MMAP_MIN_ADDR, as it is preset */
};

/* Never NULL: of a machine that is not in the table nothing is known. */
const struct machine *machine_find(uint16_t machine);

/* Bytes that a huge page has; 0: there are none, or it is not known. */
uint64_t machine_huge_page(const struct machine *machine, uint64_t page_size);

/* An address space that a kernel gives.  Kernel versions are KERNEL(major, minor), 0: unbounded. */
struct arch {
    uint16_t machine; /* EM_* of the program */
    unsigned int elf_class;
    bool on_64bit_kernel;
    uint64_t page_size; /* 0: any */
    unsigned int since, before;
    uint32_t personality; /* a flag that it takes, or 0 */
    uint64_t task_size;   /* the end of user addresses without a hint above it */
    uint64_t stack_top;   /* the highest end of the stack; 0: task_size */
    /*
     * How much further below the end the kernel puts the stack, for a vdso above it: at most, where
     * addresses are not randomised, and in addition where they are.
     */
    uint64_t vdso_bytes, vdso_random_bytes;
    uint64_t stack_random_bytes; /* STACK_RND_MASK */
    uint64_t legacy_base;        /* TASK_UNMAPPED_BASE */
    uint64_t mmap_random_bytes;  /* the most that vm.mmap_rnd_bits can ask for, of 4 KiB pages */
    bool mmap_random_by_pages;   /* larger pages, more bytes; else the bytes stay the same */
    uint64_t brk_random_bytes;   /* the largest random distance from bss to start_brk */
    uint64_t brk_floor;          /* start_brk can begin here instead of at bss; 0: no */
    const char *beyond;          /* a sentence on what the kernel gives beyond task_size, or NULL */
};

/* By what the row is told: 0 or false where it is not known. */
struct arch_clues {
    uint16_t machine;
    unsigned int elf_class;
    bool is_64bit_kernel, is_32bit_kernel;
    unsigned int kernel_version;
    uint64_t page_size;
    bool has_personality;
    uint32_t personality;
    uint64_t highest;   /* the end of the highest mapping that is not the kernel's own */
    uint64_t stack_end; /* of a stack that grows down */
};

struct arch_choice {
    const struct arch *arch; /* NULL: no rules for it */
    bool is_sure;            /* all rows that fit as well end at the same address */
    bool is_kernel_known;    /* ... and are of the same kernel's word size */
};

struct arch_choice arch_choose(const struct arch_clues *clues);

uint64_t arch_stack_top(const struct arch *arch);
uint64_t arch_mmap_random_bytes(const struct arch *arch, uint64_t page_size);

#endif
