/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Half-open address ranges [start, end) of a target.  Always 64 bits, whatever the target is. */
#ifndef BASE_RANGE_H
#define BASE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct range {
    uint64_t start;
    uint64_t end;
};

static inline uint64_t range_size(struct range r)
{
    return r.end > r.start ? r.end - r.start : 0;
}

static inline bool range_has(struct range r, uint64_t address)
{
    return address >= r.start && address < r.end;
}

static inline bool range_overlaps(struct range a, struct range b)
{
    return a.start < b.end && b.start < a.end;
}

/* `align` is a power of two; the result of rounding up saturates instead of wrapping to 0. */
static inline uint64_t align_down(uint64_t value, uint64_t align)
{
    return value & ~(align - 1);
}

static inline uint64_t align_up(uint64_t value, uint64_t align)
{
    return value > UINT64_MAX - (align - 1) ? align_down(UINT64_MAX, align)
                                            : align_down(value + align - 1, align);
}

#endif
