/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

static void run(struct checker *checker)
{
    struct image *image = checker->image;
    struct finding *finding;
    char limit[UNITS_TEXT], locked[UNITS_TEXT];
    bool seen = checker->facts->brk.heap_is_locked;
    bool known = image->has_status && image->limits.locked.known;

    if ((known && image->status.vm_locked_bytes == 0) || may_lock_anything(image))
        return;
    if (!known) {
        rule_not_run(checker, "how much is locked, and may be, is not known");
        return;
    }
    finding = finding_add(checker, SEVERITY_INFO, "RLIMIT_MEMLOCK %s what the process can grow by",
                          seen ? "bounds" : "may bound");
    finding_detail(
        checker, finding, "%s are locked, %s may be. %s",
        size_text(image->status.vm_locked_bytes, locked),
        size_text(image->limits.locked.soft, limit),
        seen ? "The heap is locked as it grows: mlockall(MCL_FUTURE) is in force, as far as can be "
               "seen, and new memory counts against the limit at once."
             : "If mlockall(MCL_FUTURE) locked it, which cannot be seen from outside, new memory "
               "counts against the limit at once.");
    finding_remedy(checker, finding,
                   "prlimit --pid %s --memlock=unlimited, LimitMEMLOCK=infinity in the unit, or "
                   "CAP_IPC_LOCK.",
                   pid_text(checker));
    evidence_bytes(finding, "locked", image->status.vm_locked_bytes);
    evidence_bytes(finding, "limit_bytes", image->limits.locked.soft);
}

const struct rule rule_future_lock = {
    .id = "future-lock",
    .severities = "info",
    .when = "memory is locked and RLIMIT_MEMLOCK bounds growth",
    .meaning = "After mlockall(MCL_FUTURE) every new mapping and every page that the heap grows by "
               "is locked at once and counts against RLIMIT_MEMLOCK. brk and mmap then fail with "
               "memory free, unless the process has CAP_IPC_LOCK. Whether MCL_FUTURE is in force "
               "is not exported; a locked end of the heap shows it.",
    .remedy = "prlimit --pid PID --memlock=unlimited; LimitMEMLOCK=infinity in the unit; ulimit "
              "-l; or give the program CAP_IPC_LOCK.",
    .run = run,
};
