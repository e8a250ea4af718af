/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bar for what takes longer than half a second, where standard error is a terminal for it. */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    uint32_t n_all;
    bool is_on, is_shown;
    uint64_t next_ms; /* when it is to be drawn again, by the monotonic clock */
};

void progress_begin(struct progress *progress, uint32_t n_all);

/* `text` follows the bar: "57 of 200 runs, 3 failed". */
void progress_show(struct progress *progress, uint32_t n, const char *text);

/* Wipes it away. */
void progress_end(struct progress *progress);

#endif
