/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/heapwalk.h"

#include "../fakeheap.h"
#include "../rows.h"

#include <stdio.h>
#include <stdlib.h>

static struct fakeheap fake;
static struct arena arena;
static struct heapwalk walk;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

static const struct fakeform forms[] = {
    {"64-bit, 2.12", 8, 16, false, false, 104}, {"64-bit, 2.28", 8, 16, false, false, 112},
    {"64-bit, 2.36", 8, 16, true, false, 112},  {"64-bit, 2.43", 8, 16, true, false, 24},
    {"i386, 2.36", 4, 16, true, false, 64},     {"i386, 2.23", 4, 8, false, false, 56},
    {"arm, 2.36", 4, 8, true, false, 60},       {"s390x, 2.36", 8, 16, true, true, 112},
    {"powerpc, 2.28", 4, 16, false, true, 64},
};

static void run(void)
{
    struct reader reader;
    struct heapwalk_source source = fakeheap_source(&fake, &reader);

    heapwalk_run(&walk, &arena, &source);
}

static void sum_is(const struct fakeform *form, const char *what, struct heap_sum found,
                   struct heap_sum wanted)
{
    ck_assert_msg(found.n == wanted.n && found.bytes == wanted.bytes,
                  "%s: %s: %llu chunks of %llu bytes, expected %llu of %llu", form->name, what,
                  (unsigned long long)found.n, (unsigned long long)found.bytes,
                  (unsigned long long)wanted.n, (unsigned long long)wanted.bytes);
}

static void arena_is(const struct fakeform *form, unsigned int i)
{
    const struct heap_tally *found = &walk.arenas[i].tally, *wanted = &fake.own[i].tally;
    const struct heap_pin *pin = &walk.arenas[i].pin, *wanted_pin = &fake.own[i].pin;

    sum_is(form, "used", found->used, wanted->used);
    sum_is(form, "binned", found->binned, wanted->binned);
    sum_is(form, "fast", found->fast, wanted->fast);
    sum_is(form, "cached", found->cached, wanted->cached);
    sum_is(form, "top", found->top, wanted->top);
    sum_is(form, "fallback", found->fallback, wanted->fallback);
    for (int k = 0; k < HEAP_BUCKETS; k++) {
        sum_is(form, "used by size", found->sizes[k].used, wanted->sizes[k].used);
        sum_is(form, "free by size", found->sizes[k].free, wanted->sizes[k].free);
    }
    ROW_NUMBER(form, found->foreign_bytes, wanted->foreign_bytes);
    ROW_NUMBER(form, found->overhead_bytes, wanted->overhead_bytes);
    ROW_NUMBER(form, found->system_bytes, wanted->system_bytes);
    ROW_NUMBER(form, found->n_tcaches, wanted->n_tcaches);
    ROW_NUMBER(form, found->largest_free, wanted->largest_free);
    ROW_NUMBER(form, found->trim_bytes, wanted->trim_bytes);
    ROW_NUMBER(form, pin->address, wanted_pin->address);
    ROW_NUMBER(form, pin->size, wanted_pin->size);
    ROW_NUMBER(form, pin->is_cached, wanted_pin->is_cached);
    ROW_NUMBER(form, pin->run_bytes, wanted_pin->run_bytes);
    ROW_NUMBER(form, pin->free_bytes, wanted_pin->free_bytes);
}

static void walk_is(const struct fakeform *form)
{
    run();
    ck_assert_msg(walk.verdict == HEAP_EXACT, "%s: %s, at %#llx: %#llx", form->name,
                  heap_break_text(walk.broken.kind), (unsigned long long)walk.broken.address,
                  (unsigned long long)walk.broken.value);
    for (unsigned int i = 0; i < fake.malloc.n_arenas; i++)
        arena_is(form, i);
}

/* Near the end of a heapindex's region, so that what is large lies in two. */
static uint64_t heap_start(void)
{
    return fake.malloc.layout.word == 8 ? 0x5554ffd00000 : 0x55d00000;
}

/* The first chunk of memory that starts at a page. */
static uint64_t first_of(uint64_t page)
{
    uint32_t word = fake.malloc.layout.word;

    return align_up(page + 2 * word, fake.malloc.layout.align) - 2 * word;
}

static unsigned int tcache_size(unsigned int generation)
{
    uint32_t word = fake.malloc.layout.word;
    uint32_t bytes = generation == 0   ? 64 * (1 + word)
                     : generation == 1 ? 64 * (2 + word)
                                       : 76 * (2 + word);

    return (unsigned int)align_up(bytes + word, fake.malloc.layout.align);
}

