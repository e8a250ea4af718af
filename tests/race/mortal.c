/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mortal PROGRAM...: for each byte on its standard input it starts a child, prints its PID, and
 * buries the child before.  Children execute a PROGRAM or not, live for some milliseconds or none,
 * leave a thread behind or not, and are zombies then.
 */
#include "race.h"

#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { REST_US = 6000 };

static void *thread_run(void *unused)
{
    (void)unused;
    race_rest(REST_US);
    _exit(EXIT_SUCCESS);
}

/* Ends the main thread alone: the kernel then shows a zombie that has threads. */
static void child_leave_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, thread_run, NULL) == 0)
        syscall(SYS_exit, 0);
}

static void child_run(char *program)
{
    char *argv[] = {program, NULL};

    race_begin();
    race_rest(REST_US);
    if (race_random(3) == 0)
        execv(program, argv);
    else if (race_random(2) == 0)
        child_leave_thread();
    _exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    char request;

    race_begin();
    for (pid_t child = 0; read(STDIN_FILENO, &request, 1) == 1;) {
        char *program = argv[1 + race_random((unsigned int)argc - 1)];

        if (child)
            waitpid(child, NULL, 0);
        child = fork();
        if (child < 0)
            err(EXIT_FAILURE, "fork");
        if (child == 0)
            child_run(program);
        dprintf(STDOUT_FILENO, "%d\n", (int)child);
    }
    return EXIT_SUCCESS;
}
