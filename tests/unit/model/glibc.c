/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Made-up processes with the malloc_state, malloc_par and heap_info of every generation of glibc.
 * The offsets below are those that compilers gave to the structures of each version's source.
 */
#include "model/glibc.h"

#include "../rows.h"

#include <stdbool.h>
#include <stdlib.h>

struct version {
    const char *name;
    unsigned int word, align;
    bool is_wide; /* 32 bits: chunks at multiples of 16 on this machine */
    bool is_big_endian;
    /* malloc_state; 0: there is no such field */
    unsigned int fastbins, n_fast, top, bins, next, attached, system, max_system, state_size;
    /* heap_info */
    unsigned int heap_size;
    /* malloc_par */
    unsigned int n_mmaps, page_size, mmapped, sbrk_base, thp, huge;
};

static const struct version versions[] = {
    {"2.12", 8, 16, 0, 0, 8, 10, 88, 104, 2152, 0, 2168, 2176, 2184, 32, 40, 56, 64, 88, 0, 0},
    {"2.17", 8, 16, 0, 0, 8, 10, 88, 104, 2152, 0, 2168, 2176, 2184, 32, 40, 0, 56, 80, 0, 0},
    {"2.23", 8, 16, 0, 0, 8, 10, 88, 104, 2152, 2168, 2176, 2184, 2192, 32, 40, 0, 56, 80, 0, 0},
    {"2.24", 8, 16, 0, 0, 8, 10, 88, 104, 2152, 2168, 2176, 2184, 2192, 32, 40, 0, 56, 72, 0, 0},
    {"2.27", 8, 16, 0, 0, 16, 10, 96, 112, 2160, 2176, 2184, 2192, 2200, 32, 40, 0, 56, 72, 0, 0},
    {"2.35", 8, 16, 0, 0, 16, 10, 96, 112, 2160, 2176, 2184, 2192, 2200, 48, 60, 0, 80, 96, 40, 48},
    {"2.43", 8, 16, 0, 0, 0, 0, 8, 24, 2072, 2088, 2096, 2104, 2112, 48, 60, 0, 80, 96, 40, 48},
    {"master", 8, 16, 0, 0, 0, 0, 8, 24, 2072, 2088, 2096, 2104, 2112, 48, 68, 0, 88, 104, 48, 56},
    {"2.35 s390x", 8,    16,   0,  1,  16, 10, 96, 112, 2160, 2176,
     2184,         2192, 2200, 48, 60, 0,  80, 96, 40,  48},
    {"2.17 ppc64", 8, 16, 0, 1, 8, 10, 88, 104, 2152, 0, 2168, 2176, 2184, 32, 40, 0, 56, 80, 0, 0},
    {"2.12 i386", 4, 8, 1, 0, 8, 10, 48, 56, 1088, 0, 1096, 1100, 1104, 16, 20, 36, 40, 52, 0, 0},
    {"2.17 i386", 4, 8, 1, 0, 8, 10, 48, 56, 1088, 0, 1096, 1100, 1104, 16, 20, 0, 36, 48, 0, 0},
    {"2.23 i386", 4, 8, 1, 0, 8, 10, 48, 56, 1088, 1096, 1100, 1104, 1108, 16, 20, 0, 36, 48, 0, 0},
    {"2.25 i386", 4, 8, 1, 0, 8, 10, 48, 56, 1088, 1096, 1100, 1104, 1108, 16, 20, 0, 36, 44, 0, 0},
    {"2.26 i386", 4,    16,   1,  0,  8, 11, 52, 60, 1092, 1100,
     1104,        1108, 1112, 24, 20, 0, 36, 44, 0,  0},
    {"2.27 i386", 4,    16,   1,  0,  12, 11, 56, 64, 1096, 1104,
     1108,        1112, 1116, 24, 20, 0,  36, 44, 0,  0},
    {"2.35 i386", 4,    16,   1,  0,  12, 11, 56, 64, 1096, 1104,
     1108,        1112, 1116, 24, 32, 0,  48, 56, 20, 24},
    {"master i386", 4,    16,   1,  0,  0, 0,  8,  16, 1048, 1056,
     1060,          1064, 1068, 24, 36, 0, 52, 60, 24, 28},
    {"2.26 arm", 4, 8, 0, 0, 8, 10, 48, 56, 1088, 1096, 1100, 1104, 1108, 16, 20, 0, 36, 44, 0, 0},
    {"2.27 arm", 4, 8, 0, 0, 12, 10, 52, 60, 1092, 1100, 1104, 1108, 1112, 16, 20, 0, 36, 44, 0, 0},
    {"2.35 mips", 4,    8,    0,  1,  12, 10, 52, 60, 1092, 1100,
     1104,        1108, 1112, 24, 32, 0,  48, 56, 20, 24},
};
enum { N_VERSIONS = sizeof(versions) / sizeof(versions[0]) };

