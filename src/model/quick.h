/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As little of a process as tells that its heap has room and that it has few mappings: a sieve for
 * many processes.  What does not pass is to be looked at as a whole.
 */
#ifndef MODEL_QUICK_H
#define MODEL_QUICK_H

#include "model/image.h"

struct quick {
    struct range heap; /* the one mapping that is labelled [heap] */
    struct range next; /* above it */
    bool next_is_stack;
    bool is_counted; /* else there are at most so many */
    uint64_t n_mappings;
    struct limit data, address_space; /* soft ones alone */
};

/*
 * False when something cannot be told, whatever it is: a process has ended, has no heap or one in
 * parts, or may have `most_mappings` or more.  `host` is that of image_init_host().
 */
bool quick_read(struct quick *quick, const struct image *host, pid_t pid, uint64_t most_mappings);

/* Who it is, into an image of nothing else: comm, exe, status, cgroup.  False: it has ended. */
bool quick_identify(struct image *image, struct capture *process, pid_t pid);

#endif