static void main_is_of(uint64_t n_pages)
{
    fake.malloc.par.sbrk_base = heap_start();
    fake.brk = heap_start() + n_pages * FAKE_PAGE;
    fake.own[0].tally.overhead_bytes = first_of(heap_start()) - heap_start();
    fake.arenas[0].system_bytes = n_pages * FAKE_PAGE;
}

static void main_begin(const struct fakeform *form, uint64_t n_pages)
{
    fakeheap_init(&fake, form);
    fakeheap_map(&fake, heap_start(), n_pages, 0x41);
    main_is_of(n_pages);
}

static void main_simple(const struct fakeform *form, const char *script, uint64_t n_pages)
{
    main_begin(form, n_pages);
    fakeheap_segment(&fake, 0, first_of(heap_start()), fake.brk, script, FAKE_TOP);
    fakeheap_finish(&fake);
}

static const char everything[] =
    "u32 b96 u48 f32 u64 f48 f64 u2048 b1040 u16384 b4096 f32 u32 b1552 u80 f64";

/* All sizes are multiples of 16, and those of fastbins small enough for any. */
START_TEST(test_everything)
{
    main_simple(&forms[_i],
                forms[_i].bins < 32 ? "u32 b96 u48 u2048 b1040 u64 b4096 u80" : everything, 8);
    walk_is(&forms[_i]);
}
END_TEST

START_TEST(test_tcache)
{
    for (unsigned int generation = 0; generation < 3; generation++) {
        char script[256];

        main_begin(&forms[_i], 5);
        snprintf(script, sizeof(script),
                 "T%u u32 c32 c32 c48 b112 u64 c512 c32 u2000 c256 b4096 c80",
                 tcache_size(generation));
        fakeheap_segment(&fake, 0, first_of(heap_start()), fake.brk, script, FAKE_TOP);
        fakeheap_finish(&fake);
        walk_is(&forms[_i]);
    }
}
END_TEST

/* The generations whose malloc_state tells that there is a tcache, and in the first chunk. */
static bool has_certain_tcache(const struct fakeform *form)
{
    return fake.malloc.layout.n_fast > 0 && strstr(form->name, "2.12") == NULL &&
           strstr(form->name, "2.23") == NULL;
}

/* The heap in which a tcache has one list. */
static void one_list_build(const struct fakeform *form, const char *before, unsigned int generation)
{
    char script[256];

    main_begin(form, 5);
    snprintf(script, sizeof(script), "%sT%u u32 c64 b112 u64", before, tcache_size(generation));
    fakeheap_segment(&fake, 0, first_of(heap_start()), fake.brk, script, FAKE_TOP);
    fakeheap_finish(&fake);
    walk_is(form);
}

/* Whatever is wrong with the only list: the tcache is known by its place. */
START_TEST(test_tcache_of_one_list)
{
    for (unsigned int generation = 0; generation < 3; generation++) {
        const struct fakepiece *heap = &fake.pieces[1];
        unsigned int n_spoilt = 0;
        size_t start, n;

        one_list_build(&forms[_i], "", generation);
        start = fake.tcache + 2 * forms[_i].word - heap->range.start;
        n = tcache_size(generation) - forms[_i].word;
        for (size_t at = start; at < start + n && has_certain_tcache(&forms[_i]); at++) {
            if (!heap->matters[at])
                continue;
            heap->bytes[at] ^= 0x45;
            run();
            ck_assert_msg(walk.broken.kind == HEAP_TCACHE, "%s: byte %zu: \"%s\"", forms[_i].name,
                          at - start, heap_break_text(walk.broken.kind));
            heap->bytes[at] ^= 0x45;
            n_spoilt++;
        }
        ck_assert_uint_ge(n_spoilt, has_certain_tcache(&forms[_i]) ? 64 * (1 + forms[_i].word) : 0);
    }
}
END_TEST

/* Before 2.27 and since 2.43, the first chunk can be the program's. */
START_TEST(test_no_tcache_is_certain)
{
    one_list_build(&forms[_i], "", 1);
    for (uint64_t at = 0; at < 128; at += forms[_i].word)
        fakeheap_put(&fake, fake.tcache + 2 * forms[_i].word + at, 0);
    run();
    ck_assert_int_eq(walk.verdict == HEAP_EXACT, !has_certain_tcache(&forms[_i]));
}
END_TEST

/* One whose first call was for aligned memory may have it, and libc_malloc_debug's always does. */
START_TEST(test_first_chunk_is_the_programs)
{
    main_simple(&forms[2], "u656 u32", 2);
    run();
    ck_assert_int_eq(walk.broken.kind, HEAP_TCACHE);
    fake.malloc.object = "libc_malloc_debug.so.0";
    walk_is(&forms[2]);
    one_list_build(&forms[2], "u656 ", 1);
    main_simple(&forms[2], "u656 u32 u656", 2);
    for (uint64_t at = 656 + 32 + 16; at < 2 * 656 + 32; at += 8)
        fakeheap_put(&fake, heap_start() + at, 0);
    walk_is(&forms[2]);
}
END_TEST

