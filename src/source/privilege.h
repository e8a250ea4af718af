/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program's own rights.  To read another user's process it needs CAP_SYS_PTRACE (maps, stat,
 * exe, mem) and CAP_DAC_READ_SEARCH (the files of mode 0400 below /proc/PID: auxv, personality).
 * Everything else that root has is given up at the start.
 */
#ifndef SOURCE_PRIVILEGE_H
#define SOURCE_PRIVILEGE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Drops all other capabilities for good.  With `keep_write`, CAP_DAC_OVERRIDE stays permitted, not
 * effective, so that privilege_write_begin() can save a file where root could.
 */
bool privilege_drop(bool keep_write, struct err *err);
void privilege_write_begin(void);
void privilege_write_end(void);

/*
 * Why a process's memory may not be read and how to get access, as sentences.  `uid` is the
 * process's effective user, `owner` the one that its /proc files belong to (root, when it is not
 * dumpable).
 */
void privilege_explain(uint64_t uid, uint64_t owner, char *buf, size_t size);

#endif
