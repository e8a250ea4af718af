/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program's own rights.  To read another user's process it needs CAP_SYS_PTRACE (maps, stat,
 * exe, mem) and CAP_DAC_READ_SEARCH (the files of mode 0400 below /proc/PID: auxv, personality).
 * Everything else that root has is given up at the start.
 */
#ifndef SOURCE_PRIVILEGE_H
#define SOURCE_PRIVILEGE_H

#include "base/err.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Drops all other capabilities for good.  With `keep_write`, CAP_DAC_OVERRIDE stays permitted, not
 * effective, so that privilege_write_begin() can save a file where root could; signal handlers may
 * call it, too.
 */
bool privilege_drop(bool keep_write, struct err *err);
void privilege_write_begin(void);
void privilege_write_end(void);

/*
 * The same before a program is to be started, which shall have the rights that the caller has: all
 * stay permitted, and privilege_return() makes effective what was so, in the process that becomes
 * the program.
 */
bool privilege_put_aside(struct err *err);
void privilege_return(void);

/* Whether processes may be traced whatever rights they have: CAP_SYS_PTRACE. */
bool privilege_traces_all(void);

/*
 * The rights are for /proc.  While files are read that the caller named, those are put aside that
 * the program has and its user has not: by file capabilities, whoever may execute it could else
 * read every core, and what the beginning of every file is.
 */
bool privilege_lower(struct err *err);
void privilege_raise(void);

/* Room for the sentences below: they name the program's own file. */
enum { PRIVILEGE_TEXT = PATH_MAX + 640 };

/* Whose a process is.  To ptrace it, all three of both must be the caller's. */
struct owner {
    uint64_t uids[3]; /* real, effective, saved */
    uint64_t gids[3];
    uint64_t files_uid; /* whose its files below /proc are: root's, when it is not dumpable */
};

/* Why a process's memory may not be read and how to get access, as sentences. */
void privilege_explain(const struct owner *owner, char buf[static PRIVILEGE_TEXT]);

/* The same of single inputs, when the memory map could be read. */
void privilege_explain_inputs(char buf[static PRIVILEGE_TEXT]);

#endif