START_TEST(test_mallinfo)
{
    static const struct heap_mallinfo wanted = {
        .arena = 20480,
        .ordblks = 3,
        .smblks = 2,
        .hblks = 7,
        .hblkhd = 81920,
        .fsmblks = 80,
        .uordblks = 128,
        .fordblks = 20352,
        .keepcost = 19120,
    };

    main_simple(&forms[2], "u64 b1024 u32 f32 f48 b128 u32", 5);
    fake.malloc.par.n_mmaps = 7;
    fake.malloc.par.mmapped_bytes = 81920;
    walk_is(&forms[2]);
    ck_assert_mem_eq(&walk.mallinfo, &wanted, sizeof(wanted));
}
END_TEST

/* A script's words, and then one chunk of `kind` up to `tail` bytes before the end. */
static const char *script_filled(const char *script, uint64_t first, uint64_t end, char kind,
                                 uint64_t tail)
{
    static char filled[256];
    uint64_t left = align_down(end - tail - first, fake.malloc.layout.align);
    const char *at = script;

    while ((at = strpbrk(at, "ubfcT")))
        left -= strtoull(++at, NULL, 10);
    snprintf(filled, sizeof(filled), "%s %c%llu", script, kind, (unsigned long long)left);
    return filled;
}

/* What the arena left of its last chunks when it went elsewhere: see sysmalloc(). */
static void segment_left(unsigned int index, uint64_t first, uint64_t end, const char *script,
                         bool is_short)
{
    uint32_t word = fake.malloc.layout.word;

    is_short = is_short && fake.malloc.layout.align == 2 * word;
    fakeheap_segment(
        &fake, index, first, end,
        script_filled(script, first, end, is_short ? 'u' : 'b', (is_short ? 6 : 4) * word),
        is_short ? FAKE_SHORT_FENCE : FAKE_FENCE);
}

/* A thread's arena of three heaps: one left with room, one without, and that with the top. */
static void arena_add(unsigned int index, uint64_t at, const char *script)
{
    const struct glibc_layout *layout = &fake.malloc.layout;
    uint64_t size = (uint64_t)2 * FAKE_PAGE, distance = 0x100000;
    struct fakearena *own = &fake.own[index];

    fake.arenas[index] = (struct glibc_arena){.address = at + layout->heap_size,
                                              .is_initialized = true,
                                              .system_bytes = 3 * size,
                                              .n_heaps = 3};
    fake.malloc.n_arenas++;
    for (unsigned int i = 0; i < 3; i++) {
        uint64_t start = at + i * distance, first = start + layout->heap_size;

        fakeheap_map(&fake, start, 2, 0x41);
        own->heaps[2 - i] = (struct glibc_heap){start, size, distance};
        first = first_of(i == 0 ? first + layout->state_size : first);
        own->tally.overhead_bytes += first - start;
        if (i < 2)
            segment_left(index, first, start + size, i == 0 ? script : "u64 b96 u32", i == 1);
        else
            fakeheap_segment(&fake, index, first, start + size, script, FAKE_TOP);
    }
}

static uint64_t arena_start(void)
{
    return fake.malloc.layout.word == 8 ? 0x7e0000000000 : 0xe0000000;
}

START_TEST(test_arenas)
{
    const char *script =
        forms[_i].bins < 32 ? "u32 b96 u48 u32 b1040 u32" : "u32 b96 u48 f32 b1040 u32";

    main_begin(&forms[_i], 4);
    fakeheap_segment(&fake, 0, first_of(heap_start()), fake.brk, "u32 b96 u64", FAKE_TOP);
    arena_add(1, arena_start(), script);
    fakeheap_finish(&fake);
    walk_is(&forms[_i]);
    ck_assert_uint_eq(walk.mallinfo.ordblks, 2 + walk.total.binned.n);
}
END_TEST

/*
 * A thread's arena with a chunk of a tcache's size, `before` bytes behind the first.  It is zeros
 * but for the first four counts and the head of one list, which is a chunk of the main arena: one
 * of 32 bytes lies at 0 there, one of 64 at 32.  It is zeros, too, or the end of a list.
 */
