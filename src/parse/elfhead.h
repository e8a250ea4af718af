/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the ELF header and the program headers of an object say.  libelf's translation functions
 * do the byte order and the word size; the bytes come through a reader, a piece at a time, so
 * that a file is never mapped (a mapped file that is truncated kills its reader).
 */
#ifndef PARSE_ELFHEAD_H
#define PARSE_ELFHEAD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/reader.h"
#include "base/str.h"

struct segment {
    uint32_t type;  /* PT_LOAD, ... */
    uint32_t flags; /* PF_X, PF_W, PF_R */
    uint64_t offset;
    uint64_t vaddr;
    uint64_t file_bytes;
    uint64_t memory_bytes;
    uint64_t align;
};

struct elfhead {
    bool other_format;      /* the file can be read, and begins otherwise than ELF files do */
    unsigned int elf_class; /* 32 or 64 */
    uint16_t machine;       /* EM_* */
    uint16_t type;          /* ET_EXEC, ET_DYN, ... */
    bool big_endian;
    uint64_t entry;
    uint64_t phoff; /* where the program headers lie in the file */
    uint64_t shoff; /* and the section headers; not believed until they are read */
    unsigned int n_sections;
    unsigned int n_phdrs;    /* e_phnum, e_phentsize: as the header says it */
    unsigned int phdr_bytes; /* size of one */

    struct segment *segments; /* the arena's */
    unsigned int n_segments;

    const char *interp;    /* PT_INTERP's path, or NULL */
    bool is_go;            /* a program with a PT_NOTE of the owner "Go": linked by Go */
    bool has_dynamic;      /* PT_DYNAMIC is there */
    bool is_pie;           /* DT_FLAGS_1 has DF_1_PIE: a program, not a library */
    bool has_gnu_stack;    /* PT_GNU_STACK is there */
    bool wants_exec_stack; /* ... and has PF_X */
};

/* The ELF header alone; no segments yet.  False, with the reason. */
bool elfhead_begin(struct elfhead *head, const struct reader *reader, struct err *err);

/* Program headers that elfhead_read_segments() reads at most at once. */
enum { ELFHEAD_SEGMENTS = 128 };

/*
 * Reads `n` program headers from the one numbered `first` on.  False when they are not there or
 * are not of the class's size.
 */
bool elfhead_read_segments(const struct elfhead *head, const struct reader *reader, uint64_t first,
                           unsigned int n, struct segment *segments);

/* False, with the reason, when the bytes are no ELF object or a header lies. */
bool elfhead_parse(struct elfhead *head, struct arena *arena, const struct reader *reader,
                   struct err *err);

/* "x86-64", "i386", ...; "machine 243" is written into buf for what has no name here. */
const char *elf_machine_name(uint16_t machine, char buf[static 24]);

#endif
