/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/core.h"

#include "parse/coreparts.h"
#include "parse/word.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void core_note_missing(struct core_parser *parser, const char *what, const char *fmt, ...)
{
    struct core *core = parser->core;
    va_list ap;

    core_grow(core->missing, core->n_missing, parser->n_missing_room);
    va_start(ap, fmt);
    core->missing[core->n_missing++] =
        (struct core_missing){what, arena_vprintf(parser->arena, fmt, ap)};
    va_end(ap);
}

void core_lie(struct core_parser *parser, struct core_lies *lies, const char *fmt, ...)
{
    va_list ap;

    if (lies->n++ > 0)
        return;
    va_start(ap, fmt);
    lies->first = arena_vprintf(parser->arena, fmt, ap);
    va_end(ap);
}

bool core_range_valid(const struct core *core, uint64_t start, uint64_t end)
{
    return start < end && (core->head.elf_class == 64 || end <= UINT64_C(1) << 32);
}

static uint8_t perms_of(uint32_t flags)
{
    return (flags & PF_R ? PERM_READ : 0) | (flags & PF_W ? PERM_WRITE : 0) |
           (flags & PF_X ? PERM_EXEC : 0);
}

/* Takes what can be believed of a PT_LOAD.  One without memory says nothing. */
static void take_load(struct core_parser *parser, const struct segment *segment, uint64_t number)
{
    uint64_t start = segment->vaddr, end, dumped = segment->file_bytes, content_end;

    if (segment->memory_bytes == 0 && dumped == 0)
        return;
    if (__builtin_add_overflow(start, segment->memory_bytes, &end) ||
        !core_range_valid(parser->core, start, end)) {
        core_lie(parser, &parser->load_lies,
                 "number %" PRIu64 " has 0x%" PRIx64 " bytes at 0x%" PRIx64
                 ", which is no range of addresses",
                 number, segment->memory_bytes, start);
        return;
    }
    if (dumped > end - start || __builtin_add_overflow(segment->offset, dumped, &content_end)) {
        core_lie(parser, &parser->load_lies,
                 "number %" PRIu64 ", at 0x%" PRIx64 ", has more content than memory", number,
                 start);
        dumped = 0;
    }
    core_grow(parser->loads, parser->n_loads, parser->n_loads_room);
    parser->loads[parser->n_loads++] = (struct core_load){
        .range = {start, end},
        .number = number,
        .at = segment->offset,
        .dumped = dumped,
        .align = segment->align,
        .perms = perms_of(segment->flags),
    };
}

/* How long the file would be if nothing of it was cut. */
static void take_extent(struct core *core, uint64_t offset, uint64_t n_bytes)
{
    uint64_t end;

    if (n_bytes > 0 && !__builtin_add_overflow(offset, n_bytes, &end) && end > core->whole_bytes)
        core->whole_bytes = end;
}

static void take_segment(struct core_parser *parser, const struct segment *segment, uint64_t number)
{
    take_extent(parser->core, segment->offset, segment->file_bytes);
    if (segment->type == PT_LOAD)
        take_load(parser, segment, number);
    else if (segment->type == PT_NOTE)
        core_read_notes(parser, segment);
}

/*
 * Where a core has more program headers than e_phnum can count, the number stands in sh_info of the
 * only section header, at the very end of the file.  When that is cut off, the kernel's habit to
 * write the notes right after the program headers tells the number.
 */
static bool count_extended(struct core_parser *parser, uint64_t *n)
{
    const struct elfhead *head = &parser->core->head;
    uint64_t info =
        head->elf_class == 64 ? offsetof(Elf64_Shdr, sh_info) : offsetof(Elf32_Shdr, sh_info);
    struct segment first;

    if (head->shoff <= INT64_MAX &&
        word_read(parser->reader, head->shoff + info, 4, head->big_endian, n))
        return true;
    if (!elfhead_read_segments(head, parser->reader, 0, 1, &first) || first.type != PT_NOTE ||
        first.offset < head->phoff || (first.offset - head->phoff) % head->phdr_bytes != 0)
        return false;
    *n = (first.offset - head->phoff) / head->phdr_bytes;
    return *n >= PN_XNUM;
}

