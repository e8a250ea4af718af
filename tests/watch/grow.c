/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that grows as it is told, on standard input, and says on standard output what it has
 * become.  It never calls malloc: its break is its own.
 *
 *   brk BYTES STEPS MICROSECONDS    so many steps of sbrk(), one in so many microseconds
 *   map COUNT STEPS MICROSECONDS    the same with so many mappings a step, none of which merge
 *   exec PATH                       execute that, with one argument: 1000
 *
 * Each answer is "done BREAK MAPPED NANOSECONDS": sbrk(0), how many mappings were made by now, and
 * CLOCK_REALTIME; the first is printed at the beginning.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static unsigned long n_mapped;

/* dprintf() would call malloc. */
static void say(const char *text)
{
    if (write(1, text, strlen(text)) < 0)
        _exit(2);
}

static void answer(void)
{
    struct timespec now;
    char text[100];

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(text, sizeof(text), "done %lu %lu %lld\n", (unsigned long)sbrk(0), n_mapped,
             now.tv_sec * 1000000000LL + now.tv_nsec);
    say(text);
}

/* Neighbours with other permissions stay apart. */
static void map_one(void)
{
    static char *area;
    static size_t n_left;
    long page = sysconf(_SC_PAGESIZE);

    if (n_left == 0) {
        n_left = 1000;
        area = mmap(NULL, 2 * n_left * (size_t)page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (area == MAP_FAILED)
            _exit(3);
    }
    /* a page in the middle of what has no access makes two more */
    if (mprotect(area + page, (size_t)page, PROT_READ) != 0)
        _exit(4);
    area += 2 * page;
    n_left--;
    n_mapped += 2;
}

static void step(const char *what, long amount)
{
    if (strcmp(what, "brk") == 0) {
        if (sbrk(amount) == (void *)-1)
            say("refused\n");
        return;
    }
    for (long i = 0; i < amount; i += 2)
        map_one();
}

/* By an absolute clock, so that the rate is what was asked for however late a step is. */
static void repeat(const char *what, long amount, long n, long us)
{
    struct timespec due;

    clock_gettime(CLOCK_MONOTONIC, &due);
    for (long i = 0; i < n; i++) {
        int64_t ns = due.tv_nsec + us * 1000LL;

        due.tv_sec += ns / 1000000000;
        due.tv_nsec = ns % 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
        step(what, amount);
    }
    answer();
}

static void obey(char *line)
{
    char what[16], path[200];
    long amount, n, us;

    if (sscanf(line, "exec %199s", path) == 1)
        execl(path, path, "1000", (char *)NULL);
    else if (sscanf(line, "%15s %ld %ld %ld", what, &amount, &n, &us) == 4)
        repeat(what, amount, n, us);
}

int main(void)
{
    char line[256];
    size_t n = 0;

    answer();
    while (n < sizeof(line) - 1 && read(0, line + n, 1) == 1) {
        if (line[n++] != '\n')
            continue;
        line[n] = '\0';
        obey(line);
        n = 0;
    }
    return 0;
}