static void arena_tcache_build(uint64_t before, uint64_t counts, unsigned int list, uint64_t offset,
                               bool is_end)
{
    uint64_t content, head;

    main_begin(&forms[2], 4);
    fakeheap_segment(&fake, 0, heap_start(), fake.brk, "u32 u64 u96", FAKE_TOP);
    arena_add(1, arena_start(), before ? "u32 u656 u32" : "u656 u32");
    fakeheap_finish(&fake);
    head = heap_start() + offset + 16;
    content =
        first_of(arena_start() + fake.malloc.layout.heap_size + fake.malloc.layout.state_size) +
        before + 16;
    for (uint64_t at = content; at < content + 640; at += 8)
        fakeheap_put(&fake, at, 0);
    fakeheap_put(&fake, content, counts);
    if (list > 0)
        fakeheap_put(&fake, content + 128 + (uint64_t)list * 8, head);
    fakeheap_put(&fake, head, is_end ? head >> 12 : 0);
    run();
}

/* Threads' tcaches are freed with them: any chunk may be there then. */
START_TEST(test_thread_arenas_first_chunk)
{
    arena_tcache_build(0, 0, 0, 32, true);
    ck_assert_int_eq(walk.verdict, HEAP_EXACT);
    arena_tcache_build(0, 0, 2, 32, true);
    ck_assert_int_eq(walk.broken.kind, HEAP_TCACHE);
    ck_assert_uint_eq(walk.broken.arena, fake.arenas[1].address);
    arena_tcache_build(0, 7, 2, 32, true);
    ck_assert_int_eq(walk.broken.kind, HEAP_TCACHE);
    arena_tcache_build(0, 0, 2, 0, true);
    ck_assert_int_eq(walk.verdict, HEAP_EXACT);
    arena_tcache_build(0, 0, 2, 32, false);
    ck_assert_int_eq(walk.verdict, HEAP_EXACT);
    arena_tcache_build(0, 0x700000003, 0, 32, true);
    ck_assert_int_eq(walk.verdict, HEAP_EXACT);
    arena_tcache_build(32, 0, 2, 32, true);
    ck_assert_int_eq(walk.verdict, HEAP_EXACT);
}
END_TEST

/* Others moved the break three times, once by what makes no difference. */
static void foreign_build(const struct fakeform *form, bool is_short)
{
    uint64_t start, second, third;

    main_begin(form, 12);
    start = heap_start();
    second = start + (uint64_t)3 * FAKE_PAGE + 1600;
    third = start + (uint64_t)8 * FAKE_PAGE + 48;
    segment_left(0, first_of(start), start + 2 * FAKE_PAGE, "u64 b512 u1024", is_short);
    segment_left(0, first_of(second), start + (uint64_t)7 * FAKE_PAGE, "u640 b512 u96", is_short);
    fakeheap_segment(&fake, 0, first_of(third), fake.brk, "u32 b1600 u64", FAKE_TOP);
    fake.own[0].tally.foreign_bytes = first_of(second) - (start + (uint64_t)2 * FAKE_PAGE) +
                                      first_of(third) - (start + (uint64_t)7 * FAKE_PAGE);
    fakeheap_finish(&fake);
}

START_TEST(test_foreign)
{
    for (int is_short = 0; is_short < 2; is_short++) {
        foreign_build(&forms[_i], is_short);
        walk_is(&forms[_i]);
    }
}
END_TEST

/*
 * The break is blocked after the first segment.  mmap's lie between what else is mapped: a chunk of
 * its own, memory of others, and each other.
 */
static void fallback_build(const struct fakeform *form)
{
    uint64_t word = form->word, at, size = (uint64_t)2 * FAKE_PAGE, slack;

    main_begin(form, 2);
    at = arena_start();
    slack = first_of(at) - at;
    fakeheap_map(&fake, at, 12, 0x41);
    segment_left(0, first_of(heap_start()), fake.brk, "u64 b512 u1024", false);
    fakeheap_put(&fake, at + slack, slack);
    fakeheap_put(&fake, at + slack + word, (size - slack) | 2);
    fakeheap_segment(&fake, 0, first_of(at + size), at + 3 * size, "u32 b1600 u64", FAKE_TOP);
    segment_left(0, first_of(at + 4 * size), at + 5 * size, "u640 b512 u96", false);
    segment_left(0, first_of(at + 5 * size), at + 6 * size, "u64", true);
    fake.own[0].tally.overhead_bytes += 3 * slack;
    fake.own[0].tally.fallback = (struct heap_sum){3, 4 * size};
    fake.arenas[0].flags = GLIBC_NONCONTIGUOUS;
    fake.arenas[0].system_bytes += 4 * size;
    fakeheap_finish(&fake);
}

START_TEST(test_fallback)
{
    fallback_build(&forms[_i]);
    walk_is(&forms[_i]);
}
END_TEST

