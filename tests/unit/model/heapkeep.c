/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is kept of memory that is the program's wherever it is not said here to be malloc's: bytes
 * of the program's are 0x5e.
 */
#include "model/heapkeep.h"

#include "parse/memorylist.h"

#include "../rows.h"

enum { STATE = 2200, BINS = 112, WORD = 8, OWN = 0x5e, MALLOCS = 0xa1, MAX_KEPT = 16 };
static const uint64_t main_arena = 0x10000, other_arena = 0x4000030, heap_start = 0x4000000,
                      top = 0x20000, other_top = 0x4008000, par_at = 0x30008, lost = 0x50000;

struct word {
    uint64_t at, value;
};

static struct {
    struct arena arena;
    struct glibc_heap heap;
    struct glibc_arena arenas[2];
    struct glibc_malloc malloc;
    struct glibc glibc;
    struct range mallocs[MAX_KEPT]; /* all that is to be kept */
    unsigned int n_mallocs;
    struct word words[MAX_KEPT];
    unsigned int n_words;
    struct memorylist list;
} world;

static unsigned char byte_at(uint64_t at)
{
    for (unsigned int i = 0; i < world.n_words; i++)
        if (at >= world.words[i].at && at - world.words[i].at < WORD)
            return (unsigned char)(world.words[i].value >> 8 * (at - world.words[i].at));
    for (unsigned int i = 0; i < world.n_mallocs; i++)
        if (range_has(world.mallocs[i], at))
            return MALLOCS;
    return OWN;
}

static bool read_world(void *context, uint64_t at, void *buf, size_t n)
{
    (void)context;
    for (size_t i = 0; i < n; i++) {
        if (at + i >= lost && at + i < lost + 0x1000)
            return false;
        ((unsigned char *)buf)[i] = byte_at(at + i);
    }
    return true;
}

static void expect_kept(uint64_t start, uint64_t n)
{
    world.mallocs[world.n_mallocs++] = (struct range){start, start + n};
}

static void put(uint64_t at, uint64_t value)
{
    world.words[world.n_words++] = (struct word){at, value};
}

static uint64_t bin(unsigned int i)
{
    return main_arena + BINS + 2 * WORD * (uint64_t)i;
}

static void put_bin(unsigned int i, uint64_t forward, uint64_t back)
{
    put(bin(i), forward);
    put(bin(i) + WORD, back);
}

static void setup(void)
{
    memset(&world, 0, sizeof(world));
    arena_init(&world.arena);
    world.heap = (struct glibc_heap){heap_start, 0x9000, 64 << 20};
    world.arenas[0] = (struct glibc_arena){
        .address = main_arena, .is_main = true, .is_initialized = true, .top = top};
    world.arenas[1] = (struct glibc_arena){.address = other_arena,
                                           .is_initialized = true,
                                           .top = other_top,
                                           .heaps = &world.heap,
                                           .n_heaps = 1};
    world.malloc = (struct glibc_malloc){
        .layout = {.word = WORD, .bins = BINS, .state_size = STATE},
        .par = {.known = true, .address = par_at, .size = 80},
        .arenas = world.arenas,
        .n_arenas = 2,
        .is_used = true,
    };
    world.glibc = (struct glibc){.mallocs = &world.malloc, .n_mallocs = 1};
    expect_kept(main_arena, STATE);
    expect_kept(top + WORD, WORD);
    expect_kept(other_arena, STATE);
    expect_kept(other_top + WORD, WORD);
    expect_kept(heap_start, 3 * WORD);
    expect_kept(par_at, 80);
}

static void teardown(void)
{
    arena_deinit(&world.arena);
}

static void keep(void)
{
    struct reader memory = {.read = read_world};
    struct str text = heap_keep(&world.arena, &world.glibc, &memory);
    struct err err = {""};

    ck_assert_msg(memorylist_parse(&world.list, &world.arena, text, &err), "%s", err.text);
}

static void nothing_else_is_kept(void)
{
    for (size_t i = 0; i < world.list.n; i++)
        for (unsigned int k = 0; k < world.list.pieces[i].n; k++) {
            uint64_t at = world.list.pieces[i].start + k;

            ck_assert_msg(world.list.pieces[i].bytes[k] != OWN, "%#llx is the program's",
                          (unsigned long long)at);
        }
}

static void all_is_kept(void)
{
    struct reader kept = memorylist_reader(&world.list);

    for (unsigned int i = 0; i < world.n_mallocs; i++)
        for (uint64_t at = world.mallocs[i].start; at < world.mallocs[i].end; at++) {
            unsigned char byte = 0;

            ck_assert(reader_read(&kept, at, &byte, 1));
            ck_assert_msg(byte == byte_at(at), "%#llx is not kept", (unsigned long long)at);
        }
}

START_TEST(test_kept)
{
    put_bin(3, 0x21000, 0x22000);
    put(0x21000 + 3 * WORD, bin(3) - 2 * WORD);
    put(0x22000 + 2 * WORD, bin(3) - 2 * WORD);
    put_bin(4, bin(4) - 2 * WORD, bin(4) - 2 * WORD);
    expect_kept(0x21000 + 3 * WORD, WORD);
    expect_kept(0x22000 + 2 * WORD, WORD);
    keep();
    all_is_kept();
    nothing_else_is_kept();
}
END_TEST

/* A pointer may be old or overwritten: what it leads to then is the program's. */
START_TEST(test_pointers_to_others)
{
    put_bin(0, 0x21000, 0x22000);
    put_bin(1, top, 0x23000);
    put_bin(2, UINT64_MAX - 8, UINT64_MAX);
    put_bin(5, lost, lost);
    keep();
    all_is_kept();
    nothing_else_is_kept();
}
END_TEST

START_TEST(test_unused)
{
    world.malloc.is_used = false;
    world.malloc.n_arenas = 1;
    world.malloc.par.known = false;
    world.arenas[0].is_initialized = false;
    world.n_mallocs = 1;
    put_bin(3, 0x21000, 0x21000);
    put(0x21000 + 2 * WORD, bin(3) - 2 * WORD);
    put(0x21000 + 3 * WORD, bin(3) - 2 * WORD);
    keep();
    all_is_kept();
    ck_assert_uint_eq(world.list.pieces[world.list.n - 1].start +
                          world.list.pieces[world.list.n - 1].n,
                      main_arena + STATE);
}
END_TEST

/* Of what cannot be read as a whole the rest is kept. */
START_TEST(test_lost)
{
    world.malloc.par.address = lost - 32;
    world.mallocs[5] = (struct range){lost - 32, lost};
    keep();
    all_is_kept();
    nothing_else_is_kept();
}
END_TEST

START_TEST(test_nothing)
{
    world.glibc.n_mallocs = 0;
    keep();
    ck_assert_uint_eq(world.list.n, 0);
}
END_TEST

Suite *heapkeep_suite(void)
{
    Suite *suite = suite_create("heapkeep");
    TCase *tcase = tcase_create("heapkeep");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_kept);
    tcase_add_test(tcase, test_pointers_to_others);
    tcase_add_test(tcase, test_unused);
    tcase_add_test(tcase, test_lost);
    tcase_add_test(tcase, test_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
