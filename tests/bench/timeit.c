/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timeit RUNS LIMIT_S COMMAND [ARG...] [::: COMMAND [ARG...]]...
 *
 * Runs the commands in turn, A B C A B C ..., so that whatever else the machine does meets all
 * of them alike, and prints a table: one line for each command, in order. Wall time runs from
 * the spawn to the reaped child; CPU time is the child's user and system time together. Input
 * and output of the commands is /dev/null. One round beforehand warms the page cache and is not
 * counted; in that one their complaints are seen, later ones go to /dev/null as well.
 *
 * This is a small program and no script because the kernel hands the resident memory of the
 * image that calls exec on to ru_maxrss of the new one (exec_mmap() in fs/exec.c): below an
 * interpreter everything seems to need ten megabytes.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SEPARATOR ":::"
#define RUNS_MAX  10000

struct command {
    char **argv;
    uint64_t *wall_ns; /* one of each run */
    uint64_t *cpu_ns;
    long max_rss_kb; /* of all runs */
    int status;      /* the highest exit status; 128 and the signal if one ended it */
};

/* How commands are started, and the signals waited for while one runs, all of them blocked. */
struct launcher {
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t actions;
    sigset_t signals;
    struct timespec limit;
};

static void launcher_init(struct launcher *l, time_t limit_s)
{
    sigset_t none;

    sigemptyset(&none);
    posix_spawnattr_init(&l->attr);
    posix_spawnattr_setsigmask(&l->attr, &none);
    posix_spawnattr_setflags(&l->attr, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&l->actions);
    posix_spawn_file_actions_addopen(&l->actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&l->actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);

    sigemptyset(&l->signals);
    sigaddset(&l->signals, SIGCHLD);
    sigaddset(&l->signals, SIGHUP);
    sigaddset(&l->signals, SIGINT);
    sigaddset(&l->signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &l->signals, NULL);
    l->limit = (struct timespec){.tv_sec = limit_s};
}

static void launcher_mute(struct launcher *l)
{
    posix_spawn_file_actions_addopen(&l->actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
}

static void launcher_deinit(struct launcher *l)
{
    posix_spawn_file_actions_destroy(&l->actions);
    posix_spawnattr_destroy(&l->attr);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t rusage_cpu_ns(const struct rusage *ru)
{
    int64_t us = (ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) * INT64_C(1000000) +
                 ru->ru_utime.tv_usec + ru->ru_stime.tv_usec;

    return (uint64_t)us * 1000;
}

/* Waits for the child; ends it, and this program, on any signal but its end and at the limit. */
static int child_wait(const struct launcher *l, const char *name, pid_t pid, struct rusage *ru)
{
    int status;

    for (;;) {
        int sig = sigtimedwait(&l->signals, NULL, &l->limit);
        if (sig == SIGCHLD) {
            /* 0: it was stopped or continued */
            if (wait4(pid, &status, WNOHANG, ru) == pid)
                return status;
        } else if (sig > 0 || errno == EAGAIN) {
            kill(pid, SIGKILL);
            wait4(pid, &status, 0, ru);
            if (sig > 0)
                exit(128 + sig);
            errx(EXIT_FAILURE, "%s: not done after %ld s", name, (long)l->limit.tv_sec);
        }
    }
}

static void command_run(struct command *c, const struct launcher *l, size_t run)
{
    struct rusage ru;
    pid_t pid;

    uint64_t start_ns = now_ns();
    int error = posix_spawnp(&pid, c->argv[0], &l->actions, &l->attr, c->argv, environ);
    if (error)
        errx(EXIT_FAILURE, "%s: %s", c->argv[0], strerror(error));
    int status = child_wait(l, c->argv[0], pid, &ru);
    c->wall_ns[run] = now_ns() - start_ns;
    c->cpu_ns[run] = rusage_cpu_ns(&ru);

    status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (status > c->status)
        c->status = status;
    if (ru.ru_maxrss > c->max_rss_kb)
        c->max_rss_kb = ru.ru_maxrss;
}

static int u64_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static uint64_t sorted_median(const uint64_t *v, size_t n)
{
    return (v[(n - 1) / 2] + v[n / 2]) / 2;
}

static void command_print(struct command *c, size_t n_runs)
{
    qsort(c->wall_ns, n_runs, sizeof(*c->wall_ns), u64_compare);
    qsort(c->cpu_ns, n_runs, sizeof(*c->cpu_ns), u64_compare);
    printf("%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%ld\t%d\t%s\n", c->wall_ns[0],
           sorted_median(c->wall_ns, n_runs), c->cpu_ns[0], sorted_median(c->cpu_ns, n_runs),
           c->max_rss_kb, c->status, c->argv[0]);
}

static void *array_new(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (!p)
        err(EXIT_FAILURE, "calloc");
    return p;
}

/* Splits args, which end in NULL, at the separators, in place. Returns how many commands. */
static size_t commands_split(struct command *commands, char **args, size_t n_runs)
{
    size_t n = 0;
    bool begin = true;

    for (char **arg = args; *arg; arg++) {
        if (begin)
            commands[n++] = (struct command){
                .argv = arg,
                .wall_ns = array_new(n_runs, sizeof(uint64_t)),
                .cpu_ns = array_new(n_runs, sizeof(uint64_t)),
            };
        begin = !strcmp(*arg, SEPARATOR);
        if (begin)
            *arg = NULL;
    }
    for (size_t i = 0; i < n; i++)
        if (!commands[i].argv[0])
            errx(2, "nothing between two " SEPARATOR);
    return n;
}

static unsigned long number_parse(const char *text, unsigned long max)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*end || n < 1 || n > max)
        errx(2, "%s: not a number from 1 to %lu", text, max);
    return n;
}

int main(int argc, char **argv)
{
    struct launcher launcher;

    if (argc < 4)
        errx(2, "usage: timeit RUNS LIMIT_S COMMAND [ARG...] [::: COMMAND [ARG...]]...");
    size_t n_runs = number_parse(argv[1], RUNS_MAX);
    launcher_init(&launcher, (time_t)number_parse(argv[2], 3600));
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* end with the script, whatever ends that */

    struct command *commands = array_new((size_t)argc, sizeof(*commands));
    size_t n_commands = commands_split(commands, argv + 3, n_runs);

    for (size_t i = 0; i < n_commands; i++)
        command_run(&commands[i], &launcher, 0); /* the warming; run 0 proper overwrites it */
    launcher_mute(&launcher);
    for (size_t run = 0; run < n_runs; run++)
        for (size_t i = 0; i < n_commands; i++)
            command_run(&commands[i], &launcher, run);

    puts("wall_best_ns\twall_median_ns\tcpu_best_ns\tcpu_median_ns\tmax_rss_kb\tstatus\tcommand");
    for (size_t i = 0; i < n_commands; i++) {
        command_print(&commands[i], n_runs);
        free(commands[i].wall_ns);
        free(commands[i].cpu_ns);
    }
    free(commands);
    launcher_deinit(&launcher);
    return EXIT_SUCCESS;
}