START_TEST(test_fallback_from_the_start)
{
    fallback_build(&forms[2]);
    fake.malloc.par.sbrk_base = arena_start() + (uint64_t)2 * FAKE_PAGE;
    walk_is(&forms[2]);
}
END_TEST

/* Memory that was blocked for a while: others' sbrk() counts as long as it was not. */
START_TEST(test_foreign_then_fallback)
{
    foreign_build(&forms[2], false);
    fake.arenas[0].flags = GLIBC_NONCONTIGUOUS;
    fake.own[0].tally.foreign_bytes = first_of(heap_start() + (uint64_t)3 * FAKE_PAGE + 1600) -
                                      (heap_start() + (uint64_t)2 * FAKE_PAGE);
    fake.arenas[0].system_bytes -= FAKE_PAGE + 48;
    fake.own[0].tally.system_bytes = fake.arenas[0].system_bytes;
    walk_is(&forms[2]);
}
END_TEST

static bool is_third_page(void *context, uint64_t address)
{
    (void)context;
    return address / FAKE_PAGE % 3 == 0;
}

START_TEST(test_absent_pages_are_not_trimmed)
{
    struct reader reader;
    struct heapwalk_source source;
    uint64_t n_at_top = 0;

    main_begin(&forms[2], 16);
    fakeheap_segment(&fake, 0, heap_start(), fake.brk, "u32 b32768 u64", FAKE_TOP);
    fakeheap_finish(&fake);
    source = fakeheap_source(&fake, &reader);
    source.is_present = is_third_page;
    heapwalk_run(&walk, &arena, &source);
    ck_assert_int_eq(walk.verdict, HEAP_EXACT);
    /* of pages 1 to 7 in the chunk and 9 to 15 at the top, by their numbers modulo 3 */
    ck_assert_uint_eq(walk.total.trim_bytes, 5 * FAKE_PAGE);
    /* nor parts of huge ones */
    source.huge = &(struct range){heap_start(), heap_start() + 9 * FAKE_PAGE};
    source.n_huge = 1;
    heapwalk_run(&walk, &arena, &source);
    ck_assert_int_eq(walk.verdict, HEAP_EXACT);
    for (uint64_t i = 9; i < 16; i++)
        n_at_top += is_third_page(NULL, align_down(heap_start(), FAKE_PAGE) + i * FAKE_PAGE);
    ck_assert_uint_eq(walk.total.trim_bytes, n_at_top * FAKE_PAGE);
}
END_TEST

static uint64_t n_asked;

static bool is_in_heap(void *context, uint64_t address)
{
    n_asked++;
    return address < *(uint64_t *)context;
}

/* Terabytes in which a segment could be, if only somebody looked at each page. */
START_TEST(test_search_in_absent_memory_ends)
{
    const uint64_t terabyte = UINT64_C(1) << 40;
    uint64_t start;
    struct range ranges[FAKE_PIECES + 1];
    struct heapwalk_source source;
    struct reader reader;

    main_begin(&forms[2], 16);
    fakeheap_segment(&fake, 0, heap_start(), fake.brk, "u32 u64", FAKE_TOP);
    fakeheap_finish(&fake);
    fake.arenas[0].system_bytes += FAKE_PAGE;
    source = fakeheap_source(&fake, &reader);
    memcpy(ranges, source.ranges, source.n_ranges * sizeof(*ranges));
    start = ranges[source.n_ranges - 1].end + terabyte;
    ranges[source.n_ranges++] = (struct range){start, start + 40 * terabyte};
    source.ranges = ranges;
    source.is_present = is_in_heap;
    source.present_context = &start;
    n_asked = 0;
    heapwalk_run(&walk, &arena, &source);
    ck_assert_int_eq(walk.broken.kind, HEAP_LIMIT);
    ck_assert_uint_gt(n_asked, 1 << 20);
    ck_assert_uint_lt(n_asked, 1 << 27);
}
END_TEST

START_TEST(test_unused)
{
    main_simple(&forms[2], "u32", 2);
    fake.arenas[0] = (struct glibc_arena){.address = fake.arenas[0].address, .is_main = true};
    run();
    ck_assert_int_eq(walk.verdict, HEAP_EXACT);
    ck_assert_uint_eq(walk.mallinfo.arena, 0);
    ck_assert_uint_eq(walk.mallinfo.ordblks, 1);
}
END_TEST