enum {
    PAGE = 4096,
    STATE = 0x520, /* where malloc_state lies in the data */
    PAR = 0x1400,  /* malloc_par */
    DATA_BYTES = 0x4000,
    HEAP_BYTES = 0x21000,
    MAPPED = 3 * PAGE,
    USED = 4,
    THREADS = 7,
    MAIN_TOP = 0x2000, /* within the heap */
};

/* The memory of a process. */
struct block {
    uint64_t start;
    size_t n;
    unsigned char *bytes;
};

enum { DATA, OTHER_DATA, HEAP, OLD, NEW, N_BLOCKS };

static struct world {
    const struct version *version;
    struct block blocks[N_BLOCKS];
    struct arena arena;
    struct glibc found;
} world;

static struct block *block_at(uint64_t address, size_t n)
{
    for (int i = 0; i < N_BLOCKS; i++)
        if (address >= world.blocks[i].start &&
            address - world.blocks[i].start <= world.blocks[i].n &&
            world.blocks[i].n - (address - world.blocks[i].start) >= n)
            return &world.blocks[i];
    return NULL;
}

/* Parts of them, with zeros between. */
static void read_blocks(uint64_t at, unsigned char *buf, size_t n)
{
    memset(buf, 0, n);
    for (int i = 0; i < N_BLOCKS; i++)
        for (size_t k = 0; k < world.blocks[i].n && world.blocks[i].start < at + n; k++)
            if (world.blocks[i].start + k >= at && world.blocks[i].start + k - at < n)
                buf[world.blocks[i].start + k - at] = world.blocks[i].bytes[k];
}

/* With a context all else is zeros, and bytes are counted there. */
static bool read_block(void *context, uint64_t at, void *buf, size_t n)
{
    struct block *block = block_at(at, n);

    if (context && !block)
        read_blocks(at, buf, n);
    if (context)
        *(uint64_t *)context += n;
    if (block)
        memcpy(buf, block->bytes + (at - block->start), n);
    return block || context;
}

static void put_bytes(uint64_t at, uint64_t value, unsigned int n)
{
    struct block *block = block_at(at, n);

    ck_assert_ptr_nonnull(block);
    for (unsigned int i = 0; i < n; i++)
        block->bytes[at - block->start + (world.version->is_big_endian ? n - 1 - i : i)] =
            (unsigned char)(value >> 8 * i);
}

static void put(uint64_t at, uint64_t value)
{
    put_bytes(at, value, world.version->word);
}

static uint64_t address_of(int block)
{
    static const uint64_t wide[N_BLOCKS] = {0x7f1122200000, 0x7f1122300000, 0x561000001000,
                                            0x7f1100000000, 0x7f10fc000000};
    static const uint64_t narrow[N_BLOCKS] = {0xf7e00000, 0xf7e80000, 0x8a01000, 0xf6a00000,
                                              0xf6800000};

    return world.version->word == 8 ? wide[block] : narrow[block];
}

static uint64_t main_arena(void)
{
    return address_of(DATA) + STATE;
}

