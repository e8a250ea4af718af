/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps and unmaps as fast as it can.  Prints "START END", the range of addresses where it does so.
 *
 * There are at any moment in this range N_WALL mappings of one page, and areas of 3, 9, 27 and 81
 * pages.  An area has two places, with much of the wall between them; to move, it is mapped in one
 * place and then unmapped in the other.  So all are always there, and at most one is there twice.
 *
 * The text of the wall is longer than what one read() of /proc/PID/maps gives, so who reads it can
 * miss areas and see several twice.  Who then compares the sum with the process's size, which is at
 * any moment that of all areas and perhaps one again, can tell: the sizes being powers of three, no
 * other areas, each seen at most twice, have such a sum.
 */
#include "race.h"

#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

enum { N_AREAS = 4, N_WALL = 400, RANGE_PAGES = 2048, BURST = 1024, REST_US = 3000 };

static size_t page;
static char *range;

/* In pages from the start of the range.  Each mapping has a free page behind it, so none merge. */
static size_t n_used;

static size_t place_take(size_t n_pages)
{
    size_t place = n_used;

    n_used += n_pages + 1;
    return place;
}

static void wall_build(unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        if (mmap(range + place_take(1) * page, page, PROT_READ,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
            err(EXIT_FAILURE, "mmap");
}

struct area {
    size_t n_pages;
    size_t places[2];
    bool is_above;
};

static struct area areas[N_AREAS];

/* Places and wall by turns: the places below in the first half of the range, then those above. */
static void areas_place(void)
{
    size_t n_pages = 1;

    for (int i = 0; i < N_AREAS; i++)
        areas[i].n_pages = n_pages *= 3;
    for (int above = 0; above < 2; above++)
        for (int i = 0; i < N_AREAS; i++) {
            areas[i].places[above] = place_take(areas[i].n_pages);
            wall_build(N_WALL / (2 * N_AREAS));
        }
}

static void area_map(const struct area *area, bool above)
{
    if (mmap(range + area->places[above] * page, area->n_pages * page, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
}

static void area_move(struct area *area)
{
    area_map(area, !area->is_above);
    munmap(range + area->places[area->is_above] * page, area->n_pages * page);
    area->is_above = !area->is_above;
}

/* Nothing else here maps anything any more once it is chosen. */
static void range_choose(void)
{
    page = (size_t)sysconf(_SC_PAGESIZE);
    range = mmap(NULL, RANGE_PAGES * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (range == MAP_FAILED || munmap(range, RANGE_PAGES * page) < 0)
        err(EXIT_FAILURE, "mmap");
}

int main(void)
{
    race_begin();
    range_choose();
    areas_place();
    for (int i = 0; i < N_AREAS; i++)
        area_map(&areas[i], false);
    dprintf(STDOUT_FILENO, "%#lx %#lx\n", (unsigned long)(uintptr_t)range,
            (unsigned long)(uintptr_t)(range + RANGE_PAGES * page));
    for (;;) {
        for (unsigned int n = race_random(BURST); n > 0; n--)
            area_move(&areas[race_random(N_AREAS)]);
        race_rest(REST_US);
    }
}