/* One thing is wrong in a heap of 64 bits: u64 at 0, b96 at 64, u32 at 160, f32, u48, b2048, u64 */
static const struct broken_row {
    const char *name;
    uint64_t offset, value; /* from the first chunk */
    enum heap_break_kind kind;
    uint64_t at; /* the offset that is told */
} broken_rows[] = {
    {"size 0", 8, 1, HEAP_SIZE, 0},
    {"size not aligned", 8, 64 | 8 | 1, HEAP_SIZE, 0},
    {"size beyond the end", 8, 1 << 20 | 1, HEAP_SIZE, 0},
    {"size that wraps", 8, UINT64_MAX - 14, HEAP_SIZE, 0},
    {"first chunk", 8, 64, HEAP_START, 0},
    {"mapped", 8, 64 | 2 | 1, HEAP_OWNER, 0},
    {"of another arena", 8, 64 | 4 | 1, HEAP_OWNER, 0},
    {"too short a chunk", 160 + 8, 16 | 0, HEAP_FENCE, 160},
    {"footer", 160, 80, HEAP_FOOTER, 160},
    {"free, but in no bin", 192 + 8, 32, HEAP_FOOTER, 192},
    {"bin link", 64 + 16, 0x1000, HEAP_BINS, 64},
    {"bin link back", 272 + 24, 0x1000, HEAP_BINS, 64},
    {"size link", 272 + 32, 0x1000, HEAP_SIZES, 0},
    {"fast link", 192 + 16, 0x1000, HEAP_FAST_LIST, 0},
    {"top's size", 2384 + 8, 4096 | 1, HEAP_TOP, 2384},
};

START_TEST(test_broken)
{
    const struct broken_row *row = &broken_rows[_i];

    main_simple(&forms[2], "u64 b96 u32 f32 u48 b2048 u64", 5);
    fakeheap_put(&fake, heap_start() + row->offset, row->value);
    run();
    ck_assert_msg(walk.broken.kind == row->kind, "%s: says \"%s\"", row->name,
                  heap_break_text(walk.broken.kind));
    ROW_NUMBER(row, walk.verdict, HEAP_INCONSISTENT);
    ROW_NUMBER(row, walk.broken.arena, fake.arenas[0].address);
    if (row->at)
        ROW_NUMBER(row, walk.broken.address, heap_start() + row->at);
}
END_TEST

START_TEST(test_adjacent)
{
    main_simple(&forms[2], "u64 b96 b64 u32", 2);
    run();
    ck_assert_int_eq(walk.broken.kind, HEAP_ADJACENT);
    ck_assert_uint_eq(walk.broken.address, heap_start() + 160);
}
END_TEST

/*
 * A list goes on in a block that the program has.  What is in fastbins is kept by units of 32
 * bytes, so that nothing but sums tells a place in the block's first unit from the block.
 */
static const struct inner_row {
    uint64_t offset;
    enum heap_break_kind kind;
} inner_rows[] = {{48, HEAP_FAST_LIST}, {80, HEAP_FAST_MISSING}};

START_TEST(test_fast_inside_of_a_chunk)
{
    uint64_t first, inner;

    main_simple(&forms[2], "f32 u96 u32", 2);
    first = heap_start() + 16;
    inner = heap_start() + inner_rows[_i].offset;
    fakeheap_put(&fake, first, inner ^ first >> 12);
    fakeheap_put(&fake, inner + 8, 32 | 1);
    fakeheap_put(&fake, inner + 16, (inner + 16) >> 12);
    run();
    ck_assert_int_eq(walk.broken.kind, inner_rows[_i].kind);
}
END_TEST

START_TEST(test_largest_fast)
{
    const struct fakeform *form = &forms[_i];
    char script[32];

    if (form->bins < 32)
        return;
    fakeheap_init(&fake, form);
    snprintf(script, sizeof(script), "f%u u32", (fake.malloc.layout.n_fast + 1) * 2 * form->word);
    main_simple(form, script, 2);
    walk_is(form);
    ck_assert_uint_eq(walk.total.fast.n, 1);
}
END_TEST

/* A chunk's six words reach up to a page, and a little beyond it. */
START_TEST(test_trim_to_the_word)
{
    main_simple(&forms[2], "u4048 b12288 u32", 8);
    walk_is(&forms[2]);
    ck_assert_uint_eq(walk.total.trim_bytes, (2 + 3) * FAKE_PAGE);
    main_simple(&forms[2], "u4064 b12288 u32", 8);
    walk_is(&forms[2]);
    ck_assert_uint_eq(walk.total.trim_bytes, (1 + 3) * FAKE_PAGE);
}
END_TEST

