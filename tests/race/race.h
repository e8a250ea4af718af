/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the targets of the race tests share.  None allocates memory or prints after it is ready, and
 * none outlives the test: each asks for SIGKILL when its parent dies.
 */
#ifndef RACE_H
#define RACE_H

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static inline void race_begin(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Xorshift, started from the clock: a program that is executed again goes on differently. */
static inline unsigned int race_random(unsigned int below)
{
    static unsigned int state;
    struct timespec now;

    if (state == 0) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        state = (unsigned int)now.tv_nsec | 1;
    }
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

/* Every other time not at all. */
static inline void race_rest(unsigned int below_us)
{
    struct timespec pause = {.tv_nsec = (long)race_random(below_us) * 1000};

    if (race_random(2))
        nanosleep(&pause, NULL);
}

#endif
