/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "check/thresholds.h"

static bool is_pinned(const struct heapwalk_arena *arena)
{
    return arena->pin.address != 0 && arena->pin.size <= PIN_LARGEST &&
           arena->pin.free_bytes >= PINNED_BYTES && arena->tally.trim_bytes >= PINNED_BYTES;
}

/* The arena in which most could be given back, or NONE. */
static uint32_t find_worst(const struct heap_facts *facts)
{
    const struct heapwalk_arena *arenas = facts->heap->walk->arenas;
    uint32_t worst = NONE;

    for (uint32_t i = 0; i < facts->malloc->n_arenas; i++)
        if (is_pinned(&arenas[i]) &&
            (worst == NONE || arenas[i].tally.trim_bytes > arenas[worst].tally.trim_bytes))
            worst = i;
    return worst;
}

static const char *holder_text(const struct heap_pin *pin)
{
    return pin->is_cached ? "The program has freed it; a thread's cache keeps it."
                          : "The program has it in use.";
}

static void add_texts(struct checker *checker, struct finding *finding, const struct heap_pin *pin,
                      uint64_t trim_bytes)
{
    char address[UNITS_TEXT], run[UNITS_TEXT], trim[UNITS_TEXT];

    finding_detail(checker, finding,
                   "The chunk is at %s. %s free() gives memory back only from the end of an arena, "
                   "so that this stays, though malloc uses it again. Without the chunk that end "
                   "would grow by %s%s.",
                   address_text(pin->address, address), holder_text(pin),
                   size_text(pin->size + pin->run_bytes, run),
                   pin->run_bytes < pin->free_bytes / 2
                       ? " only: the rest lies between others that are in use"
                       : "");
    finding_remedy(checker, finding,
                   "If it is wanted elsewhere, %s; that gives back %s. M_TRIM_THRESHOLD does not "
                   "help against it, for that is about the end alone%s.",
                   trim_cure(checker), size_text(trim_bytes, trim),
                   pin->is_cached ? "; GLIBC_TUNABLES=glibc.malloc.tcache_count=0 has no caches of "
                                    "threads"
                                  : "");
}

static void run(struct checker *checker)
{
    const struct heap_facts *facts = heap_to_judge(checker);
    uint32_t worst = facts && facts->heap->walk ? find_worst(facts) : NONE;
    const struct heapwalk_arena *arena;
    struct finding *finding;
    char unused[UNITS_TEXT], size[UNITS_TEXT];

    if (worst == NONE)
        return;
    arena = &facts->heap->walk->arenas[worst];
    finding = finding_add(
        checker, SEVERITY_INFO, "%s lie free below a chunk of %s at the end of an arena",
        size_text(arena->pin.free_bytes, unused), size_text(arena->pin.size, size));
    add_texts(checker, finding, &arena->pin, arena->tally.trim_bytes);
    evidence_address(finding, "arena", facts->malloc->arenas[worst].address);
    evidence_address(finding, "pin", arena->pin.address);
    evidence_bytes(finding, "pin_size", arena->pin.size);
    evidence_bytes(finding, "run_bytes", arena->pin.run_bytes);
    evidence_bytes(finding, "free_bytes", arena->pin.free_bytes);
    evidence_bytes(finding, "trim_bytes", arena->tally.trim_bytes);
}

const struct rule rule_heap_pinned = {
    .id = "heap-pinned",
    .severities = "info",
    .when = "64M and more of glibc's heap are free below a small chunk in use",
    .meaning =
        "Looked for where every chunk of the heap is looked at. free() gives memory back to the "
        "kernel only from the end of an arena, when more than M_TRIM_THRESHOLD is free there. A "
        "small chunk that lives long, above much that was freed, keeps all of that resident. It is "
        "no leak: malloc uses it again.",
    .remedy =
        "malloc_trim(0) gives back whole pages wherever they are: from the program after a peak, "
        "or once with gdb. What is larger than the mmap threshold is mapped by itself and never "
        "pinned; that threshold moves up by itself to 32 MiB. For a systemd service "
        "Environment=GLIBC_TUNABLES=glibc.malloc.mmap_threshold=131072 (before glibc 2.26 "
        "Environment=MALLOC_MMAP_THRESHOLD_=131072) keeps it at 128 KiB. What lies free at the end "
        "itself is bounded by glibc.malloc.trim_threshold (MALLOC_TRIM_THRESHOLD_).",
    .run = run,
    .needs_heap = true,
};
