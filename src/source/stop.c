/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/stop.h"

#include "base/arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* One thread that is traced. */
struct held {
    pid_t tid;
    bool is_stopped;
    int signal; /* that it was about to get */
};

struct stop {
    struct held *threads;
    size_t n, room;
};

/* How long a thread may take to stop: in milliseconds, for all together. */
enum { PATIENCE_MS = 500 };

static bool is_held(const struct stop *stop, pid_t tid)
{
    for (size_t i = 0; i < stop->n; i++)
        if (stop->threads[i].tid == tid)
            return true;
    return false;
}

static void hold(struct stop *stop, pid_t tid)
{
    if (stop->n == stop->room) {
        stop->room = stop->room ? 2 * stop->room : 64;
        stop->threads = xreallocarray(stop->threads, stop->room, sizeof(*stop->threads));
    }
    stop->threads[stop->n++] = (struct held){.tid = tid};
}

/* Numbers of /proc are those of the caller's own PID namespace: else others would be stopped. */
static bool is_own_namespace(struct capture *process)
{
    char text[16] = "";

    return readlinkat(capture_directory(capture_host(process)), "self", text, sizeof(text) - 1) >
               0 &&
           atoi(text) == getpid();
}

/* The letter of task/TID/stat; 0 when the thread is gone. */
static char thread_state(const struct capture *process, pid_t tid)
{
    char path[48], text[512];
    const char *end;
    ssize_t n = -1;
    int fd;

    snprintf(path, sizeof(path), "task/%d/stat", (int)tid);
    fd = openat(capture_directory(process), path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, text, sizeof(text) - 1);
        close(fd);
    }
    if (n <= 0)
        return '\0';
    text[n] = '\0';
    end = strrchr(text, ')');
    return end && end[1] == ' ' ? end[2] : '\0';
}

static bool is_gone(char state)
{
    return state == '\0' || state == 'Z' || state == 'X';
}

/* One that did not stop the last time cannot have been let go, and has yet to obey. */
static bool is_ours(pid_t tid)
{
    siginfo_t info;

    return waitid(P_PID, (id_t)tid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) == 0;
}

/* By the time it is traced, the number may be another thread's. */
static bool seize(struct stop *stop, const struct capture *process, pid_t tid, struct err *err)
{
    int error;

    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) == 0) {
        hold(stop, tid);
        ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
        return thread_state(process, tid) != '\0' ||
               err_set(err, "the process ended while it was to be stopped");
    }
    error = errno;
    if (error == EPERM && is_ours(tid)) {
        hold(stop, tid);
        return true;
    }
    return is_gone(thread_state(process, tid)) ||
           err_set(err, "cannot stop thread %d: %s", (int)tid,
                   error == EPERM ? "it is not permitted, or another program traces it already"
                                  : strerror(error));
}

/* The number of threads that are new, or -1. */
static int seize_new(struct stop *stop, const struct capture *process, struct err *err)
{
    int fd = openat(capture_directory(process), "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *tasks = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    int n_new = 0;

    if (!tasks) {
        err_format(err, "cannot list the threads to stop: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    while (n_new >= 0 && (entry = readdir(tasks))) {
        pid_t tid = (pid_t)atoi(entry->d_name);
        size_t before = stop->n;

        if (tid <= 0 || is_held(stop, tid))
            continue;
        if (!seize(stop, process, tid, err))
            n_new = -1;
        else
            n_new += stop->n > before;
    }
    closedir(tasks);
    return n_new;
}

/* Takes note of a thread that has stopped, or ended. */
static void look(struct held *thread)
{
    int status;
    pid_t got = waitpid(thread->tid, &status, __WALL | WNOHANG);

    if (got == 0 || (got < 0 && errno == EINTR))
        return;
    thread->is_stopped = true;
    if (got > 0 && WIFSTOPPED(status) && status >> 16 == 0)
        thread->signal = WSTOPSIG(status);
}

static bool all_stopped(struct stop *stop)
{
    bool all = true;

    for (size_t i = 0; i < stop->n; i++) {
        if (!stop->threads[i].is_stopped)
            look(&stop->threads[i]);
        all = all && stop->threads[i].is_stopped;
    }
    return all;
}

static void await(struct stop *stop)
{
    for (int waited = 0; !all_stopped(stop) && waited < PATIENCE_MS; waited++)
        usleep(1000);
}

bool stop_begin(struct stop **stop, struct capture *process, struct err *err)
{
    struct stop *new;
    int n_new;

    if (!is_own_namespace(process))
        return err_set(err, "cannot stop the process: /proc is that of another PID namespace");
    new = xreallocarray(NULL, 1, sizeof(*new));
    *new = (struct stop){0};
    /* A thread that still runs may start others. */
    while ((n_new = seize_new(new, process, err)) > 0)
        await(new);
    if (n_new < 0) {
        stop_end(new);
        return false;
    }
    *stop = new;
    return true;
}

unsigned int stop_missed(struct stop *stop)
{
    unsigned int n = 0;

    if (!stop)
        return 0;
    (void)all_stopped(stop);
    for (size_t i = 0; i < stop->n; i++)
        n += !stop->threads[i].is_stopped;
    return n;
}

void stop_end(struct stop *stop)
{
    if (!stop)
        return;
    /* One that has not stopped cannot be let go: PTRACE_DETACH wants it stopped. */
    await(stop);
    for (size_t i = 0; i < stop->n; i++)
        ptrace(PTRACE_DETACH, stop->threads[i].tid, NULL,
               (void *)(intptr_t)stop->threads[i].signal);
    free(stop->threads);
    free(stop);
}

bool threads_sleep(struct capture *process)
{
    int fd = openat(capture_directory(process), "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *tasks = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    bool all = tasks;

    while (all && (entry = readdir(tasks)))
        if (atoi(entry->d_name) > 0)
            all = thread_state(process, (pid_t)atoi(entry->d_name)) == 'S';
    if (tasks)
        closedir(tasks);
    else if (fd >= 0)
        close(fd);
    return all;
}