START_TEST(test_corrupted_heads)
{
    main_simple(&forms[2], everything, 8);
    fake.arenas[0].fast[0] |= 1;
    run();
    ck_assert_int_eq(walk.verdict, HEAP_CORRUPTED);
    ck_assert_int_eq(walk.broken.kind, HEAP_FAST_HEAD);
    main_simple(&forms[2], everything, 8);
    fakeheap_put(&fake, fake.arenas[0].address + 112 + 160, 0x555500000001);
    run();
    ck_assert_int_eq(walk.verdict, HEAP_CORRUPTED);
    ck_assert_int_eq(walk.broken.kind, HEAP_BIN_HEAD);
}
END_TEST

START_TEST(test_system_bytes)
{
    main_simple(&forms[2], everything, 8);
    fake.arenas[0].system_bytes += FAKE_PAGE;
    run();
    ck_assert_int_eq(walk.broken.kind, HEAP_SYSTEM);
    ck_assert_uint_eq(walk.broken.value, FAKE_PAGE);
    main_simple(&forms[2], everything, 8);
    fake.arenas[0].top += 16;
    run();
    ck_assert_int_ne(walk.verdict, HEAP_EXACT);
}
END_TEST

/* Two arenas of all kinds of chunks, several segments. */
static void rich_build(const struct fakeform *form)
{
    char script[256];
    bool has_fast = form->bins >= 32;

    main_begin(form, 6);
    snprintf(script, sizeof(script), "T%u u32 c32 b96 u64 c64 %su1040 b2048 u32 b64 c32 u512",
             tcache_size(has_fast ? 1 : 2), has_fast ? "f32 u48 f64 f32 " : "");
    segment_left(0, first_of(heap_start()), heap_start() + 2 * FAKE_PAGE, script, false);
    fakeheap_segment(&fake, 0, first_of(heap_start() + (uint64_t)2 * FAKE_PAGE + 1024), fake.brk,
                     "u32 b1600 u64 u480 b96 c48", FAKE_TOP);
    fake.own[0].tally.foreign_bytes =
        first_of(heap_start() + (uint64_t)2 * FAKE_PAGE + 1024) - heap_start() - 2 * FAKE_PAGE;
    /* Behind others' memory a segment starts where chunks do: the first may as well be theirs. */
    fakeheap_forget(&fake, first_of(heap_start() + (uint64_t)2 * FAKE_PAGE + 1024));
    arena_add(1, arena_start(), has_fast ? "u32 b96 u48 f32 b1040 u32" : "u32 b96 u48 b1040 u32");
    fakeheap_finish(&fake);
}

static uint64_t dice;
static uint64_t roll(uint64_t below)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (dice >> 33) % below;
}

/* Whether a byte that counts was changed. */
static bool bytes_spoil(unsigned int n)
{
    bool matters = false;

    while (n-- > 0) {
        size_t at = roll(fake.used);
        unsigned char byte = (unsigned char)roll(256);
        bool is_aimed = roll(2);

        /* Half of them in the words that malloc goes by: there are not many. */
        while (is_aimed && !fake.matters[at])
            at = (at + 1) % fake.used;
        matters |= fake.matters[at] && fake.bytes[at] != byte;
        fake.bytes[at] = byte;
    }
    return matters;
}

/* Pairs of a chunk in a fastbin and one in use, and at last one in another fastbin. */
enum { N_PAIRS = 150000, PAIR = 64 };

static uint64_t fast_at(uint64_t n)
{
    return first_of(heap_start()) + n * 70001 % N_PAIRS * PAIR;
}

static void fast_link(uint64_t chunk, uint64_t to)
{
    uint64_t at = chunk + 2 * fake.malloc.layout.word;

    fakeheap_put(&fake, at, fake.is_linked_safely ? to ^ at >> 12 : to);
}

/* The first one's list goes all over the heap, so that following it reads anew for each. */
static void many_fast_build(const struct fakeform *form)
{
    static const char pair[] = "f32 u32 ", last[] = "f48 u32";
    const uint64_t n_pages = N_PAIRS * PAIR / FAKE_PAGE + 2, n = sizeof(pair) - 1;
    char *script = arena_alloc(&arena, N_PAIRS * n + sizeof(last));

    fakeheap_init(&fake, form);
    fakeheap_lend(&fake, heap_start(), n_pages, arena_alloc(&arena, n_pages * FAKE_PAGE),
                  arena_alloc(&arena, n_pages * FAKE_PAGE));
    main_is_of(n_pages);
    for (size_t i = 0; i < N_PAIRS; i++)
        memcpy(script + i * n, pair, n);
    memcpy(script + N_PAIRS * n, last, sizeof(last));
    fakeheap_segment(&fake, 0, first_of(heap_start()), fake.brk, script, FAKE_TOP);
    fakeheap_finish(&fake);
    for (uint64_t i = 0; i < N_PAIRS; i++)
        fast_link(fast_at(i), i + 1 < N_PAIRS ? fast_at(i + 1) : 0);
    fake.arenas[0].fast[32 / (2 * form->word) - 2] = fast_at(0);
}

