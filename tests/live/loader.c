/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dynamic loader run as the program, with the real one as its argument: the kernel sees a
 * program without an interpreter. Nothing is wrong with it, unless the break is below the program:
 * on a 32-bit kernel.
 */
#include "fixture.h"
#include "memory.h"

#include <string.h>
#include <sys/auxv.h>

#define PROGRAM_32BIT 0x08048000 /* where one that is no PIE is linked */

static void direct(long arg)
{
    const char *argv[2] = {NULL};
    struct map loader, next;

    if (!fixture_is_again()) {
        if (!map_above(getauxval(AT_BASE), &loader))
            broken("no loader");
        argv[0] = loader.name;
        fixture_again_via(argv);
    }
    if (!map_above(break_end(), &next))
        broken("nothing above the break");
    say_break();
    say("no-finding brk-in-mmap-area");
    if (strcmp(LIVE_TYPE, "exec") == 0 && stat_field(47) < next.start &&
        next.start == PROGRAM_32BIT) {
        say("finding brk-window-shrunken warning");
        say("expect findings[0].evidence.cause == \"via-loader\"");
    } else {
        say("quiet");
    }
    say("exit 0");
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"direct", direct},
        {0},
    };

    return fixture_main(argc, argv, table);
}
