/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 64-bit program at 0x400000 below a 32-bit parent, its libraries placed as the exec-shield
 * kernels of 2.6.32 placed them: below the text, between data and break, and right above the break,
 * which dies after 868 KiB.
 */
#include "fixture.h"
#include "memory.h"
#include "object.h"

#include <unistd.h>

#define BELOW_TEXT  0x120000
#define BELOW_BREAK 0x600000
#define BREAK       0x7ac000
#define ABOVE_BREAK 0x886000

static void below_32bit_parent(void)
{
    const char *argv[] = {fixture_sibling("launch.static32"), NULL};

    if (fixture_is_again()) {
        say("expect process.ancestors[0].elf_class == 32");
        say("expect process.ancestors[0].pid == %d", (int)getppid());
        return;
    }
    fixture_again_via(argv);
}

/* Exec-shield's second allocator was one of x86: elsewhere such addresses are nobody's. */
static bool is_window_known(void)
{
#ifdef __x86_64__
    return true;
#else
    return false;
#endif
}

static void say_story_without_window(void)
{
    say("no-finding mixed-mmap-base");
    say("expect findings[0].id == \"lib-in-brk-gap\"");
    say("text ^error lib-in-brk-gap$");
}

static void say_story_of_window(bool parent_is_32bit)
{
    say("finding mixed-mmap-base warning");
    if (parent_is_32bit) {
        say("finding inherited-from-32bit info");
        say("expect findings[0].id == \"inherited-from-32bit\"");
        say("expect findings[0].evidence.ancestor_pid == %d", (int)getppid());
        say("expect findings[0].title contains \"launch\"");
        say("expect findings[id=mixed-mmap-base].causes contains \"inherited-from-32bit\"");
        say("text ^error inherited-from-32bit, by what follows from it$");
        say("text ^ *`-launch.static32 +%d +32 ", (int)getppid());
    } else {
        say("no-finding inherited-from-32bit");
        say("expect findings[0].id == \"mixed-mmap-base\"");
        say("text ^error mixed-mmap-base, by what follows from it$");
        say("text (?s)\\A(?!.*\\nlineage )");
    }
    say("expect findings[id=lib-in-brk-gap].causes contains \"mixed-mmap-base\"");
    say("expect findings[id=lib-between-data-and-brk].causes contains \"mixed-mmap-base\"");
    say("expect findings[id=lib-below-text].causes contains \"mixed-mmap-base\"");
}

/* One story: what is wrong, from the root cause on. */
static void say_story(bool parent_is_32bit)
{
    if (is_window_known())
        say_story_of_window(parent_is_32bit);
    else
        say_story_without_window();
    say("expect findings[id=brk-window-shrunken].causes contains \"lib-in-brk-gap\"");
    say("expect findings[id=brk-room-low].causes contains \"lib-in-brk-gap\"");
    say("text ^  so +brk-room-low .error.: ");
}

static void say_incident(void)
{
    if (say_break() != 888832)
        broken("this kernel grants another room");
    say("expect brk.gap == 892928");
    say("expect process.elf.class == 64");
    say("expect process.elf.type == \"exec\"");
    say("finding brk-room-low error");
    say("finding brk-window-shrunken warning");
    say("finding lib-in-brk-gap error");
    say("finding lib-between-data-and-brk warning");
    say("finding lib-below-text warning");
    say("no-finding brk-blocked");
    say("no-finding brk-in-mmap-area");
    say("exit 1");
    say("text 868K");
}

static void interference(long parent_is_32bit)
{
    if (parent_is_32bit)
        below_32bit_parent();
    break_move(BREAK);
    object_load(library_path("libm.so.6"), BELOW_TEXT);
    object_load(library_path("libresolv.so.2"), BELOW_BREAK);
    object_load(library_path("libnsl.so.1"), ABOVE_BREAK);
    say("expect brk.next.name contains \"libnsl.so.1\"");
    say("expect findings[id=brk-room-low] contains \"libnsl.so.1\"");
    say("expect findings[id=lib-in-brk-gap] contains \"libnsl.so.1\"");
    say("expect findings[id=lib-between-data-and-brk] contains \"libresolv.so.2\"");
    say("expect findings[id=lib-below-text] contains \"libm.so.6\"");
    say_incident();
    say_story(parent_is_32bit);
}

/* Linked as in those days: the first mapping of a library is its text. */
static void interference_text_first(long arg)
{
    const char *library;

    below_32bit_parent();
    library = fixture_sibling("sample.text-first.so");
    break_move(BREAK);
    object_load(library, BELOW_TEXT);
    object_load(library, BELOW_BREAK);
    object_load(library, ABOVE_BREAK);
    say("expect brk.next.perms == \"r-xp\"");
    say("expect brk.next.name contains \"sample.text-first.so\"");
    say_incident();
    say_story(true);
}

/* Same program, same parent, nothing in the way: the break where the kernel put it, or moved. */
static void control(long move)
{
    below_32bit_parent();
    if (move)
        break_move(BREAK);
    say_break();
    say("no-finding inherited-from-32bit");
    say("quiet");
    say("exit 0");
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"incident-1", interference, true},
        {"incident-1-below-64-bit", interference, false},
        {"incident-1-text-first", interference_text_first},
        {"control", control, false},
        {"control-break-moved", control, true},
        {0},
    };

    return fixture_main(argc, argv, table);
}
