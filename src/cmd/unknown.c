/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/unknown.h"

#include "model/heap.h"
#include "render/safe.h"

const char *unknown_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text && *text ? text : NULL;
}

struct str unknown_last_key(const char *path)
{
    const char *dot = strrchr(path, '.');

    return str_of(dot ? dot + 1 : path);
}

/* Null that says that there is none, not that it is not known. */
static const struct {
    const char *path;
    const char *reason;
} nothing[] = {
    {"core", "the target is no core"},
    {"core.packed_by", "the core is not packed"},
    {"core.incomplete", "the core shows all that was mapped"},
    {"source.time", "only a snapshot has a time"},
    {"source.format", "the target is no text"},
    {"brk.uncertain", "nothing about it is uncertain"},
    {"mmap.uncertain", "nothing about it is uncertain"},
    {"stack.uncertain", "nothing about it is uncertain"},
    {"brk.next", "nothing is mapped above the heap"},
    {"cgroup", "no memory cgroup with a limit was found"},
    {"query.brk", "room was not asked: give it --brk SIZE"},
    {"query.mmap", "room was not asked: give it --mmap SIZE"},
    {"layout.textbook", "it is none of the layouts that have a name"},
    {"process.ancestors[].missing", "nothing about it is missing"},
    {"process.program_evidence", "the link to the executed file tells it"},
    {"regions[].name", "it has no name"},
    {"mappings[].object", "it belongs to no object"},
};

/* What must be read to know what lies there: the first that is missing is the reason. */
static const struct {
    const char *path; /* or the beginning of it */
    const char *inputs;
} needs[] = {
    {"process.uid", "status"},
    {"process.threads", "status stat"},
    {"process.ns_pid", "status"},
    {"process.capabilities", "status"},
    {"process.ancestors", "ancestors stat status personality"},
    {"process.elf", "ELF NT_FILE exe"},
    {"process.program", "ELF NT_FILE exe"},
    {"process.cgroup", "cgroup"},
    {"process", "stat status NT_PRSTATUS NT_PRPSINFO"},
    {"host.kernel", "kernel.osrelease"},
    {"host.memory_bytes", "meminfo"},
    {"host.swap_bytes", "meminfo"},
    {"host.stack_guard_gap_bytes", "cmdline"},
    {"host_memory.slab.caches", "slabinfo"},
    {"host_memory.slab.dentries", "fs.dentry-state"},
    {"host_memory.swap.zsmalloc", "zoneinfo"},
    {"host_memory", "meminfo figures vmstat"},
    {"layout.aslr", "kernel.randomize_va_space personality"},
    {"layout", "end page personality ELF"},
    {"brk", "stat auxv limits end page"},
    {"mmap", "limits end page"},
    {"stack", "limits end page"},
    {"cgroup", "cgroup"},
    {"memory", "smaps"},
    {"regions[].rss", "smaps"},
    {"mappings[].rss", "smaps"},
    {"mappings[].pss", "smaps"},
    {"mappings[].swap", "smaps"},
};

static bool is_below(const char *path, const char *above)
{
    size_t n = strlen(above);

    return strncmp(path, above, n) == 0 && (!path[n] || path[n] == '.' || path[n] == '[');
}

/* "vm.max_map_count" for max_map_count; "ELF headers of x" and "page size" by the first word. */
static bool is_input(const char *what, struct str input)
{
    struct str rest = str_of(what), word;

    if (str_eq(rest, input))
        return true;
    if (str_ends(rest, input) && rest.p[rest.n - input.n - 1] == '.')
        return true;
    return str_next_word(&rest, &word) && str_eq(word, input);
}

/* "limits: permission denied" */
static const char *missing_input(const struct unknown *unknown, struct str input)
{
    const json_t *missing =
        json_object_get(json_object_get(unknown->document, "source"), "missing");

    for (size_t i = 0; input.n > 0 && i < json_array_size(missing); i++) {
        const json_t *row = json_array_get(missing, i);
        const char *what = unknown_text(row, "what"), *reason = unknown_text(row, "reason");

        if (what && reason && is_input(what, input))
            return arena_printf(unknown->arena, "%s: %s", what, reason);
    }
    return NULL;
}

