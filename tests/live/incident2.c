/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An embedded LuaJIT that keeps the low 2 GiB to itself: one page, mapped on purpose exactly at the
 * break. The program is not PIE, so that the break is low.
 */
#include "fixture.h"
#include "memory.h"

#include <inttypes.h>
#include <sys/mman.h>

static void guard(long heap)
{
    uintptr_t page;

    if (heap != 0)
        break_grow(heap);
    page = break_end();
    place(page, PAGE, PROT_READ);
    if (say_break() != 0)
        broken("this kernel lets the break grow");
    say("expect brk.next.end == \"%#" PRIxPTR "\"", page + PAGE);
    say("finding brk-blocked error");
    say("finding brk-page-guard info");
    say("expect findings[0].id == \"brk-page-guard\"");
    say("expect findings[id=brk-blocked].causes contains \"brk-page-guard\"");
    say("text ^error brk-page-guard, by what follows from it$");
    say("text ^  so +brk-blocked .error.: ");
    say("no-finding brk-room-low");
    say("exit 1");
}

static void control(long heap)
{
    break_grow(heap);
    say_break();
    say("no-finding brk-page-guard");
    say("quiet");
    say("exit 0");
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"incident-2", guard, KIB(132)},
        {"incident-2-no-heap", guard},
        {"control", control, KIB(132)},
        {0},
    };

    return fixture_main(argc, argv, table);
}
