/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded objects where none belong, above the heap and below the text, and what only resembles
 * them.
 */
#include "fixture.h"
#include "memory.h"
#include "object.h"

/* From the linker: where this program starts. */
extern const char __executable_start[];

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

/* Above the heap, far from the mmap area. */

static void object_in_gap(uint64_t distance)
{
    put(OBJECT, (uintptr_t)(stat_field(47) + distance));
    say_break();
    say_found("lib-in-brk-gap", "error");
    say("no-finding brk-in-mmap-area");
    say("exit 1");
}

static void in_gap_close(long arg)
{
    object_in_gap(5 * PAGE);
    say_found("brk-room-low", "error");
    say("finding brk-window-shrunken warning");
}

static void in_gap_at_128m(long arg)
{
    object_in_gap(MIB(128));
    say("no-finding brk-room-low");
    say("finding brk-window-shrunken warning");
}

static void likeness_in_gap(long likeness)
{
    put((enum likeness)likeness, stat_field(47) + GIB(1));
    say_break();
    say("no-finding lib-in-brk-gap");
    say("quiet");
    say("exit 0");
}

#ifdef __LP64__
static void in_gap_below_64g(long arg)
{
    object_in_gap(GIB(64) - PAGE);
    say("finding brk-window-shrunken warning");
}

/* As prelinked libraries do: no heap gets there. */
static void in_gap_at_64g(long arg)
{
    put(OBJECT, stat_field(47) + GIB(64));
    say_break();
    say("no-finding lib-in-brk-gap");
    say("no-finding brk-window-shrunken");
    say("quiet");
}

/* With most of the gap below it an object is a low end of the mmap area. */
static void high_in_gap(long arg)
{
    uint64_t start = break_end();
    struct map next;

    if (!map_above(start, &next))
        broken("nothing above the break");
    put(OBJECT, (start + (next.start - start) / 4 * 3) & ~(PAGE - 1));
    say_break();
    say("no-finding lib-in-brk-gap");
    say("quiet");
}
#endif

/* Below the text: too low for the window of mixed-mmap-base where the text itself is low. */
static void below_text(long likeness)
{
    uintptr_t text = (uintptr_t)__executable_start;

    put((enum likeness)likeness, text > MIB(64) ? text - MIB(16) : 0x20000);
    say_break();
    say("no-finding mixed-mmap-base");
    say("no-finding brk-in-mmap-area");
    if (likeness == OBJECT)
        say_found("lib-below-text", "warning");
    else
        say("quiet");
    say("exit 0");
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"in-gap-close", in_gap_close},
        {"in-gap-at-128m", in_gap_at_128m},
        {"file-in-gap", likeness_in_gap, FILE_READ},
        {"anon-exec-in-gap", likeness_in_gap, ANON_EXEC},
        {"below-text", below_text, OBJECT},
        {"file-below-text", below_text, FILE_READ},
        {"anon-exec-below-text", below_text, ANON_EXEC},
#ifdef __LP64__
        {"in-gap-below-64g", in_gap_below_64g},
        {"in-gap-at-64g", in_gap_at_64g},
        {"high-in-gap", high_in_gap},
#endif
        {0},
    };

    return fixture_main(argc, argv, table);
}
