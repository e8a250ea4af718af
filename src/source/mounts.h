/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files of a process lie on a file system that can make their reader wait. */
#ifndef SOURCE_MOUNTS_H
#define SOURCE_MOUNTS_H

#include "source/capture.h"

/*
 * The type of the file system that `path` lies on, by the process's mountinfo: the last of the
 * longest mount points that are a prefix of it.  Reads no file of that file system, so it cannot
 * block.  An empty view when unknown.
 */
struct str mounts_type(struct capture *process, struct str path);

/*
 * Whether opening or reading a file there can wait for another program or machine (FUSE, NFS,
 * autofs, ...).  Types that are not known to be local count as such.
 */
bool mounts_may_block(struct str type);

#endif
