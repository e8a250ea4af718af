/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk over all arenas of a malloc: model/heapwalk.h says what for.  heaplists.c has the lists
 * of free chunks, heapfast.c those of fastbins, heapchunks.c the chunks of a segment, heapmain.c
 * the segments of the main arena, heaptcache.c the threads' caches, heaptrim.c what malloc_trim()
 * would do.
 */
#include "model/heapinner.h"

#include <stdlib.h>

/*
 * What a hostile process can make this one do in vain: some seconds.  A true one has no more than a
 * few thousand chunks in what only looks like a segment, and fewer in lists than these.
 */
enum { MAX_SEARCH = 1 << 28, MAX_JUMPS = 1 << 25 };

static const char *const break_texts[] = {
    [HEAP_INTACT] = "nothing is wrong",
#define BREAK(id, text) [HEAP_##id] = (text),
#include "model/heapbreak.list"
#undef BREAK
};

const char *heap_break_text(enum heap_break_kind kind)
{
    return break_texts[kind];
}

bool heap_break_set(struct heap_walker *walker, enum heap_break_kind kind, uint64_t address,
                    uint64_t value)
{
    struct heap_break *broken = &walker->state.broken;

    if (broken->kind == HEAP_INTACT)
        *broken = (struct heap_break){kind, walker->arena->address, address, value};
    return false;
}

static int owner_compare(const void *a, const void *b)
{
    const struct heap_owner *one = a, *other = b;

    return one->range.start < other->range.start ? -1 : one->range.start > other->range.start;
}

