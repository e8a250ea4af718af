/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define BLOCK_BYTES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLOCK_BYTES 0
#endif
#endif
#ifndef BLOCK_BYTES
#define BLOCK_BYTES 8192
#endif

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

static void die_out_of_memory(void)
{
    static const char text[] = "layoutcheck: out of memory\n";

    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
        _exit(2);
    _exit(2);
}

void arena_init(struct arena *arena)
{
    arena->blocks = NULL;
}

void arena_deinit(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *next = arena->blocks->next;

        free(arena->blocks);
        arena->blocks = next;
    }
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t align = alignof(max_align_t);
    struct arena_block *block = arena->blocks;
    void *p;

    if (size > SIZE_MAX / 2)
        die_out_of_memory();
    size = (size + align - 1) / align * align;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;

        block = calloc(1, sizeof(*block) + room);
        if (!block) {
            die_out_of_memory();
            __builtin_unreachable();
        }
        block->size = room;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    p = block->bytes + block->used;
    block->used += size;
    return p;
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
    char *copy = arena_alloc(arena, n + 1);

    if (n > 0)
        memcpy(copy, s, n);
    return copy;
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap)
{
    char text[128]; /* of most, so that they are formatted once */
    va_list again;
    char *s;
    int n;

    va_copy(again, ap);
    n = vsnprintf(text, sizeof(text), fmt, again);
    va_end(again);
    if (n < 0)
        return arena_strndup(arena, "", 0);
    if ((size_t)n < sizeof(text))
        return arena_strndup(arena, text, (size_t)n);
    s = arena_alloc(arena, (size_t)n + 1);
    vsnprintf(s, (size_t)n + 1, fmt, ap);
    return s;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start(ap, fmt);
    s = arena_vprintf(arena, fmt, ap);
    va_end(ap);
    return s;
}

void *xreallocarray(void *p, size_t n, size_t size)
{
    void *q = reallocarray(p, n > 0 ? n : 1, size > 0 ? size : 1);

    if (!q)
        die_out_of_memory();
    return q;
}
