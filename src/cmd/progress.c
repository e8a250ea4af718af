/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 500, INTERVAL_MS = 100, BAR_COLUMNS = 30, LEAST_COLUMNS = 5 };

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Of a terminal that cannot wipe a line, each would stay. */
static bool is_capable_terminal(void)
{
    const char *kind = getenv("TERM");

    return isatty(STDERR_FILENO) == 1 && !(kind && strcmp(kind, "dumb") == 0);
}

/* Of a line that does not go on in the next; the window may have changed. */
static int line_columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col - 1 : 79;
}

/* "[####....] ", as long as there is room for it. */
static void print_bar(double share, int room)
{
    int n_all = room - 3 < BAR_COLUMNS ? room - 3 : BAR_COLUMNS, n_done = (int)(share * n_all);

    if (n_all < LEAST_COLUMNS)
        return;
    putc('[', stderr);
    for (int i = 0; i < n_all; i++)
        putc(i < n_done ? '#' : '.', stderr);
    fputs("] ", stderr);
}

void progress_begin(struct progress *progress, uint32_t n_all)
{
    *progress = (struct progress){.n_all = n_all, .is_on = is_capable_terminal()};
    progress->next_ms = now_ms() + PATIENCE_MS;
}

/* The cursor is left at the beginning of the line, for what others print. */
void progress_show(struct progress *progress, uint32_t n, const char *text)
{
    uint64_t now;
    int columns;

    if (!progress->is_on || (now = now_ms()) < progress->next_ms)
        return;
    progress->next_ms = now + INTERVAL_MS;
    progress->is_shown = true;
    columns = line_columns();
    putc('\r', stderr);
    print_bar((double)n / progress->n_all, columns - (int)strlen(text));
    fprintf(stderr, "%.*s\033[K\r", columns, text);
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
    progress->is_shown = false;
}
