/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main arena's segments: those that the break gave, with what others took by sbrk() between
 * them, and, once the break could not grow any more, those that mmap gave.  Neither is written down
 * anywhere.  A segment is what leads from chunk to chunk up to a fence or the top; that none is
 * missing and none is wrong is shown by their sum, which malloc_state.system_mem must be.
 */
#include "model/heapinner.h"

#include <stdlib.h>

struct main_walk {
    struct heap_walker *walker;
    struct range brk;  /* the memory that the break gave, as far as it can be read */
    uint64_t segments; /* bytes of segments so far, from page to page */
    uint64_t *gaps;    /* bytes between those of the break, each the sum up to it */
    size_t n_gaps, room_gaps;
};

static bool is_contiguous(const struct heap_walker *walker)
{
    return !(walker->arena->flags & GLIBC_NONCONTIGUOUS);
}

/* Walks a segment as an attempt: what was counted is taken back if it is none. */
static bool segment_try(struct heap_walker *walker, struct heap_segment *segment)
{
    struct heap_state before = walker->state;

    segment->steps = walker->search_left;
    if (walker->search_left > 0 && heap_segment_walk(walker, segment))
        return true;
    walker->search_left -=
        segment->steps < walker->search_left ? segment->steps + 1 : walker->search_left;
    walker->state = before;
    return false;
}

/* `from` is where malloc got the memory; up to the first chunk it is lost to alignment. */
static void segment_count(struct main_walk *main, const struct heap_segment *segment, uint64_t from)
{
    main->walker->state.tally.overhead_bytes += segment->start - from;
    main->segments += segment->end - from;
}

/*
 * Others may have moved the break by any number of bytes, so that the next segment may start at any
 * aligned address.
 */
static bool segment_search(struct main_walk *main, uint64_t from, struct heap_segment *segment)
{
    struct heap_walker *walker = main->walker;
    uint64_t page = walker->source->page_size, asked = UINT64_MAX, at;
    struct heap_chunk chunk;

    for (at = heap_chunk_align(walker, from); at < main->brk.end && heap_may_ask(walker);
         at += walker->align) {
        if (align_down(at, page) != asked) {
            asked = align_down(at, page);
            if (!heap_page_is_present(walker, asked)) {
                at = heap_chunk_align(walker, asked + page) - walker->align;
                continue;
            }
        }
        *segment = (struct heap_segment){.start = at, .limit = main->brk.end};
        if (heap_chunk_load(walker, &walker->stream, at, &chunk) &&
            heap_chunk_may_start(walker, &chunk, main->brk.end) && segment_try(walker, segment))
            return true;
    }
    return false;
}

static void gap_add(struct main_walk *main, uint64_t bytes)
{
    uint64_t before = main->n_gaps ? main->gaps[main->n_gaps - 1] : 0;

    if (main->n_gaps == main->room_gaps) {
        main->room_gaps = main->room_gaps * 2 + 16;
        main->gaps = xreallocarray(main->gaps, main->room_gaps, sizeof(*main->gaps));
    }
    main->gaps[main->n_gaps++] = before + bytes;
}

/* Where a segment's memory begins: at its page if it can start there, else with its first chunk. */
static uint64_t segment_from(const struct heap_walker *walker, uint64_t first)
{
    uint64_t from = align_down(first, walker->source->page_size);

    return heap_chunk_align(walker, from) == first ? from : first;
}

/* The first segment starts where the break first was: if there is none, nothing can be told. */
static bool brk_first_walk(struct main_walk *main, uint64_t from, uint64_t *end)
{
    struct heap_segment segment = {.start = heap_chunk_align(main->walker, from),
                                   .limit = main->brk.end};

    if (!heap_segment_walk(main->walker, &segment))
        return false;
    segment_count(main, &segment, from);
    *end = segment.end;
    return true;
}

/* The top is always in the last segment. */
static bool brk_walk(struct main_walk *main)
{
    struct heap_walker *walker = main->walker;
    const struct glibc_par *par = &walker->malloc->par;
    uint64_t at = main->brk.start;
    struct heap_segment segment;

    if (par->known && range_has(main->brk, par->sbrk_base) &&
        !brk_first_walk(main, par->sbrk_base, &at))
        return false;
    while (!walker->state.has_top && at < main->brk.end && segment_search(main, at, &segment)) {
        uint64_t from = segment_from(walker, segment.start);

        if (from < at)
            from = segment.start;
        gap_add(main, from - at);
        segment_count(main, &segment, from);
        at = segment.end;
    }
    return true;
}

/*
 * What others took by sbrk() is in system_mem while the arena is contiguous, and not any more
 * afterwards.
 */
