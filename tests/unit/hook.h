/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two functions of libc that the tests answer for: what a live /proc does between two reads, or
 * refuses to one user and not to another, cannot be made of files on a disk.
 */
#ifndef HOOK_H
#define HOOK_H

/*
 * Asked before a file is opened below a directory, by the path that was given: returns 0, or the
 * errno to fail with.  NULL: nobody is asked.
 */
extern int (*hook_openat)(const char *path);

/* What uname() says the machine is. */
extern const char *hook_machine;

#endif
