/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * storm RATE SECONDS
 *
 * Starts RATE processes a second of five kinds, in turn: one that maps and unmaps until it ends,
 * one that executes true, one that executes sh, one by vfork that executes true, and one that
 * starts threads. Those that do not execute another program live for up to a second and a half, so
 * that some are read while they change. Two processes start them, before others where root may
 * decide that, and what one second lacks the next one has more. Ends after SECONDS, with whatever
 * started it, or on SIGTERM, and prints how many there were, in how many seconds, and the fewest in
 * any second but the last.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KINDS = 5, STARTERS = 2, MAX_ALIVE = 400, LEAST_MS = 5, MOST_MS = 1500, MAX_SECONDS = 4000 };

/* How many were started, by second: of both starters. */
static _Atomic long *started;

static volatile sig_atomic_t is_over;

static void end(int number)
{
    (void)number;
    is_over = 1;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static long life_ms(void)
{
    return LEAST_MS + (long)getpid() * 37 % (MOST_MS - LEAST_MS);
}

/* Mappings come and go, and the break moves. */
static void map_and_unmap(void)
{
    double until = now() + (double)life_ms() / 1e3;

    while (now() < until) {
        char *area =
            mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (area == MAP_FAILED || sbrk(1 << 16) == (void *)-1)
            _exit(1);
        mprotect(area + (1 << 18), 1 << 18, PROT_READ);
        munmap(area + (1 << 17), 1 << 17);
        if (sbrk(-(1 << 16)) == (void *)-1 || munmap(area, 1 << 20) != 0)
            _exit(1);
        wait_ms(5);
    }
    _exit(0);
}

static void *idle(void *nothing)
{
    wait_ms(life_ms());
    return nothing;
}

static void start_threads(void)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, idle, NULL) != 0)
            _exit(1);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    _exit(0);
}

static void become(long kind)
{
    if (kind == 0)
        map_and_unmap();
    else if (kind == 1)
        execl("/bin/true", "true", (char *)NULL);
    else if (kind == 2)
        execl("/bin/sh", "sh", "-c", ": a b c", (char *)NULL);
    else
        start_threads();
    _exit(1);
}

static void start(long kind)
{
    if (kind == 3) {
        /* Nothing but execve() is done there. */
        if (vfork() == 0) { /* NOLINT */
            execl("/bin/true", "true", (char *)NULL);
            _exit(1);
        }
    } else if (fork() == 0) {
        become(kind);
    }
}

/* As many a second, counted from the beginning, until `end`: when that was. */
static double blow(double begin, double rate, double end)
{
    long n = 0, alive = 0;
    double at;

    while ((at = now()) < end && !is_over) {
        if ((double)n < (at - begin) * rate && alive < MAX_ALIVE) {
            start(n++ % KINDS);
            alive++;
            started[(long)(at - begin)]++;
        } else {
            wait_ms(1);
        }
        while (alive > 0 && waitpid(-1, NULL, WNOHANG) > 0)
            alive--;
    }
    return at;
}

static void print(double seconds)
{
    long sum = 0, fewest = -1;

    for (long i = 0; i < MAX_SECONDS && (double)i < seconds; i++) {
        sum += started[i];
        if ((double)(i + 1) <= seconds && (fewest < 0 || started[i] < fewest))
            fewest = started[i];
    }
    printf("%ld %.2f %ld\n", sum, seconds, fewest < 0 ? sum : fewest);
}

int main(int argc, char **argv)
{
    double begin = now(), rate = argc == 3 ? strtod(argv[1], NULL) : 0, seconds, ended;
    pid_t other;

    if (rate <= 0)
        return 2;
    seconds = strtod(argv[2], NULL);
    if (seconds > MAX_SECONDS - 1)
        return 2;
    started = mmap(NULL, MAX_SECONDS * sizeof(*started), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (started == MAP_FAILED)
        return 1;
    setpriority(PRIO_PROCESS, 0, -10); /* or not */
    signal(SIGTERM, end);
    other = fork();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (other < 0)
        return 1;
    ended = blow(begin, rate / STARTERS, begin + seconds);
    if (other > 0)
        kill(other, SIGTERM);
    while (wait(NULL) > 0)
        ;
    if (other > 0)
        print(ended - begin);
    return 0;
}
