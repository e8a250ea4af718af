/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The break moved: above an object that stands after the data, and among what mmap placed. */
#include "fixture.h"
#include "memory.h"
#include "object.h"

#include <inttypes.h>
#include <sys/mman.h>

/* From the linker: where this program ends. */
extern char _end[];

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

static uintptr_t program_end(void)
{
    return ((uintptr_t)_end + PAGE - 1) & ~(PAGE - 1);
}

static void between(long likeness)
{
    put((enum likeness)likeness, program_end() + MIB(16));
    break_move(program_end() + MIB(128));
    say_break();
    say("no-finding lib-in-brk-gap");
    say("no-finding lib-below-text");
    say("no-finding brk-in-mmap-area");
    if (likeness == OBJECT)
        say_found("lib-between-data-and-brk", "warning");
    else
        say("no-finding lib-between-data-and-brk");
    say("exit 0");
}

/* A hole that is known to be free: what was just unmapped. */
static uintptr_t hole_in_mmap_area(size_t len)
{
    uintptr_t hole = (uintptr_t)place(0, len, PROT_NONE);

    munmap((void *)hole, len);
    return hole;
}

static void break_among_libraries(long arg)
{
    uintptr_t hole = hole_in_mmap_area(MIB(256));

    put(OBJECT, hole);
    put(OBJECT, hole + MIB(200));
    break_move(hole + MIB(32));
    say_break();
    say("finding brk-in-mmap-area warning");
    say("expect findings[id=brk-window-shrunken].evidence.cause == \"brk-in-mmap-area\"");
    say("no-finding lib-in-brk-gap");
    say("no-finding brk-room-low");
    say("exit 0");
}

static void break_below_libraries(long arg)
{
    break_move(hole_in_mmap_area(MIB(128)));
    say_break();
    say("no-finding brk-in-mmap-area");
    say("expect findings[id=brk-window-shrunken].evidence.cause == \"brk-in-mmap-area\"");
    say("no-finding lib-in-brk-gap");
    say("no-finding brk-room-low");
    say("exit 0");
}

/* Over the start of a break that nobody moved: the kernel labels it [heap]. */
static void over_start(long prot)
{
    uintptr_t start = ((uintptr_t)stat_field(47) & ~(PAGE - 1)) - 2 * PAGE;

    place(start, 8 * PAGE, (int)prot);
    say("expect brk.room == %" PRIuPTR, break_truth());
    say("finding brk-blocked error");
    say("expect brk.next.start == \"%#" PRIxPTR "\"", start);
    say("expect brk.next.role == \"%s\"", prot & PROT_EXEC ? "anon-exec" : "anon");
    if (prot & PROT_EXEC)
        say("finding wx-mapping info");
    say("exit 1");
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"after-object", between, OBJECT},
        {"after-file", between, FILE_READ},
        {"after-anon-exec", between, ANON_EXEC},
        {"among-libraries", break_among_libraries},
        {"below-libraries", break_below_libraries},
        {"code-over-start", over_start, PROT_READ | PROT_WRITE | PROT_EXEC},
        {"data-over-start", over_start, PROT_READ | PROT_WRITE},
        {0},
    };

    return fixture_main(argc, argv, table);
}
