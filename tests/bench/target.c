/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target - the processes that scripts/bench measures with.
 *
 *   target small             one process with the mappings of a small dynamic program
 *   target wide MAPPINGS     the same with that many mappings more
 *   target many PROCESSES    that many of "small", as children
 *   target heap CHUNKS       one whose malloc has that many chunks, of 100 bytes or so, a tenth of
 *                            them free and in its bins
 *   target fast CHUNKS       the same with a fifth of them free and in fastbins, in random order
 *
 * Prints the PIDs to look at, one a line, then "ready". All of them, children included, hold
 * the standard input they were started with and end when it does: nothing is left behind when
 * the script ends, however it ends.
 */
#include <err.h>
#include <fcntl.h>
#include <malloc.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void end_of_input_wait(void)
{
    char c;

    while (read(STDIN_FILENO, &c, 1) > 0)
        ;
}

/*
 * One write for both lines: "many" takes them from its child with one read.  Without dprintf(),
 * whose malloc() of a buffer would empty the fastbins.
 */
static void ready_say(void)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "%d\nready\n", (int)getpid());

    if (write(STDOUT_FILENO, text, (size_t)n) != n)
        err(EXIT_FAILURE, "cannot say that it is ready");
}

static int small_run(void)
{
    void *volatile heap = malloc(1000);

    ready_say();
    end_of_input_wait();
    free(heap);
    return EXIT_SUCCESS;
}

/*
 * Neighbours that differ in protection do not merge. No page is ever writable, so none is
 * charged to the commit limit, and none is touched.
 */
static int wide_run(size_t n_mappings)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *area = mmap(NULL, n_mappings * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (area == MAP_FAILED)
        err(EXIT_FAILURE, "mmap of %zu pages", n_mappings);
    for (size_t i = 1; i < n_mappings; i += 2)
        if (mprotect(area + i * page, page, PROT_READ) < 0)
            err(EXIT_FAILURE, "mapping %zu of %zu (see vm.max_map_count)", i, n_mappings);
    return small_run();
}

static uint64_t roll(uint64_t below)
{
    static uint64_t dice = 1;

    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (dice >> 33) % below;
}

static void shuffle(void **p, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = roll(i);
        void *other = p[k];

        p[k] = p[i - 1];
        p[i - 1] = other;
    }
}

/* One in `each` is free in the end, and none of those lies beside another one. */
static int heap_run(size_t n_chunks, size_t each, bool in_fastbins)
{
    size_t n_freed = 0, largest = in_fastbins ? 120 : 170;
    void **freed = mmap(NULL, (n_chunks / each + 1) * sizeof(*freed), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (freed == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
    mallopt(M_MXFAST, in_fastbins ? 120 : 0);
    for (size_t i = 0; i < n_chunks; i++) {
        size_t size = 24 + roll(largest - 24 + 1);
        void *p = malloc(size);

        if (!p)
            err(EXIT_FAILURE, "malloc");
        memset(p, 0xa5, size);
        if (i % each == each / 2)
            freed[n_freed++] = p;
    }
    shuffle(freed, n_freed);
    for (size_t i = 0; i < n_freed; i++)
        free(freed[i]);
    ready_say();
    end_of_input_wait();
    return EXIT_SUCCESS;
}

/* Returns when the child runs its main(): its loader has mapped all that it will map. */
static pid_t small_spawn(void)
{
    char *argv[] = {"target", "small", NULL};
    posix_spawn_file_actions_t actions;
    char line[64];
    int ready[2];
    pid_t pid;

    if (pipe2(ready, O_CLOEXEC) < 0)
        err(EXIT_FAILURE, "pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ready[1], STDOUT_FILENO);
    int error = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ready[1]);
    if (error)
        errx(EXIT_FAILURE, "cannot start a process (see ulimit -u): %s", strerror(error));
    if (read(ready[0], line, sizeof(line)) <= 0)
        errx(EXIT_FAILURE, "process %d ended early", (int)pid);
    close(ready[0]);
    return pid;
}

static int many_run(size_t n_processes)
{
    for (size_t i = 0; i < n_processes; i++)
        dprintf(STDOUT_FILENO, "%d\n", (int)small_spawn());
    dprintf(STDOUT_FILENO, "ready\n");
    end_of_input_wait();
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "small"))
        return small_run();
    if (argc == 3 && !strcmp(argv[1], "wide"))
        return wide_run(strtoul(argv[2], NULL, 10));
    if (argc == 3 && !strcmp(argv[1], "many"))
        return many_run(strtoul(argv[2], NULL, 10));
    if (argc == 3 && !strcmp(argv[1], "heap"))
        return heap_run(strtoul(argv[2], NULL, 10), 10, false);
    if (argc == 3 && !strcmp(argv[1], "fast"))
        return heap_run(strtoul(argv[2], NULL, 10), 5, true);
    errx(2, "usage: target small | wide MAPPINGS | many PROCESSES | heap CHUNKS | fast CHUNKS");
}
