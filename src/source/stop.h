/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds all threads of a live process still while its memory is read: PTRACE_SEIZE and
 * PTRACE_INTERRUPT, of which neither the process nor its parent sees a signal.  Whatever becomes of
 * the caller, the kernel lets go of what it traced.
 *
 * A thread that waits uninterruptibly in the kernel, for a disk or for a child of vfork, does not
 * stop before that ends: it does no more of its own, but the kernel may write what it waits for.
 */
#ifndef SOURCE_STOP_H
#define SOURCE_STOP_H

#include "source/capture.h"

struct stop;

/* False, with a sentence, when the process goes on; the caller then calls nothing more. */
bool stop_begin(struct stop **stop, struct capture *process, struct err *err);

/* The number of threads that have not stopped; 0 without a stop. */
unsigned int stop_missed(struct stop *stop);

/* Whether each thread waits for something outside, as none does that works or was stopped. */
bool threads_sleep(struct capture *process);

/* Lets the process go on, threads that were stopped by somebody else excepted. */
void stop_end(struct stop *stop);

#endif
