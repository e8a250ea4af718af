/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocators, with the break free and with a page on it. What malloc does with the break, and
 * without it, is tried: a child sees whether malloc moves a free break, and this process whether it
 * still gets memory when it is blocked. The flavour says which allocator is linked.
 */
#include "fixture.h"
#include "memory.h"
#include "object.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef LIVE_MALLOC
#define LIVE_MALLOC "glibc"
#endif

/* From within arenas and chunks to what glibc maps by itself; too much for what is free already. */
static bool allocate(void)
{
    static const size_t sizes[] = {16, 1000, 60000, 200000, 4000000};
    bool all = true;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (int k = 0; k < 64; k++) {
            volatile char *p = malloc(sizes[i]);

            if (p != NULL)
                p[0] = p[sizes[i] - 1] = 1;
            all &= p != NULL;
        }
    return all;
}

static bool break_was_moved(void)
{
    return break_end() != ((uintptr_t)stat_field(47) + PAGE - 1) / PAGE * PAGE;
}

/* In a child, for it leaves its mark. */
static bool malloc_moves_break(void)
{
    pid_t child = fork();
    int status;

    if (child < 0)
        broken("fork");
    if (child == 0)
        _exit(allocate() ? break_was_moved() : 2);
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
        broken("the child that tries malloc");
    return WEXITSTATUS(status) == 1;
}

static const char *allocator = LIVE_MALLOC;

static void say_malloc(const char *use)
{
    say("expect process.malloc.name == \"%s\"", allocator);
    say("expect process.malloc.break_use == \"%s\"", use);
}

static void free_break(long arg)
{
    bool moves = malloc_moves_break();

    if (!allocate())
        broken("malloc with a free break");
    say("expect process.malloc.name == \"%s\"", allocator);
    say("expect process.malloc.break_use %s \"none\"", moves ? "!=" : "==");
    say("quiet");
    say("exit 0");
}

/* What it does cannot be proved from outside: that is said, and not what it looks like. */
static const char *doubt
#ifdef LIVE_DOUBT
    = LIVE_DOUBT
#endif
    ;

static void say_doubt(void)
{
    say("expect process.malloc.name == \"%s\"", allocator);
    say("expect process.malloc.break_use == null");
    say("expect process.malloc.evidence contains \"%s\"", doubt);
    say("finding brk-blocked error");
    say("expect findings[id=brk-blocked].detail contains \"is not known\"");
    say("text ^malloc  %s \\(.*\\): what it does", allocator);
    say("exit 1");
}

static void say_refused(const char *use, const char *words)
{
    say_malloc(use);
    say("finding brk-blocked error");
    say("expect findings[0].id == \"brk-page-guard\"");
    say("expect findings[id=brk-blocked].evidence.allocator == \"%s\"", allocator);
    say("expect findings[id=brk-blocked].detail contains \"%s\"", words);
    say("text ^malloc  %s \\(.*\\): .*%s", allocator, words);
    say("exit 1");
}

static void say_unmoved(void)
{
    say_malloc("none");
    say("finding brk-blocked info");
    say("expect findings[id=brk-blocked].evidence.allocator == \"%s\"", allocator);
    say("expect findings[id=brk-blocked].detail contains \"does not use the break\"");
    say("quiet");
    say("exit 0");
}

static void blocked_break(long arg)
{
    bool moves = malloc_moves_break();

    place(break_end(), PAGE, PROT_NONE);
    if (doubt) {
        say_doubt();
    } else if (allocate()) {
        if (moves)
            say_refused("first", "goes on with mmap");
        else
            say_unmoved();
    } else {
        say_refused("only", "out of memory");
    }
}

/* Room that is enough today: what counts is what comes after it. */
static void little_room(long bytes)
{
    bool moves = malloc_moves_break();
    bool survives;
    pid_t child;
    int status;

    place(break_end() + (uintptr_t)bytes, PAGE, PROT_NONE);
    child = fork();
    if (child == 0)
        _exit(allocate());
    if (child < 0 || waitpid(child, &status, 0) != child)
        broken("fork");
    survives = status != 0 || doubt;
    say("finding brk-room-low %s", !survives ? "error" : moves ? "warning" : "info");
    say("expect findings[id=brk-room-low].evidence.allocator == \"%s\"", allocator);
    say("exit %d", !survives);
}

