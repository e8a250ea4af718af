/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF cores made byte by byte, of any class and byte order, after the System V ABI's tables and the
 * kernel's structures as include/uapi/linux/elfcore.h and ptrace.h tell them, and not with the
 * library or the tables that the program reads them with.
 */
#ifndef COREBYTES_H
#define COREBYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COREBYTES = 1 << 18,
    CORE_PHDRS = 256, /* room for program headers, notes */
    CORE_NOTES = 1 << 16,
    CORE_PAGE = 4096,
};

struct core_bytes {
    unsigned int elf_class; /* 32 or 64 */
    bool big_endian;
    uint16_t machine;
    unsigned int note_align; /* 0: 4 */

    struct {
        uint32_t type, flags;
        uint64_t vaddr, file_bytes, memory_bytes, align, offset; /* core_end() sets the offset */
    } phdrs[CORE_PHDRS];
    unsigned int n_phdrs;
    unsigned char notes[CORE_NOTES];
    size_t n_notes;

    unsigned char bytes[COREBYTES]; /* the file */
    size_t n;
    size_t notes_at; /* where they begin in it */
};

/* Writes a number in the core's byte order. */
void core_put(const struct core_bytes *core, unsigned char *to, uint64_t value, size_t n_bytes);

/* A PT_LOAD; each page of its content repeats the number of the page. */
void core_load(struct core_bytes *core, uint32_t flags, uint64_t vaddr, uint64_t file_bytes,
               uint64_t memory_bytes);

void core_note(struct core_bytes *core, const char *owner, uint32_t type, const void *bytes,
               size_t n);

/* Notes as the kernel writes them. */
struct core_status {
    uint32_t tid;
    uint16_t signal;
    uint64_t sp;
};
void core_note_status(struct core_bytes *core, size_t n_bytes, size_t sp_at, size_t sp_bytes,
                      const struct core_status *status);
void core_note_process(struct core_bytes *core, size_t n_bytes, uint32_t uid, uint32_t gid);
void core_note_auxv(struct core_bytes *core, const uint64_t (*pairs)[2], size_t n);
void core_note_files(struct core_bytes *core, uint64_t n_counted, uint64_t unit,
                     const uint64_t (*entries)[3], size_t n_entries, const char *names,
                     size_t n_names);

/* What core_note_process() writes. */
enum { CORE_PID = 4711, CORE_PPID = 815 };
#define CORE_COMM "fifteen letters"
#define CORE_ARGS "./a program"

/* Puts the file together: ELF header, program headers with PT_NOTE first, notes, content. */
void core_end(struct core_bytes *core);

/* The byte that a page's content repeats. */
static inline unsigned char core_page_byte(uint64_t address)
{
    return (unsigned char)(address / CORE_PAGE * 7 + 1);
}

#endif
