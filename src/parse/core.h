/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF core: the memory of a process, as the kernel (fs/binfmt_elf.c), gdb's gcore or another
 * program wrote it down.  Nothing of it is believed, nothing is needed but the ELF header, and what
 * is not there is said: a core may be cut anywhere, come from any machine, or be made up.
 *
 * What holds of every record, however the file lies:
 *  - mappings are sorted, none is empty, none overlaps another;
 *  - together they cover the addresses that the PT_LOADs and NT_FILE name, no more and no less, but
 *    for headers and entries that are counted as not believed because they have no valid range;
 *  - a mapping's content lies wholly in one PT_LOAD's;
 *  - time and memory are linear (n log n for sorting) in the part of the file that holds headers
 *    and notes, and bounded: CORE_MAX_HEADERS program headers, CORE_MAX_NOTES notes,
 *    CORE_MAX_FILE_NOTE bytes of NT_FILE.
 */
#ifndef PARSE_CORE_H
#define PARSE_CORE_H

#include "base/range.h"
#include "parse/elfhead.h"
#include "parse/maps.h"

enum {
    CORE_MAX_HEADERS = 1 << 22,   /* vm.max_map_count is 65,530 or, in newer distributions, 2^20 */
    CORE_MAX_NOTES = 1 << 22,     /* some eight a thread */
    CORE_MAX_FILE_NOTE = 1 << 28, /* the kernel writes 4 MiB, or 16 MiB when told to (6.12) */
};

struct core_mapping {
    struct range range;
    uint64_t at;     /* where its content begins in the core */
    uint64_t dumped; /* bytes of content, from range.start on; the file may be cut before */
    uint64_t offset; /* into the file that is mapped */
    struct str path; /* of that file, from NT_FILE; empty when it has no name */
    bool is_file;    /* NT_FILE tells of it */
    bool has_load;   /* a PT_LOAD does; else `perms` is not known and nothing was dumped */
    uint8_t perms;   /* PERM_READ, PERM_WRITE, PERM_EXEC; whether it is shared, a core never says */
};

struct core_thread {
    uint32_t tid;
    unsigned int signal; /* that it was given; 0: none */
    bool has_sp;         /* the machine's registers are known here */
    uint64_t sp;
};

enum core_writer {
    CORE_WRITER_UNKNOWN, /* valgrind, qemu, createdump and others, or the notes are cut off */
    CORE_WRITER_KERNEL,
    CORE_WRITER_GDB,
};

enum core_page_size {
    CORE_PAGE_UNKNOWN,
    CORE_PAGE_AUXV,  /* AT_PAGESZ */
    CORE_PAGE_FILES, /* the unit that the kernel wrote into NT_FILE */
    CORE_PAGE_ALIGN, /* p_align, which some machines' kernels set higher than a page */
};

/* What a core does not tell, or tells so that it is not believed. */
struct core_missing {
    const char *what; /* "NT_FILE" */
    const char *reason;
};

struct core {
    struct elfhead head;  /* class, byte order, machine; it has no segments */
    uint64_t file_bytes;  /* what there is */
    uint64_t whole_bytes; /* what the program headers tell of; more when the file was cut */
    uint64_t n_headers;   /* program headers */
    enum core_writer writer;

    /*
     * NULL when each mapping of the process has a program header, as in the kernel's cores; else
     * why there may be more mappings, so that what looks free need not be.
     */
    const char *incomplete;
    bool reads_known; /* PERM_READ means something: gdb sets it for every mapping */
    bool files_known; /* NT_FILE is there and whole: what it does not name has no file */

    uint64_t page_size; /* 0: unknown */
    enum core_page_size page_size_source;
    uint64_t n_unaligned; /* mappings that do not begin and end at a page */

    struct core_mapping *mappings;
    size_t n_mappings;

    bool has_process; /* NT_PRPSINFO; numbers are those of the process's own PID namespace */
    uint32_t pid;     /* 0: unknown, as in valgrind's cores, and all ids with it */
    uint32_t ppid;    /* by the kernel, the id of the parent's thread that forked it */
    bool has_ids;     /* older 32-bit machines have 16 bits for them, which may be too narrow */
    uint32_t uid, gid;
    char state;       /* 'R'; 0: unknown */
    const char *comm; /* at most 15 bytes */
    const char *args; /* the beginning of the command line */

    struct core_thread *threads; /* the one that died first */
    size_t n_threads;

    bool has_siginfo;
    unsigned int signal;
    int32_t signal_code;
    bool has_fault; /* SIGSEGV, and of an address */
    uint64_t fault_address;

    struct str auxv; /* NT_AUXV, pairs of words of the target; empty: not there */

    struct core_missing *missing;
    size_t n_missing;
};

/*
 * Reads a core of `file_bytes` through `reader`, which is needed no longer.  What the record points
 * to is in the arena.  False, with the reason, when it is no ELF core or its program headers are
 * beyond reading.
 */
bool core_parse(struct core *core, struct arena *arena, const struct reader *reader,
                uint64_t file_bytes, struct err *err);

/* The value of AT_..., in `core.auxv`. */
bool core_auxv(const struct core *core, uint64_t type, uint64_t *value);

/* The bytes of an address. */
static inline unsigned int core_word_bytes(const struct core *core)
{
    return core->head.elf_class / 8;
}

/* The mapping at an address, or NULL. */
const struct core_mapping *core_find(const struct core *core, uint64_t address);

/* How much of the mapping's content is in the file, from its start on. */
uint64_t core_held_bytes(const struct core *core, const struct core_mapping *mapping);

/* The thread whose id is the process's, or NULL. */
const struct core_thread *core_main_thread(const struct core *core);

/* The process's memory by address: a read of what was not dumped, or is cut off, fails. */
struct core_view {
    const struct core *core;
    const struct reader *file;
};

struct reader core_memory(struct core_view *view);

#endif
