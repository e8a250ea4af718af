/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The number of mappings against vm.max_map_count, at the exact thresholds. */
#include "fixture.h"
#include "memory.h"

#include <sys/mman.h>

#define LIMIT_MAX 300000 /* more would take too long to build */

/* The smallest count that is PERCENT of the limit. */
static long share(long limit, long percent)
{
    return (limit * percent + 99) / 100;
}

/* Exactly COUNT: the missing ones are the pages of one area, each unlike its neighbours. */
static void mappings_make(long count)
{
    long i, more = count - maps_count();
    char *area = place(0, (size_t)more * PAGE, PROT_NONE);

    for (i = 1; i < more; i += 2) {
        if (mprotect(area + (size_t)i * PAGE, PAGE, PROT_READ) != 0)
            broken("mprotect");
    }
    if (maps_count() != count)
        broken("another number of mappings than wanted");
}

static long limit_read(void)
{
    long limit = sysctl_read("vm/max_map_count");

    if (limit <= 0 || limit > LIMIT_MAX)
        skip("vm.max_map_count is %ld", limit);
    return limit;
}

static void at(long percent, long offset)
{
    long limit = limit_read();
    long count = share(limit, percent) + offset;

    mappings_make(count);
    say("expect counts.mappings == %ld", count);
    say("expect counts.max_map_count == %ld", limit);
}

static void below(long percent)
{
    at(percent, -1);
    say("%s", percent == 80 ? "quiet" : "finding map-count-high warning");
    say("exit 0");
}

static void reached(long percent)
{
    at(percent, 0);
    say("finding map-count-high %s", percent == 80 ? "warning" : "error");
    say("exit %d", percent != 80);
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"below-80", below, 80, false},
        {"at-80", reached, 80},
        {"below-95", below, 95, false},
        {"at-95", reached, 95},
        {0},
    };

    return fixture_main(argc, argv, table);
}