#ifndef LIVE_NO_SBRK
/* Something else than malloc has moved the break, and would miss it. */
static void blocked_and_moved(long arg)
{
    bool moves = malloc_moves_break();

    break_grow((intptr_t)KIB(64));
    place(break_end(), PAGE, PROT_NONE);
    say("finding brk-blocked error");
    if (!moves)
        say("expect findings[id=brk-blocked].detail contains \"something else\"");
    say("exit 1");
}
#endif

#ifdef LIVE_PRELOAD
static const struct {
    const char *file;
    const char *allocator;
} preloads[] = {
    {"libjemalloc.so.2", "jemalloc"},    {"libtcmalloc_minimal.so.4", "tcmalloc"},
    {"libtcmalloc.so.4", "tcmalloc"},    {"libmimalloc.so.2.0", "mimalloc"},
    {"libc_malloc_debug.so.0", "other"},
};

static void preload(long which, void (*then)(long arg))
{
    char setting[1024];
    const char *const argv[] = {"/usr/bin/env", setting, NULL};

    allocator = preloads[which].allocator;
    if (fixture_is_again()) {
        then(0);
        return;
    }
    snprintf(setting, sizeof(setting), "LD_PRELOAD=%s", library_path(preloads[which].file));
    fixture_again_via(argv);
}

static void preloaded_free(long which)
{
    preload(which, free_break);
}

static void preloaded_blocked(long which)
{
    preload(which, blocked_break);
}

static void preload_sibling(const char *name)
{
    char setting[1024];
    const char *const argv[] = {"/usr/bin/env", setting, NULL};

    snprintf(setting, sizeof(setting), "LD_PRELOAD=%s", fixture_sibling(name));
    fixture_again_via(argv);
}

/* Who serves is behind it. */
static void wrapped(long arg)
{
    if (!fixture_is_again())
        preload_sibling("wrapmalloc.so");
    blocked_break(0);
}

/* Copied to here and removed once it is loaded: what comes after it serves nobody. */
static void removed(long arg)
{
    char setting[1024], copy[] = "./allocator.so";
    const char *const argv[] = {"/usr/bin/env", setting, NULL};

    if (!fixture_is_again()) {
        file_copy(library_path(preloads[0].file), copy);
        snprintf(setting, sizeof(setting), "LD_PRELOAD=%s", copy);
        fixture_again_via(argv);
    }
    if (unlink(copy) != 0)
        broken("unlink");
    place(break_end(), PAGE, PROT_NONE);
    say("expect process.malloc.name == null");
    say("expect process.malloc.break_use == null");
    say("expect process.malloc.evidence contains \"allocator.so\"");
    say("expect process.malloc.evidence contains \"cannot be read\"");
    say("finding brk-blocked error");
    say("exit 1");
}

/* Who serves is behind it, but what it does with the break cannot be seen. */
static void wrapped_and_counted(long arg)
{
    if (!fixture_is_again())
        preload_sibling("wrapcount.so");
    allocator = "other";
    doubt = "may hand on";
    blocked_break(0);
}

static void debugged(long which)
{
    doubt = "by sbrk and by mmap";
    preloaded_blocked(which);
}

/* Opened when the C library's malloc is already there: it serves nobody. */
static void opened_late(long arg)
{
    if (dlopen(library_path("libmimalloc.so.2.0"), RTLD_NOW | RTLD_LOCAL) == NULL)
        skip("libmimalloc.so.2.0 cannot be opened");
    blocked_break(0);
}
#endif

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"free", free_break},
        {"blocked", blocked_break},
        {"room-32m", little_room, MIB(32)},
#ifndef LIVE_NO_SBRK
        {"blocked-and-moved", blocked_and_moved},
#endif
#ifdef LIVE_PRELOAD
        {"jemalloc-free", preloaded_free, 0},
        {"jemalloc-blocked", preloaded_blocked, 0},
        {"tcmalloc-minimal-free", preloaded_free, 1},
        {"tcmalloc-minimal-blocked", preloaded_blocked, 1},
        {"tcmalloc-free", preloaded_free, 2},
        {"tcmalloc-blocked", preloaded_blocked, 2},
        {"mimalloc-free", preloaded_free, 3},
        {"mimalloc-blocked", preloaded_blocked, 3},
        {"opened-late", opened_late},
        {"wrapped", wrapped},
        {"removed", removed},
        {"wrapped-and-counted", wrapped_and_counted},
        {"libc-debug-blocked", debugged, 4},
#endif
        {0},
    };

    return fixture_main(argc, argv, table);
}
