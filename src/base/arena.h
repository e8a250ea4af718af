/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that lives as long as one image or report.  Nobody frees parts; arena_deinit() frees all.
 * Running out of memory ends the program with a message and status 2: a tool that reads some
 * kilobytes of text has nothing sensible left to do then, and no caller has an untested error path.
 * With AddressSanitizer each object is an allocation of its own, so that overruns are seen.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena {
    struct arena_block *blocks;
};

void arena_init(struct arena *arena);
void arena_deinit(struct arena *arena);

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));

/* A zero-terminated copy of n bytes. */
char *arena_strndup(struct arena *arena, const char *s, size_t n) __attribute__((returns_nonnull));

char *arena_printf(struct arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));
char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0), returns_nonnull));

/* malloc's realloc for n objects of a size, with the arena's policy on failure; free() frees it. */
void *xreallocarray(void *p, size_t n, size_t size) __attribute__((returns_nonnull));

#endif