static bool main_is_whole(const struct main_walk *main, uint64_t *gaps)
{
    uint64_t wanted = main->walker->arena->system_bytes - main->segments;
    bool all = is_contiguous(main->walker);

    *gaps = wanted;
    if (!main->walker->state.has_top)
        return false;
    if (wanted == 0 && (!all || main->n_gaps == 0))
        return true;
    for (size_t i = all && main->n_gaps ? main->n_gaps - 1 : 0; i < main->n_gaps; i++)
        if (main->gaps[i] == wanted)
            return true;
    return false;
}

/* A chunk that is a mapping of its own, whose head says how long it is; 0: there is none. */
static uint64_t mapped_bytes(const struct heap_walker *walker, const struct heap_chunk *chunk,
                             uint64_t start, uint64_t room)
{
    uint64_t bytes;

    if (chunk->flags != CHUNK_MAPPED || chunk->size == 0 ||
        chunk->address - start != chunk->previous_size ||
        __builtin_add_overflow(chunk->size, chunk->previous_size, &bytes))
        return 0;
    return bytes % walker->source->page_size == 0 && bytes <= room ? bytes : 0;
}

/* What memory at `at` cannot hold a segment because something else is known to be there. */
static uint64_t known_end(const struct main_walk *main, uint64_t at)
{
    const struct heap_owner *owner = heap_owner_at(main->walker, at);

    if (owner)
        return owner->range.end;
    return range_has(main->brk, at) ? main->brk.end : at;
}

/* Returns where to go on. */
static uint64_t fallback_look(struct main_walk *main, uint64_t at, uint64_t limit)
{
    struct heap_walker *walker = main->walker;
    struct heap_segment segment = {.start = heap_chunk_align(walker, at), .limit = limit};
    uint64_t next = known_end(main, at), page = walker->source->page_size, mapped;
    struct heap_chunk chunk;

    if (next > at)
        return align_up(next, page);
    if (!heap_page_is_present(walker, at) ||
        !heap_chunk_load(walker, &walker->stream, segment.start, &chunk))
        return at + page;
    mapped = mapped_bytes(walker, &chunk, at, limit - at);
    if (mapped)
        return at + mapped;
    if (!heap_chunk_may_start(walker, &chunk, limit) || !segment_try(walker, &segment))
        return at + page;
    segment_count(main, &segment, at);
    walker->state.tally.fallback.n++;
    walker->state.tally.fallback.bytes += segment.end - at;
    return align_up(segment.end, page);
}

/* Whether no other segment can be missing.  With gaps that may count or not, a sum is no proof. */
static bool nothing_is_missing(const struct main_walk *main)
{
    uint64_t gaps;

    return main_is_whole(main, &gaps) && (main->n_gaps == 0 || is_contiguous(main->walker));
}

/* The kernel joins mappings that lie side by side, so that a segment may start at any page. */
static void fallback_walk(struct main_walk *main)
{
    const struct heap_walker *walker = main->walker;

    for (size_t i = 0; i < walker->n_spans && heap_may_ask(walker); i++) {
        uint64_t at = align_up(walker->spans[i].start, walker->source->page_size);

        while (at < walker->spans[i].end && heap_may_ask(walker) && !nothing_is_missing(main))
            at = fallback_look(main, at, walker->spans[i].end);
    }
}

/* Where the break's memory can lie: in what is mapped up to it, from the first segment on. */
struct range heap_main_range(const struct heap_walker *walker)
{
    const struct glibc_par *par = &walker->malloc->par;
    uint64_t brk = walker->source->brk, inside = par->known ? par->sbrk_base : walker->arena->top;
    const struct range *span = heapwindow_span(&walker->stream, brk ? brk - 1 : inside);
    struct range range = {0};

    if (!span)
        return range;
    range = *span;
    if (brk && align_up(brk, walker->source->page_size) < range.end)
        range.end = align_up(brk, walker->source->page_size);
    if (par->known && range_has(range, par->sbrk_base))
        range.start = par->sbrk_base;
    return range;
}

static bool main_end(struct main_walk *main)
{
    struct heap_walker *walker = main->walker;
    const struct glibc_arena *arena = walker->arena;
    uint64_t gaps;

    if (main_is_whole(main, &gaps)) {
        walker->state.tally.foreign_bytes = gaps;
        return true;
    }
    if (walker->search_left == 0 || !heap_may_ask(walker))
        return heap_break_set(walker, HEAP_LIMIT, arena->address, 0);
    if (!walker->state.has_top)
        return heap_break_set(walker, HEAP_TOP_MISSING, arena->address, arena->top);
    return heap_break_set(walker, HEAP_SYSTEM, arena->address, gaps);
}

bool heap_main_walk(struct heap_walker *walker)
{
    struct main_walk main = {.walker = walker, .brk = heap_main_range(walker)};
    bool ok = brk_walk(&main);

    if (ok)
        fallback_walk(&main);
    ok = ok && main_end(&main);
    free(main.gaps);
    return ok;
}
