/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chunks of one segment, one after the other.  Whether a chunk is in use stands in the head of
 * the next one (glibc malloc/malloc.c, PREV_INUSE), so each is counted when the next has been read.
 */
#include "model/heapinner.h"

/* Where the memory ends behind it, links count as zeros. */
bool heap_chunk_load(const struct heap_walker *walker, struct heapwindow *window, uint64_t address,
                     struct heap_chunk *chunk)
{
    uint32_t word = walker->word;
    const unsigned char *bytes = NULL;
    uint32_t n = 6 * word;
    uint64_t head;

    while (!(bytes = heapwindow_at(window, address, n)))
        if ((n -= 2 * word) == 0)
            return false;
    head = heap_word(walker, bytes + word);
    chunk->address = address;
    chunk->previous_size = heap_word(walker, bytes);
    chunk->size = head & ~(uint64_t)CHUNK_FLAGS;
    chunk->flags = head & CHUNK_FLAGS;
    if (n < 6 * word)
        memset(chunk->links, 0, sizeof(chunk->links));
    memcpy(chunk->links, bytes + walker->header, n - walker->header);
    return true;
}

static bool size_is_sound(const struct heap_walker *walker, const struct heap_chunk *chunk,
                          uint64_t limit)
{
    return chunk->size >= walker->min_size && chunk->size % walker->align == 0 &&
           chunk->size < limit - chunk->address;
}

/* Whether a segment of the main arena may start with it: what stands before is not malloc's. */
bool heap_chunk_may_start(const struct heap_walker *walker, const struct heap_chunk *chunk,
                          uint64_t limit)
{
    return chunk->flags == CHUNK_PREV_USED && chunk->address < limit &&
           (chunk->address == walker->arena->top || size_is_sound(walker, chunk, limit));
}

static bool chunk_is_sound(struct heap_walker *walker, const struct heap_chunk *chunk,
                           uint64_t limit)
{
    uint64_t head = chunk->size | chunk->flags;

    if (!size_is_sound(walker, chunk, limit))
        return heap_break_set(walker, HEAP_SIZE, chunk->address, head);
    if (chunk->flags & CHUNK_MAPPED ||
        (chunk->flags & CHUNK_FOREIGN_ARENA && walker->arena->is_main))
        return heap_break_set(walker, HEAP_OWNER, chunk->address, head);
    return true;
}

static void chunk_count_free(struct heap_walker *walker, struct heap_sum *sum, uint64_t size)
{
    struct heap_state *state = &walker->state;

    heap_sum_add(sum, size);
    heap_sum_add(&state->tally.sizes[heap_bucket_of(size)].free, size);
    state->segment_free += size;
}

static void chunk_link(struct heap_walker *walker, const struct heap_chunk *chunk)
{
    struct heap_state *state = &walker->state;
    uint64_t larger, smaller;

    heap_circle_member(&state->bins, chunk->address);
    heap_circle_links(&state->bins, heap_chunk_link(walker, chunk, LINK_FORWARD),
                      heap_chunk_link(walker, chunk, LINK_BACKWARD));
    if (chunk->size < walker->min_large)
        return;
    larger = heap_chunk_link(walker, chunk, LINK_LARGER);
    smaller = heap_chunk_link(walker, chunk, LINK_SMALLER);
    if ((larger | smaller) == 0)
        return;
    heap_circle_member(&state->sizes, chunk->address);
    heap_circle_links(&state->sizes, larger, smaller);
}

static bool chunk_settle_binned(struct heap_walker *walker, const struct heap_chunk *chunk,
                                const struct heap_chunk *next)
{
    struct heap_tally *tally = &walker->state.tally;

    if (next->previous_size != chunk->size)
        return heap_break_set(walker, HEAP_FOOTER, next->address, next->previous_size);
    if (walker->state.run.ends_binned)
        return heap_break_set(walker, HEAP_ADJACENT, chunk->address, chunk->size);
    if (chunk->flags & CHUNK_FOREIGN_ARENA) /* in bins none is marked: malloc asserts that, too */
        return heap_break_set(walker, HEAP_OWNER, chunk->address, chunk->size | chunk->flags);
    chunk_count_free(walker, &tally->binned, chunk->size);
    if (chunk->size > tally->largest_free)
        tally->largest_free = chunk->size;
    chunk_link(walker, chunk);
    heap_run_add(&walker->state.run, chunk, true);
    return true;
}

