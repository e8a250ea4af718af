/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pace of somebody who looks again and again: by an absolute clock, so that it never drifts,
 * until a signal, the end of what is watched, or of whoever reads the output.
 */
#ifndef SOURCE_PACE_H
#define SOURCE_PACE_H

#include "base/err.h"

#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

enum pace_news {
    PACE_TICK,     /* it is time; n_ticks since the last one, more than 1 when some are over */
    PACE_END,      /* a watched process has ended, it is not time */
    PACE_STOPPED,  /* by SIGINT or SIGTERM */
    PACE_NO_READER /* nobody reads the output any more */
};

struct pace {
    int timer;
    uint64_t n_ticks;      /* of the last PACE_TICK */
    struct pollfd *polled; /* timer, signal, output; then the watched ones */
    unsigned int n_polled;
};

/* The first tick is one interval from now.  `out` is a descriptor that is written to. */
bool pace_init(struct pace *pace, uint64_t interval_ns, int out, struct err *err);

/*
 * Does nothing where the kernel cannot tell (before 5.3), or descriptors are few: the next look
 * will show it.
 */
void pace_watch(struct pace *pace, pid_t pid);

enum pace_news pace_wait(struct pace *pace);

/*
 * Whether a signal came.  A second one ends the program as ever; and so does the first where it was
 * ignored when the program began, which is left so.
 */
bool pace_is_stopped(void);

void pace_deinit(struct pace *pace);

/* CLOCK_MONOTONIC */
uint64_t pace_now_ns(void);

#endif
