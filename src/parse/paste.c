/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/paste.h"

#include "parse/pasteorder.h"

#include <stdlib.h>

/* Two passes: the first counts and finds the map to be used, the second reads that one. */

/* One map of the text, while it is counted; or a run of one, in which the addresses go up. */
struct map {
    struct paste_reader reader; /* before its first line */
    const char *origin;
    uint64_t serial, pid, n_runs;
    enum paste_dialect dialect;
    uint64_t n_mappings, n_details, n_smaps, n_without_file, page_bytes, first, last;
};

struct survey {
    struct paste *paste;
    struct map map;       /* the run that is read */
    struct map block;     /* the runs that follow each other, with nothing between them */
    struct map block_run; /* the best of these, as long as they are maps of their own */
    struct map best;
    struct paste_span *spans;
    size_t n_spans, room;
    bool open; /* the last span may go on */
};

/* qemu-user prints the whole again at each change: the last is how it was at the end. */
static void take_better(struct map *best, const struct map *map)
{
    if (map->n_mappings > best->n_mappings ||
        (map->n_mappings > 0 && map->dialect == PASTE_QEMU && best->dialect == PASTE_QEMU))
        *best = *map;
}

static void block_add(struct map *block, const struct map *run)
{
    if (block->n_runs == 0) {
        *block = *run;
        return;
    }
    block->n_runs++;
    block->n_mappings += run->n_mappings;
    block->n_details += run->n_details;
    block->n_smaps += run->n_smaps;
    block->n_without_file += run->n_without_file;
    if (run->page_bytes && (!block->page_bytes || run->page_bytes < block->page_bytes))
        block->page_bytes = run->page_bytes;
    block->last = run->last;
}

static void run_end(struct survey *survey)
{
    if (survey->map.n_mappings == 0)
        return;
    block_add(&survey->block, &survey->map);
    take_better(&survey->block_run, &survey->map);
    survey->map = (struct map){0};
}

/* No process has more, as long as nobody raises vm.max_map_count fourfold. */
enum { MOST_TO_SORT = 1 << 18 };

/* Reads it again, for most texts have one run and nothing is kept of them. */
static bool is_one_process(const struct map *block)
{
    struct paste_reader reader = block->reader;
    struct paste_reading reading;
    struct paste_order order = {0};
    uint64_t run = 0;
    struct arena arena;
    bool is_one;

    if (block->n_runs < 2 || block->n_mappings > MOST_TO_SORT)
        return false;
    arena_init(&arena);
    order.arena = reader.room.arena = &arena;
    reader.room = (struct clean_room){.arena = &arena};
    while (order.n < block->n_mappings && paste_reader_next(&reader, &reading)) {
        if (reading.kind != LINE_MAPPING)
            continue;
        run += reading.begins && order.n > 0;
        order_add(&order, &reading.record, run);
    }
    is_one = order_is_one_process(&order, run + 1);
    arena_deinit(&arena);
    return is_one;
}

/* The lines of its runs, which were those of maps of their own until now. */
static void spans_join(struct survey *survey, const struct map *block)
{
    size_t n = survey->n_spans, from = n;

    while (from > 0 && (survey->spans[from - 1].reason != PASTE_OTHER_MAP ||
                        survey->spans[from - 1].map > block->serial))
        from--;
    for (size_t i = from; i < n; i++) {
        struct paste_span *span = &survey->spans[i], *before = &survey->spans[from - 1];

        if (span->reason == PASTE_OTHER_MAP)
            span->map = block->serial;
        if (span->reason == PASTE_OTHER_MAP && before->reason == PASTE_OTHER_MAP)
            before->last = span->last;
        else
            survey->spans[from++] = *span;
    }
    survey->n_spans = from;
}

static void block_end(struct survey *survey)
{
    const struct map *block = &survey->block;

    run_end(survey);
    if (is_one_process(block)) {
        take_better(&survey->best, block);
        spans_join(survey, block);
        survey->paste->n_maps = block->serial + 1;
    } else {
        take_better(&survey->best, &survey->block_run);
    }
    survey->block = survey->block_run = (struct map){0};
}

static void map_begin(struct survey *survey, const struct paste_reader *before,
                      const struct paste_reading *reading)
{
    if (reading->goes_back)
        run_end(survey);
    else
        block_end(survey);
    survey->map = (struct map){
        .reader = *before,
        .serial = survey->paste->n_maps++,
        .n_runs = 1,
        .origin = reading->origin,
        .pid = reading->pid,
        .dialect = survey->paste->reader.dialect,
        .first = reading->record.line,
    };
}