static uint64_t second_arena(void)
{
    return address_of(OLD) + world.version->heap_size;
}

/* All bins are empty. */
static void put_bins(uint64_t state)
{
    const struct version *version = world.version;

    for (unsigned int i = 0; i < 127; i++) {
        uint64_t at = state + version->bins + 2 * i * (uint64_t)version->word;

        put(at, at - 2 * version->word);
        put(at + version->word, at - 2 * version->word);
    }
}

static void put_arena(uint64_t state, uint64_t next, uint64_t top, uint64_t top_size,
                      uint64_t system, unsigned int attached)
{
    const struct version *version = world.version;

    put_bins(state);
    put(state + version->top, top);
    put(top + version->word, top_size | 1);
    put(state + version->next, next);
    put(state + version->system, system);
    put(state + version->max_system, system + PAGE);
    if (version->attached)
        put(state + version->attached, attached);
}

/* A free chunk in the first bin. */
static void put_free(uint64_t state, uint64_t chunk)
{
    const struct version *version = world.version;
    uint64_t bin = state + version->bins, word = version->word;

    put(bin, chunk);
    put(bin + word, chunk);
    put(chunk + 2 * word, bin - 2 * word);
    put(chunk + 3 * word, bin - 2 * word);
}

/* Without fastbins, mremap() of a mapped chunk leaves two words too many. */
static uint64_t mapped_of(const struct version *version)
{
    return MAPPED + (version->n_fast == 0 ? 2 * version->word : 0);
}

static void put_par(uint64_t par)
{
    const struct version *version = world.version;
    unsigned int word = version->word;

    put(par, 0x50000); /* trim_threshold */
    put(par + word, 0x20000);
    put(par + 2 * word, 0x28000);
    put(par + 3 * word, word == 8 ? 8 : 2);
    put_bytes(par + version->n_mmaps, 2, 4);
    put_bytes(par + version->n_mmaps + 4, 65536, 4);
    put_bytes(par + version->n_mmaps + 8, 5, 4);
    if (version->page_size)
        put_bytes(par + version->page_size, PAGE, 4);
    put(par + version->mmapped, mapped_of(version));
    put(par + version->mmapped + word, 7 * mapped_of(version));
    put(par + version->sbrk_base, address_of(HEAP));
}

/* heap_info */
static void put_heap(uint64_t at, uint64_t previous, uint64_t size)
{
    put(at, second_arena());
    put(at + world.version->word, previous);
    put(at + 2 * world.version->word, size);
}

/* Main arena and another with two heaps. */
static void make(const struct version *version)
{
    world.version = version;
    for (int i = 0; i < N_BLOCKS; i++) {
        world.blocks[i].start = address_of(i);
        world.blocks[i].n = i < HEAP ? DATA_BYTES : HEAP_BYTES;
        world.blocks[i].bytes = calloc(1, world.blocks[i].n);
    }
    put_arena(main_arena(), second_arena(), address_of(HEAP) + MAIN_TOP, HEAP_BYTES - MAIN_TOP,
              HEAP_BYTES, 1);
    put_free(main_arena(), address_of(HEAP) + 0x500);
    if (version->n_fast)
        put(main_arena() + version->fastbins + version->word, address_of(HEAP) + 0x700);
    put_par(address_of(DATA) + PAR);
    put_heap(address_of(OLD), 0, HEAP_BYTES);
    put_heap(address_of(NEW), address_of(OLD), HEAP_BYTES);
    put_arena(second_arena(), main_arena(), address_of(NEW) + 0x1000, HEAP_BYTES - 0x1000,
              2 * HEAP_BYTES, THREADS);
    put_bytes(second_arena(), 1, 4); /* its mutex */
}

static void setup(void)
{
    arena_init(&world.arena);
}

static void forget(void)
{
    for (int i = 0; i < N_BLOCKS; i++) {
        free(world.blocks[i].bytes);
        world.blocks[i] = (struct block){0};
    }
}

