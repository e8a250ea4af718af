/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves memory between the heap and a mapping as fast as it can.  Prints "BREAK START STEP": where
 * its heap begins, where the mapping lies when there is one, and the size of that mapping.
 *
 * The heap has one step or two above what it had in the beginning, and the mapping is there or not:
 *     2 0   2 1   1 1   2 1   2 0   ...
 * So both together are never less than two steps.  Who reads the heap before and the mapping after
 * a move sees 1 0, which never was.
 */
#include "race.h"

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

enum { STEP = 1 << 20, BURST = 512, REST_US = 3000 };

static void area_map(void *area)
{
    if (mmap(area, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
        MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
}

static void heap_set(char *end)
{
    if (brk(end) < 0)
        err(EXIT_FAILURE, "brk");
}

/* Nothing else here maps anything any more once it is chosen; a page on each side stays free. */
static char *area_choose(void)
{
    char *area = mmap(NULL, STEP + 2 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (area == MAP_FAILED || munmap(area, STEP + 2 * 4096) < 0)
        err(EXIT_FAILURE, "mmap");
    return area + 4096;
}

int main(void)
{
    char *base, *area;

    race_begin();
    area = area_choose();
    base = sbrk(0);
    heap_set(base + 2 * STEP);
    dprintf(STDOUT_FILENO, "%#lx %#lx %#x\n", (unsigned long)(uintptr_t)base,
            (unsigned long)(uintptr_t)area, STEP);
    for (;;) {
        for (unsigned int n = race_random(BURST); n > 0; n--) {
            area_map(area);
            heap_set(base + STEP);
            heap_set(base + 2 * STEP);
            munmap(area, STEP);
        }
        race_rest(REST_US);
    }
}
