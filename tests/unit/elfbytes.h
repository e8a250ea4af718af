/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF files made byte by byte, after the System V ABI's tables of the headers and not with the
 * library that the program reads them with.
 */
#ifndef ELFBYTES_H
#define ELFBYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ELFBYTES = 0x800,  /* the size of such a file */
    AT_INTERP = 0x400, /* where things lie in it; the program headers follow the ELF header */
    AT_DYNAMIC = 0x600,
    MAX_LOADS = 4,
};

struct elf_load {
    uint32_t flags; /* PF_* */
    uint64_t offset, vaddr, file_bytes, memory_bytes;
};

enum elf_stack { STACK_PLAIN, STACK_EXEC, STACK_NONE }; /* PT_GNU_STACK; NONE: has no such header */

struct elf_spec {
    unsigned int elf_class; /* 32 or 64 */
    bool big_endian;
    uint16_t type;
    uint16_t machine;
    uint64_t entry;
    const char *interp; /* NULL: no PT_INTERP */
    bool dynamic;       /* has PT_DYNAMIC */
    bool pie;           /* ... with DF_1_PIE */
    enum elf_stack stack;
    uint64_t align;                   /* p_align; 0: 0x1000 */
    struct elf_load loads[MAX_LOADS]; /* those with memory_bytes */
};

/* Writes the file; returns where its last program header ends. */
size_t elf_write(const struct elf_spec *spec, unsigned char file[static ELFBYTES]);

/*
 * An object of four pages from vaddr on, as fake.h maps them: read-only, code, and data of which
 * the second page is bss.
 */
struct elf_spec elf_object(unsigned int elf_class, uint16_t type, uint64_t vaddr);

#endif