static bool chunk_settle_used(struct heap_walker *walker, const struct heap_chunk *chunk)
{
    struct heap_state *state = &walker->state;
    bool is_marked = chunk->flags & CHUNK_FOREIGN_ARENA;

    if (is_marked == walker->arena->is_main)
        return heap_break_set(walker, HEAP_OWNER, chunk->address, chunk->size | chunk->flags);
    if (heap_fastbins_have(walker, chunk)) {
        heap_fastbins_meet(walker, chunk);
        chunk_count_free(walker, &state->tally.fast, chunk->size);
        heap_run_add(&state->run, chunk, false);
        return true;
    }
    heap_sum_add(&state->tally.used, chunk->size);
    heap_sum_add(&state->tally.sizes[heap_bucket_of(chunk->size)].used, chunk->size);
    state->pin = (struct heap_pin){.address = chunk->address,
                                   .size = chunk->size,
                                   .run_bytes = state->run.bytes,
                                   .free_bytes = state->segment_free};
    heap_run_end(walker);
    return !chunk->may_be_tcache || heap_tcache_note(walker, chunk);
}

static bool chunk_settle(struct heap_walker *walker, const struct heap_chunk *chunk,
                         const struct heap_chunk *next)
{
    return next->flags & CHUNK_PREV_USED ? chunk_settle_used(walker, chunk)
                                         : chunk_settle_binned(walker, chunk, next);
}

/* free() and malloc_consolidate() join what is free with the top: nothing free lies before it. */
static bool top_count(struct heap_walker *walker, const struct heap_chunk *top, uint64_t limit)
{
    struct heap_state *state = &walker->state;

    if (state->run.ends_binned || !(top->flags & CHUNK_PREV_USED))
        return heap_break_set(walker, HEAP_ADJACENT, top->address, top->size | top->flags);
    if (top->size != walker->arena->top_size || top->flags != CHUNK_PREV_USED ||
        top->size < walker->min_size || top->size > limit - top->address)
        return heap_break_set(walker, HEAP_TOP, top->address, top->size | top->flags);
    state->tally.top = (struct heap_sum){1, top->size};
    state->has_top = true;
    state->top_pin = state->pin;
    heap_run_end_at_top(walker, top);
    return true;
}

/*
 * The end of a segment that the main arena has left: the old top's last four words hold two chunks
 * of a head each, both marked as following one in use, except that the first may follow what was
 * free of the old top (sysmalloc()).  If that was less than a chunk, it is a third one, before.
 * Their place is proof: no more than the alignment is left to the page's end.
 */
static bool fence_is_at(struct heap_walker *walker, const struct heap_chunk *chunk, unsigned int n,
                        uint64_t *end)
{
    uint64_t behind = chunk->address + (uint64_t)n * walker->header, at = chunk->address;
    struct heap_chunk next = {0};

    *end = align_up(behind, walker->source->page_size);
    if (*end - behind >= walker->align)
        return false;
    while ((at += walker->header) < behind)
        if (!heap_chunk_load(walker, &walker->stream, at, &next) || next.size != walker->header ||
            next.flags != CHUNK_PREV_USED)
            return false;
    return true;
}

static bool fence_count(struct heap_walker *walker, const struct heap_chunk *chunk,
                        struct heap_segment *segment)
{
    uint64_t end;