static struct paste_span *span_add(struct survey *survey)
{
    struct paste_span *more;

    if (survey->n_spans == survey->room) {
        survey->room = survey->room * 2 + 16;
        more = arena_alloc(survey->paste->arena, survey->room * sizeof(*more));
        if (survey->spans)
            memcpy(more, survey->spans, survey->n_spans * sizeof(*more));
        survey->spans = more;
    }
    return &survey->spans[survey->n_spans++];
}

/* The lines of each map are a span until it is known which map is used. */
static void span_line(struct survey *survey, enum paste_reason reason)
{
    uint64_t line = survey->paste->reader.line;
    uint64_t map = reason == PASTE_OTHER_MAP ? survey->map.serial : 0;
    struct paste_span *span = survey->open ? &survey->spans[survey->n_spans - 1] : NULL;

    if (!span || span->reason != reason || span->map != map) {
        span = span_add(survey);
        *span = (struct paste_span){line, line, reason, map};
    }
    span->last = line;
    survey->open = true;
}

static void page_size_note(struct map *map, struct str line)
{
    struct smaps_record record = {0};

    if (!str_starts(line, STR("KernelPageSize:")))
        return;
    smaps_take_key(&record, line);
    if (record.page_bytes & (record.page_bytes - 1))
        return;
    if (record.page_bytes && (!map->page_bytes || record.page_bytes < map->page_bytes))
        map->page_bytes = record.page_bytes;
}

/* A name that was wrapped onto its line, or "(deleted)"; not a key with a value. */
static bool is_of_name(struct str line)
{
    return str_has(STR("/[("), *line.p);
}

static void count_of_map(struct survey *survey, const struct paste_reading *reading)
{
    struct map *map = &survey->map;

    span_line(survey, PASTE_OTHER_MAP);
    map->last = survey->paste->reader.line;
    if (reading->kind == LINE_MAPPING) {
        map->n_mappings++;
        map->n_without_file += !str_starts(reading->record.smaps.line.name, STR("/"));
        return;
    }
    map->n_details++;
    map->n_smaps += !is_of_name(reading->text);
    page_size_note(map, reading->text);
}

static void count(struct survey *survey, const struct paste_reading *reading)
{
    struct paste *paste = survey->paste;

    switch (reading->kind) {
    case LINE_MAPPING:
    case LINE_DETAIL:
        count_of_map(survey, reading);
        break;
    case LINE_BLANK:
        paste->n_blank++;
        break;
    case LINE_HEADING:
        paste->n_headings++;
        survey->open = false;
        break;
    default:
        span_line(survey, (enum paste_reason)(reading->kind - LINE_REJECTED));
    }
}

/* Takes the spans of the map that is used out. */
static void spans_finish(struct survey *survey)
{
    size_t n = 0;

    for (size_t i = 0; i < survey->n_spans; i++) {
        const struct paste_span *span = &survey->spans[i];

        if (span->reason != PASTE_OTHER_MAP || span->map != survey->best.serial)
            survey->spans[n++] = *span;
    }
    survey->paste->spans = survey->spans;
    survey->paste->n_spans = n;
}

static const char *format_name(const struct map *map)
{
    if (map->origin)
        return map->origin;
    return map->dialect == PASTE_KERNEL && map->n_smaps > 0 ? "smaps"
                                                            : paste_dialect_name(map->dialect);
}

static void survey_finish(struct survey *survey)
{
    struct paste *paste = survey->paste;
    const struct map *best = &survey->best;

    spans_finish(survey);
    paste->n_lines = paste->reader.line;
    paste->n_mappings = paste->n_left = best->n_mappings;
    paste->n_details = best->n_details;
    paste->n_rejected =
        paste->n_lines - paste->n_mappings - paste->n_details - paste->n_blank - paste->n_headings;
    paste->dialect = best->dialect;
    paste->format = best->n_mappings > 0 ? format_name(best) : NULL;
    paste->pid = best->pid;
    paste->page_bytes = best->page_bytes;
    paste->only_files = best->n_mappings > 0 && best->n_without_file == 0;
    paste->is_reordered = best->n_runs > 1;
    paste->first = best->first;
    paste->last = best->last;
    paste->reader = best->reader;
}

static void survey_run(struct survey *survey)
{
    struct paste_reader *reader = &survey->paste->reader;
    struct paste_reader before = *reader;
    struct paste_reading reading;

    while (paste_reader_next(reader, &reading)) {
        if (reading.kind == LINE_MAPPING && reading.begins)
            map_begin(survey, &before, &reading);
        count(survey, &reading);
        before = *reader;
    }
    block_end(survey);
}

