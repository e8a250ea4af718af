/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One breakpoint of the processor, in a traced thread that is stopped.  Unlike one that is written
 * into the code it leaves the process's memory as it is.
 */
#ifndef SOURCE_BREAKPOINT_H
#define SOURCE_BREAKPOINT_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* The thread gets SIGTRAP before it runs the instruction at `address`. */
bool breakpoint_set(pid_t tid, uint64_t address, struct err *err);
bool breakpoint_clear(pid_t tid, struct err *err);

#endif
