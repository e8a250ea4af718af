/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict overcommit (vm.overcommit_memory=2) refuses what exceeds CommitLimit, however much memory
 * is free.  Little is less than a twentieth of the limit, but never 4 GiB or more: hosts of
 * databases run at 90 % on purpose, and on a large one a twentieth is plenty.
 */
#include "check/rules.h"

#include "base/units.h"

#define ENOUGH_BYTES (4 * GIB)

static bool is_little(uint64_t left_bytes, uint64_t limit_bytes)
{
    return left_bytes < limit_bytes / 20 && left_bytes < ENOUGH_BYTES;
}

static void add_finding(struct checker *checker, uint64_t limit_bytes, uint64_t committed_bytes,
                        uint64_t left_bytes, const char *whose)
{
    char left[UNITS_TEXT], limit[UNITS_TEXT], committed[UNITS_TEXT];
    struct finding *finding =
        finding_add(checker, SEVERITY_WARNING, "strict overcommit leaves %s of %s%s",
                    size_text(left_bytes, left), size_text(limit_bytes, limit), whose);

    finding_detail(checker, finding,
                   "With vm.overcommit_memory=2 the kernel promises no more private memory than "
                   "CommitLimit (%s); %s are promised (Committed_AS), used or not. Beyond that "
                   "malloc, mmap, brk and fork fail with ENOMEM although memory is free.",
                   limit, size_text(committed_bytes, committed));
    finding_remedy(checker, finding,
                   "Raise vm.overcommit_ratio (or vm.overcommit_kbytes, where that is not 0), add "
                   "swap, which counts in full, or go back to the default with \"sysctl "
                   "vm.overcommit_memory=0\". \"grep VmData /proc/[0-9]*/status | sort -n -k 2 | "
                   "tail\" shows who asked for most.");
    evidence_bytes(finding, "commit_limit", limit_bytes);
    evidence_bytes(finding, "committed", committed_bytes);
    evidence_bytes(finding, "left", left_bytes);
}

static void run_host(struct checker *checker)
{
    const struct host_memory *memory = checker->host_memory;
    uint64_t limit = memory->meminfo.bytes[MEMINFO_COMMIT_LIMIT];
    uint64_t committed = memory->meminfo.bytes[MEMINFO_COMMITTED];
    uint64_t left = limit > committed ? limit - committed : 0;

    if (!memory->host->has_overcommit)
        rule_not_run(checker, "vm.overcommit_memory could not be read");
    else if (memory->host->overcommit_memory != 2)
        return;
    else if (!memory->meminfo.has[MEMINFO_COMMIT_LIMIT] || !memory->meminfo.has[MEMINFO_COMMITTED])
        rule_not_run(checker, "meminfo could not be read");
    else if (is_little(left, limit))
        add_finding(checker, limit, committed, left, "");
}

/* What this process may have of it: a part is kept from it, more if it is not root's. */
static uint64_t room_of(const struct checker *checker, uint64_t left_bytes)
{
    const struct growth *growth = &checker->facts->mmap.growth;

    for (unsigned int i = 0; i < growth->n_limits; i++)
        if (growth->limits[i].kind == LIMIT_OVERCOMMIT)
            return growth->limits[i].room;
    return left_bytes;
}

static void run(struct checker *checker)
{
    struct image *image = checker->image;
    struct commit commit;
    uint64_t left;

    if (!image->host.has_overcommit)
        rule_not_run(checker, "vm.overcommit_memory could not be read");
    if (!image->host.has_overcommit || image->host.overcommit_memory != 2)
        return;
    if (!image_read_commit(image, &commit)) {
        rule_not_run(checker, "what strict overcommit leaves could not be read");
        return;
    }
    left = commit.limit_bytes > commit.committed_bytes ? commit.limit_bytes - commit.committed_bytes
                                                       : 0;
    left = room_of(checker, left);
    if (is_little(left, commit.limit_bytes))
        add_finding(checker, commit.limit_bytes, commit.committed_bytes, left, " to this process");
}

const struct rule rule_host_overcommit = {
    .id = "host-overcommit",
    .severities = "warning",
    .when = "strict overcommit is set and little is left to commit",
    .meaning =
        "With vm.overcommit_memory=2 the kernel adds up all private writable memory that programs "
        "asked for, used or not (Committed_AS), and refuses what would exceed CommitLimit: "
        "vm.overcommit_ratio percent of memory without huge pages, or vm.overcommit_kbytes, and "
        "swap space. Less than a twentieth of that is left, and less than 4 GiB. Programs that "
        "reserve much and use little (runtimes with large heaps, many threads with large stacks) "
        "and fork() of large processes fail first. A part is kept from each process, and more from "
        "those that are not root's, so that little is left to it before the sum is reached. "
        "\"layoutcheck host\" judges the host, a process's own report what is left to it. Not "
        "looked for in modes 0 and 1, where CommitLimit bounds nothing.",
    .remedy =
        "Raise vm.overcommit_ratio or vm.overcommit_kbytes (each sets the other to 0), add swap "
        "space, or return to the default with \"sysctl vm.overcommit_memory=0\". Who asked for "
        "most: \"grep VmData /proc/[0-9]*/status | sort -n -k 2 | tail\".",
    .run = run,
    .run_host = run_host,
};
