/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which processes a memory cgroup limits, found from the side of the cgroups: there are fewer of
 * them than of processes, and most have no limit.
 */
#ifndef SOURCE_CGROUPTREE_H
#define SOURCE_CGROUPTREE_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup_survey {
    pid_t *pids; /* of limited processes, ascending */
    uint32_t n, room;
};

/*
 * Looks at the cgroup that is mounted at `mount_point` and all below it.  `limit_file` holds what a
 * cgroup may use: a number, none that is meant when it is 2^62 or more, or a word.  False, with
 * nothing to free, when there are more than `max_cgroups` or something could not be read: then
 * nothing is known.
 */
bool cgroup_survey_init(struct cgroup_survey *survey, const char *mount_point,
                        const char *limit_file, uint32_t max_cgroups);
void cgroup_survey_deinit(struct cgroup_survey *survey);

bool cgroup_survey_has(const struct cgroup_survey *survey, pid_t pid);

#endif
