/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dynamic loader run as the program, with the real one as its argument: the kernel sees a
 * program without an interpreter. Nothing is wrong with it.
 */
#include "fixture.h"
#include "memory.h"

#include <sys/auxv.h>

static void direct(long arg)
{
    const char *argv[2] = {NULL};
    struct map loader;

    if (!fixture_is_again()) {
        if (!map_above(getauxval(AT_BASE), &loader))
            broken("no loader");
        argv[0] = loader.name;
        fixture_again_via(argv);
    }
    say_break();
    say("no-finding brk-in-mmap-area");
    say("quiet");
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
