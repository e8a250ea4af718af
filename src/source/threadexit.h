/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a traced main thread ends, which is stopped in PTRACE_EVENT_EXIT: because its process does,
 * or because another thread executes a program, which ends all others and takes the number of the
 * main one (fs/exec.c de_thread()).
 */
#ifndef SOURCE_THREADEXIT_H
#define SOURCE_THREADEXIT_H

#include <stdbool.h>
#include <sys/types.h>

/* What a thread that is stopped there has called. */
enum threadexit_call {
    THREADEXIT_NONE, /* neither: it is ended; or it is not known on this machine */
    THREADEXIT_EXIT, /* exit(), by pthread_exit() or as the only one */
    THREADEXIT_GROUP /* exit_group(), which ends all */
};

enum threadexit_call threadexit_call(pid_t tid);

enum threadexit_others {
    THREADEXIT_GONE,     /* none is left */
    THREADEXIT_EXECUTES, /* all that are left wait in the kernel: one for the end of the others */
    THREADEXIT_UNCLEAR   /* ask again */
};

/* The other threads of a process whose main thread is stopped there. */
enum threadexit_others threadexit_others(pid_t pid);

#endif
