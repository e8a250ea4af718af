/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "check/thresholds.h"

static void run(struct checker *checker)
{
    const struct image *image = checker->image;
    uint64_t count = image->n_counted, max = image->host.max_map_count;
    struct finding *finding;

    if (!image->host.has_max_map_count || max > UINT64_MAX / 100) {
        rule_not_run(checker, "vm.max_map_count could not be read");
        return;
    }
    if (count < map_count_at(max, MAP_COUNT_WARNING_PERCENT))
        return;
    finding = finding_add(checker,
                          count >= map_count_at(max, MAP_COUNT_ERROR_PERCENT) ? SEVERITY_ERROR
                                                                              : SEVERITY_WARNING,
                          "%llu of at most %llu mappings are in use", (unsigned long long)count,
                          (unsigned long long)max);
    finding_detail(
        checker, finding,
        "When vm.max_map_count is reached, mmap, mprotect, munmap of a part and brk fail with "
        "ENOMEM however much memory is free, and no message names the reason.");
    finding_remedy(checker, finding,
                   "sysctl vm.max_map_count=%llu raises the limit for the host at once (a file in "
                   "/etc/sysctl.d keeps it). If the number only grows, find what maps without "
                   "unmapping: layoutcheck map %s.",
                   (unsigned long long)max * 4, pid_text(checker));
    evidence_count(finding, "mappings", count);
    evidence_count(finding, "max_map_count", max);
}

const struct rule rule_map_count_high = {
    .id = "map-count-high",
    .severities = "warning from 80 %, error from 95 %",
    .when = "the process is near vm.max_map_count",
    .meaning =
        "The kernel allows each process vm.max_map_count mappings, 65,530 by default. At the limit "
        "mmap and brk fail with ENOMEM, and so do mprotect and munmap when they would split a "
        "mapping. Programs with many files mapped (search engines, databases), many threads, or "
        "protections that alternate page by page get there. The gate page [vsyscall] does not "
        "count.",
    .remedy = "\"sysctl vm.max_map_count=262144\" takes effect at once; keep it in /etc/sysctl.d. "
              "Look at \"layoutcheck map PID\" for what the mappings are.",
    .run = run,
    .is_quick = true,
};
