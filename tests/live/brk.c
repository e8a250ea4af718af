/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The break: every shape a heap can have, and what can stand above it. How far it grows is what the
 * kernel grants.
 */
#include "fixture.h"
#include "memory.h"

#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

/* Room, in bytes, that one blocker leaves, and what must be said about it. */
static void say_room(uintptr_t room)
{
    say("%s brk-blocked%s", room == 0 ? "finding" : "no-finding", room == 0 ? " error" : "");
    if (room == 0 || room >= MIB(64))
        say("no-finding brk-room-low");
    else
        say("finding brk-room-low %s", room < MIB(4) ? "error" : "warning");
    say("exit %d", room < MIB(4));
}

static void untouched(long arg)
{
    say_break();
    say("quiet");
    say("exit 0");
}

static void grown(long bytes)
{
    break_grow(bytes);
    say_break();
    say("quiet");
}

static void grown_and_shrunk(long arg)
{
    break_grow((intptr_t)MIB(1));
    break_grow(-(intptr_t)MIB(1));
    say_break();
    say("quiet");
}

/* Several [heap] lines. */
static void split(long how)
{
    char *heap = break_grow(16 * PAGE);

    heap = (char *)(((uintptr_t)heap + PAGE - 1) & ~(PAGE - 1));
    if (how == 0 && mprotect(heap + 4 * PAGE, PAGE, PROT_READ) != 0)
        broken("mprotect");
    if (how == 1 && munmap(heap + 4 * PAGE, PAGE) != 0)
        broken("munmap");
    if (how == 2 &&
        (mprotect(heap + 2 * PAGE, PAGE, PROT_NONE) != 0 || munmap(heap + 9 * PAGE, PAGE) != 0))
        broken("mprotect and munmap");
    say_break();
    say("quiet");
}

/* Without randomisation the heap starts where bss ends and is one mapping with it. */
static void after_bss(long bytes)
{
    if (!fixture_is_again()) {
        personality(ADDR_NO_RANDOMIZE);
        fixture_again();
    }
    if (bytes != 0)
        break_grow(bytes);
    say_break();
    say("finding aslr-off info");
    say("quiet");
}

static void none_at(long pages)
{
    place(break_end() + (uintptr_t)pages * PAGE, PAGE, PROT_NONE);
    say_room(say_break());
    say("%s", pages == 0 ? "finding brk-page-guard info" : "no-finding brk-page-guard");
    say("finding brk-window-shrunken warning");
}

/* As deep below a growing heap as in real life: a heap, then the blocker. */
static void none_above_heap(long pages)
{
    break_grow((intptr_t)KIB(132));
    none_at(pages);
}

static void two_pages(long prot)
{
    place(break_end(), 2 * PAGE, (int)prot);
    say_room(say_break());
    say("no-finding brk-page-guard");
}

static void file_page(long arg)
{
    place_file(break_end(), PAGE, PROT_READ, MAP_PRIVATE, fixture_self());
    say_room(say_break());
    say("no-finding brk-page-guard");
    say("no-finding lib-in-brk-gap");
}

static void shared_page(long arg)
{
    if (mmap((void *)break_end(), PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
             -1, 0) == MAP_FAILED)
        broken("mmap");
    say_room(say_break());
    say("no-finding brk-page-guard");
}

/* A stack-like blocker keeps its guard gap (256 pages) free as well. */
static void grows_down_at(long pages)
{
    place_grows_down(break_end() + (uintptr_t)pages * PAGE, PAGE);
    say_room(say_break());
    say("no-finding brk-page-guard");
}

static void leaves_room(long pages)
{
    place(break_end() + (uintptr_t)(pages + 1) * PAGE, PAGE, PROT_NONE);
    say_room(say_break());
}

/*
 * What a JIT compiler has there is nobody's fault, if there is one: flavours that are called jit
 * have the name of a function that only LuaJIT has.
 */
#ifdef LIVE_JIT
int luaJIT_setmode(void);

int luaJIT_setmode(void)
{
    return 0;
}

