/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/paste.h"

/* Two passes: the first counts and finds the map to be used, the second reads that one. */

/* One map of the text, while it is counted. */
struct map {
    struct paste_reader reader; /* before its first line */
    const char *origin;
    uint64_t serial, pid;
    enum paste_dialect dialect;
    uint64_t n_mappings, n_details, n_smaps, n_without_file, page_bytes, first, last;
};

struct survey {
    struct paste *paste;
    struct map map, best;
    struct paste_span *spans;
    size_t n_spans, room;
    bool open; /* the last span may go on */
};

/* qemu-user prints the whole again at each change: the last is how it was at the end. */
static void map_end(struct survey *survey)
{
    const struct map *map = &survey->map, *best = &survey->best;

    if (map->n_mappings > best->n_mappings ||
        (map->n_mappings > 0 && map->dialect == PASTE_QEMU && best->dialect == PASTE_QEMU))
        survey->best = *map;
}

static void map_begin(struct survey *survey, const struct paste_reader *before,
                      const struct paste_reading *reading)
{
    map_end(survey);
    survey->map = (struct map){
        .reader = *before,
        .serial = survey->paste->n_maps++,
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
    map->n_smaps += *reading->text.p != '/' && *reading->text.p != '[';
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
    map_end(survey);
}

bool paste_open(struct paste *paste, struct str text, struct arena *arena, struct err *err)
{
    struct survey survey = {.paste = paste};

    *paste = (struct paste){.arena = arena};
    text = text_decode(text, arena);
    paste_reader_init(&paste->reader, text, arena);
    paste->is_cut = text.n > 0 && text.p[text.n - 1] != paste->reader.newline;
    survey_run(&survey);
    survey_finish(&survey);
    if (paste->n_mappings == 0)
        return err_set(err, "no line of it is a mapping");
    return true;
}

/* The room for a line is used again: a name in it is kept. */
static void keep_name(struct paste *paste, struct str *name)
{
    const struct clean_room *room = &paste->reader.room;

    if (name->n > 0 && room->p && name->p >= room->p && name->p < room->p + room->n)
        name->p = arena_strndup(paste->arena, name->p, name->n);
}

static void add_detail(struct paste *paste, struct str line, struct paste_record *record)
{
    if (*line.p != '/' && *line.p != '[') {
        smaps_take_key(&record->smaps, line);
        return;
    }
    record->smaps.line.name = line;
    record->has |= PASTE_HAS_NAME;
    keep_name(paste, &record->smaps.line.name);
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

bool paste_next(struct paste *paste, struct paste_record *record)
{
    if (!paste->has_next && (paste->n_left == 0 || !find_next(paste, NULL)))
        return false;
    *record = paste->next;
    paste->has_next = find_next(paste, record);
    if (!paste->has_next)
        paste->n_left = 0;
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
        [PASTE_OTHER_MAP] = "another map",
    };

    return texts[reason];
}
