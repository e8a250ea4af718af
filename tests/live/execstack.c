/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executable stack that a program asks for: the same program linked with and without -z
 * execstack.
 */
#include "fixture.h"

#include <string.h>

static void plain(long arg)
{
#ifdef LIVE_EXECSTACK
    say("finding exec-stack warning");
    say("expect findings[id=exec-stack].remedy contains \"Link %s anew\"",
        strrchr(fixture_self(), '/') + 1);
    say("expect findings[id=wx-mapping].remedy == \"See exec-stack.\"");
#else
    say("no-finding exec-stack");
    say("quiet");
#endif
    say("exit 0");
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"plain", plain},
        {0},
    };

    return fixture_main(argc, argv, table);
}
