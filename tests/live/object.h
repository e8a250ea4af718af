/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps ELF objects the way a loader does, where the scenario wants them. */
#ifndef OBJECT_H
#define OBJECT_H

#include <stddef.h>
#include <stdint.h>

struct object {
    uintptr_t start, end;           /* page-aligned, of the whole object */
    uintptr_t text_start, text_end; /* the executable segment, page-aligned */
    uintptr_t data_start, data_end; /* the writable one */
};

/*
 * Maps PATH with its lowest page at ADDR, or where the kernel likes when ADDR is 0: one mapping
 * over the whole span, the segments over it, anonymous bss, no access to what lies between
 * segments. Never replaces anything.
 */
struct object object_load(const char *path, uintptr_t addr);

/*
 * The same place for the object or for what only resembles it: the file, only read; anonymous
 * memory, executable.
 */
enum likeness { OBJECT, FILE_READ, ANON_EXEC };
void object_put(enum likeness likeness, const char *path, uintptr_t addr);

/* Bytes that it takes up, in whole pages. */
size_t object_span(const char *path);

/*
 * The path of a library of the C library's own folder (it holds libm, libresolv, ...), from where
 * libc was loaded.
 */
const char *library_path(const char *name);

/* Copies a file into the current directory. */
void file_copy(const char *from, const char *to);

/* Writes LEN bytes (whole pages) of no particular content; returns the file's name. */
const char *file_make(const char *name, size_t len);

#endif
