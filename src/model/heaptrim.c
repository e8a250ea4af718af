/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What malloc_trim(0) would give back, as mtrim() and systrim() of glibc's malloc/malloc.c do it:
 * chunks in fastbins are joined with what is free beside them, whole pages within what is free then
 * go by madvise(), those at the end of the main arena's top by sbrk(), if it ends at the break.
 */
#include "model/heapinner.h"

void heap_run_add(struct heap_run *run, const struct heap_chunk *chunk, bool is_binned)
{
    if (run->bytes == 0)
        run->start = chunk->address;
    run->bytes += chunk->size;
    run->ends_binned = is_binned;
}

/* The first range that has the address or lies behind it; NULL: there is none. */
static const struct range *range_from(const struct range *ranges, size_t n, uint64_t address)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ranges[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n ? &ranges[low] : NULL;
}

/* madvise() refuses parts of huge pages. */
static bool may_go(const struct heap_walker *walker, uint64_t address)
{
    const struct heapwalk_source *source = walker->source;
    const struct range *huge = range_from(source->huge, source->n_huge, address);

    return !huge || huge->start > address;
}

static uint64_t present_in(struct heap_walker *walker, uint64_t start, uint64_t end)
{
    uint64_t page = walker->source->page_size, bytes = 0;

    for (; start < end && heap_may_ask(walker); start += page)
        bytes += heap_page_is_present(walker, start) && may_go(walker, start) ? page : 0;
    if (start >= end)
        return bytes;
    walker->walk->is_trim_most = true;
    return bytes + end - start;
}

/* Sizes are the target's to say: of what is not mapped nobody asks. */
static uint64_t present_bytes(struct heap_walker *walker, uint64_t start, uint64_t end)
{
    const struct range *span = NULL;
    uint64_t bytes = 0;

    if (!walker->source->is_present)
        return start < end ? end - start : 0;
    while (start < end && (span = range_from(walker->spans, walker->n_spans, start)) &&
           span->start < end) {
        uint64_t from = start > span->start ? start : span->start;

        start = end < span->end ? end : span->end;
        bytes += present_in(walker, from, start);
    }
    return bytes;
}

/* struct malloc_chunk, six words, stays. */
void heap_run_end(struct heap_walker *walker)
{
    struct heap_run *run = &walker->state.run;
    uint64_t page = walker->source->page_size;

    if (run->bytes >= page)
        walker->state.tally.trim_bytes +=
            present_bytes(walker, align_up(run->start + 6 * (uint64_t)walker->word, page),
                          align_down(run->start + run->bytes, page));
    *run = (struct heap_run){0};
}

/* Huge pages, when malloc asks for them, are given back as a whole. */
static uint64_t top_page_size(const struct heap_walker *walker)
{
    const struct glibc_par *par = &walker->malloc->par;
    uint64_t page = walker->source->page_size, huge = par->thp_page_size;

    return walker->malloc->layout.has_thp && huge > page && (huge & (huge - 1)) == 0 ? huge : page;
}

static uint64_t top_trim_bytes(struct heap_walker *walker, uint64_t size, uint64_t end)
{
    uint64_t page = walker->source->page_size, extra;

    if (!walker->arena->is_main || end != walker->source->brk || size <= walker->min_size)
        return 0;
    extra = align_down(size - walker->min_size - 1, top_page_size(walker));
    return present_bytes(walker, align_up(end - extra, page), align_up(end, page));
}

void heap_run_end_at_top(struct heap_walker *walker, const struct heap_chunk *top)
{
    struct heap_state *state = &walker->state;

    state->tally.trim_bytes +=
        top_trim_bytes(walker, state->run.bytes + top->size, top->address + top->size);
    state->run = (struct heap_run){0};
}