static void teardown(void)
{
    forget();
    arena_deinit(&world.arena);
}

static struct glibc_malloc *find(void)
{
    struct reader memory = {.read = read_block};
    struct glibc_segment segments[] = {
        {{address_of(DATA), address_of(DATA) + DATA_BYTES}, "libc.so.6"},
        {{address_of(OTHER_DATA), address_of(OTHER_DATA) + DATA_BYTES}, "other.so"},
    };
    struct glibc_place place = {
        .arena = &world.arena,
        .memory = &memory,
        .word = (uint8_t)world.version->word,
        .is_big_endian = world.version->is_big_endian,
        .is_wide = world.version->is_wide,
        .page_size = PAGE,
        .start_brk = address_of(HEAP),
        .segments = segments,
        .n_segments = 2,
    };

    glibc_find(&world.found, &place);
    return world.found.n_mallocs > 0 ? &world.found.mallocs[0] : NULL;
}

/* Data may be as large as it says, in as many objects: that is no reason to read all of it. */
START_TEST(test_much_data)
{
    enum { N = 1000 };
    static struct glibc_segment segments[N];
    uint64_t n_read = 0;
    struct reader memory = {.read = read_block, .context = &n_read};
    struct glibc_place place = {
        .arena = &world.arena,
        .memory = &memory,
        .word = 8,
        .page_size = PAGE,
        .segments = segments,
        .n_segments = N,
    };

    make(&versions[5]);
    place.start_brk = address_of(HEAP);
    segments[0] = (struct glibc_segment){{address_of(DATA), address_of(DATA) + (UINT64_C(1) << 40)},
                                         "libc.so.6"};
    for (uint64_t i = 1; i < N; i++)
        segments[i] = (struct glibc_segment){{i << 34, (i << 34) + (UINT64_C(1) << 30)}, "x"};
    glibc_find(&world.found, &place);
    ck_assert_uint_eq(world.found.n_mallocs, 1);
    ck_assert(world.found.mallocs[0].par.known && world.found.is_cut);
    ck_assert_uint_lt(n_read, UINT64_C(512) << 20);
}
END_TEST

/* However much memory the arena says that it has. */
START_TEST(test_heaps_in_a_circle)
{
    const struct version *row = &versions[_i];
    uint64_t n_read = 0;
    struct reader memory = {.read = read_block, .context = &n_read};
    struct glibc_segment segment = {{0}, "libc.so.6"};
    struct glibc_place place = {
        .arena = &world.arena,
        .memory = &memory,
        .word = (uint8_t)row->word,
        .is_big_endian = row->is_big_endian,
        .is_wide = row->is_wide,
        .page_size = PAGE,
        .segments = &segment,
        .n_segments = 1,
    };

    make(row);
    segment.range = (struct range){address_of(DATA), address_of(DATA) + DATA_BYTES};
    put(second_arena() + row->system, row->word == 8 ? UINT64_C(1) << 62 : 1U << 31);
    put(second_arena() + row->max_system, row->word == 8 ? UINT64_C(1) << 62 : 1U << 31);
    put(address_of(OLD) + row->word, address_of(NEW));
    glibc_find(&world.found, &place);
    ROW_NUMBER(row, world.found.n_mallocs, 1);
    ck_assert_ptr_nonnull(world.found.mallocs[0].broken);
    ck_assert_msg(n_read < 256 << 10, "%s: %llu bytes are read", row->name,
                  (unsigned long long)n_read);
}
END_TEST

