/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random access to bytes that lie elsewhere: a file, a head that was read before, a target's
 * memory.
 */
#ifndef BASE_READER_H
#define BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
    /*
     * Fills buf with n bytes from `offset` and returns true, or returns false; nothing in between.
     */
    bool (*read)(void *context, uint64_t offset, void *buf, size_t n);
    void *context;
};

static inline bool reader_read(const struct reader *reader, uint64_t offset, void *buf, size_t n)
{
    return reader->read(reader->context, offset, buf, n);
}

#endif