/* The room for a line is used again: a name in it is kept. */
static void keep_name(struct paste *paste, struct str *name)
{
    const struct clean_room *room = &paste->reader.room;

    if (name->n > 0 && room->p && name->p >= room->p && name->p < room->p + room->n)
        name->p = arena_strndup(paste->arena, name->p, name->n);
}

static struct str name_extend(struct arena *arena, struct str name, struct str end)
{
    char *bytes = arena_alloc(arena, name.n + 1 + end.n);

    memcpy(bytes, name.p, name.n);
    bytes[name.n] = ' ';
    memcpy(bytes + name.n + 1, end.p, end.n);
    return (struct str){bytes, name.n + 1 + end.n};
}

static void add_detail(struct paste *paste, struct str line, struct paste_record *record)
{
    struct str *name = &record->smaps.line.name;

    if (!is_of_name(line)) {
        smaps_take_key(&record->smaps, line);
        return;
    }
    if (*line.p == '(') {
        *name = name_extend(paste->arena, *name, line);
        return;
    }
    *name = line;
    record->has |= PASTE_HAS_NAME;
    keep_name(paste, name);
}

/* The next mapping of the map, with the details up to it in `record`. */
static bool find_next(struct paste *paste, struct paste_record *record)
{
    struct paste_reading reading;

    while (paste_reader_next(&paste->reader, &reading)) {
        if (reading.kind == LINE_DETAIL && record)
            add_detail(paste, reading.text, record);
        if (reading.kind != LINE_MAPPING)
            continue;
        if (paste->n_left == 0)
            return false;
        paste->n_left--;
        paste->next = reading.record;
        keep_name(paste, &paste->next.smaps.line.name);
        return true;
    }
    return false;
}

static bool read_next(struct paste *paste, struct paste_record *record)
{
    if (!paste->has_next && (paste->n_left == 0 || !find_next(paste, NULL)))
        return false;
    *record = paste->next;
    paste->has_next = find_next(paste, record);
    if (!paste->has_next)
        paste->n_left = 0;
    return true;
}

static int by_address(const void *a, const void *b)
{
    const struct paste_record *x = a, *y = b;
    uint64_t first = x->smaps.line.range.start, second = y->smaps.line.range.start;

    return (first > second) - (first < second);
}

static void sort_records(struct paste *paste)
{
    struct paste_record *records = arena_alloc(paste->arena, paste->n_mappings * sizeof(*records));

    for (uint64_t i = 0; i < paste->n_mappings; i++)
        read_next(paste, &records[i]);
    qsort(records, paste->n_mappings, sizeof(*records), by_address);
    paste->sorted = records;
}

bool paste_next(struct paste *paste, struct paste_record *record)
{
    if (!paste->is_reordered)
        return read_next(paste, record);
    if (paste->n_taken == paste->n_mappings)
        return false;
    *record = paste->sorted[paste->n_taken++];
    return true;
}

bool paste_open(struct paste *paste, struct str text, struct arena *arena, struct err *err)
{
    struct survey survey = {.paste = paste};

    *paste = (struct paste){.arena = arena};
    text = text_decode(text, arena);
    paste_reader_init(&paste->reader, text, arena);
    survey_run(&survey);
    survey_finish(&survey);
    if (paste->n_mappings == 0)
        return err_set(err, "no line of it is a mapping");
    if (paste->is_reordered)
        sort_records(paste);
    return true;
}

static bool is_text_byte(unsigned char c)
{
    return c >= ' ' || (c >= 7 && c <= 13) || c == 0x1b;
}

bool paste_looks_like(struct str head)
{
    if (str_starts(head, STR("\xff\xfe")) || str_starts(head, STR("\xfe\xff")))
        return true;
    for (size_t i = 0; i < head.n; i++)
        if (!is_text_byte((unsigned char)head.p[i]))
            return false;
    return head.n > 0;
}

const char *paste_reason_text(enum paste_reason reason)
{
    static const char *const texts[] = {
        [PASTE_NO_MAPPING] = "no mapping",
        [PASTE_CUT] = "a mapping that is cut off",
        [PASTE_OVERLAP] = "overlaps the mapping before",
        [PASTE_EMPTY] = "a mapping of no bytes",
        [PASTE_SUM] = "a sum over all mappings",
        [PASTE_REST] = "perhaps the end of the name before",
        [PASTE_OTHER_MAP] = "another map",
    };

    return texts[reason];
}
