/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grows its heap until the kernel refuses, puts away what stood in the way, and says what it saw:
 *
 *   grow page|data|as|never main|thread|fork|malloc
 *   grow page busy
 *
 * busy: much is mapped, so that reading it takes time, and another thread runs all that time; says
 * how long the refused brk() took and what of that the other thread ran, in ms.
 *
 * It exits with 7.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STEP = 64 << 10, DISTANCE = 2 << 20, STATUS = 7 };

static const char *how;
static void *page;
static struct rlimit limit;
static int limited;

static void say(const char *fmt, ...)
{
    char line[256];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (write(STDOUT_FILENO, line, (size_t)n) != n)
        _exit(2);
}

static uintptr_t move_break(uintptr_t wanted)
{
    return (uintptr_t)syscall(SYS_brk, wanted);
}

static void set_limit(int resource, size_t value)
{
    struct rlimit lower;

    limited = resource;
    getrlimit(resource, &limit);
    lower = limit;
    lower.rlim_cur = value;
    if (setrlimit(resource, &lower) != 0)
        _exit(3);
}

/* In kB, as status says it. */
static size_t status_value(const char *key)
{
    char text[8192], *at;
    FILE *file = fopen("/proc/self/status", "r");
    size_t n = fread(text, 1, sizeof(text) - 1, file);

    fclose(file);
    text[n] = '\0';
    at = strstr(text, key);
    return at ? strtoul(at + strlen(key), NULL, 10) : 0;
}

static void put_in_the_way(void)
{
    if (strcmp(how, "page") == 0) {
        uintptr_t address = ((move_break(0) + DISTANCE) | 4095) + 1;

        page =
            mmap((void *)address, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (page == MAP_FAILED)
            _exit(3);
    } else if (strcmp(how, "data") == 0) {
        set_limit(RLIMIT_DATA, (status_value("VmData:") << 10) + DISTANCE);
    } else if (strcmp(how, "as") == 0) {
        set_limit(RLIMIT_AS, (status_value("VmSize:") << 10) + DISTANCE);
    }
}

static void put_away(void)
{
    if (page)
        munmap(page, 4096);
    else if (limited)
        setrlimit(limited, &limit);
}

static void grow_by_brk(void)
{
    for (int i = 0; i < 64; i++) {
        uintptr_t asked = move_break(0) + STEP, kept = move_break(asked);

        if (kept == asked)
            continue;
        put_away();
        say("pid %d asked %#lx kept %#lx page %#lx\n", (int)getpid(), (unsigned long)asked,
            (unsigned long)kept, (unsigned long)page);
        return;
    }
    put_away();
    say("pid %d was not refused\n", (int)getpid());
}

/* malloc() does not say what it asked for; what it left in the end it does. */
static void grow_by_malloc(void)
{
    uintptr_t last;
    int same = 0;

    do {
        last = move_break(0);
        if (!malloc(STEP))
            break;
        same = move_break(0) == last ? same + 1 : 0;
    } while (same < 8);
    put_away();
    say("pid %d asked 0 kept %#lx page %#lx\n", (int)getpid(), (unsigned long)move_break(0),
        (unsigned long)page);
}

static void *grow(void *by_malloc)
{
    struct timespec a_while = {.tv_nsec = 20000000};

    nanosleep(&a_while, NULL);
    put_in_the_way();
    if (by_malloc)
        grow_by_malloc();
    else
        grow_by_brk();
    return NULL;
}

static long ms_of(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void *run_on(void *argument)
{
    for (;;)
        ((volatile char *)argument)[0]++;
    return argument;
}

static void grow_beside_busy(void)
{
    enum { PAGES = 40000 };
    static char counter;
    pthread_t thread;
    clockid_t clock;
    uintptr_t asked;
    long took, ran;
    char *pages = mmap(NULL, PAGES * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (int i = 0; i < PAGES; i += 2)
        mprotect(pages + i * 4096, 4096, PROT_READ);
    pthread_create(&thread, NULL, run_on, &counter);
    pthread_getcpuclockid(thread, &clock);
    put_in_the_way();
    asked = (uintptr_t)page + STEP;
    took = ms_of(CLOCK_MONOTONIC);
    ran = ms_of(clock);
    move_break(asked);
    say("took %ld ran %ld\n", ms_of(CLOCK_MONOTONIC) - took, ms_of(clock) - ran);
}

int main(int argc, char **argv)
{
    pthread_t thread;

    if (argc != 3)
        return 2;
    how = argv[1];
    if (strcmp(argv[2], "busy") == 0) {
        grow_beside_busy();
    } else if (strcmp(argv[2], "thread") == 0) {
        pthread_create(&thread, NULL, grow, NULL);
        pthread_join(thread, NULL);
    } else if (strcmp(argv[2], "fork") == 0) {
        pid_t child = fork();

        if (child == 0) {
            grow(NULL);
            _exit(0);
        }
        waitpid(child, NULL, 0);
    } else {
        grow(strcmp(argv[2], "malloc") == 0 ? "" : NULL);
    }
    _exit(STATUS);
}
