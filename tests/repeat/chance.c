/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 64-bit program that is laid out as exec-shield kernels did it below a 32-bit parent: the break
 * at 0x7ac000, and a library at a random low address, which now and then is right above the break.
 *
 *   chance LOG LIBRARY MEGABYTES PERCENT
 *
 * The library is within MEGABYTES above the break or, in PERCENT of all runs, below the program,
 * which is linked at 4 MiB.  Appends a line to LOG, "ADDRESS BREAK REFUSED": where the library is,
 * where the break, and whether brk() refused to move it up by 64 MiB.
 */
#include "fixture.h"
#include "memory.h"
#include "object.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum { LOWEST = 0x110000, TEXT = 0x400000, BREAK = 0x7ac000, WANTED = 64 << 20 };

static uintptr_t random_below(uintptr_t end)
{
    uint64_t number;

    if (getrandom(&number, sizeof(number), 0) != sizeof(number))
        broken("getrandom");
    return (uintptr_t)(number % end);
}

static uintptr_t load_within(const char *library, uintptr_t start, uintptr_t end)
{
    uintptr_t n_pages = (end - start - object_span(library)) / PAGE;

    return object_load(library, start + random_below(n_pages) * PAGE).start;
}

/* Nothing here allocates: a heap at the former break would be in the way, too. */
int main(int argc, char **argv)
{
    char line[80];
    uintptr_t library, before;
    int log, n, is_refused;

    if (argc != 5 || (log = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) < 0)
        broken("arguments");
    break_move(BREAK);
    if (random_below(100) < strtoul(argv[4], NULL, 10))
        library = load_within(argv[2], LOWEST, TEXT);
    else
        library = load_within(argv[2], BREAK, BREAK + (strtoul(argv[3], NULL, 10) << 20));
    before = (uintptr_t)sbrk(0);
    is_refused = sbrk(WANTED) == (void *)-1;
    if (!is_refused)
        sbrk(-WANTED);
    n = snprintf(line, sizeof(line), "%#lx %#lx %d\n", (unsigned long)library,
                 (unsigned long)before, is_refused);
    return write(log, line, (size_t)n) == n ? 0 : 3;
}
