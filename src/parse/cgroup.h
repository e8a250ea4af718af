/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/cgroup, cgroups(7): a line "ID:controllers:path" for each hierarchy. */
#ifndef PARSE_CGROUP_H
#define PARSE_CGROUP_H

#include "base/str.h"

/*
 * The cgroup that memory is charged to: version 1's hierarchy with the controller "memory" when
 * there is one, else version 2's, whose line is "0::path".  False when the text has neither.
 */
bool cgroup_memory_path(struct str text, struct str *path);

/*
 * What a path of a cgroup is called by people: systemd's unit ("nginx.service", "session-3.scope"),
 * or the container that a runtime made it for, by the first twelve digits of its id; "" for a slice
 * or the root.  The innermost that is one counts.
 */
struct str cgroup_unit(struct str path);

#endif
