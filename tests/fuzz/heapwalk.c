/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk over a malloc's heaps, of memory that may be anything.  What it says is exact has to add
 * up, and the work has to be in proportion to the memory, however that lies.
 *
 * An input is a head (struct head) and memory: a page for each arena's malloc_state, then what may
 * be read, page by page.
 */
#include "lib/fuzz.h"

#include "model/heapwalk.h"

enum { PAGE = 4096, MAX_ARENAS = 3, MAX_PAGES = 64 };

struct head {
    uint8_t word, align, bins, n_arenas, flags;
    uint8_t brk_pages, base_at, gap_after;
    uint8_t top[MAX_ARENAS], heap[MAX_ARENAS], pages[MAX_ARENAS], fast[MAX_ARENAS];
};

static const uint64_t states = 0x700000, memory_start = 0x10000000;

struct world {
    struct str memory;
    uint64_t n_reads, n_bytes;
};

/* Arenas first, at `states`; beyond the input all is zero. */
static bool read_world(void *context, uint64_t address, void *buf, size_t n)
{
    struct world *world = context;
    uint64_t at =
        address >= memory_start ? address - memory_start + MAX_ARENAS * PAGE : address - states;

    world->n_reads++;
    world->n_bytes += n;
    memset(buf, 0, n);
    if (at < world->memory.n)
        memcpy(buf, world->memory.p + at, n < world->memory.n - at ? n : world->memory.n - at);
    return true;
}

static struct glibc_layout layout_of(const struct head *head)
{
    uint8_t word = head->word & 1 ? 4 : 8;

    return (struct glibc_layout){
        .word = word,
        .align = head->align & 1 ? 2 * word : 16,
        .n_fast = head->bins & 1 ? 0 : 10,
        .is_big_endian = head->align & 2,
        .has_thp = head->bins & 2,
        .bins = 13 * word + 8,
        .state_size = 13 * word + 8 + 254 * word + 16 + 5 * word,
        .heap_size = word == 8 ? 48 : 24,
    };
}

static void arena_build(const struct head *head, unsigned int i, struct glibc_arena *arena,
                        struct glibc_heap *heap)
{
    *arena = (struct glibc_arena){
        .address = states + i * PAGE,
        .is_main = i == 0,
        .is_initialized = true,
        .flags = head->flags,
        .top = memory_start + (uint64_t)head->top[i] * 256 + (head->word & 2 ? 8 : 0),
        .top_size = PAGE - head->top[i] % 16 * 256,
        .system_bytes = (uint64_t)head->pages[i] * PAGE,
        .fast = {[1] = head->fast[i] ? memory_start + (uint64_t)head->fast[i] * 64 : 0},
        .heaps = heap,
        .n_heaps = i != 0,
    };
    *heap = (struct glibc_heap){memory_start + (uint64_t)head->heap[i] * PAGE, arena->system_bytes,
                                1 << 20};
}

static bool is_odd_page(void *context, uint64_t address)
{
    (void)context;
    return address / PAGE % 4 != 3;
}

static uint64_t tally_bytes(const struct heap_tally *tally)
{
    return tally->used.bytes + tally->binned.bytes + tally->fast.bytes + tally->cached.bytes +
           tally->top.bytes + tally->foreign_bytes + tally->overhead_bytes;
}

static void tally_is_sound(const struct heap_tally *tally)
{
    struct heap_sum used = {0}, free = {0};

    for (int i = 0; i < HEAP_BUCKETS; i++) {
        used.n += tally->sizes[i].used.n;
        used.bytes += tally->sizes[i].used.bytes;
        free.n += tally->sizes[i].free.n;
        free.bytes += tally->sizes[i].free.bytes;
    }
    must(used.n == tally->used.n && used.bytes == tally->used.bytes);
    must(free.n == tally->binned.n + tally->fast.n + tally->cached.n);
    must(free.bytes == tally->binned.bytes + tally->fast.bytes + tally->cached.bytes);
    must(tally->largest_free <= tally->binned.bytes);
}

static void walk_is_sound(const struct heapwalk *walk, const struct glibc_malloc *malloc)
{
    must((walk->verdict == HEAP_EXACT) == (walk->broken.kind == HEAP_INTACT));
    must(*heap_break_text(walk->broken.kind));
    tally_is_sound(&walk->total);
    if (walk->verdict != HEAP_EXACT)
        return;
    must(walk->mallinfo.uordblks + walk->mallinfo.fordblks == walk->mallinfo.arena);
    for (uint32_t i = 0; i < malloc->n_arenas; i++) {
        const struct heap_tally *tally = &walk->arenas[i].tally;

        must(tally_bytes(tally) == malloc->arenas[i].system_bytes);
        must(tally->trim_bytes <= tally->binned.bytes + tally->fast.bytes + tally->top.bytes);
        must(walk->arenas[i].pin.free_bytes <= tally->binned.bytes + tally->fast.bytes);
    }
}

void fuzz_input(struct str input)
{
    struct glibc_arena arenas[MAX_ARENAS];
    struct glibc_heap heaps[MAX_ARENAS];
    struct glibc_malloc malloc = {.object = "", .is_used = true, .arenas = arenas};
    struct world world = {0};
    struct reader reader = {read_world, &world};
    struct range ranges[2] = {{memory_start, memory_start + MAX_PAGES * PAGE}};
    struct heapwalk_source source = {
        .malloc = &malloc, .memory = &reader, .ranges = ranges, .n_ranges = 1, .page_size = PAGE};
    struct heapwalk walk;
    struct arena arena;
    struct head head;

    if (input.n < sizeof(head))
        return;
    memcpy(&head, input.p, sizeof(head));
    world.memory = (struct str){input.p + sizeof(head), input.n - sizeof(head)};
    malloc.layout = layout_of(&head);
    malloc.n_arenas = 1 + head.n_arenas % MAX_ARENAS;
    for (unsigned int i = 0; i < malloc.n_arenas; i++)
        arena_build(&head, i, &arenas[i], &heaps[i]);
    malloc.par.known = head.base_at != 255;
    malloc.par.sbrk_base = memory_start + (uint64_t)head.base_at * 512;
    malloc.par.thp_page_size = head.flags & 4 ? 2 << 20 : 0;
    source.brk = head.brk_pages ? memory_start + (uint64_t)head.brk_pages * PAGE : 0;
    source.is_present = head.flags & 8 ? is_odd_page : NULL;
    if (head.gap_after % MAX_PAGES) {
        ranges[0].end = memory_start + (uint64_t)(head.gap_after % MAX_PAGES) * PAGE;
        ranges[1] = (struct range){ranges[0].end + PAGE, memory_start + MAX_PAGES * PAGE};
        source.n_ranges = 2;
    }
    arena_init(&arena);
    heapwalk_run(&walk, &arena, &source);
    walk_is_sound(&walk, &malloc);
    must(world.n_reads < 2000000);
    arena_deinit(&arena);
}
