/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that die and leave a core, not run by tests/live/run but by tests/core/run: what they
 * say must be reported of the core. Each ends by a signal instead of being ready.
 */
#include "fixture.h"

#include "memory.h"

#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define FINDING "findings[id=stack-overflow]"

static volatile char sink;
static const char constant[64] = "read-only";

/* What a compiler cannot turn into a loop. */
static __attribute__((noinline)) int recurse(volatile char *from, int n)
{
    volatile char frame[200];

    if (n < 0)
        return 0;
    memset((char *)frame, n, sizeof(frame));
    sink = *from;
    return recurse(frame, n + 1) + frame[n % 200];
}

static void limit_stack(size_t bytes)
{
    struct rlimit limit = {bytes, bytes};

    if (setrlimit(RLIMIT_STACK, &limit) < 0)
        broken("setrlimit");
}

static void expect_signal(const char *name)
{
    say("expect core.signal.name == \"%s\"", name);
    say("expect core.signal.thread == %d", (int)getpid());
}

static void expect_main_overflow(size_t most, size_t least)
{
    expect_signal("SIGSEGV");
    say("finding stack-overflow error");
    say("expect " FINDING ".title contains \"main stack\"");
    say("expect " FINDING ".evidence.thread == %d", (int)getpid());
    say("expect " FINDING ".evidence.size <= %zu", most);
    say("expect " FINDING ".evidence.size >= %zu", least);
    say("text ended by\\s+SIGSEGV\\s+at\\s+0x[0-9a-f]+,[^;]*below\\s+the\\s+main\\s+stack");
    say("exit 1");
}

static void build_recursion(long arg)
{
    volatile char first = 0;

    limit_stack(KIB(512));
    expect_main_overflow(KIB(512), KIB(512) - 2 * PAGE);
    recurse(&first, (int)arg);
}

/* One frame that reaches far beyond the end. */
static void build_frame(long arg)
{
    volatile char *far;

    limit_stack(KIB(512));
    expect_main_overflow(KIB(512), PAGE);
    far = alloca((size_t)arg);
    *far = 1;
    sink = *far;
}

/* A mapping stops the stack long before its limit. */
static void build_blocked(long arg)
{
    volatile char first = 0;
    uintptr_t below = ((uintptr_t)&first & ~(PAGE - 1)) - MIB(2);

    if (mmap((void *)below, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
             0) == MAP_FAILED)
        broken("mmap");
    expect_main_overflow(MIB(2), KIB(512));
    say("expect " FINDING ".detail contains \"Where it would grow stands\"");
    recurse(&first, (int)arg);
}

static void *thread_main(void *unused)
{
    volatile char first = 0;
    pthread_attr_t attr;
    void *start;
    size_t size;

    if (pthread_getattr_np(pthread_self(), &attr) != 0 ||
        pthread_attr_getstack(&attr, &start, &size) != 0)
        broken("pthread_getattr_np");
    say("expect core.signal.name == \"SIGSEGV\"");
    say("expect core.signal.thread == %d", (int)gettid());
    say("expect process.threads == 2");
    say("finding stack-overflow error");
    say("expect " FINDING ".title contains \"stack of thread %d\"", (int)gettid());
    say("expect " FINDING ".evidence.start == \"0x%zx\"", (uintptr_t)start);
    say("expect " FINDING ".evidence.size == %zu", size);
    say("exit 1");
    recurse(&first, 0);
    return unused;
}

static void build_thread(long arg)
{
    pthread_attr_t attr;
    pthread_t thread;

    if (pthread_attr_init(&attr) != 0 || pthread_attr_setstacksize(&attr, (size_t)arg) != 0 ||
        pthread_create(&thread, &attr, thread_main, NULL) != 0)
        broken("pthread_create");
    pthread_join(thread, NULL);
}

static void expect_fault(const volatile void *address, const char *place)
{
    expect_signal("SIGSEGV");
    say("expect core.signal.address == \"0x%zx\"", (uintptr_t)address);
    say("expect core.signal.place contains \"%s\"", place);
    say("no-finding stack-overflow");
}

static void touch(volatile char *address, const char *place)
{
    expect_fault(address, place);
    *address = 1;
}

static void build_null(long arg)
{
    touch((char *)arg, "close to 0");
}

static void build_hole(long arg)
{
    char *hole = mmap(NULL, (size_t)arg, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (hole == MAP_FAILED || munmap(hole, (size_t)arg) < 0)
        broken("mmap");
    touch(hole + arg / 2, "where nothing is mapped");
}

/* Below the stack, but the stack pointer is not there. */
static void build_wild(long arg)
{
    volatile char here = 0;

    touch(&here - arg, "where nothing is mapped, below the main stack");
}

static void build_constant(long arg)
{
    touch((char *)(uintptr_t)constant + arg, "(r--");
}

/* No access, as a guard, but far from every stack pointer. */
static void build_guard(long arg)
{
    char *guard = mmap(NULL, KIB(64), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (guard == MAP_FAILED || mprotect(guard, (size_t)arg, PROT_NONE) < 0)
        broken("mmap");
    touch(guard + arg - 8, "(---p)");
}

static void build_abort(long arg)
{
    expect_signal("SIGABRT");
    say("expect core.signal.address == null");
    say("no-finding stack-overflow");
    say("text ended by\\s+SIGABRT");
    abort();
}

static const struct scenario table[] = {
    {"recursion", build_recursion, 0, false},
    {"frame", build_frame, (long)MIB(3), false},
    {"blocked", build_blocked, 0, false},
    {"thread", build_thread, (long)KIB(256), false},
    {"null", build_null, 16, false},
    {"hole", build_hole, (long)MIB(8), false},
    {"wild", build_wild, (long)MIB(64), false},
    {"constant", build_constant, 4, false},
    {"guard", build_guard, (long)PAGE, false},
    {"abort", build_abort, 0, false},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return fixture_main(argc, argv, table);
}
