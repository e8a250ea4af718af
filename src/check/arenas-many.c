/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "check/thresholds.h"

#include <inttypes.h>

/* What the arenas of threads hold: all but the main one. */
struct others {
    uint64_t n;
    uint64_t system_bytes;
    uint64_t reserved_bytes; /* of addresses */
    uint64_t free_bytes;     /* was in use before: the tops, which may be untouched, do not count */
    uint64_t trim_bytes;
};

static uint64_t reserved_bytes(const struct glibc_arena *arena)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < arena->n_heaps; i++)
        sum += arena->heaps[i].max;
    return sum;
}

static struct others sum_others(const struct heap_facts *facts)
{
    const struct glibc_malloc *malloc = facts->malloc;
    struct others others = {.n = malloc->n_arenas - 1};

    for (uint32_t i = 1; i < malloc->n_arenas; i++) {
        const struct heap_tally *tally = &facts->heap->walk->arenas[i].tally;

        others.system_bytes += malloc->arenas[i].system_bytes;
        others.reserved_bytes += reserved_bytes(&malloc->arenas[i]);
        others.free_bytes += tally->binned.bytes + tally->fast.bytes + tally->cached.bytes;
        others.trim_bytes += tally->trim_bytes;
    }
    return others;
}

/* Somebody has set the number: it may be meant so. */
static bool is_bounded(const struct heap_facts *facts)
{
    return facts->malloc->par.known && facts->malloc->par.arena_max != 0;
}

static enum severity severity_of(const struct heap_facts *facts, const struct others *others)
{
    return others->trim_bytes >= ARENAS_FREE_WARNING &&
                   others->trim_bytes >= facts->system_bytes / ARENAS_FREE_PART &&
                   !is_bounded(facts)
               ? SEVERITY_WARNING
               : SEVERITY_INFO;
}

static const char *limit_text(struct checker *checker, const struct heap_facts *facts)
{
    if (!facts->has_arena_limit)
        return "How many there can be is not known.";
    return arena_printf(checker->arena, "There can be %" PRIu64 " (%s).", facts->arena_limit,
                        facts->arena_limit_why);
}

static void add_texts(struct checker *checker, struct finding *finding,
                      const struct heap_facts *facts, const struct others *others)
{
    char system[UNITS_TEXT], trim[UNITS_TEXT], unused[UNITS_TEXT], reserved[UNITS_TEXT];

    finding_detail(checker, finding,
                   "Beside the main one %" PRIu64 " arenas have %s, of which %s were in use and "
                   "are free; what is free in one arena does not serve threads of another. They "
                   "reserve %s of addresses. %s",
                   others->n, size_text(others->system_bytes, system),
                   size_text(others->free_bytes, unused),
                   size_text(others->reserved_bytes, reserved), limit_text(checker, facts));
    finding_remedy(checker, finding,
                   "Allow fewer, at the price of threads that wait for each other: "
                   "Environment=MALLOC_ARENA_MAX=2 in [Service] of a systemd unit, "
                   "mallopt(M_ARENA_MAX, 2) in the program; that saves at most the %s, and most of "
                   "the addresses. Now: %s; that gives back %s of them.",
                   unused, trim_cure(checker), size_text(others->trim_bytes, trim));
}

static void run(struct checker *checker)
{
    const struct heap_facts *facts = heap_to_judge(checker);
    struct finding *finding;
    struct others others;
    char unused[UNITS_TEXT];

    if (!facts || !facts->heap->walk || facts->malloc->n_arenas <= ARENAS_MANY)
        return;
    others = sum_others(facts);
    if (others.free_bytes < ARENAS_FREE_INFO)
        return;
    finding = finding_add(checker, severity_of(facts, &others), "%s lie free in %" PRIu64 " arenas",
                          size_text(others.free_bytes, unused), others.n);
    add_texts(checker, finding, facts, &others);
    evidence_count(finding, "arenas", facts->malloc->n_arenas);
    if (facts->has_arena_limit)
        evidence_count(finding, "arena_limit", facts->arena_limit);
    evidence_bytes(finding, "system_bytes", others.system_bytes);
    evidence_bytes(finding, "free_bytes", others.free_bytes);
    evidence_bytes(finding, "trim_bytes", others.trim_bytes);
    evidence_bytes(finding, "reserved_bytes", others.reserved_bytes);
}

const struct rule rule_arenas_many = {
    .id = "arenas-many",
    .severities = "warning where 256M and a quarter of what malloc has could be given back at "
                  "once and nobody has set how many arenas there can be; else info",
    .when = "more than 8 arenas of glibc's malloc, with 64M free in them",
    .meaning =
        "Looked for where every chunk of the heap is looked at. So that threads do not wait for "
        "each other, glibc's malloc has arenas for them, up to 8 for each CPU (2 in 32-bit "
        "programs). Memory that is freed goes back to its own arena, and serves only threads that "
        "use that one: with many arenas a process keeps the sum of what each needed at its worst "
        "moment. Each reserves addresses beside, 64 MiB at least (1 MiB in 32-bit programs), which "
        "count against RLIMIT_AS.",
    .remedy =
        "MALLOC_ARENA_MAX=2 in the environment bounds them; for a systemd service put "
        "Environment=MALLOC_ARENA_MAX=2 into [Service]. GLIBC_TUNABLES=glibc.malloc.arena_max=2 is "
        "the same since glibc 2.26, mallopt(M_ARENA_MAX, 2) the program's own way. Programs whose "
        "threads allocate all the time get slower: measure. malloc_trim(0) gives back what lies "
        "free in all of them now, in whole pages.",
    .run = run,
    .needs_heap = true,
};