static void say_code(uintptr_t room)
{
    say("finding %s info", room == 0 ? "brk-blocked" : "brk-room-low");
    say("finding brk-window-shrunken info");
    say("expect findings[id=brk-window-shrunken].evidence.cause == \"generated-code\"");
    say("no-finding brk-page-guard");
    say("quiet");
    say("exit 0");
}
#else
static void say_code(uintptr_t room)
{
    say_room(room);
    say("expect findings[id=brk-window-shrunken].evidence.cause == \"mapping\"");
    say("finding brk-window-shrunken warning");
}
#endif

static void code_at(long pages)
{
    place(break_end() + (uintptr_t)pages * PAGE, 2 * PAGE, PROT_READ | PROT_EXEC);
    say_code(say_break());
}

/*
 * Reserved in one piece, of which not the first part is code; apart from what is there first; or
 * far from its start.
 */
static void reserved_then_code(long pages_reserved, long pages_between)
{
    uintptr_t start = break_end() + 3 * PAGE, room;

    place(start, (size_t)pages_reserved * PAGE, PROT_NONE);
    place(start + (uintptr_t)(pages_reserved + pages_between) * PAGE, 2 * PAGE,
          PROT_READ | PROT_EXEC);
    room = say_break();
    if (pages_between == 0 && pages_reserved <= 16)
        say_code(room);
    else
        say_room(room);
}

static void code_in_reserved(long pages_reserved)
{
    reserved_then_code(pages_reserved, 0);
}

static void code_apart(long pages_between)
{
    reserved_then_code(2, pages_between);
}

/* The window counts from start_brk, which need not be where the heap ends. */
static void window(long bytes)
{
    place(stat_field(47) + (uintptr_t)bytes, PAGE, PROT_NONE);
    say_break();
    say("no-finding brk-room-low");
    say("exit 0");
}

static void window_small(long bytes)
{
    window(bytes);
    say("finding brk-window-shrunken warning");
}

static void window_enough(long bytes)
{
    window(bytes);
    say("quiet");
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"untouched", untouched},
        {"unaligned", grown, 100},
        {"grown", grown, MIB(1)},
        {"grown-and-shrunk", grown_and_shrunk},
        {"split-by-mprotect", split},
        {"split-by-munmap", split, 1},
        {"split-twice", split, 2},
        {"no-random-untouched", after_bss},
        {"no-random-merged-with-bss", after_bss, MIB(1)},
        {"none-at-0", none_at},
        {"none-at-1", none_at, 1},
        {"none-at-2", none_at, 2},
        {"none-at-3", none_at, 3},
        {"none-at-10", none_at, 10},
        {"heap-then-none-at-0", none_above_heap},
        {"heap-then-none-at-1", none_above_heap, 1},
        {"heap-then-none-at-3", none_above_heap, 3},
        {"two-pages-none", two_pages, PROT_NONE},
        {"two-pages-read", two_pages, PROT_READ},
        {"file-page", file_page},
        {"shared-page", shared_page},
        {"grows-down-at-1", grows_down_at, 1},
        {"grows-down-at-100", grows_down_at, 100},
        {"grows-down-at-256", grows_down_at, 256},
        {"grows-down-at-257", grows_down_at, 257},
        {"grows-down-at-258", grows_down_at, 258},
        {"grows-down-at-259", grows_down_at, 259},
        {"grows-down-at-1000", grows_down_at, 1000},
        {"room-below-4m", leaves_room, MIB(4) / PAGE - 1},
        {"room-4m", leaves_room, MIB(4) / PAGE},
        {"room-below-64m", leaves_room, MIB(64) / PAGE - 1},
        {"room-64m", leaves_room, MIB(64) / PAGE},
        {"code-at-0", code_at},
        {"code-at-10", code_at, 10},
        {"reserved-then-code", code_in_reserved, 2},
        {"reserved-then-code-late", code_in_reserved, 16},
        {"reserved-then-code-too-late", code_in_reserved, 17},
        {"reserved-apart-from-code", code_apart, 1},
        {"window-256m", window_small, MIB(256)},
        {"window-1g", window_enough, MIB(1024)},
#ifdef __LP64__
        {"window-below-1g", window_small, MIB(1024) - PAGE},
#endif
        {0},
    };

    return fixture_main(argc, argv, table);
}
