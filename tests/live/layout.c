/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layout the kernel chose at exec, for every way a program can be linked. */
#include "fixture.h"
#include "memory.h"

#include <inttypes.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

/* LIVE_TYPE is how this program was linked: tests/live/live.mk says it. */
static void say_elf(void)
{
    say("expect process.elf.class == %d", (int)sizeof(void *) * 8);
    say("expect process.elf.type == \"%s\"", LIVE_TYPE);
}

/*
 * Kernels before 6.18 put the vdso of a static program above the stack, and then there is nothing.
 */
static bool is_area_empty(void)
{
    struct map next;

    return map_above(break_end(), &next) && strcmp(next.name, "[stack]") == 0;
}

/*
 * Which of the usual layouts it is. What the heap really has is what the layout normally leaves, as
 * far as randomisation goes: 16 GiB of the stack and the bits of mmap's base.
 */
static void say_textbook(bool bottom_up)
{
    uint64_t window, random_bytes = sizeof(void *) == 4 ? MIB(384) : GIB(1088);
    struct utsname kernel;
    struct map next;

    if (uname(&kernel) != 0 || !map_above(break_end(), &next))
        broken("uname, or nothing above the break");
    window = next.start - stat_field(47);
    say("expect layout.textbook == \"%s-%d-bit\"", bottom_up ? "classic" : "default",
        (int)sizeof(void *) * 8);
    say("text ^%s %d-bit layout, normally ", bottom_up ? "classic" : "default",
        (int)sizeof(void *) * 8);
    if (sizeof(void *) == 8)
        say("expect layout.compat == false");
    else if (strcmp(kernel.machine, "x86_64") == 0)
        say("expect layout.compat == true");
    if (bottom_up && is_area_empty())
        return;
    say("expect brk.normal_window >= %" PRIu64, window - random_bytes);
    say("expect brk.normal_window <= %" PRIu64, window + random_bytes);
}

static void plain(long arg)
{
    say_elf();
    say_textbook(false);
    say("expect layout.mode == \"top-down\"");
    say("expect layout.aslr == \"full\"");
    say_break();
    say("quiet");
    say("exit 0");
}

/*
 * Bottom-up mmap begins at a third of the address space, on arm64 at a quarter: a heap above that
 * does not end there. Other architectures than x86 go so for an unlimited stack, too.
 */
#ifdef __aarch64__
#define LOWEST_BASE 0x400000000000
#define STACK_RULES true
#else
#define LOWEST_BASE (sizeof(void *) == 4 ? 0x55555000 : 0x2aaaaaaab000)
#define STACK_RULES false
#endif

static void say_legacy(const char *severity)
{
    say("finding legacy-layout %s", severity);
    say("expect findings[id=legacy-layout].detail matches \"go up%s\"",
        stat_field(47) < LOWEST_BASE && !is_area_empty() ? ", so the window of the heap ends there"
                                                         : "[.]");
}

/* Only this process asked for it: nobody above it did. */
static void own_personality(long persona)
{
    if (!fixture_is_again()) {
        personality((unsigned long)persona);
        fixture_again();
    }
    say_elf();
    say("expect layout.mode == \"%s\"", persona & ADDR_COMPAT_LAYOUT ? "bottom-up" : "top-down");
    say("expect layout.aslr == \"%s\"", persona & ADDR_NO_RANDOMIZE ? "off" : "full");
    say_textbook(persona & ADDR_COMPAT_LAYOUT);
    if (persona & ADDR_COMPAT_LAYOUT)
        say_legacy("info");
    else
        say("no-finding legacy-layout");
    say("text (?s)\\A(?!.*\\nlineage )");
    say("%s", persona & ADDR_NO_RANDOMIZE ? "finding aslr-off info" : "no-finding aslr-off");
    say_break();
    say("quiet");
    say("exit 0");
}