START_TEST(test_layout)
{
    const struct version *row = &versions[_i];
    const struct glibc_layout *layout;
    struct glibc_malloc *malloc;

    make(row);
    malloc = find();
    ROW_NUMBER(row, world.found.n_mallocs, 1);
    ROW_TEXT(row, malloc->object, "libc.so.6");
    ROW_TEXT(row, malloc->broken, NULL);
    ROW_TRUE(row, malloc->is_used);
    layout = &malloc->layout;
    ROW_NUMBER(row, layout->word, row->word);
    ROW_NUMBER(row, layout->align, row->align);
    ROW_NUMBER(row, layout->n_fast, row->n_fast);
    ROW_NUMBER(row, layout->fastbins, row->fastbins);
    ROW_NUMBER(row, layout->top, row->top);
    ROW_NUMBER(row, layout->bins, row->bins);
    ROW_NUMBER(row, layout->next, row->next);
    ROW_NUMBER(row, layout->attached, row->attached);
    ROW_NUMBER(row, layout->has_attached, row->attached != 0);
    ROW_NUMBER(row, layout->system_mem, row->system);
    ROW_NUMBER(row, layout->state_size, row->state_size);
    ROW_NUMBER(row, layout->heap_size, row->heap_size);
    ROW_NUMBER(row, layout->has_thp, row->thp != 0);
    ROW_NUMBER(row, layout->is_big_endian, row->is_big_endian);
}
END_TEST

START_TEST(test_par)
{
    const struct version *row = &versions[_i];
    const struct glibc_par *par;

    make(row);
    if (row->huge) {
        put(address_of(DATA) + PAR + row->thp, 0x200000);
        put(address_of(DATA) + PAR + row->huge, 0x40000000);
    }
    par = &find()->par;
    ROW_TRUE(row, par->known);
    ROW_NUMBER(row, par->address, address_of(DATA) + PAR);
    ROW_NUMBER(row, par->trim_threshold, 0x50000);
    ROW_NUMBER(row, par->top_pad, 0x20000);
    ROW_NUMBER(row, par->mmap_threshold, 0x28000);
    ROW_NUMBER(row, par->arena_test, row->word == 8 ? 8 : 2);
    ROW_NUMBER(row, par->arena_max, 0);
    ROW_NUMBER(row, par->n_mmaps, 2);
    ROW_NUMBER(row, par->n_mmaps_max, 65536);
    ROW_NUMBER(row, par->max_n_mmaps, 5);
    ROW_NUMBER(row, par->mmapped_bytes, mapped_of(row));
    ROW_NUMBER(row, par->max_mmapped_bytes, 7 * mapped_of(row));
    ROW_NUMBER(row, par->sbrk_base, address_of(HEAP));
    ROW_NUMBER(row, par->thp_page_size, row->huge ? 0x200000 : 0);
    ROW_NUMBER(row, par->huge_page_size, row->huge ? 0x40000000 : 0);
    ROW_TRUE(row, par->is_dynamic);
}
END_TEST

START_TEST(test_arenas)
{
    const struct version *row = &versions[_i];
    const struct glibc_arena *arenas;
    struct glibc_malloc *malloc;

    make(row);
    malloc = find();
    ROW_NUMBER(row, malloc->n_arenas, 2);
    arenas = malloc->arenas;
    ROW_NUMBER(row, arenas[0].address, main_arena());
    ROW_TRUE(row, arenas[0].is_main && arenas[0].is_initialized && !arenas[0].is_locked);
    ROW_NUMBER(row, arenas[0].attached, row->attached ? 1 : 0);
    ROW_NUMBER(row, arenas[0].top, address_of(HEAP) + MAIN_TOP);
    ROW_NUMBER(row, arenas[0].top_size, HEAP_BYTES - MAIN_TOP);
    ROW_NUMBER(row, arenas[0].system_bytes, HEAP_BYTES);
    ROW_NUMBER(row, arenas[0].max_system_bytes, HEAP_BYTES + PAGE);
    ROW_NUMBER(row, arenas[0].fast[1], row->n_fast ? address_of(HEAP) + 0x700 : 0);
    ROW_NUMBER(row, arenas[0].n_heaps, 0);
    ROW_NUMBER(row, arenas[1].address, second_arena());
    ROW_TRUE(row, !arenas[1].is_main && arenas[1].is_initialized && arenas[1].is_locked);
    ROW_NUMBER(row, arenas[1].attached, row->attached ? THREADS : 0);
    ROW_NUMBER(row, arenas[1].n_heaps, 2);
    ROW_NUMBER(row, arenas[1].heaps[0].start, address_of(NEW));
    ROW_NUMBER(row, arenas[1].heaps[1].start, address_of(OLD));
    ROW_NUMBER(row, arenas[1].heaps[1].size, HEAP_BYTES);
    ROW_NUMBER(row, arenas[1].heaps[1].max, row->word == 8 ? 64 << 20 : 1 << 20);
}
END_TEST

