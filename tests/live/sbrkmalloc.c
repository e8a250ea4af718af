/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A malloc as old programs have one: it takes memory from the break or not at all. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER = 16 };

void *malloc(size_t size)
{
    size_t *header;

    if (size > PTRDIFF_MAX - 2 * HEADER)
        return NULL;
    header = sbrk((intptr_t)((size + 2 * HEADER - 1) / HEADER * HEADER));
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
