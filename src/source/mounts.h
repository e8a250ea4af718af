/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mounts that a process's paths lead through, and a way to a file that never enters a file
 * system which can make its visitor wait for another program or machine (FUSE, NFS, autofs, ...).
 *
 * That a path is harmless by mountinfo is not enough: whoever owns the process may put a symbolic
 * link or a mount into it a moment later.  So the kernel is told to follow no link, which a path
 * in maps never has, and to cross no mount but those that were judged here, by their id.
 */
#ifndef SOURCE_MOUNTS_H
#define SOURCE_MOUNTS_H

#include "source/capture.h"

#include <sys/stat.h>

struct mount {
    uint64_t id, parent_id;
    struct str point; /* below the process's root, escaped as in mountinfo */
    struct str type;
    bool may_block; /* the type is not known to be local */
    bool hung;      /* it did not answer in time, and is not to be asked again */
};

struct mounts;

/*
 * What the process's paths are to be looked up in.  /proc prints paths as they are below the
 * reader's root: a process in this program's mount namespace, chrooted or not, is seen from this
 * program's root; one in another namespace from that namespace's.  A live host stands for this
 * program itself.  Valid until capture_forget().
 */
struct mounts *mounts_of(struct capture *process);

void mounts_free(struct mounts *mounts);

/*
 * Opens what is at `path` as a mere path (O_PATH).  -1 with errno; EWOULDBLOCK means that it
 * cannot be reached without a risk to wait, *culprit is then where, or NULL when that is not
 * known.
 */
int mounts_open(struct mounts *mounts, struct str path, struct mount **culprit);

/* Whether mounts_open() would have to say EWOULDBLOCK, by mountinfo alone: nothing is opened. */
bool mounts_may_block(struct mounts *mounts, struct str path, struct mount **culprit);

/* What an open path is; waits for nobody.  False when the kernel cannot tell its mount. */
bool mounts_look(int fd, struct statx *st);

/* Whether a file that was looked at lies on a mount of the process that is local, or in a memfd. */
bool mounts_are_local(const struct mounts *mounts, const struct statx *st);

/*
 * Tells of each tmpfs in this program's mount namespace, once, where it is (as in mountinfo) and
 * how much it holds.  Those that cannot be reached without a risk to wait, or that are hidden below
 * another mount, are left out.
 */
void mounts_each_tmpfs(struct capture *host,
                       void (*feed)(void *context, struct str point, uint64_t used_bytes),
                       void *context);

/* The same as mounts_open() for one who may wait: a process that somebody can give up. */
int mounts_open_waiting(const struct mounts *mounts, struct str path);

#endif
