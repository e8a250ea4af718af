/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two kernels laid out a 64-bit program by rules of the 32-bit one that executed it: see
 * mixed-mmap-base.c for exec-shield's, and mmap_base_is_32bit().  A 32-bit ancestor alone explains
 * nothing: on all others the layout starts anew at exec.
 */
#include "check/rules.h"

static const char *trace_text(const struct image *image)
{
    if (mmap_base_is_mixed(image))
        return "Its libraries were placed by the allocator for 32-bit programs (mixed-mmap-base), "
               "as 2.6.32 kernels of the CentOS 6 lineage do when a 32-bit program executes a "
               "64-bit one.";
    return "Its mmap area begins below 4 GiB, as that of a 32-bit program, which Linux 4.12 to "
           "4.16 do when a 32-bit program executes a 64-bit one (mended by acf46020012c).";
}

/* Whether the kernel is one of those that lay out so, as far as its version tells. */
static bool kernel_does_it(const struct image *image)
{
    unsigned int version = image->host.kernel_version;

    if (mmap_base_is_mixed(image))
        return version == 0 || version < KERNEL(2, 7);
    return version == 0 || (version >= KERNEL(4, 12) && version <= KERNEL(4, 16));
}

static void run(struct checker *checker)
{
    struct image *image = checker->image;
    const struct ancestor *ancestor;
    struct finding *finding;
    const char *name;

    if (!mmap_base_is_mixed(image) && !mmap_base_is_32bit(image))
        return;
    ancestor = find_32bit_executor(image);
    if (!ancestor)
        return;
    name = ancestor->comm ? ancestor->comm : "the 32-bit program";
    finding = finding_add(checker, SEVERITY_INFO,
                          "a 64-bit program laid out as the 32-bit %s (PID %d) that started it",
                          name, (int)ancestor->pid);
    if (kernel_does_it(image)) {
        finding_detail(checker, finding,
                       "%s The program is not to blame: started by a 64-bit one it is laid out as "
                       "usual.",
                       trace_text(image));
        finding_remedy(checker, finding,
                       "Replace %s by its 64-bit build, or update the kernel: CentOS 6 from "
                       "2.6.32-642.6.2, others from 4.17. Until then a malloc that falls back to "
                       "mmap survives it; one that only uses brk does not.",
                       name);
    } else {
        finding_detail(
            checker, finding,
            "%s Linux %u.%u, which runs here, is not known to do that, so the addresses may "
            "have been asked for.",
            trace_text(image), image->host.kernel_version >> 8, image->host.kernel_version & 0xff);
        finding_remedy(checker, finding,
                       "Start the program from a 64-bit one instead of %s. If it is laid out the "
                       "same there, find who asks for the addresses: %s.",
                       name, FIND_MAPPER);
    }
    finding->is_about_lineage = true;
    evidence_text(finding, "ancestor", ancestor->comm);
    evidence_count(finding, "ancestor_pid", (uint64_t)ancestor->pid);
    evidence_address(finding, "mmap_base", image->layout.base);
}

const struct rule rule_inherited_from_32bit = {
    .id = "inherited-from-32bit",
    .severities = "info; it explains others",
    .when = "a 64-bit process that a 32-bit program executed, and whose layout shows it",
    .meaning =
        "The layout of a process is chosen at exec, by the word size of the new program. Two lines "
        "of kernels asked for the old program's instead: 2.6.32 of the CentOS 6 lineage left the "
        "allocator of 32-bit programs in place (mixed-mmap-base), and Linux 4.12 to 4.16 put the "
        "mmap area of a 64-bit program below 4 GiB, until commit acf46020012c. Typical is a 32-bit "
        "sshd, cron or inetd on a 64-bit system: what it starts fails, the same program started "
        "from a console does not. On other kernels a 32-bit parent changes nothing by itself: "
        "where "
        "such a layout is found there all the same, the report says so.",
    .remedy = "Install the 64-bit build of the ancestor that the report names, or a kernel that "
              "starts anew at exec (CentOS 6: 2.6.32-642.6.2, others: 4.17). "
              "\"file -L /proc/PID/exe\" tells a program's word size.",
    .run = run,
};
