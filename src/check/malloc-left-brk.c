/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "check/thresholds.h"

#include <inttypes.h>

static bool is_in_brk(const struct image *image, uint64_t address)
{
    return image->brk.known && address >= image->brk.start && address < image->brk.end;
}

/* Told to use huge pages it never asks for brk: nobody has refused it anything. */
static bool was_refused(const struct heap_facts *facts)
{
    const struct glibc_par *par = &facts->malloc->par;

    return facts->growth == HEAP_GROWTH_LEFT && !(par->known && par->huge_page_size != 0);
}

/* brk is asked again each time: where the top lies tells who gave the last. */
static bool is_back(const struct checker *checker, const struct heap_facts *facts)
{
    const struct growth *growth = &checker->facts->brk.growth;

    return is_in_brk(checker->image, facts->malloc->arenas[0].top) && growth->known &&
           growth->room >= BRK_ROOM_WARNING;
}

static enum severity severity_of(const struct checker *checker, const struct heap_facts *facts)
{
    const struct blocker *known = blocker_known(checker);

    return (known && known->is_usual) || is_back(checker, facts) ? SEVERITY_INFO : SEVERITY_WARNING;
}

/* Sentences: since when. */
static const char *since_text(struct checker *checker, const struct heap_facts *facts)
{
    const struct image *image = checker->image;
    const struct glibc_par *par = &facts->malloc->par;
    char size[UNITS_TEXT];

    if (!image->brk.known || !par->known || par->sbrk_base == 0)
        return "brk was refused at least once.";
    if (!is_in_brk(image, par->sbrk_base))
        return "brk was refused from the first malloc on.";
    return arena_printf(checker->arena, "brk gave %s, then it was refused at least once.",
                        size_text(image->brk.end - image->brk.start, size));
}

static const char *fallback_text(struct checker *checker, const struct heapwalk *walk)
{
    char size[UNITS_TEXT];

    if (!walk)
        return "";
    return arena_printf(checker->arena,
                        " Since then mmap gave %" PRIu64 " segment%s, %s, for the main arena.",
                        walk->total.fallback.n, walk->total.fallback.n == 1 ? "" : "s",
                        size_text(walk->total.fallback.bytes, size));
}

static const char *now_text(struct checker *checker, const struct heap_facts *facts)
{
    if (is_back(checker, facts))
        return "By now brk gives again.";
    if (!checker->facts->brk.known)
        return "What stands on the break is not known.";
    return arena_printf(checker->arena, "What stands above the break now is %s.",
                        blocker_title(checker));
}

static const char *saving_text(struct checker *checker, const struct heapwalk *walk)
{
    char size[UNITS_TEXT];

    return walk ? arena_printf(checker->arena, ", which gives back %s now",
                               size_text(walk->total.trim_bytes, size))
                : "";
}

static void add_evidence(struct checker *checker, struct finding *finding,
                         const struct heap_facts *facts)
{
    const struct heapwalk *walk = facts->heap->walk;

    evidence_address(finding, "top", facts->malloc->arenas[0].top);
    if (walk) {
        evidence_count(finding, "fallback_segments", walk->total.fallback.n);
        evidence_bytes(finding, "fallback_bytes", walk->total.fallback.bytes);
        evidence_bytes(finding, "trim_bytes", walk->total.trim_bytes);
    }
    if (checker->facts->brk.known)
        evidence_break(checker, finding);
}

static void run(struct checker *checker)
{
    const struct heap_facts *facts = heap_to_judge(checker);
    struct finding *finding;

    if (!facts || !was_refused(facts))
        return;
    finding = finding_add(checker, severity_of(checker, facts),
                          "glibc's main arena has left brk, which was refused");
    finding_detail(checker, finding,
                   "%s%s Nothing fails for that, but memory grows: the end of such a segment is "
                   "not given back when it is freed, and each segment keeps what does not fit into "
                   "it. %s",
                   since_text(checker, facts), fallback_text(checker, facts->heap->walk),
                   now_text(checker, facts));
    finding_remedy(checker, finding,
                   "Let the heap grow again, as findings on the break say, and start the program "
                   "anew. Until then %s%s.",
                   trim_cure(checker), saving_text(checker, facts->heap->walk));
    finding_cause(finding, &rule_brk_blocked);
    finding_cause(finding, &rule_brk_room_low);
    finding_cause(finding, &rule_brk_limit_low);
    finding_cause(finding, &rule_brk_page_guard);
    finding_cause(finding, &rule_brk_in_mmap_area);
    add_evidence(checker, finding, facts);
}

const struct rule rule_malloc_left_brk = {
    .id = "malloc-left-brk",
    .severities = "warning; info where brk gives again, and below what always stands there",
    .when = "brk was refused to glibc's malloc, which goes on with mmap",
    .meaning =
        "Looked for where the heap is read. When brk is refused, glibc's malloc takes a segment by "
        "mmap for its main arena, of 1 MiB or so, and remembers in a flag of malloc_state that its "
        "memory is not in one piece. No call fails, so nobody notices; but free() gives back "
        "memory only from an end that is the break, which it is no more, and each segment wastes "
        "what does not fit into it: the process grows without a leak. The flag is never cleared, "
        "though brk is asked again each time. With glibc.malloc.hugetlb=2 it is set from the "
        "start, and that is no finding.",
    .remedy =
        "What stops the break is told by brk-blocked, brk-room-low, brk-limit-low or "
        "brk-page-guard; the program has to be started anew after it is cured. malloc_trim(0), "
        "called by the program or with gdb, gives back what lies free in whole pages, as often as "
        "it is called. Larger segments are fewer: for a systemd service "
        "Environment=GLIBC_TUNABLES=glibc.malloc.top_pad=16777216 has them hold 16 MiB more.",
    .run = run,
    .needs_heap = true,
};
