/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Java runtime in a launcher of its own, with the Java heap where it is asked to be. What it
 * needs of the JNI invocation interface stands here: a runtime without compiler has no <jni.h>.
 */
#include "fixture.h"
#include "memory.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct option {
    const char *text;
    void *extra;
};

struct options {
    int32_t version;
    int32_t n_options;
    struct option *options;
    unsigned char ignore_unknown;
};

typedef int32_t create_vm(void **vm, void **env, struct options *options);

enum { JNI_1_8 = 0x00010008 };

/* Beside what /usr/bin/java leads to: .../bin/java and .../lib/server/libjvm.so */
static create_vm *find_create_vm(void)
{
    char path[PATH_MAX + 32];
    create_vm *create;
    void *library;
    char *slash;

    if (realpath("/usr/bin/java", path) == NULL)
        skip("java is not installed");
    slash = strstr(path, "/bin/java");
    if (slash == NULL)
        skip("/usr/bin/java leads to no java of a runtime");
    strcpy(slash, "/lib/server/libjvm.so");
    library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (library == NULL)
        skip("%s cannot be loaded", path);
    *(void **)&create = dlsym(library, "JNI_CreateJavaVM");
    if (create == NULL)
        skip("%s has no JNI_CreateJavaVM", path);
    return create;
}

static char base[64];

/* Ends only with the process: a thread that is attached must not end by itself. */
static void *run_java(void *started)
{
    create_vm *create = find_create_vm();
    struct option list[] = {{"-XX:+UseSerialGC", NULL}, {"-Xmx64m", NULL}, {base, NULL}};
    struct options options = {JNI_1_8, sizeof(list) / sizeof(list[0]), list, 0};
    void *vm, *env;

    if (create(&vm, &env, &options) != 0)
        skip("the Java runtime does not start");
    sem_post(started);
    for (;;)
        pause();
}

/* In a thread, as the launcher java does: on the main stack a runtime puts guard pages. */
static void start_java(uint64_t heap)
{
    static sem_t started;
    pthread_t thread;

    snprintf(base, sizeof(base), "-XX:HeapBaseMinAddress=%" PRIu64, heap);
    if (sem_init(&started, 0, 0) != 0 || pthread_create(&thread, NULL, run_java, &started) != 0)
        broken("pthread_create");
    while (sem_wait(&started) != 0)
        ;
}

static bool is_mapped_at(uint64_t addr)
{
    struct map map;

    return map_above(addr, &map) && map.start == addr;
}

#ifndef __PIE__
/* Its own malloc, which java uses for all that is no object, has this much left. */
static void heap_above_break(long bytes)
{
    uint64_t heap = (break_end() + (uint64_t)bytes + MIB(2)) & ~(uint64_t)(MIB(2) - 1);
    struct map next;

    start_java(heap);
    if (!is_mapped_at(heap))
        skip("this java has put its heap elsewhere");
    if (!map_above(break_end(), &next) || next.start != heap)
        skip("something else than the Java heap is above the break");
    say("expect process.runtimes contains \"jvm\"");
    say("expect process.malloc.name == \"glibc\"");
    say("expect brk.next.start == \"%#" PRIx64 "\"", heap);
    say("expect findings[0].title contains \"the Java heap\"");
    say("expect findings[0].remedy contains \"HeapBaseMinAddress\"");
    say("expect findings[id=brk-window-shrunken].evidence.cause == \"java-heap\"");
    say("finding brk-window-shrunken warning");
    say("finding brk-room-low %s", break_truth() < MIB(4) ? "error" : "warning");
}
#endif

/* What the remedy says. */
static void heap_apart(long arg)
{
    start_java(GIB(8));
    if (!is_mapped_at(GIB(8)))
        skip("this java has put its heap elsewhere");
    say("expect process.runtimes contains \"jvm\"");
    say("quiet");
}

#ifdef __PIE__
/* The other remedy: the same address leaves the heap of a PIE alone. */
static void heap_low(long arg)
{
    start_java(MIB(64));
    if (!is_mapped_at(MIB(64)))
        skip("this java has put its heap elsewhere");
    say("expect process.runtimes contains \"jvm\"");
    say("quiet");
}
#endif

/* Not everything in the process of a Java runtime is the Java heap. */
static void other_above_break(long bytes)
{
    start_java(GIB(8));
    place((break_end() + MIB(4)) & ~(uintptr_t)(MIB(2) - 1), (size_t)bytes, PROT_NONE);
    say("expect process.runtimes contains \"jvm\"");
    say("expect findings[id=brk-window-shrunken].evidence.cause == \"mapping\"");
    say("expect findings[0].title contains \"an anonymous mapping\"");
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
#ifdef __PIE__
        {"heap-low", heap_low},
        {"other-above-break", other_above_break, MIB(64)},
#else
        {"heap-above-break", heap_above_break, MIB(24)},
        {"other-above-break", other_above_break, MIB(4)},
#endif
        {"heap-apart", heap_apart},
        {0},
    };

    return fixture_main(argc, argv, table);
}
