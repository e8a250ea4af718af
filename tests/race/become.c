/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * become [PROGRAM...]: executes the first PROGRAM, which is to be another build of this, with the
 * others and itself behind it; so they take turns for ever.  Without PROGRAM it ends.  Before that
 * it allocates a heap, and every other time it rests.
 */
#include "race.h"

#include <err.h>

enum { HEAP_BYTES = 1 << 16, REST_US = 6000, MAX_PROGRAMS = 8 };

int main(int argc, char **argv)
{
    char *next[MAX_PROGRAMS + 1] = {NULL};

    race_begin();
    if (argc > MAX_PROGRAMS || sbrk(HEAP_BYTES) == (void *)-1)
        return EXIT_FAILURE;
    race_rest(REST_US);
    if (argc == 1)
        return EXIT_SUCCESS;
    for (int i = 0; i < argc; i++)
        next[i] = argv[(i + 1) % argc];
    execv(next[0], next);
    err(EXIT_FAILURE, "%s", next[0]);
}