/* Alone, the main arena has to tell its version without heap_info. */
START_TEST(test_alone)
{
    const struct version *row = &versions[_i];
    struct glibc_malloc *malloc;

    make(row);
    put(main_arena() + row->next, main_arena());
    malloc = find();
    ROW_NUMBER(row, malloc->n_arenas, 1);
    ROW_TEXT(row, malloc->broken, NULL);
    ROW_NUMBER(row, malloc->layout.has_thp, row->thp != 0);
    ROW_NUMBER(row, malloc->layout.attached, row->attached);
    ROW_NUMBER(row, malloc->arenas[0].system_bytes, HEAP_BYTES);
}
END_TEST

/* Never used, it has nothing but `next` and one thread. */
START_TEST(test_unused)
{
    const struct version *row = &versions[_i];
    struct glibc_malloc *malloc;

    make(row);
    memset(world.blocks[DATA].bytes, 0, DATA_BYTES);
    put(main_arena() + row->next, main_arena());
    if (row->attached)
        put(main_arena() + row->attached, 1);
    malloc = find();
    ROW_NUMBER(row, world.found.n_mallocs, 1);
    ROW_TRUE(row, !malloc->is_used);
    ROW_NUMBER(row, malloc->arenas[0].address, main_arena());
    ROW_TEXT(row, malloc->broken, NULL);
}
END_TEST

/* Used by threads alone, or for mapped chunks: the main arena has bins and no top of its own. */
START_TEST(test_initial_top)
{
    const struct version *row = &versions[_i];
    struct glibc_malloc *malloc;

    make(row);
    put(main_arena() + row->top, main_arena() + row->top);
    put(main_arena() + row->system, 0);
    put(main_arena() + row->max_system, 0);
    malloc = find();
    ROW_TRUE(row, malloc->is_used && !malloc->arenas[0].is_initialized);
    ROW_TEXT(row, malloc->broken, NULL);
}
END_TEST

START_TEST(test_copies)
{
    make(&versions[_i]);
    memcpy(world.blocks[OTHER_DATA].bytes, world.blocks[DATA].bytes, DATA_BYTES);
    memset(world.blocks[OTHER_DATA].bytes, 0, 0x2000);
    put(address_of(OTHER_DATA) + STATE + versions[_i].next, address_of(OTHER_DATA) + STATE);
    find();
    ROW_NUMBER(&versions[_i], world.found.n_mallocs, 2);
    ROW_TRUE(&versions[_i], world.found.mallocs[0].is_used && !world.found.mallocs[1].is_used);
    ROW_TEXT(&versions[_i], world.found.mallocs[1].object, "other.so");
}
END_TEST

/* What is wrong must be seen. */

static void break_next(void)
{
    put(main_arena() + world.version->next, address_of(HEAP));
}

/* Arenas that go on for ever without coming back. */
static void break_ring(void)
{
    put(second_arena() + world.version->next, second_arena());
}

static void break_bin(void)
{
    put(main_arena() + world.version->bins + 40 * world.version->word, address_of(HEAP) + 0x800);
}

static void break_first_bins(void)
{
    for (unsigned int i = 0; i < 6; i++)
        put(main_arena() + world.version->bins + i * world.version->word, 0x1234567);
}

static void break_top(void)
{
    put(main_arena() + world.version->top, address_of(DATA) + 0x3000);
}

static void break_top_size(void)
{
    put(address_of(HEAP) + MAIN_TOP + world.version->word, ~UINT64_C(0) - 7);
}