    if ((chunk->flags & ~(unsigned int)CHUNK_PREV_USED) != 0 ||
        (!fence_is_at(walker, chunk, 2, &end) && !fence_is_at(walker, chunk, 3, &end)))
        return heap_break_set(walker, HEAP_FENCE, chunk->address, chunk->size | chunk->flags);
    walker->state.tally.overhead_bytes += end - chunk->address;
    segment->end = end;
    heap_run_end(walker);
    return true;
}

/*
 * The end of a heap that its arena has left: a chunk of a head, behind it one of size 0; if too
 * little was free of the old top, the first is that much larger.  Neither is marked as the arena's.
 */
static bool is_heap_end(const struct heap_walker *walker, const struct heap_chunk *chunk,
                        uint64_t end)
{
    uint64_t behind = chunk->address + chunk->size + walker->header;

    return !(chunk->flags & ~(unsigned int)CHUNK_PREV_USED) && chunk->size >= walker->header &&
           chunk->size <= 2 * (uint64_t)walker->header && behind <= end &&
           end - behind < walker->align;
}

static bool heap_end_count(struct heap_walker *walker, const struct heap_chunk *chunk, uint64_t end)
{
    uint64_t at = chunk->address + chunk->size;
    struct heap_chunk last = {0};

    if (!heap_chunk_load(walker, &walker->stream, at, &last))
        return heap_break_set(walker, HEAP_UNREADABLE, at, 0);
    if (last.size != 0 || last.flags != CHUNK_PREV_USED)
        return heap_break_set(walker, HEAP_FENCE, at, last.size | last.flags);
    walker->state.tally.overhead_bytes += end - chunk->address;
    heap_run_end(walker);
    return true;
}

/* Whether the segment ends with this chunk; `ok`: as it ought to. */
static bool segment_ends(struct heap_walker *walker, const struct heap_chunk *chunk,
                         struct heap_segment *segment, bool *ok)
{
    if (chunk->address == walker->arena->top) {
        *ok = top_count(walker, chunk, segment->limit);
        if (!segment->end)
            segment->end = chunk->address + chunk->size;
        return true;
    }
    if (walker->arena->is_main && chunk->size == walker->header) {
        *ok = fence_count(walker, chunk, segment);
        return true;
    }
    if (!walker->arena->is_main && is_heap_end(walker, chunk, segment->end)) {
        *ok = heap_end_count(walker, chunk, segment->end);
        return true;
    }
    return false;
}

static bool chunk_next(struct heap_walker *walker, uint64_t address, struct heap_chunk *chunk)
{
    return heap_chunk_load(walker, &walker->stream, address, chunk) ||
           heap_break_set(walker, HEAP_UNREADABLE, address, 0);
}

bool heap_segment_walk(struct heap_walker *walker, struct heap_segment *segment)
{
    uint64_t n = 0, steps = segment->steps ? segment->steps : UINT64_MAX;
    struct heap_chunk chunks[2] = {0}, *chunk = &chunks[0], *previous;
    bool ok = true;

    walker->state.run = (struct heap_run){0};
    walker->state.segment_free = 0;
    walker->state.pin = (struct heap_pin){0};
    if (segment->start >= segment->limit)
        return heap_break_set(walker, HEAP_START, segment->start, 0);
    if (!chunk_next(walker, segment->start, chunk))
        return false;
    if (!(chunk->flags & CHUNK_PREV_USED))
        return heap_break_set(walker, HEAP_START, chunk->address, chunk->size | chunk->flags);
    while (!segment_ends(walker, chunk, segment, &ok)) {
        segment->steps = ++n;
        if (n == steps)
            return heap_break_set(walker, HEAP_LIMIT, chunk->address, chunk->size);
        if (!chunk_is_sound(walker, chunk, segment->limit))
            return false;
        chunk->may_be_tcache =
            range_has(walker->tcache_sizes, chunk->size) && heap_tcache_looks_so(walker, chunk);
        previous = chunk;
        chunk = &chunks[n % 2];
        if (!chunk_next(walker, previous->address + previous->size, chunk) ||
            !chunk_settle(walker, previous, chunk))
            return false;
    }
    segment->steps = n;
    return ok;
}
