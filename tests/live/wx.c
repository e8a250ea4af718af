/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is writable and executable at once, and what only looks like it. */
#include "fixture.h"
#include "memory.h"
#include "object.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

static void say_wx(const void *page, const char *severity)
{
    say("finding wx-mapping %s", severity);
    say("expect findings[id=wx-mapping] contains \"%p\"", page);
    say("exit 0");
}

static void *protect(uintptr_t page, int prot)
{
    if (mprotect((void *)page, PAGE, prot) != 0)
        broken("mprotect");
    return (void *)page;
}

static void heap(long arg)
{
    uintptr_t start;

    break_grow(16 * PAGE);
    start = break_end() - 8 * PAGE;
    say_wx(protect(start, RWX), "warning");
}

static void say_stack(void)
{
    say("expect findings[id=wx-mapping].evidence.places[0].name == \"[stack]\"");
}

/*
 * The kernel calls [stack] what holds the place where the stack began at exec; the pages below are
 * no less a part of it when they are a mapping of their own.
 */
static void stack(long pages_below)
{
    uintptr_t page = stat_field(28) & ~(PAGE - 1);

    say_wx(protect(page - (uintptr_t)pages_below * PAGE, RWX), "warning");
    say_stack();
}

/* And the pages above, with arguments and environment. */
static void stack_above(long arg)
{
    struct map all;

    if (!fixture_is_again()) {
        static char filler[4 * PAGE] = "FILLER=";

        memset(filler + 7, 'x', sizeof(filler) - 8);
        putenv(filler);
        fixture_again();
    }
    if (!map_above(stat_field(28), &all))
        broken("no stack");
    say_wx(protect((uintptr_t)all.end - PAGE, RWX), "warning");
    say("no-finding exec-stack");
    say_stack();
}

/* As a library is mapped that patches its own code. */
static void elf_private(long arg)
{
    file_copy("/proc/self/exe", "object");
    say_wx(place_file(0, PAGE, RWX, MAP_PRIVATE, "object"), "warning");
}

/* As Lisp and Forth systems map the memory that they were saved to. */
static void image_private(long arg)
{
    say_wx(place_file(0, PAGE, RWX, MAP_PRIVATE, file_make("scratch", PAGE)), "info");
    say("quiet");
}

static void file_shared(long arg)
{
    say_wx(place_file(0, PAGE, RWX, MAP_SHARED, file_make("scratch", PAGE)), "warning");
}

/* Apart from its neighbours, so that it is a mapping of its own. */
static void anonymous(long arg)
{
    uintptr_t area = (uintptr_t)place(0, 3 * PAGE, PROT_NONE);

    say_wx(protect(area + PAGE, RWX), "info");
    say("quiet");
}

static void say_none(void)
{
    say("no-finding wx-mapping");
    say("quiet");
    say("exit 0");
}

static void file_twice(long map_type)
{
    const char *name = file_make("scratch", PAGE);

    place_file(0, PAGE, PROT_READ | PROT_EXEC, (int)map_type, name);
    place_file(0, PAGE, PROT_READ | PROT_WRITE, (int)map_type, name);
    say_none();
}

/* What a careful JIT does: one memory, two views. */
static void memfd_twice(long arg)
{
    int fd = memfd_create("code", MFD_CLOEXEC);

    if (fd < 0 || ftruncate(fd, PAGE) != 0)
        broken("memfd");
    if (mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ||
        mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0) == MAP_FAILED)
        broken("mmap");
    say_none();
}

/* Writable first, executable later: never both. */
static void sealed_heap(long arg)
{
    break_grow(16 * PAGE);
    protect(break_end() - 8 * PAGE, PROT_READ | PROT_EXEC);
    say_none();
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"heap", heap},
        {"stack", stack},
        {"stack-below-start", stack, 8},
        {"stack-above-start", stack_above},
        {"elf-private", elf_private},
        {"image-private", image_private},
        {"file-shared", file_shared},
        {"anonymous", anonymous},
        {"file-twice-private", file_twice, MAP_PRIVATE},
        {"file-twice-shared", file_twice, MAP_SHARED},
        {"memfd-twice", memfd_twice},
        {"heap-read-exec", sealed_heap},
        {0},
    };

    return fixture_main(argc, argv, table);
}
