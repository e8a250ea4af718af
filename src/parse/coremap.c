/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A core's mappings: what its PT_LOADs and NT_FILE say of the same addresses, put together. */
#include "parse/coreparts.h"

#include <stdlib.h>

/* By address; of two that begin at the same one, the first in the file comes first. */
static int compare(struct range a, uint64_t a_number, struct range b, uint64_t b_number)
{
    if (a.start != b.start)
        return a.start < b.start ? -1 : 1;
    return a_number < b_number ? -1 : a_number > b_number;
}

static int compare_loads(const void *a, const void *b)
{
    const struct core_load *x = a, *y = b;

    return compare(x->range, x->number, y->range, y->number);
}

static int compare_files(const void *a, const void *b)
{
    const struct core_file *x = a, *y = b;

    return compare(x->range, x->number, y->range, y->number);
}

/* Bytes of the range that lie before `end`, where others are already; UINT64_MAX: all of it. */
static uint64_t overlap_bytes(struct range range, uint64_t end)
{
    if (range.start >= end)
        return 0;
    return end >= range.end ? UINT64_MAX : end - range.start;
}

/* Sorts, and takes off what overlaps, so that each address is one load's. */
static void order_loads(struct core_parser *parser)
{
    struct core_load *loads = parser->loads;
    uint64_t end = 0;
    size_t n = 0;

    if (parser->n_loads > 0)
        qsort(loads, parser->n_loads, sizeof(*loads), compare_loads);
    for (size_t i = 0; i < parser->n_loads; i++) {
        uint64_t overlap = overlap_bytes(loads[i].range, end);

        parser->n_load_overlaps += overlap > 0;
        if (overlap == UINT64_MAX)
            continue;
        loads[n] = loads[i];
        loads[n].range.start += overlap;
        loads[n].at += overlap < loads[n].dumped ? overlap : loads[n].dumped;
        loads[n].dumped -= overlap < loads[n].dumped ? overlap : loads[n].dumped;
        end = loads[n++].range.end;
    }
    parser->n_loads = n;
}

static void order_files(struct core_parser *parser)
{
    struct core_file *files = parser->files;
    uint64_t end = 0;
    size_t n = 0;

    if (parser->n_files > 0)
        qsort(files, parser->n_files, sizeof(*files), compare_files);
    for (size_t i = 0; i < parser->n_files; i++) {
        uint64_t overlap = overlap_bytes(files[i].range, end);

        parser->n_file_overlaps += overlap > 0;
        if (overlap == UINT64_MAX)
            continue;
        files[n] = files[i];
        files[n].range.start += overlap;
        files[n].offset += overlap;
        end = files[n++].range.end;
    }
    parser->n_files = n;
}

static void take_content(struct core_mapping *mapping, const struct core_load *load)
{
    uint64_t before = mapping->range.start - load->range.start, size = range_size(mapping->range);

    mapping->has_load = true;
    mapping->perms = load->perms;
    if (before >= load->dumped)
        return;
    mapping->at = load->at + before;
    mapping->dumped = load->dumped - before < size ? load->dumped - before : size;
}

static void take_file(struct core_mapping *mapping, const struct core_file *file)
{
    mapping->is_file = true;
    mapping->path = file->path;
    mapping->offset = file->offset + (mapping->range.start - file->range.start);
}

/* The end of the part from `at` on that `range` is all over or not in at all. */
static uint64_t even_end(struct range range, uint64_t at, uint64_t end)
{
    uint64_t next = range_has(range, at) ? range.end : range.start;

    return next > at && next < end ? next : end;
}

/*
 * An ordinary core has an equal range in NT_FILE for each mapping of a file.  Where ranges differ,
 * they are cut so that each piece is one load's and one file's: a mapping has only one file.
 */
void core_merge(struct core_parser *parser)
{
    static const struct range none = {UINT64_MAX, UINT64_MAX};
    struct core *core = parser->core;
    size_t n_room = 0, i = 0, k = 0;
    uint64_t at = 0;

    order_loads(parser);
    order_files(parser);
    while (i < parser->n_loads || k < parser->n_files) {
        struct range load = i < parser->n_loads ? parser->loads[i].range : none;
        struct range file = k < parser->n_files ? parser->files[k].range : none;
        uint64_t first = load.start < file.start ? load.start : file.start;
        struct core_mapping mapping = {.path = STR("")};

        at = at > first ? at : first;
        mapping.range = (struct range){at, even_end(file, at, even_end(load, at, UINT64_MAX))};
        if (range_has(load, at))
            take_content(&mapping, &parser->loads[i]);
        if (range_has(file, at))
            take_file(&mapping, &parser->files[k]);
        core_grow(core->mappings, core->n_mappings, n_room);
        core->mappings[core->n_mappings++] = mapping;
        at = mapping.range.end;
        i += at >= load.end;
        k += at >= file.end;
    }
}

const struct core_mapping *core_find(const struct core *core, uint64_t address)
{
    size_t low = 0, high = core->n_mappings;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct range range = core->mappings[middle].range;

        if (range_has(range, address))
            return &core->mappings[middle];
        if (address < range.start)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

uint64_t core_held_bytes(const struct core *core, const struct core_mapping *mapping)
{
    uint64_t left = mapping->at < core->file_bytes ? core->file_bytes - mapping->at : 0;

    return mapping->dumped < left ? mapping->dumped : left;
}

static bool read_memory(void *context, uint64_t address, void *buf, size_t n)
{
    const struct core_view *view = context;
    unsigned char *to = buf;

    while (n > 0) {
        const struct core_mapping *mapping = core_find(view->core, address);
        uint64_t held = mapping ? core_held_bytes(view->core, mapping) : 0, before, take;

        if (!mapping || address - mapping->range.start >= held)
            return false;
        before = address - mapping->range.start;
        take = held - before < n ? held - before : n;
        if (!reader_read(view->file, mapping->at + before, to, take))
            return false;
        to += take;
        n -= take;
        address += take;
    }
    return true;
}

struct reader core_memory(struct core_view *view)
{
    return (struct reader){.read = read_memory, .context = view};
}
