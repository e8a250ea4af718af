/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF cores: what parse/core.h promises of every record, however the file lies, held against a
 * plain walk over the program headers; and memory, which is what they say lies in the file.
 */
#include "lib/fuzz.h"

#include "parse/core.h"

#include <elf.h>

struct bytes {
    struct str input;
    uint64_t n_reads;
};

static bool read_bytes(void *context, uint64_t offset, void *buf, size_t n)
{
    struct bytes *bytes = context;

    bytes->n_reads++;
    if (offset > bytes->input.n || n > bytes->input.n - offset)
        return false;
    memcpy(buf, bytes->input.p + offset, n);
    return true;
}

static uint64_t number(const char *p, size_t n, bool big_endian)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++)
        value |= (uint64_t)(unsigned char)p[i] << 8 * (big_endian ? n - 1 - i : i);
    return value;
}

/* A PT_LOAD as the file has it. */
struct load {
    uint64_t start, end, offset, file_bytes;
};

/* The program header number i when it is a PT_LOAD with a valid range. */
static bool load_number(struct str input, const struct core *core, uint64_t i, struct load *load)
{
    static const size_t wide[] = {0, 16, 8, 32, 40}, narrow[] = {0, 8, 4, 16, 20};
    bool is_wide = core->head.elf_class == 64, big = core->head.big_endian;
    const size_t *at = is_wide ? wide : narrow;
    uint64_t size = is_wide ? 56 : 32, from = core->head.phoff + i * size, memory_bytes;
    size_t word = is_wide ? 8 : 4;
    const char *p = input.p + from;

    if (from > input.n || size > input.n - from || number(p, 4, big) != PT_LOAD)
        return false;
    load->start = number(p + at[1], word, big);
    load->offset = number(p + at[2], word, big);
    load->file_bytes = number(p + at[3], word, big);
    memory_bytes = number(p + at[4], word, big);
    return memory_bytes > 0 && !__builtin_add_overflow(load->start, memory_bytes, &load->end) &&
           (is_wide || load->end <= UINT64_C(1) << 32);
}

static uint64_t headers_there(struct str input, const struct core *core)
{
    uint64_t size = core->head.elf_class == 64 ? 56 : 32;
    uint64_t n = (input.n - core->head.phoff) / size;

    return n < core->n_headers ? n : core->n_headers;
}

static void mappings_are_sound(const struct core *core)
{
    uint64_t end = 0;

    for (size_t i = 0; i < core->n_mappings; i++) {
        const struct core_mapping *mapping = &core->mappings[i];

        must(mapping->range.start < mapping->range.end && end <= mapping->range.start);
        must(mapping->dumped <= range_size(mapping->range));
        must(mapping->has_load || (mapping->is_file && mapping->dumped == 0));
        must(core_held_bytes(core, mapping) <= mapping->dumped);
        must(core_find(core, mapping->range.start) == mapping);
        must(core_find(core, mapping->range.end - 1) == mapping);
        end = mapping->range.end;
    }
}

/* Each address of a load is in a mapping that says so. */
static void load_is_covered(const struct core *core, const struct load *load)
{
    uint64_t at = load->start;

    while (at < load->end) {
        const struct core_mapping *mapping = core_find(core, at);

        must(mapping && mapping->has_load);
        at = mapping->range.end;
    }
}

/* A mapping lies in loads as a whole, and its content is where one of them puts it. */
static void mapping_is_told(struct str input, const struct core *core,
                            const struct core_mapping *mapping)
{
    uint64_t n = headers_there(input, core);
    bool is_told = false, is_placed = mapping->dumped == 0;
    struct load load;

    for (uint64_t i = 0; i < n; i++) {
        if (!load_number(input, core, i, &load) || mapping->range.start < load.start ||
            mapping->range.end > load.end)
            continue;
        is_told = true;
        is_placed |= mapping->at == load.offset + (mapping->range.start - load.start) &&
                     mapping->range.start - load.start + mapping->dumped <= load.file_bytes;
    }
    must(is_told && is_placed);
}

static void loads_are_kept(struct str input, const struct core *core)
{
    uint64_t n = headers_there(input, core);
    struct load load;

    for (uint64_t i = 0; i < n; i++)
        if (load_number(input, core, i, &load))
            load_is_covered(core, &load);
    for (size_t i = 0; i < core->n_mappings; i++)
        if (core->mappings[i].has_load)
            mapping_is_told(input, core, &core->mappings[i]);
}

/* The first and the last byte of what is there, and not one more. */
static void memory_is_the_file(struct str input, const struct core *core, const struct reader *file)
{
    struct core_view view = {core, file};
    struct reader memory = core_memory(&view);

    for (size_t i = 0; i < core->n_mappings; i++) {
        const struct core_mapping *mapping = &core->mappings[i];
        uint64_t held = core_held_bytes(core, mapping), start = mapping->range.start;
        char byte;

        if (held > 0) {
            must(reader_read(&memory, start, &byte, 1) && byte == input.p[mapping->at]);
            must(reader_read(&memory, start + held - 1, &byte, 1) &&
                 byte == input.p[mapping->at + held - 1]);
        }
        if (held < range_size(mapping->range))
            must(!reader_read(&memory, start + held, &byte, 1));
    }
}

static void record_is_sound(struct str input, const struct core *core)
{
    uint64_t value;

    must(core->head.type == ET_CORE && core->file_bytes == input.n);
    must(core->page_size == 0 || (core->page_size & (core->page_size - 1)) == 0);
    must((core->page_size == 0) == (core->page_size_source == CORE_PAGE_UNKNOWN));
    must(!core->has_process || (core->comm && core->args && strlen(core->comm) <= 16));
    must(!core->has_ids || (core->has_process && core->pid != 0));
    must(!core->has_fault || core->has_siginfo);
    must(core->writer == CORE_WRITER_KERNEL || core->incomplete);
    for (size_t i = 0; i < core->n_missing; i++)
        must(*core->missing[i].what && *core->missing[i].reason);
    for (size_t i = 0; i < core->n_mappings; i++)
        must(core->mappings[i].path.n <= 4096);
    core_auxv(core, AT_PAGESZ, &value);
    core_main_thread(core);
}

void fuzz_input(struct str input)
{
    struct bytes bytes = {.input = input};
    struct reader reader = {read_bytes, &bytes};
    struct err err = {""};
    struct arena arena;
    struct core core;
    bool ok;

    arena_init(&arena);
    ok = core_parse(&core, &arena, &reader, input.n, &err);
    must(ok == !*err.text);
    must(bytes.n_reads <= input.n + 64);
    if (ok) {
        record_is_sound(input, &core);
        mappings_are_sound(&core);
        loads_are_kept(input, &core);
        memory_is_the_file(input, &core, &reader);
    }
    arena_deinit(&arena);
}
