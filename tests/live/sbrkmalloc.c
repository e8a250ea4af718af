/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A malloc as old programs have one: it takes memory from the break or not at all; or, with
 * LIVE_MMAP, goes on by a pointer to mmap; or, with LIVE_BASH, has the names of bash's, and the use
 * of dlsym() that bash has for another reason.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HEADER = 16 };

#ifdef LIVE_MMAP
typedef void *map_call(void *, size_t, int, int, int, off_t);
#endif

static void *take(size_t size)
{
    void *p = sbrk((intptr_t)size);

#ifdef LIVE_MMAP
    map_call *volatile map = mmap; /* its address in code, which makes the linker define it */

    if (p == (void *)-1)
        p = map(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#endif
    return p;
}

void *malloc(size_t size)
{
    size_t *header;

    if (size > PTRDIFF_MAX - 2 * HEADER)
        return NULL;
    header = take((size + 2 * HEADER - 1) / HEADER * HEADER);
    if (header == (void *)-1)
        return NULL;
    *header = size;
    return (char *)header + HEADER;
}

void free(void *p)
{
}

void *calloc(size_t n, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) ? NULL : malloc(bytes); /* fresh pages are 0 */
}

void *realloc(void *p, size_t size)
{
    size_t old = p ? *(size_t *)((char *)p - HEADER) : 0;
    void *q = malloc(size);

    if (q != NULL && p != NULL)
        memcpy(q, p, old < size ? old : size);
    return q;
}

#ifdef LIVE_BASH
void *sh_malloc(size_t size, const char *file, int line);
void *sh_realloc(void *p, size_t size, const char *file, int line);
void sh_free(void *p, const char *file, int line);
void *find_builtin(void *plugin, const char *name);

void *sh_malloc(size_t size, const char *file, int line)
{
    return malloc(size);
}

void *sh_realloc(void *p, size_t size, const char *file, int line)
{
    return realloc(p, size);
}

void sh_free(void *p, const char *file, int line)
{
    free(p);
}

void *find_builtin(void *plugin, const char *name)
{
    return dlsym(plugin, name);
}
#endif
