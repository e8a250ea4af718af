/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds all threads of a live process still while its memory is read: PTRACE_SEIZE and
 * PTRACE_INTERRUPT, of which neither the process nor its parent sees a signal.  Whatever becomes of
 * the caller, the kernel lets go of what it traced.
 *
 * A thread that waits uninterruptibly in the kernel does not stop, nor does it touch memory.
 */
#ifndef SOURCE_STOP_H
#define SOURCE_STOP_H

#include "source/capture.h"

struct stop;

/* False, with a sentence, when the process goes on; the caller then calls nothing more. */
bool stop_begin(struct stop **stop, struct capture *process, struct err *err);

/* Lets the process go on, threads that were stopped by somebody else excepted. */
void stop_end(struct stop *stop);

#endif
