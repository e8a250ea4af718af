/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exec-shield kernels (2.6.32 of the CentOS 6 lineage) give 32-bit programs a second allocator,
 * which puts mappings that are executable when first mapped low: at random from 0x110000 below
 * 16 MiB, then below 128 MiB.  They chose the allocator while the task still carried the mark of
 * the program before; a 64-bit program started by a 32-bit one kept it.  Linux 4.12 to 4.16 had a
 * relative: ld.so of such a program lay below 4 GiB, until acf46020012c.
 */
#include "check/rules.h"

static bool in_window(const struct checker *checker, uint32_t instance)
{
    return instance_is_in_exec_window(checker->image, instance);
}

static void run(struct checker *checker)
{
    struct image *image = checker->image;
    bool inherited;
    struct places objects = {0};
    struct finding *finding;

    if (!mmap_base_is_mixed(image))
        return;
    places_add_instances(checker, &objects, in_window);
    inherited = find_32bit_executor(image) != NULL;
    finding =
        finding_add(checker, SEVERITY_WARNING, "%s placed low by another allocator than the rest",
                    places_text(checker, &objects));
    finding_detail(
        checker, finding,
        "Executable mappings of libraries lie in 0x110000..0x8000000 around the program, while the "
        "other mappings of this 64-bit process are at their normal high places. Kernels with "
        "exec-shield (2.6.32, CentOS 6 lineage) do that to a 64-bit program which a 32-bit one "
        "executed: the low allocator is left behind. Where the libraries land is random, and so is "
        "how soon the heap fails.%s",
        inherited
            ? ""
            : " No 32-bit program is seen to have executed it; that one may have gone, or the "
              "addresses were asked for.");
    finding_remedy(
        checker, finding, "%s",
        inherited
            ? "Replace the 32-bit ancestor by its 64-bit build, or update the kernel to one that "
              "resets the allocator at exec (CentOS 6: 2.6.32-642.6.2 or later)."
            : "Update the kernel to one that resets the allocator at exec (CentOS 6: "
              "2.6.32-642.6.2 or later). If the kernel is newer, find who asks for these "
              "addresses: " FIND_MAPPER ".");
    finding_cause(finding, &rule_inherited_from_32bit);
    evidence_places(finding, "objects", objects.list, objects.n);
    evidence_address(finding, "window_start", 0x110000);
    evidence_address(finding, "window_end", 0x8000000);
}

const struct rule rule_mixed_mmap_base = {
    .id = "mixed-mmap-base",
    .severities = "warning",
    .when = "libraries of a 64-bit process lie low, the rest of the mmap area high",
    .meaning =
        "The kernel places all mappings of a process by one rule. Here libraries lie in the window "
        "of exec-shield's allocator for executable mappings (from 0x110000, first up to 16 MiB, "
        "then up to 128 MiB), around a program linked at 4 MiB, while anonymous memory is where a "
        "64-bit process has it. Kernels 2.6.32 of the CentOS 6 lineage chose that allocator while "
        "the task was still marked as the 32-bit program which executed this one, and did not take "
        "it back. The result is a heap of some hundred KiB, at random.",
    .remedy = "Have no 32-bit program execute the 64-bit one (a 64-bit sshd, cron, inetd), or use "
              "a kernel that resets the allocator at exec (CentOS 6: 2.6.32-642.6.2 or later).",
    .run = run,
};
