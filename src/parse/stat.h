/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/stat, by field numbers of proc_pid_stat(5).  Without the right to ptrace the process
 * the kernel writes 1 or 0 instead of addresses; kernels before 3.3 end earlier.  `has_addresses`
 * and `has_data` say whether the numbers mean something.
 */
#ifndef PARSE_STAT_H
#define PARSE_STAT_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct stat_record {
    int64_t pid;          /* 1 */
    struct str comm;      /* 2, without the parentheses; a view into the input */
    char state;           /* 3 */
    int64_t ppid;         /* 4 */
    uint64_t flags;       /* 9: PF_* of the kernel */
    uint64_t n_threads;   /* 20 */
    uint64_t start_ticks; /* 22: since boot */
    uint64_t vsize_bytes; /* 23 */

    bool has_addresses;
    uint64_t start_code;  /* 26 */
    uint64_t end_code;    /* 27 */
    uint64_t start_stack; /* 28 */

    bool has_data;
    uint64_t start_data; /* 45 */
    uint64_t end_data;   /* 46 */
    uint64_t start_brk;  /* 47 */
    uint64_t arg_start;  /* 48 */
    uint64_t env_end;    /* 51 */
};

/* include/linux/sched.h */
enum { PF_KTHREAD_BIT = 0x200000 };

bool stat_parse(struct str text, struct stat_record *stat, struct err *err);

/*
 * Whether both records show the same program image: false after an execve() or a prctl(PR_SET_MM).
 */
bool stat_same_image(const struct stat_record *a, const struct stat_record *b);

#endif