const struct heap_owner *heap_owner_at(const struct heap_walker *walker, uint64_t address)
{
    size_t low = 0, high = walker->n_owners;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (walker->owners[middle].range.end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < walker->n_owners && walker->owners[low].range.start <= address
               ? &walker->owners[low]
               : NULL;
}

static size_t heaps_count(const struct glibc_malloc *malloc)
{
    size_t n = 0;

    for (uint32_t i = 0; i < malloc->n_arenas; i++)
        n += malloc->arenas[i].n_heaps;
    return n;
}

static void arena_own(struct heap_walker *walker, uint32_t index)
{
    const struct glibc_arena *arena = &walker->malloc->arenas[index];

    for (uint32_t i = 0; i < arena->n_heaps; i++) {
        const struct glibc_heap *heap = &arena->heaps[i];
        struct range range = {heap->start, heap->start + heap->size};

        if (range.start < range.end)
            walker->owners[walker->n_owners++] = (struct heap_owner){range, index};
    }
}

/* Heaps by address.  One that lies in another is left out: nothing is walked twice. */
static void owners_build(struct heap_walker *walker)
{
    size_t n = 0;

    walker->owners = xreallocarray(NULL, heaps_count(walker->malloc) + 1, sizeof(*walker->owners));
    for (uint32_t i = 0; i < walker->malloc->n_arenas; i++)
        arena_own(walker, i);
    qsort(walker->owners, walker->n_owners, sizeof(*walker->owners), owner_compare);
    for (size_t i = 0; i < walker->n_owners; i++)
        if (n == 0 || walker->owners[i].range.start >= walker->owners[n - 1].range.end)
            walker->owners[n++] = walker->owners[i];
    walker->n_owners = n;
}

/* Ranges that touch are one: mlock() and madvise() split mappings, not what lies in them. */
static void spans_build(struct heap_walker *walker)
{
    const struct heapwalk_source *source = walker->source;

    walker->spans = xreallocarray(NULL, source->n_ranges + 1, sizeof(*walker->spans));
    for (size_t i = 0; i < source->n_ranges; i++) {
        struct range range = source->ranges[i];
        struct range *last = walker->n_spans ? &walker->spans[walker->n_spans - 1] : NULL;

        if (last && range.start == last->end && range.end > range.start)
            last->end = range.end;
        else if (range.end > range.start && (!last || range.start > last->end))
            walker->spans[walker->n_spans++] = range;
    }
}

static void walker_init(struct heap_walker *walker, struct heapwalk *walk,
                        const struct heapwalk_source *source)
{
    const struct glibc_layout *layout = &source->malloc->layout;
    uint32_t word = layout->word;

    *walker = (struct heap_walker){.source = source, .malloc = source->malloc, .walk = walk};
    walker->word = word;
    walker->align = layout->align;
    walker->header = 2 * word;
    walker->min_size = (uint32_t)align_up(4 * word, layout->align);
    walker->min_large = (64 - (layout->align > 2 * word)) * layout->align;
    walker->tcache_sizes = heap_tcache_sizes(walker);
    walker->search_left = MAX_SEARCH;
    walker->jumps_left = MAX_JUMPS;
    spans_build(walker);
    owners_build(walker);
    heapwindow_init(&walker->stream, source->memory, walker->spans, walker->n_spans);
    heapwindow_init(&walker->jumps, source->memory, walker->spans, walker->n_spans);
    heapset_init(&walker->fast, (uint8_t)__builtin_ctz(walker->min_size));
    heapset_init(&walker->cached, (uint8_t)__builtin_ctz(walker->min_size));
}

static void walker_deinit(struct heap_walker *walker)
{
    heapwindow_deinit(&walker->stream);
    heapwindow_deinit(&walker->jumps);
    heapset_deinit(&walker->fast);
    heapset_deinit(&walker->cached);
    heapindex_deinit(&walker->fast_links);
    free(walker->candidates);
    free(walker->owners);
    free(walker->spans);
}

/* An arena's first heap starts with heap_info and malloc_state, the others with the former. */
static bool heap_walk(struct heap_walker *walker, const struct glibc_heap *heap)
{
    const struct glibc_layout *layout = &walker->malloc->layout;
    const struct heap_owner *owner = heap_owner_at(walker, heap->start);
    struct heap_segment segment = {0};
    uint64_t first = heap->start + layout->heap_size;

    if (!owner || owner->range.start != heap->start || owner->arena != walker->arena_index ||
        owner->range.end - heap->start != heap->size)
        return heap_break_set(walker, HEAP_START, heap->start, heap->size);
    if (range_has(owner->range, walker->arena->address))
        first = walker->arena->address + layout->state_size;
    segment.start = heap_chunk_align(walker, first);
    segment.limit = segment.end = owner->range.end;
    walker->state.tally.overhead_bytes += segment.start - heap->start;
    return heap_segment_walk(walker, &segment);
}

/* Oldest first: the top is in the newest. */
static bool heaps_walk(struct heap_walker *walker)
{
    const struct glibc_arena *arena = walker->arena;

    for (uint32_t i = arena->n_heaps; i-- > 0;)
        if (!heap_walk(walker, &arena->heaps[i]))
            return false;
    return walker->state.has_top ||
           heap_break_set(walker, HEAP_TOP_MISSING, arena->address, arena->top);
}

static uint64_t tally_bytes(const struct heap_tally *tally)
{
    return tally->used.bytes + tally->binned.bytes + tally->fast.bytes + tally->cached.bytes +
           tally->top.bytes + tally->foreign_bytes + tally->overhead_bytes;
}

static bool system_is_met(struct heap_walker *walker)
{
    uint64_t missing = walker->arena->system_bytes - tally_bytes(&walker->state.tally);

    return missing == 0 || heap_break_set(walker, HEAP_SYSTEM, walker->arena->address, missing);
}

static bool arena_walk(struct heap_walker *walker)
{
    return heap_lists_start(walker) &&
           (walker->arena->is_main ? heap_main_walk(walker) : heaps_walk(walker)) &&
           heap_lists_end(walker) && system_is_met(walker);
}

static void arena_run(struct heap_walker *walker, uint32_t index)
{
    struct heapwalk_arena *result = &walker->walk->arenas[index];
    struct heap_state *state = &walker->state;

    walker->arena = &walker->malloc->arenas[index];
    walker->arena_index = index;
    *state = (struct heap_state){.n_candidates = state->n_candidates};
    if (walker->arena->is_initialized)
        (void)arena_walk(walker);
    result->tally = state->tally;
    result->tally.system_bytes = walker->arena->system_bytes;
    result->pin = state->top_pin;
    result->broken = state->broken;
}

static void sum_join(struct heap_sum *sum, const struct heap_sum *part)
{
    sum->n += part->n;
    sum->bytes += part->bytes;
}

static void tally_join(struct heap_tally *total, const struct heap_tally *tally)
{
    sum_join(&total->used, &tally->used);
    sum_join(&total->binned, &tally->binned);
    sum_join(&total->fast, &tally->fast);
    sum_join(&total->cached, &tally->cached);
    sum_join(&total->top, &tally->top);
    sum_join(&total->fallback, &tally->fallback);
    total->foreign_bytes += tally->foreign_bytes;
    total->overhead_bytes += tally->overhead_bytes;
    total->system_bytes += tally->system_bytes;
    total->n_tcaches += tally->n_tcaches;
    total->trim_bytes += tally->trim_bytes;
    if (tally->largest_free > total->largest_free)
        total->largest_free = tally->largest_free;
    for (int i = 0; i < HEAP_BUCKETS; i++) {
        sum_join(&total->sizes[i].used, &tally->sizes[i].used);
        sum_join(&total->sizes[i].free, &tally->sizes[i].free);
    }
}

/* int_mallinfo(): each arena has a top, even before it has memory. */
static void mallinfo_fill(struct heapwalk *walk, const struct glibc_malloc *malloc)
{
    const struct heap_tally *total = &walk->total;
    struct heap_mallinfo *info = &walk->mallinfo;

    info->arena = total->system_bytes;
    info->ordblks = malloc->n_arenas + total->binned.n;
    info->smblks = total->fast.n;
    info->hblks = malloc->par.n_mmaps;
    info->hblkhd = malloc->par.mmapped_bytes;
    info->fsmblks = total->fast.bytes;
    info->fordblks = total->top.bytes + total->binned.bytes + total->fast.bytes;
    info->uordblks = info->arena - info->fordblks;
    info->keepcost = malloc->n_arenas ? walk->arenas[0].tally.top.bytes : 0;
}

static void verdict_fill(struct heapwalk *walk, uint32_t n_arenas)
{
    for (uint32_t i = 0; i < n_arenas && walk->broken.kind == HEAP_INTACT; i++)
        walk->broken = walk->arenas[i].broken;
    if (walk->broken.kind == HEAP_BIN_HEAD || walk->broken.kind == HEAP_FAST_HEAD)
        walk->verdict = HEAP_CORRUPTED;
    else if (walk->broken.kind != HEAP_INTACT)
        walk->verdict = HEAP_INCONSISTENT;
}

static void results_join(struct heap_walker *walker)
{
    struct heapwalk *walk = walker->walk;

    for (uint32_t i = 0; i < walker->malloc->n_arenas; i++) {
        struct heap_pin *pin = &walk->arenas[i].pin;

        pin->is_cached = pin->address && heapset_has(&walker->cached, pin->address);
        tally_join(&walk->total, &walk->arenas[i].tally);
    }
    mallinfo_fill(walk, walker->malloc);
    verdict_fill(walk, walker->malloc->n_arenas);
}

void heapwalk_run(struct heapwalk *walk, struct arena *arena, const struct heapwalk_source *source)
{
    uint32_t n = source->malloc->n_arenas;
    struct heap_walker walker;

    *walk = (struct heapwalk){.arenas = arena_alloc(arena, (n + 1) * sizeof(*walk->arenas))};
    walker_init(&walker, walk, source);
    for (uint32_t i = 0; i < n; i++)
        arena_run(&walker, i);
    heap_tcaches_settle(&walker);
    results_join(&walker);
    walker_deinit(&walker);
}
