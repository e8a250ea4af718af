/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds symbols of an ELF object: through the dynamic section and hash table that the loader uses,
 * in the memory of a process or in a file, or through the symbol table of a file.  Every word comes
 * from a process that may be hostile: loops are bounded and lengths are never believed.
 */
#ifndef PARSE_SYMBOLS_H
#define PARSE_SYMBOLS_H

#include "parse/elfhead.h"

enum { MAX_NEEDED = 16 }; /* libraries that an object names */

/* What the dynamic section of an object says. */
struct dynamic {
    const struct elfhead *head;
    struct reader memory;                    /* reads by address */
    uint64_t symtab, strtab, gnu_hash, hash; /* addresses; 0: not there */
    uint64_t n_buckets, first, n_bloom;      /* how DT_GNU_HASH begins, read once */
    uint64_t strings_bytes;
    uint64_t needed[MAX_NEEDED]; /* names in strtab, of DT_NEEDED */
    unsigned int n_needed;       /* MAX_NEEDED + 1: more than that */
    uint64_t debug; /* DT_DEBUG: where the loader keeps its list of objects; 0: not there */
};

/*
 * False when there is none.  `memory` reads addresses of the process, in which the object is loaded
 * with `bias`; it and `head` are used as long as *dynamic is.
 */
bool dynamic_read(struct dynamic *dynamic, const struct elfhead *head, const struct reader *memory,
                  uint64_t bias);

/* The value, without bias, of a symbol that the object offers to others. */
bool dynamic_find(const struct dynamic *dynamic, const char *name, uint64_t *value);

/* Which of at most 64 names the object takes from others: bit i for names[i].  False: not known. */
bool dynamic_imports(const struct dynamic *dynamic, const char *const *names, unsigned int n_names,
                     uint64_t *found);

/* Whether every library that the object names (DT_NEEDED) begins with one of `starts`. */
bool dynamic_needs_only(const struct dynamic *dynamic, const char *const *starts, unsigned int n);

/* A file, read by the addresses without bias that its program headers give its bytes. */
struct elf_view {
    const struct elfhead *head;
    const struct reader *file;
};

struct reader elf_view_reader(struct elf_view *view);

/*
 * The address of an exported symbol in memory.  `memory` reads addresses of the process, in which
 * the object is loaded with `bias`.
 */
bool symbol_find_loaded(const struct elfhead *head, const struct reader *memory, uint64_t bias,
                        const char *name, uint64_t *address);

/*
 * The value, without bias, of a variable of the size of an address in the file's .symtab; false too
 * when that was stripped.
 */
bool symbol_find_variable(const struct elfhead *head, const struct reader *file, const char *name,
                          uint64_t *value);

/*
 * Which of at most 64 names the file's .symtab defines, as functions or variables: bit i for
 * names[i].  False when that was stripped.
 */
bool symtab_find(const struct elfhead *head, const struct reader *file, const char *const *names,
                 unsigned int n_names, uint64_t *found);

#endif
