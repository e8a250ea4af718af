/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reborn PROGRAM...: starts the PROGRAMs one after the other for ever, each as soon as the one
 * before has ended, and all with the same PID, which it prints once.  It ends when it may not
 * choose PIDs (clone3() with set_tid: Linux 5.5, CAP_CHECKPOINT_RESTORE).
 */
#include "race.h"

#include <err.h>
#include <linux/sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* fork(), with this PID for the child, or any when it is 0. */
static pid_t fork_as(pid_t pid)
{
    struct clone_args args = {
        .exit_signal = SIGCHLD,
        .set_tid = pid ? (uintptr_t)&pid : 0,
        .set_tid_size = pid ? 1 : 0,
    };

    return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static void child_run(char *program)
{
    char *argv[] = {program, NULL};

    execv(program, argv);
    _exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    pid_t pid = 0;

    race_begin();
    for (int i = 0;; i++) {
        pid_t child = fork_as(pid);

        if (child < 0)
            err(EXIT_FAILURE, "clone3");
        if (child == 0)
            child_run(argv[1 + i % (argc - 1)]);
        /* Printed only once it is known that the PID can be had again. */
        if (i == 1)
            dprintf(STDOUT_FILENO, "%d\n", (int)child);
        pid = child;
        waitpid(child, NULL, 0);
    }
}
