/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole numbers in the byte order of a target, which need not be the tool's own. */
#ifndef PARSE_WORD_H
#define PARSE_WORD_H

#include "base/reader.h"

#include <string.h>

/* A number of 2, 4 or 8 bytes. */
static inline uint64_t word_load(const void *p, size_t n_bytes, bool big_endian)
{
    bool swap = big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
    uint64_t wide;
    uint32_t word;
    uint16_t half;

    if (n_bytes == sizeof(wide)) {
        memcpy(&wide, p, sizeof(wide));
        return swap ? __builtin_bswap64(wide) : wide;
    }
    if (n_bytes == sizeof(word)) {
        memcpy(&word, p, sizeof(word));
        return swap ? __builtin_bswap32(word) : word;
    }
    memcpy(&half, p, sizeof(half));
    return swap ? __builtin_bswap16(half) : half;
}

/* The same from `at`; false when it is not there. */
static inline bool word_read(const struct reader *reader, uint64_t at, size_t n_bytes,
                             bool big_endian, uint64_t *value)
{
    unsigned char raw[8];

    if (!reader_read(reader, at, raw, n_bytes))
        return false;
    *value = word_load(raw, n_bytes, big_endian);
    return true;
}

#endif