static void break_system(void)
{
    put(main_arena() + world.version->system, HEAP_BYTES - PAGE);
}

static void break_heap_sum(void)
{
    put(second_arena() + world.version->system, 2 * HEAP_BYTES + PAGE);
    put(second_arena() + world.version->max_system, 3 * HEAP_BYTES);
}

static void break_heap_loop(void)
{
    put(address_of(OLD) + world.version->word, address_of(NEW));
}

static void break_heap_owner(void)
{
    put(address_of(OLD), main_arena());
}

static void break_heap_size(void)
{
    put(address_of(OLD) + 2 * world.version->word, ~UINT64_C(0) - PAGE + 1);
}

static const struct breakage {
    const char *name;
    void (*make)(void);
    const char *says; /* NULL: no ring is proven */
} breakages[] = {
    {"next", break_next, NULL},
    {"ring", break_ring, NULL},
    {"bin", break_bin, "free chunks"},
    {"first bins", break_first_bins, "free chunks"},
    {"top", break_top, "top chunk"},
    {"top size", break_top_size, "top chunk"},
    {"system", break_system, "main arena's bytes"},
    {"heap sum", break_heap_sum, "heaps"},
    {"heap loop", break_heap_loop, "heaps"},
    {"heap owner", break_heap_owner, "heaps"},
    {"heap size", break_heap_size, "heaps"},
};

START_TEST(test_broken)
{
    const struct breakage *row = &breakages[_i];

    for (int i = 0; i < N_VERSIONS; i++) {
        struct glibc_malloc *malloc;

        make(&versions[i]);
        row->make();
        malloc = find();
        if (row->says) {
            ck_assert_msg(malloc && malloc->broken, "%s of %s: not seen", row->name,
                          versions[i].name);
            ROW_SAYS(row, malloc->broken, row->says);
        } else {
            ck_assert_msg(!malloc && world.found.unproven, "%s of %s: found", row->name,
                          versions[i].name);
        }
        forget();
    }
}
END_TEST

START_TEST(test_nothing)
{
    make(&versions[_i]);
    memset(world.blocks[DATA].bytes, 0, DATA_BYTES);
    ck_assert_ptr_null(find());
    memset(world.blocks[DATA].bytes, 0xff, DATA_BYTES);
    ck_assert_ptr_null(find());
    ck_assert_uint_eq(world.found.unproven, 0);
}
END_TEST

/* Whatever stands there: an end, and within bounds. */
START_TEST(test_random)
{
    uint64_t seed = 88172645463325252U + (uint64_t)_i;

    make(&versions[_i]);
    for (int image = 0; image < 50; image++) {
        struct glibc_malloc *malloc;

        for (int i = 0; i < 20; i++) {
            struct block *block;

            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            block = &world.blocks[seed % N_BLOCKS];
            block->bytes[(seed >> 8) % 0x1800] = (unsigned char)(seed >> 40);
        }
        malloc = find();
        ck_assert(!malloc || malloc->n_arenas <= GLIBC_MAX_ARENAS);
    }
}
END_TEST

Suite *glibc_suite(void)
{
    Suite *suite = suite_create("glibc");
    TCase *tcase = tcase_create("find");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_layout, versions);
    ROWS_ADD(tcase, test_par, versions);
    ROWS_ADD(tcase, test_arenas, versions);
    ROWS_ADD(tcase, test_alone, versions);
    ROWS_ADD(tcase, test_unused, versions);
    ROWS_ADD(tcase, test_initial_top, versions);
    ROWS_ADD(tcase, test_copies, versions);
    ROWS_ADD(tcase, test_broken, breakages);
    ROWS_ADD(tcase, test_nothing, versions);
    ROWS_ADD(tcase, test_random, versions);
    tcase_add_test(tcase, test_much_data);
    ROWS_ADD(tcase, test_heaps_in_a_circle, versions);
    suite_add_tcase(suite, tcase);
    return suite;
}
