/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block of a target's memory that moves along with who reads it: 256 KiB at a time for one who
 * goes on without gaps (the fastest size for process_vm_readv, measured on Linux 6.1), a page or
 * two for one who jumps.
 */
#ifndef MODEL_HEAPWINDOW_H
#define MODEL_HEAPWINDOW_H

#include "base/range.h"
#include "base/reader.h"

struct heapwindow {
    const struct reader *memory;
    const struct range *spans; /* what may be read: in address order, apart from each other */
    size_t n_spans;
    unsigned char *bytes;
    uint64_t start; /* of what is held */
    size_t n;       /* bytes held */
    size_t step;    /* bytes that the last read asked for */
};

void heapwindow_init(struct heapwindow *window, const struct reader *memory,
                     const struct range *spans, size_t n_spans);
void heapwindow_deinit(struct heapwindow *window);

/* The span with the address, or NULL. */
const struct range *heapwindow_span(const struct heapwindow *window, uint64_t address);

const unsigned char *heapwindow_move(struct heapwindow *window, uint64_t address, size_t n);

/* The n bytes (two pages at most) at the address until the next call, or NULL: not to be read. */
static inline const unsigned char *heapwindow_at(struct heapwindow *window, uint64_t address,
                                                 size_t n)
{
    uint64_t at = address - window->start;

    if (at < window->n && window->n - at >= n)
        return window->bytes + at;
    return heapwindow_move(window, address, n);
}

#endif