/* They are not followed one by one for ever. */
START_TEST(test_many_fast)
{
    if (forms[_i].bins < 32)
        return;
    many_fast_build(&forms[_i]);
    walk_is(&forms[_i]);
    ck_assert_uint_eq(walk.total.fast.n, N_PAIRS + 1);
    ck_assert_uint_lt(fake.n_reads, N_PAIRS / 10);
}
END_TEST

static void many_fast_breaks(const struct fakeform *form, const char *what)
{
    run();
    ck_assert_msg(walk.broken.kind == HEAP_FAST_LIST, "%s: %s: says \"%s\"", form->name, what,
                  heap_break_text(walk.broken.kind));
}

START_TEST(test_many_fast_broken)
{
    const struct fakeform *form = &forms[_i];
    const unsigned int bin_48 = 48 / (2 * form->word) - 2;
    uint64_t other;

    if (form->bins < 32)
        return;
    many_fast_build(form);
    fast_link(fast_at(N_PAIRS - 10), 0x1000);
    many_fast_breaks(form, "astray");
    fast_link(fast_at(N_PAIRS - 10), fast_at(N_PAIRS - 9) + 1);
    many_fast_breaks(form, "between chunks");
    fast_link(fast_at(N_PAIRS - 10), fast_at(N_PAIRS - 20));
    many_fast_breaks(form, "in a circle");
    other = fake.arenas[0].fast[bin_48];
    fake.arenas[0].fast[bin_48] = 0;
    fast_link(fast_at(N_PAIRS - 10), other);
    fast_link(other, fast_at(N_PAIRS - 9));
    many_fast_breaks(form, "to another size");
}
END_TEST

/* What lies in chunks in use, and what nobody has, is nobody's business; all else is. */
START_TEST(test_random_bytes)
{
    static struct fakeheap clean;
    unsigned int n_spoilt = 0;

    rich_build(&forms[_i]);
    walk_is(&forms[_i]);
    clean = fake;
    dice = (uint64_t)_i + 1;
    for (int image = 0; image < 1000; image++) {
        bool is_spoilt;

        fake = clean;
        is_spoilt = bytes_spoil(1 + (unsigned int)roll(4));
        n_spoilt += is_spoilt;
        run();
        ck_assert_msg((walk.verdict == HEAP_EXACT) == !is_spoilt, "%s: image %d: %s: \"%s\"",
                      forms[_i].name, image, is_spoilt ? "spoilt" : "sound",
                      heap_break_text(walk.broken.kind));
        ck_assert_uint_lt(fake.n_reads - clean.n_reads, 20000);
    }
    ck_assert_uint_gt(n_spoilt, 200);
}
END_TEST

Suite *heapwalk_suite(void)
{
    Suite *suite = suite_create("heapwalk");
    TCase *tcase = tcase_create("heapwalk");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_everything, forms);
    ROWS_ADD(tcase, test_tcache, forms);
    ROWS_ADD(tcase, test_tcache_of_one_list, forms);
    ROWS_ADD(tcase, test_no_tcache_is_certain, forms);
    ROWS_ADD(tcase, test_arenas, forms);
    ROWS_ADD(tcase, test_foreign, forms);
    ROWS_ADD(tcase, test_fallback, forms);
    ROWS_ADD(tcase, test_broken, broken_rows);
    ROWS_ADD(tcase, test_fast_inside_of_a_chunk, inner_rows);
    ROWS_ADD(tcase, test_largest_fast, forms);
    ROWS_ADD(tcase, test_many_fast, forms);
    ROWS_ADD(tcase, test_many_fast_broken, forms);
    ROWS_ADD(tcase, test_random_bytes, forms);
    tcase_add_test(tcase, test_first_chunk_is_the_programs);
    tcase_add_test(tcase, test_thread_arenas_first_chunk);
    tcase_add_test(tcase, test_mallinfo);
    tcase_add_test(tcase, test_fallback_from_the_start);
    tcase_add_test(tcase, test_foreign_then_fallback);
    tcase_add_test(tcase, test_absent_pages_are_not_trimmed);
    tcase_add_test(tcase, test_search_in_absent_memory_ends);
    tcase_add_test(tcase, test_unused);
    tcase_add_test(tcase, test_adjacent);
    tcase_add_test(tcase, test_trim_to_the_word);
    tcase_add_test(tcase, test_corrupted_heads);
    tcase_add_test(tcase, test_system_bytes);
    suite_add_tcase(suite, tcase);
    return suite;
}
