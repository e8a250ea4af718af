/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ordinary program that does what it is told and knows nothing of its layout: how it is linked
 * and under which limits and personality it is started makes it ill, and well again.
 *
 *     victim [OPERATION[:ARGUMENT]]...
 *
 * It prints `ready PID` (`broken OPERATION` when one failed) and waits until its standard input
 * ends. Sizes are in KiB.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static void wait_for_end(void)
{
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
    while (getchar() != EOF)
        ;
    _exit(0);
}

static bool reserve_one(size_t bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

    return mmap(NULL, bytes, PROT_NONE, flags, -1, 0) != MAP_FAILED;
}

/* As much as the address space has, when that is less. */
static bool reserve(const char *kib)
{
    uint64_t left = strtoull(kib, NULL, 10) << 10;

    for (size_t piece = 32 << 20; piece >= PAGE; piece /= 2)
        while (left >= piece && reserve_one(piece))
            left -= piece;
    return true;
}

/* In steps that the overcommit heuristic accepts; none is touched. */
static bool grow(const char *kib)
{
    for (uint64_t left = strtoull(kib, NULL, 10), step = 64 << 10; left > 0; left -= step) {
        step = left < step ? left : step;
        if (sbrk((intptr_t)(step << 10)) == (void *)-1)
            return false;
    }
    return true;
}

/* A page without access, so many KiB above the break. */
static bool block(const char *kib)
{
    uintptr_t at = ((uintptr_t)sbrk(0) + PAGE - 1) / PAGE * PAGE + strtoul(kib, NULL, 10) * 1024;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

    return mmap((void *)at, 2 * (size_t)PAGE, PROT_NONE, flags, -1, 0) == (void *)at;
}

static bool take_memory(const char *kib)
{
    for (unsigned long left = strtoul(kib, NULL, 10); left > 0; left--) {
        char *p = malloc(1000);

        if (!p)
            return false;
        *p = 1;
    }
    return true;
}

/*
 * So much in blocks, all freed again below a small one that stays.  The first block makes malloc
 * map none of the others by itself, unless it was told where that begins.
 */
static bool peak(const char *kib)
{
    enum { BLOCK = 1 << 20, MOST = 1024 };
    size_t n = strtoul(kib, NULL, 10) * 1024 / BLOCK;
    char *volatile first = malloc(4 * (size_t)BLOCK);
    char *blocks[MOST], *volatile last;

    free(first);
    for (size_t i = 0; i < n && i < MOST; i++) {
        blocks[i] = malloc(BLOCK);
        if (!blocks[i])
            return false;
        memset(blocks[i], 1, BLOCK);
    }
    last = malloc(100);
    for (size_t i = 0; i < n && i < MOST; i++)
        free(blocks[i]);
    return last != NULL;
}

/* How many threads have done what they are for. */
static atomic_long n_done;

static void wait_for_threads(long n)
{
    while (atomic_load(&n_done) < n)
        usleep(1000);
}

static void *thread_peak(void *arg)
{
    if (!peak("10240"))
        abort();
    atomic_fetch_add(&n_done, 1);
    pause();
    return arg;
}

/* So many threads that have had 10 MiB each. */
static bool peaks(const char *text)
{
    long n = strtol(text, NULL, 10);
    pthread_t thread;

    for (long i = 0; i < n; i++)
        if (pthread_create(&thread, NULL, thread_peak, NULL) != 0)
            return false;
    wait_for_threads(n);
    return true;
}

static bool limit_arenas(const char *n)
{
    return mallopt(M_ARENA_MAX, atoi(n)) == 1;
}

static void *thread_run(void *arg)
{
    volatile char *p = malloc(1);

    if (p)
        *p = 1;
    atomic_fetch_add(&n_done, 1);
    pause();
    return arg;
}

/* So many, each with the default stack and some memory; as many as can be had. */
static bool threads(const char *text)
{
    long n = strtol(text, NULL, 10), started = 0;
    pthread_t thread;

    while (started < n && pthread_create(&thread, NULL, thread_run, NULL) == 0)
        started++;
    wait_for_threads(started);
    return true;
}

static void (*volatile at_depth)(void) = wait_for_end;

__attribute__((noinline)) static void descend(const char *lowest)
{
    volatile char frame[1024];

    frame[0] = 0;
    if ((const char *)frame > lowest)
        descend(lowest);
    else
        at_depth();
    frame[1] = 0; /* so that the call is no jump */
}

static bool recurse(const char *kib)
{
    char here;

    descend(&here - strtoul(kib, NULL, 10) * 1024);
    return false;
}

static bool lock_future(const char *unused)
{
    (void)unused;
    return mlockall(MCL_FUTURE) == 0 &&
           mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool map_pages(const char *n)
{
    for (long i = strtol(n, NULL, 10); i > 0; i--)
        if (mmap(NULL, PAGE, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
            MAP_FAILED)
            return false;
    return true;
}

static bool load(const char *path)
{
    return dlopen(path, RTLD_NOW) != NULL;
}

static bool load_and_unload(const char *path)
{
    void *library = dlopen(path, RTLD_NOW);

    return library && dlclose(library) == 0;
}

static char **arguments;

/* The page where the stack began, below the arguments: the part that /proc calls so. */
static bool stack_exec(const char *unused)
{
    uintptr_t start = (uintptr_t)(arguments - 1) / PAGE * PAGE;

    (void)unused;
    return mprotect((void *)start, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
}

static const struct {
    const char *name;
    bool (*run)(const char *argument);
} operations[] = {
    {"reserve", reserve},
    {"grow", grow},
    {"block", block},
    {"malloc", take_memory},
    {"peak", peak},
    {"peaks", peaks},
    {"arena-max", limit_arenas},
    {"threads", threads},
    {"recurse", recurse},
    {"lock", lock_future},
    {"maps", map_pages},
    {"load", load},
    {"load-and-unload", load_and_unload},
    {"stack-exec", stack_exec},
};

static bool operate(const char *text)
{
    size_t len = strcspn(text, ":");

    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        if (strlen(operations[i].name) == len && memcmp(operations[i].name, text, len) == 0)
            return operations[i].run(text[len] ? text + len + 1 : "");
    return false;
}

int main(int argc, char **argv)
{
    arguments = argv;
    for (int i = 1; i < argc; i++)
        if (!operate(argv[i])) {
            printf("broken %s\n", argv[i]);
            return 2;
        }
    wait_for_end();
}
