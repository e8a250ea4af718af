/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filter of system calls that stops a traced process at each brk() and costs nothing else.  It
 * cannot be taken off again, and without a tracer such a call fails: whoever installs it has to
 * trace the process and all that it starts to their ends.
 */
#ifndef SOURCE_BRKFILTER_H
#define SOURCE_BRKFILTER_H

#include <stdbool.h>

/* For the calling process and what it executes; false with errno. */
bool brkfilter_install(void);

#endif
