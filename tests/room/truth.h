/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel really grants this process, found by asking it: one system call, or one touch of
 * the stack, for each value tried. Each is tried in a forked copy, so that nothing of it stays, or
 * in place and undone (see state_is_in_place). No libc allocation, no stdio.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <stdint.h>

/* The largest address, to the byte, that one brk() call accepts; the break itself always is. */
uint64_t truth_brk(void);

/* The same for as many calls as it takes, each for as much as is granted. */
uint64_t truth_brk_steps(void);

/*
 * Which resource limit alone keeps brk() from one page more than `max`, found by lifting each; NULL
 * when lifting one is not enough, or not allowed.
 */
const char *truth_brk_limit(uint64_t max);

/* The longest private writable mmap(), in bytes; 0 if not a page. */
uint64_t truth_mmap(void);

/* Where a private writable mmap() of so many bytes would land; 0 when it is refused. */
uint64_t truth_address(uint64_t len);

/* Whether nothing is mapped there; -1 when the kernel refuses before it looks. */
int truth_is_free(uint64_t range[2]);

/*
 * The lowest page that can be touched below the stack. In place, the stack stays as grown, and what
 * one growth may not exceed is no bound.
 */
uint64_t truth_stack(void);

#endif
