/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

/* A tenth: page cache gives way and is not counted as used. */
static bool is_near(const struct cgroup_level *level)
{
    return cgroup_room(level) < level->limit_bytes / 10;
}

static void run(struct checker *checker)
{
    struct image *image = checker->image;
    const struct cgroup_level *level;
    struct finding *finding;
    char room[UNITS_TEXT], limit[UNITS_TEXT];

    image_read_cgroup_limits(image);
    level = image->cgroup_limit;
    if (!level && image_lacks(image, "cgroup")) {
        rule_not_run(checker, "its memory cgroup is not known");
        return;
    }
    if (!level || !is_near(level))
        return;
    finding = finding_add(checker, SEVERITY_WARNING, "%s of %s are left in the memory cgroup %s",
                          size_text(cgroup_room(level), room), size_text(level->limit_bytes, limit),
                          level->path);
    finding_detail(
        checker, finding,
        "brk and mmap still succeed, since a cgroup refuses neither; but when the memory is "
        "touched and nothing can be reclaimed, the kernel kills a process of the cgroup.");
    finding_remedy(
        checker, finding,
        "Raise MemoryMax= of the unit or the container's memory limit, or find what uses it: "
        "memory.stat of the cgroup.");
    evidence_text(finding, "cgroup", level->path);
    evidence_bytes(finding, "limit_bytes", level->limit_bytes);
    evidence_bytes(finding, "used", level->used_bytes);
    evidence_bytes(finding, "reclaimable", level->reclaimable_bytes);
    evidence_bytes(finding, "room", cgroup_room(level));
}

const struct rule rule_cgroup_near = {
    .id = "cgroup-near",
    .severities = "warning",
    .when = "less than a tenth of its memory cgroup's limit is left",
    .meaning = "The memory cgroup of the process, or one above it, is near its limit, page cache "
               "that can be dropped not counted. Growing succeeds, touching may not: the OOM "
               "killer ends a process of the cgroup, with exit status 137 and a line in the "
               "kernel's log.",
    .remedy = "systemctl set-property UNIT MemoryMax=, the container's memory limit, or memory.max "
              "itself. memory.stat says what the memory is used for.",
    .run = run,
};
