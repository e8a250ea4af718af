/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects in the window of the exec-shield allocator, in a 64-bit program far above it. */
#include "fixture.h"
#include "memory.h"
#include "object.h"

#include <sys/mman.h>

#define WINDOW_START 0x110000
#define WINDOW_END   0x8000000

/* The smallest one that every C library has. */
static const char library[] = "libBrokenLocale.so.1";

static void put(enum likeness likeness, uintptr_t addr)
{
    object_put(likeness, library_path(library), addr);
}

static void say_found(const char *id, const char *severity)
{
    say("finding %s %s", id, severity);
    say("expect findings[id=%s] contains \"%s\"", id, library);
}

static void low_object(long addr)
{
    put(OBJECT, (uintptr_t)addr);
    say_break();
    say("finding lib-below-text warning");
    say("no-finding brk-in-mmap-area");
    say("exit 0");
}

static void in_window(long addr)
{
    low_object(addr);
#ifdef __x86_64__ /* whose exec-shield had that window */
    say_found("mixed-mmap-base", "warning");
#else
    say("no-finding mixed-mmap-base");
#endif
}

static void in_window_until(long end)
{
    in_window(end - (long)object_span(library_path(library)));
}

static void outside(long addr)
{
    low_object(addr);
    say("no-finding mixed-mmap-base");
}

static void outside_until(long end)
{
    outside(end - (long)object_span(library_path(library)));
}

static void low_likeness(long likeness)
{
    put((enum likeness)likeness, 0x1000000);
    say_break();
    say("no-finding mixed-mmap-base");
    say("quiet");
}

#ifdef MAP_32BIT
static void map_32bit(long prot)
{
    if (mmap(NULL, MIB(1), (int)prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0) == MAP_FAILED)
        broken("mmap");
    say_break();
    say("no-finding mixed-mmap-base");
    say("%s", prot & PROT_WRITE ? "finding wx-mapping info" : "no-finding wx-mapping");
    say("quiet");
}
#endif

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"object-until-window", outside_until, WINDOW_START},
        {"object-at-window-start", in_window, WINDOW_START},
        {"object-at-16m", in_window, 0x1000000},
        {"object-until-window-end", in_window_until, WINDOW_END},
        {"object-at-window-end", outside, WINDOW_END},
        {"object-at-1g", outside, 0x40000000},
        {"file-at-16m", low_likeness, FILE_READ},
        {"anon-exec-at-16m", low_likeness, ANON_EXEC},
#ifdef MAP_32BIT
        {"map-32bit-exec", map_32bit, PROT_READ | PROT_EXEC},
        {"map-32bit-write-exec", map_32bit, PROT_READ | PROT_WRITE | PROT_EXEC},
#endif
        {0},
    };

    return fixture_main(argc, argv, table);
}
