/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a memory cgroup, cgroups(7), found through the mounts of its host. */
#ifndef SOURCE_CGROUPFS_H
#define SOURCE_CGROUPFS_H

#include "base/arena.h"
#include "source/capture.h"

enum cgroup_version { CGROUP_NONE, CGROUP_V1, CGROUP_V2 };

/* Where memory is controlled: version 1's hierarchy when "memory" is mounted there, else 2's. */
enum cgroup_version cgroupfs_find(struct capture *process, struct arena *arena,
                                  const char **mount_point);

/* The text of a file of the cgroup at `path` below the mount point; NULL when there is none. */
const char *cgroupfs_read(struct capture *process, struct arena *arena, const char *mount_point,
                          struct str path, const char *file);

#endif
