/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 500, INTERVAL_MS = 100, BAR_COLUMNS = 30 };

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, uint32_t n_all)
{
    *progress = (struct progress){.n_all = n_all, .is_on = isatty(STDERR_FILENO) == 1};
    progress->next_ms = now_ms() + PATIENCE_MS;
}

/* The cursor is left at the beginning of the line, for what others print. */
void progress_show(struct progress *progress, uint32_t n, const char *text)
{
    uint64_t now;
    uint32_t n_done = (uint32_t)((uint64_t)n * BAR_COLUMNS / progress->n_all);

    if (!progress->is_on || (now = now_ms()) < progress->next_ms)
        return;
    progress->next_ms = now + INTERVAL_MS;
    progress->is_shown = true;
    fputs("\r[", stderr);
    for (uint32_t i = 0; i < BAR_COLUMNS; i++)
        putc(i < n_done ? '#' : '.', stderr);
    fprintf(stderr, "] %s\033[K\r", text);
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
    progress->is_shown = false;
}
