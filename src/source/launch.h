/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts a program and stops it at a moment at which it is to be looked at.  The program runs as it
 * would by itself: with the caller's streams, signals, rights and process group; ptrace() only
 * shows when it executes something, and is gone once the moment is over where that can be.
 */
#ifndef SOURCE_LAUNCH_H
#define SOURCE_LAUNCH_H

#include "base/err.h"

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

enum launch_point {
    LAUNCH_EXEC,  /* executed: the kernel has mapped program, interpreter and stack */
    LAUNCH_ENTRY, /* at the program's entry point: its libraries are loaded, main() is not run */
    LAUNCH_EXIT,  /* as its main thread ends, its memory still there */
    /* as the kernel has refused to move the break up for the first time; all threads are stopped */
    LAUNCH_BRK_FAILURE,
    LAUNCH_AFTER /* some time after it was executed */
};

struct launch_spec {
    char **argv; /* ends with NULL; the program is looked for in $PATH */
    /*
     * NULL: the process that is started, as soon as it executes anything.  Else the first process
     * among it and what it starts that executes a file of this name, without directories.
     */
    const char *program;
    enum launch_point point;
    uint64_t after_ms; /* LAUNCH_AFTER */
    /* LAUNCH_ENTRY: the address of the entry point of a process that was just executed. */
    bool (*find_entry)(pid_t pid, uint64_t *address, struct err *err);
};

/* How far a launch came. */
enum launch_state {
    LAUNCH_RUNS,    /* no moment yet */
    LAUNCH_REACHED, /* `pid` is at the moment: stopped, but for LAUNCH_AFTER */
    LAUNCH_MISSED,  /* the moment will not come: the processes have ended before */
    LAUNCH_UNSTARTED
};

struct launch {
    const struct launch_spec *spec;
    enum launch_state state;
    pid_t child;    /* that was started */
    pid_t pid;      /* that is looked at; 0: it has executed nothing yet */
    int exec_error; /* errno of LAUNCH_UNSTARTED */
    bool has_ended; /* the child, with this status of waitpid() */
    int wait_status;
    uint64_t brk_asked; /* LAUNCH_BRK_FAILURE: the break that was asked for */
    uint64_t brk_kept;  /* and the one that stays */
    /* Inside: */
    pid_t tid; /* the thread that is stopped at the moment */
    void *tracees;
    unsigned int n_tracees;
    int exec_pipe; /* what the child says when it cannot become the program */
    /* What becomes of who stops. */
    enum { LAUNCH_TRACES, LAUNCH_HOLDS, LAUNCH_DETACHES, LAUNCH_KILLS } ending;
    void *held;             /* those whose stop is dealt with later, LAUNCH_HOLDS */
    unsigned int n_awaited; /* that have yet to stop for it */
    bool is_held;       /* LAUNCH_EXIT: the main thread is stopped, and why it ends is not clear */
    bool is_group_exit; /* LAUNCH_EXIT: another thread ended the process */
    bool failed;        /* for the reason in err */
    struct err err;
};

/*
 * Sets SIGPIPE and SIGCHLD to their defaults and notes what they were: what is started shall
 * inherit that.
 */
void launch_note_signals(void);

/*
 * Many launches, one after the other: from here to launch_series_end(), between them too, the
 * signals do not end the caller that launch_begin() speaks of.  launch_series_signal() is the first
 * of them that came, or 0.  Ending what was not begun does nothing.
 */
void launch_series_begin(void);
int launch_series_signal(void);
void launch_series_end(void);

/*
 * Starts the program and goes on until the moment, or until it cannot come any more.  False:
 * nothing runs and `err` says why; a program that cannot be executed is no such failure but
 * LAUNCH_UNSTARTED.  After true launch_finish() has to be called.
 *
 * Until launch_finish() SIGINT, SIGQUIT, SIGTERM and SIGHUP do not end the caller; those that were
 * sent to it alone are passed on to the child.  Once that has ended, they end what is still traced.
 */
bool launch_begin(struct launch *launch, const struct launch_spec *spec, struct err *err);

/* Lets go of what was stopped.  With `kill` it is ended instead, with all that is traced. */
void launch_release(struct launch *launch, bool kill);

/* Waits for the end of the child; for LAUNCH_BRK_FAILURE also of all that it started. */
void launch_finish(struct launch *launch);

/*
 * Ends the calling process by the signal that a status of waitpid() tells of, without a core;
 * returns the exit status that it has to end with where there was none.
 */
int launch_end_like(int wait_status);

#endif