/* The parent has it, too. */
static void inherited_personality(long persona)
{
    if (!fixture_is_again()) {
        personality((unsigned long)persona);
        fixture_again_in_child();
    }
    say_elf();
    say("expect layout.mode == \"%s\"", persona & ADDR_COMPAT_LAYOUT ? "bottom-up" : "top-down");
    say("expect layout.aslr == \"%s\"", persona & ADDR_NO_RANDOMIZE ? "off" : "full");
    if (persona & ADDR_COMPAT_LAYOUT)
        say_legacy("warning");
    else
        say("finding aslr-off warning");
    say("expect findings[0].evidence.origin_pid == %d", (int)getppid());
    say("text ^ *`-layout\\..* %d .*%s$", (int)getppid(),
        persona & ADDR_COMPAT_LAYOUT ? "ADDR_COMPAT_LAYOUT" : "ADDR_NO_RANDOMIZE");
    say_break();
    say("exit 0");
}

/*
 * No legacy layout on x86 since Linux 4.17, but mmap starts lower the larger the stack limit is, at
 * a sixth of the address space at the lowest. It is still where mmap puts things.
 */
static void stack_limit(rlim_t limit, bool inherited)
{
    const struct rlimit stack = {limit, RLIM_INFINITY};

    if (!fixture_is_again()) {
        if (setrlimit(RLIMIT_STACK, &stack) != 0)
            skip("the stack limit cannot be raised");
        if (inherited)
            fixture_again_in_child();
        fixture_again();
    }
    if (STACK_RULES && limit == RLIM_INFINITY) {
        say("expect layout.mode == \"bottom-up\"");
        say("expect findings[id=legacy-layout].evidence.cause == \"stack-limit\"");
    } else {
        say("expect layout.mode == \"top-down\"");
        say("no-finding legacy-layout");
    }
    say("no-finding lib-in-brk-gap");
    say_break();
    say("exit 0");
}

/*
 * Only a 32-bit program at 0x08048000 has that little below a sixth of its addresses; a PIE as well
 * where the kernel is of 32 bits, too.
 */
static bool is_far_down(void)
{
    return sizeof(void *) == 4 && stat_field(47) < 0x10000000;
}

static bool is_32bit_kernel(void)
{
    struct utsname kernel;

    if (uname(&kernel) != 0)
        broken("uname");
    return strcmp(kernel.machine, "i686") == 0;
}

static void unlimited_stack(long inherited)
{
    struct map next;

    stack_limit(RLIM_INFINITY, inherited);
    if (!map_above(break_end(), &next))
        broken("nothing above the break");
    if (STACK_RULES)
        return;
    if (!is_far_down() || next.start >= 0x30000000) {
        say("quiet");
        return;
    }
    say("finding brk-window-shrunken warning");
    say("expect findings[0].id == \"brk-window-shrunken\"");
    say("expect findings[0].evidence.cause == \"unlimited-stack\"");
    say("expect brk.window == %" PRIu64, next.start - stat_field(47));
    say("expect brk.normal_window > %" PRIu64, is_32bit_kernel() ? GIB(5) / 2 : GIB(7) / 2);
    say("expect process.ancestors[0].stack_unlimited == %s", inherited ? "true" : "false");
    if (inherited) {
        say("expect findings[0].evidence.origin_pid == %d", (int)getppid());
        say("text ^ *`-layout\\..* %d +32 +unlimited ", (int)getppid());
    } else {
        say("text (?s)\\A(?!.*\\nlineage )");
    }
}

/* So much for the stack that the largest hole may be above the mmap area; enough for the heap. */
static void large_stack(long arg)
{
    stack_limit(sizeof(void *) == 4 ? GIB(7) / 4 : GIB(80 << 10), false);
    say("quiet");
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"plain", plain},
        {"compat-own", own_personality, ADDR_COMPAT_LAYOUT},
        {"compat-inherited", inherited_personality, ADDR_COMPAT_LAYOUT},
        {"no-random-own", own_personality, ADDR_NO_RANDOMIZE},
        {"no-random-inherited", inherited_personality, ADDR_NO_RANDOMIZE},
        {"compat-no-random-own", own_personality, ADDR_COMPAT_LAYOUT | ADDR_NO_RANDOMIZE},
        {"unlimited-stack", unlimited_stack},
        {"unlimited-stack-inherited", unlimited_stack, true},
        {"large-stack", large_stack},
#ifndef __LP64__
        {"limit-3gb", own_personality, ADDR_LIMIT_3GB},
#endif
        {0},
    };

    return fixture_main(argc, argv, table);
}
