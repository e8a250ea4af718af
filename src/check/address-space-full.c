/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/units.h"

/* A sixteenth: 256 MiB of a 32-bit program's 4 GiB. */
static bool is_little(uint64_t left, uint64_t all)
{
    return left < all / 16;
}

static uint64_t free_bytes(const struct image *image)
{
    return image->layout.task_size > image->size_bytes ? image->layout.task_size - image->size_bytes
                                                       : 0;
}

static void report(struct checker *checker, const char *what, uint64_t left, uint64_t all,
                   const char *remedy)
{
    struct finding *finding;
    char left_text[UNITS_TEXT], all_text[UNITS_TEXT];

    finding = finding_add(checker, SEVERITY_WARNING, "%s of %s of %s are left",
                          size_text(left, left_text), size_text(all, all_text), what);
    finding_detail(
        checker, finding,
        "What counts is what is mapped, not what is used: libraries, reserved areas and thread "
        "stacks count in full. mmap and brk fail with ENOMEM soon, in large requests first.");
    finding_remedy(checker, finding, "%s", remedy);
    evidence_bytes(finding, "left", left);
    evidence_bytes(finding, "all", all);
}

static void run(struct checker *checker)
{
    const struct image *image = checker->image;
    const struct limit *rlimit = &image->limits.address_space;

    if (!image->layout.task_size) {
        rule_not_run(checker, "the end of the address space is not known");
        return;
    }
    if (image->elf_class == 32 && is_little(free_bytes(image), image->layout.task_size))
        report(
            checker, "address space", free_bytes(image), image->layout.task_size,
            "A 64-bit build of the program; else smaller thread stacks (ulimit -s), fewer malloc "
            "arenas (MALLOC_ARENA_MAX), smaller reservations.");
    else if (rlimit->known && rlimit->soft != LIMIT_INFINITY &&
             is_little(rlimit->soft > image->size_bytes ? rlimit->soft - image->size_bytes : 0,
                       rlimit->soft))
        report(checker, "RLIMIT_AS",
               rlimit->soft > image->size_bytes ? rlimit->soft - image->size_bytes : 0,
               rlimit->soft, limit_cure(checker, LIMIT_RLIMIT_AS));
}

const struct rule rule_address_space_full = {
    .id = "address-space-full",
    .severities = "warning",
    .when = "less than a sixteenth of the address space or of RLIMIT_AS is left",
    .meaning = "A 32-bit program has 4 GiB of addresses (3 GiB on a 32-bit kernel, 2 GiB on some "
               "machines), and RLIMIT_AS bounds any program. Every mapping takes its full size "
               "from it, used or not. Nearly "
               "all of it is taken.",
    .remedy = "A 64-bit build, or less reserved memory: ulimit -s for thread stacks, "
              "MALLOC_ARENA_MAX for malloc. For RLIMIT_AS: prlimit --pid PID --as=BYTES, ulimit "
              "-v, LimitAS=.",
    .run = run,
};
