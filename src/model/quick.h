/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As little of a process as tells that its heap has room and that it has few mappings: a sieve for
 * many processes.  What does not pass is to be looked at as a whole.
 */
#ifndef MODEL_QUICK_H
#define MODEL_QUICK_H

#include "model/image.h"

/*
 * How far it is from a program's first mapping to the end of its data: in the next process that
 * runs the same file it is as far, and some questions need not be asked.  An answer that does not
 * fit is not believed: nothing depends on what is remembered here.
 */
struct quick_memo {
    struct {
        uint64_t inode, device;
        uint64_t bytes; /* 0: there is none */
    } programs[64];
    bool was_kernel_thread; /* the one before: they come one after the other */
};

struct quick {
    struct range heap; /* labelled [heap]: one mapping, or a forbidden one and another */
    bool begins_forbidden;
    struct range next; /* above it */
    bool next_is_stack;
    bool is_counted; /* else there are at most so many */
    bool is_empty;   /* nothing is mapped */
    uint64_t n_mappings;
    struct limit data, address_space; /* soft ones alone */
};

/*
 * False when something cannot be told, whatever it is: a process has ended, has no heap or one in
 * parts, or may have `most_mappings` or more.  `host` is that of image_init_host().
 */
bool quick_read(struct quick *quick, struct quick_memo *memo, const struct image *host, pid_t pid,
                uint64_t most_mappings);

/* Why nothing is mapped. */
bool quick_is_kernel_thread(const struct image *host, pid_t pid);

/* Who it is, into an image of nothing else: comm, exe, status, cgroup.  False: it has ended. */
bool quick_identify(struct image *image, struct capture *process, pid_t pid);

#endif