const char *unknown_nothing(const struct unknown *unknown)
{
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
        if (strcmp(unknown->path, nothing[i].path) == 0)
            return missing_input(unknown, str_of(unknown->path)) ? NULL : nothing[i].reason;
    return NULL;
}

static const char *needed_reason(const struct unknown *unknown)
{
    const char *reason = missing_input(unknown, unknown_last_key(unknown->path));
    struct str inputs, input;

    for (size_t i = 0; !reason && i < sizeof(needs) / sizeof(needs[0]); i++) {
        if (!is_below(unknown->path, needs[i].path))
            continue;
        inputs = str_of(needs[i].inputs);
        while (!reason && str_next_word(&inputs, &input))
            reason = missing_input(unknown, input);
    }
    return reason;
}

/* What may have to do with it: for one that is not live, that it is all that there is. */
static const char *all_missing(const struct unknown *unknown)
{
    static const char *const frozen[] = {
        [CAPTURE_TEXT] = "the memory map alone does not tell it",
        [CAPTURE_SNAPSHOT] = "the snapshot does not hold it",
        [CAPTURE_CORE] = "a core does not hold it",
    };
    enum { NAMED = 4 };
    enum capture_kind kind = capture_kind(unknown->report->image->capture);
    const json_t *missing =
        json_object_get(json_object_get(unknown->document, "source"), "missing");
    size_t n = json_array_size(missing);
    const char *text = "the report does not tell it";

    if (kind != CAPTURE_LIVE)
        return frozen[kind];
    if (n > 0)
        text = "it is not known; not read were ";
    for (size_t i = 0; i < n && i < NAMED; i++)
        text = arena_printf(unknown->arena, "%s%s%s", text, i > 0 ? ", " : "",
                            unknown_text(json_array_get(missing, i), "what"));
    return n > NAMED ? arena_printf(unknown->arena, "%s and %zu more", text, n - NAMED) : text;
}

/* Of the heap: why it was not read, or what of it nothing can be known of. */
static const char *heap_reason(const struct unknown *unknown)
{
    const struct heap *heap = unknown->report->image->heap;
    const char *inconsistency;
    uint64_t address;

    if (!heap)
        return "the heap was not read";
    if (heap->missing)
        return safe_text(unknown->arena, str_of(heap->missing));
    if (!heap->malloc || !heap->malloc->is_used)
        return "glibc's malloc does not serve the process, or was never used";
    inconsistency = heap_inconsistency(heap, &address);
    if (inconsistency)
        return arena_printf(unknown->arena, "the heap does not fit together: %s", inconsistency);
    return heap->walk ? NULL : "the chunks of the heap were not looked at";
}

/* A sentence that the report itself has beside the value. */
static const char *told_reason(const struct unknown *unknown)
{
    const struct image *image = unknown->report->image;

    if (strcmp(unknown->path, "brk") == 0 && image->brk.missing)
        return safe_text(unknown->arena, str_of(image->brk.missing));
    if (strcmp(unknown->path, "layout.mode") == 0)
        return unknown_text(unknown->around, "reason");
    if (strcmp(unknown->path, "stack") == 0)
        return "the stack was not found";
    if (is_below(unknown->path, "heap"))
        return heap_reason(unknown);
    if (is_below(unknown->path, "process.malloc"))
        return unknown_text(unknown->around, "evidence");
    if (is_below(unknown->path, "process.ancestors"))
        return unknown_text(unknown->around, "missing");
    return unknown_text(unknown->around, "uncertain");
}

const char *unknown_reason(const struct unknown *unknown)
{
    const char *reason = told_reason(unknown);

    if (!reason)
        reason = needed_reason(unknown);
    return reason ? reason : all_missing(unknown);
}
