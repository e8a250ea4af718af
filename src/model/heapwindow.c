/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/heapwindow.h"

#include "base/arena.h"

#include <stdlib.h>

enum { BLOCK = 256 * 1024, PAGE = 4096 };

void heapwindow_init(struct heapwindow *window, const struct reader *memory,
                     const struct range *spans, size_t n_spans)
{
    *window = (struct heapwindow){.memory = memory, .spans = spans, .n_spans = n_spans};
    window->bytes = xreallocarray(NULL, BLOCK, 1);
}

void heapwindow_deinit(struct heapwindow *window)
{
    free(window->bytes);
}

const struct range *heapwindow_span(const struct heapwindow *window, uint64_t address)
{
    size_t low = 0, high = window->n_spans;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (window->spans[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < window->n_spans && window->spans[low].start <= address ? &window->spans[low]
                                                                        : NULL;
}

static bool window_read(struct heapwindow *window, uint64_t start, size_t n)
{
    window->start = start;
    window->n = reader_read(window->memory, start, window->bytes, n) ? n : 0;
    return window->n > 0;
}

/* Who goes on behind what is held, or near to it, gets twice as much as before. */
static size_t step_next(const struct heapwindow *window, uint64_t address)
{
    uint64_t behind = address - window->start;

    if (window->n == 0 || behind > window->n + PAGE)
        return PAGE;
    return window->step < BLOCK / 2 ? window->step * 2 : BLOCK;
}

const unsigned char *heapwindow_move(struct heapwindow *window, uint64_t address, size_t n)
{
    const struct range *span = heapwindow_span(window, address);
    uint64_t from;
    size_t want;

    if (!span || n > span->end - address)
        return NULL;
    from = align_down(address, PAGE);
    if (from < span->start)
        from = span->start;
    want = step_next(window, address);
    if (want < address - from + n)
        want = address - from + n;
    if (want > span->end - from)
        want = span->end - from;
    window->step = want < PAGE ? PAGE : want;
    if (window_read(window, from, want))
        return window->bytes + (address - from);
    return window_read(window, address, n) ? window->bytes : NULL;
}