static bool count_headers(struct core_parser *parser, struct err *err)
{
    struct core *core = parser->core;
    const struct elfhead *head = &core->head;

    core->n_headers = head->n_phdrs;
    if (head->n_phdrs == PN_XNUM && head->shoff != 0 && !count_extended(parser, &core->n_headers))
        return err_set(err, "the number of its program headers is cut off");
    if (core->n_headers == 0)
        return err_set(err, "it has no program headers");
    return true;
}

/* How many program headers the file is long enough for. */
static uint64_t headers_there(const struct core *core)
{
    uint64_t n = core->head.phoff < core->file_bytes
                     ? (core->file_bytes - core->head.phoff) / core->head.phdr_bytes
                     : 0;

    return n < core->n_headers ? n : core->n_headers;
}

static bool read_headers(struct core_parser *parser, struct err *err)
{
    struct core *core = parser->core;
    struct segment segments[ELFHEAD_SEGMENTS];
    uint64_t n_there;
    unsigned int n;

    if (core->head.phdr_bytes !=
        (core->head.elf_class == 64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
        return err_set(err, "its ELF header tells of program headers of %u bytes",
                       core->head.phdr_bytes);
    n_there = headers_there(core);
    if (n_there == 0)
        return err_set(err, "its program headers are cut off");
    if (n_there > CORE_MAX_HEADERS)
        return err_set(err, "it has %llu program headers, more than the %u that are read",
                       (unsigned long long)n_there, (unsigned int)CORE_MAX_HEADERS);
    for (uint64_t first = 0; first < n_there; first += n) {
        n = n_there - first < ELFHEAD_SEGMENTS ? (unsigned int)(n_there - first)
                                               : (unsigned int)ELFHEAD_SEGMENTS;
        if (!elfhead_read_segments(&core->head, parser->reader, first, n, segments))
            return err_set(err, "its program headers cannot be read");
        for (unsigned int i = 0; i < n; i++)
            take_segment(parser, &segments[i], first + i);
    }
    take_extent(core, core->head.phoff, core->n_headers * core->head.phdr_bytes);
    if (n_there < core->n_headers)
        core_note_missing(parser, "program headers",
                          "%" PRIu64 " of %" PRIu64 " are cut off, and the mappings with them",
                          core->n_headers - n_there, core->n_headers);
    return true;
}

static bool is_page_size(uint64_t value)
{
    return value >= 4096 && value <= 1 << 20 && (value & (value - 1)) == 0;
}

/* The p_align that all loads share, or 0. */
static uint64_t common_align(const struct core_parser *parser)
{
    uint64_t align = parser->n_loads > 0 ? parser->loads[0].align : 0;

    for (size_t i = 1; i < parser->n_loads; i++)
        if (parser->loads[i].align != align)
            return 0;
    return align;
}

static void find_page_size(struct core_parser *parser)
{
    struct core *core = parser->core;
    uint64_t auxv = 0, align = common_align(parser);

    if (core_auxv(core, AT_PAGESZ, &auxv) && is_page_size(auxv)) {
        core->page_size = auxv;
        core->page_size_source = CORE_PAGE_AUXV;
    } else if (is_page_size(parser->file_page)) {
        core->page_size = parser->file_page;
        core->page_size_source = CORE_PAGE_FILES;
    } else if (is_page_size(align)) {
        core->page_size = align;
        core->page_size_source = CORE_PAGE_ALIGN;
    } else {
        core_note_missing(parser, "page size",
                          "neither NT_AUXV nor NT_FILE nor the alignment of its segments tells it");
    }
}

static void count_unaligned(struct core *core)
{
    uint64_t mask = core->page_size - 1;

    for (size_t i = 0; core->page_size && i < core->n_mappings; i++)
        core->n_unaligned +=
            ((core->mappings[i].range.start | core->mappings[i].range.end) & mask) != 0;
}

/*
 * The kernel has written NT_PRSTATUS, NT_PRPSINFO, then NT_SIGINFO (since 3.7), NT_AUXV, NT_FILE
 * (the same), and the other registers at last (fs/binfmt_elf.c).  qemu's order is the same but for
 * registers, of which it has none.  gdb begins with NT_PRPSINFO, as valgrind does, but only BFD,
 * by which gdb writes, makes section headers.
 */
static enum core_writer find_writer(const struct core_parser *parser)
{
    const uint32_t *first = parser->first;
    bool has_sections = parser->core->head.n_sections > 0 && parser->core->head.n_phdrs != PN_XNUM;

    if (parser->has_gdb_note || (has_sections && (parser->n_first == 0 || first[0] == NT_PRPSINFO)))
        return CORE_WRITER_GDB;
    if (!has_sections && parser->n_first == CORE_FIRST_NOTES && first[0] == NT_PRSTATUS &&
        first[1] == NT_PRPSINFO &&
        ((first[2] == NT_SIGINFO && first[3] == NT_AUXV) ||
         (first[2] == NT_AUXV && (first[3] == NT_FILE || first[3] == NT_FPREGSET))))
        return CORE_WRITER_KERNEL;
    return CORE_WRITER_UNKNOWN;
}

static void judge_completeness(struct core_parser *parser)
{
    struct core *core = parser->core;

    core->writer = find_writer(parser);
    core->reads_known = core->writer != CORE_WRITER_GDB;
    if (headers_there(core) < core->n_headers)
        core->incomplete = "some of its program headers are cut off";
    else if (parser->load_lies.n > 0 || parser->n_load_overlaps > 0)
        core->incomplete = "some of its program headers are not believed";
    else if (core->writer == CORE_WRITER_GDB)
        core->incomplete = "gdb wrote it, which leaves out [vvar], memory that was never touched, "
                           "and what is marked MADV_DONTDUMP or excluded by coredump_filter";
    else if (core->writer == CORE_WRITER_UNKNOWN)
        core->incomplete = "it is not known who wrote it, and whether every mapping is in it";
}

static const char *no_files(const struct core *core)
{
    return core->writer == CORE_WRITER_KERNEL
               ? "it has none: kernels before 3.7 wrote none, later ones leave it out when it is "
                 "too long (4 MiB, or kernel.core_file_note_size_limit)"
               : "it has none";
}

static void note_absent_notes(struct core_parser *parser)
{
    static const char cut[] = "the notes are cut off";
    const struct core *core = parser->core;
    bool whole = !parser->notes_cut && !parser->notes_lie && core->n_headers == headers_there(core);

    if (parser->n_note_segments == 0) {
        core_note_missing(parser, "notes", "it has no PT_NOTE%s",
                          whole ? "" : " among the program headers that are there");
        return;
    }
    if (parser->notes_lie)
        core_note_missing(parser, "notes", "%s", parser->notes_lie);
    if (parser->notes_cut)
        core_note_missing(parser, "notes", "the file ends before the notes do");
    if (!core->has_process)
        core_note_missing(parser, "NT_PRPSINFO", "%s", whole ? "it has none of a known form" : cut);
    if (core->n_threads == 0)
        core_note_missing(parser, "NT_PRSTATUS", "%s", whole ? "it has none of a known form" : cut);
    if (core->auxv.n == 0)
        core_note_missing(parser, "NT_AUXV", "%s", whole ? "it has none" : cut);
    if (!parser->has_files)
        core_note_missing(parser, "NT_FILE", "%s", whole ? no_files(core) : cut);
}

static void note_lies(struct core_parser *parser)
{
    const struct core_lies *loads = &parser->load_lies, *files = &parser->file_lies;

    if (loads->n > 0)
        core_note_missing(parser, "program headers",
                          "%" PRIu64 " of %" PRIu64 " are not believed: %s", loads->n,
                          parser->core->n_headers, loads->first);
    if (files->n > 0)
        core_note_missing(parser, "NT_FILE", "%" PRIu64 " of its entries are not believed: %s",
                          files->n, files->first);
    if (parser->n_load_overlaps > 0)
        core_note_missing(parser, "program headers",
                          "%" PRIu64 " overlap others, which count where both are",
                          parser->n_load_overlaps);
    if (parser->n_file_overlaps > 0)
        core_note_missing(parser, "NT_FILE",
                          "%" PRIu64 " of its entries overlap others, which count where both are",
                          parser->n_file_overlaps);
}

static void note_cut(struct core_parser *parser)
{
    const struct core *core = parser->core;

    if (core->whole_bytes > core->file_bytes)
        core_note_missing(parser, "content",
                          "%" PRIu64 " of %" PRIu64 " bytes are cut off: RLIMIT_CORE, a full disk "
                          "or a limit of the crash handler ended the file early",
                          core->whole_bytes - core->file_bytes, core->whole_bytes);
    if (core->n_mappings == 0)
        core_note_missing(parser, "mappings", "it tells of no memory at all");
    if (core->n_unaligned > 0)
        core_note_missing(parser, "page size",
                          "%zu of %zu mappings do not begin and end at a page of %" PRIu64 " bytes",
                          (size_t)core->n_unaligned, core->n_mappings, core->page_size);
}

/* Moves an array that grew to the arena. */
static void *keep(struct arena *arena, void *array, size_t n, size_t size)
{
    void *copy = NULL;

    if (n > 0) {
        copy = arena_alloc(arena, n * size);
        memcpy(copy, array, n * size);
    }
    free(array);
    return copy;
}

static void finish(struct core_parser *parser)
{
    struct core *core = parser->core;
    struct arena *arena = parser->arena;

    core->missing = keep(arena, core->missing, core->n_missing, sizeof(*core->missing));
    core->threads = keep(arena, core->threads, core->n_threads, sizeof(*core->threads));
    core->mappings = keep(arena, core->mappings, core->n_mappings, sizeof(*core->mappings));
    free(parser->loads);
    free(parser->files);
}

bool core_parse(struct core *core, struct arena *arena, const struct reader *reader,
                uint64_t file_bytes, struct err *err)
{
    struct core_parser parser = {.core = core, .arena = arena, .reader = reader};
    bool ok;

    *core = (struct core){.file_bytes = file_bytes};
    if (!elfhead_begin(&core->head, reader, err))
        return false;
    if (core->head.type != ET_CORE)
        return err_set(err, "it is an ELF file, but not a core");
    ok = count_headers(&parser, err) && read_headers(&parser, err);
    if (ok) {
        find_page_size(&parser);
        core_merge(&parser);
        count_unaligned(core);
        judge_completeness(&parser);
        note_absent_notes(&parser);
        note_lies(&parser);
        note_cut(&parser);
    }
    finish(&parser);
    return ok;
}

bool core_auxv(const struct core *core, uint64_t type, uint64_t *value)
{
    unsigned int word = core_word_bytes(core);
    bool big = core->head.big_endian;

    for (size_t at = 0; at + 2 * word <= core->auxv.n; at += 2 * word) {
        uint64_t key = word_load(core->auxv.p + at, word, big);

        if (key == AT_NULL)
            break;
        if (key == type) {
            *value = word_load(core->auxv.p + at + word, word, big);
            return true;
        }
    }
    return false;
}

const struct core_thread *core_main_thread(const struct core *core)
{
    for (size_t i = 0; core->has_process && i < core->n_threads; i++)
        if (core->threads[i].tid == core->pid)
            return &core->threads[i];
    return NULL;
}
