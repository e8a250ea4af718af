/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds one symbol of an ELF object: through the dynamic section and hash table that the loader
 * uses,
 * in the memory of a process, or through the symbol table of a file.  Every word comes from a
 * process that may be hostile: loops are bounded and lengths are never believed.
 */
#ifndef PARSE_SYMBOLS_H
#define PARSE_SYMBOLS_H

#include "parse/elfhead.h"

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

#endif
