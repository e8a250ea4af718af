/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/scanrow.h"

/* Bounds are checked here alone: what is beyond the end reads as zeros, and is_cut is set. */
struct rowreader {
    struct arena *arena;
    struct str rest;
    bool is_cut;
};

enum { NUMBER_BYTES = 10 };

/* Of seven bits a byte, the lowest first; the last byte is the one below 0x80. */
static size_t encode(char bytes[static NUMBER_BYTES], uint64_t number)
{
    size_t n = 0;

    for (; number >= 0x80; number >>= 7)
        bytes[n++] = (char)(number | 0x80);
    bytes[n++] = (char)number;
    return n;
}

static void put_number(struct textbuf *bytes, uint64_t number)
{
    char encoded[NUMBER_BYTES];

    textbuf_add(bytes, (struct str){encoded, encode(encoded, number)});
}

/* Its length and one, 0: there is none. */
static void put_text(struct textbuf *bytes, const char *text)
{
    put_number(bytes, text ? strlen(text) + 1 : 0);
    if (text)
        textbuf_add(bytes, str_of(text));
}

static uint64_t take_number(struct rowreader *reader)
{
    uint64_t number = 0;

    for (unsigned int i = 0; i < NUMBER_BYTES && i < reader->rest.n; i++) {
        unsigned char byte = (unsigned char)reader->rest.p[i];

        number |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            reader->rest.p += i + 1;
            reader->rest.n -= i + 1;
            return number;
        }
    }
    reader->is_cut = true;
    return 0;
}

static const char *take_text(struct rowreader *reader)
{
    uint64_t n = take_number(reader);
    const char *text;

    if (n-- == 0)
        return NULL;
    if (n > reader->rest.n) {
        reader->is_cut = true;
        return NULL;
    }
    text = arena_strndup(reader->arena, reader->rest.p, n);
    reader->rest.p += n;
    reader->rest.n -= n;
    return text;
}

static uint64_t rule_number(const struct rule *rule)
{
    uint64_t i = 0;

    while (rules[i] != rule)
        i++;
    return i;
}

static const struct rule *rule_numbered(struct rowreader *reader, uint64_t number)
{
    uint64_t n = 0;

    while (rules[n])
        n++;
    reader->is_cut |= number >= n;
    return rules[number < n ? number : 0];
}

void scanrow_pack(struct textbuf *bytes, const struct scan_row *row)
{
    const uint64_t numbers[] = {
        (uint64_t)row->pid, row->state,
        row->has_uid,       row->uid,
        row->elf_class,     row->mode,
        row->has_room,      row->room,
        row->room_in_steps, row->has_mmap_room,
        row->mmap_room,     row->n_mappings,
        row->is_incomplete, (uint64_t)(row->severity + 1),
        row->fails,         row->is_quick,
        row->is_bound,
    };
    const char *texts[] = {row->reason, row->comm, row->exe, row->cgroup, row->limit};

    char encoded[sizeof(numbers) / sizeof(numbers[0]) * NUMBER_BYTES];
    size_t n = 0;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        n += encode(encoded + n, numbers[i]);
    textbuf_add(bytes, (struct str){encoded, n});
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        put_text(bytes, texts[i]);
    put_number(bytes, row->n_findings);
    for (uint32_t i = 0; i < row->n_findings; i++) {
        put_number(bytes, rule_number(row->findings[i].rule));
        put_number(bytes, row->findings[i].severity);
        put_text(bytes, row->findings[i].title);
    }
    put_number(bytes, row->n_unmet);
    for (uint32_t i = 0; i < row->n_unmet; i++)
        put_text(bytes, row->unmet[i]);
    put_number(bytes, row->vitals != NULL);
    if (row->vitals)
        textbuf_add(bytes, (struct str){(const char *)row->vitals, sizeof(*row->vitals)});
}

/* No more than there are bytes for. */
static uint32_t take_count(struct rowreader *reader)
{
    uint64_t n = take_number(reader);

    if (n > reader->rest.n) {
        reader->is_cut = true;
        return 0;
    }
    return (uint32_t)n;
}

static enum severity take_severity(struct rowreader *reader)
{
    uint64_t number = take_number(reader);

    reader->is_cut |= number > SEVERITY_ERROR;
    return number > SEVERITY_ERROR ? SEVERITY_ERROR : (enum severity)number;
}

static void take_findings(struct rowreader *reader, struct scan_row *row)
{
    uint32_t n = take_count(reader);
    struct scan_finding *findings =
        n > 0 ? arena_alloc(reader->arena, n * sizeof(*findings)) : NULL;

    for (uint32_t i = 0; i < n && !reader->is_cut; i++) {
        findings[i].rule = rule_numbered(reader, take_number(reader));
        findings[i].severity = take_severity(reader);
        findings[i].title = take_text(reader);
    }
    row->findings = findings;
    row->n_findings = n;
}

static void take_unmet(struct rowreader *reader, struct scan_row *row)
{
    uint32_t n = take_count(reader);

    row->unmet = n > 0 ? arena_alloc(reader->arena, n * sizeof(*row->unmet)) : NULL;
    for (uint32_t i = 0; i < n && !reader->is_cut; i++)
        row->unmet[i] = take_text(reader);
    row->n_unmet = n;
}

static const struct vitals *take_vitals(struct rowreader *reader)
{
    struct vitals *vitals;

    if (take_number(reader) == 0)
        return NULL;
    if (reader->rest.n < sizeof(*vitals)) {
        reader->is_cut = true;
        return NULL;
    }
    vitals = arena_alloc(reader->arena, sizeof(*vitals));
    memcpy(vitals, reader->rest.p, sizeof(*vitals));
    reader->rest.p += sizeof(*vitals);
    reader->rest.n -= sizeof(*vitals);
    reader->is_cut |= vitals->brk_limit >= N_LIMIT_KINDS;
    return vitals;
}

bool scanrow_unpack(struct arena *arena, struct str bytes, struct scan_row *row)
{
    struct rowreader reader = {arena, bytes, false};

    *row = (struct scan_row){.pid = (pid_t)take_number(&reader)};
    row->state = (enum scan_state)take_number(&reader);
    row->has_uid = take_number(&reader) != 0;
    row->uid = take_number(&reader);
    row->elf_class = (unsigned int)take_number(&reader);
    row->mode = (enum mmap_mode)take_number(&reader);
    row->has_room = take_number(&reader) != 0;
    row->room = take_number(&reader);
    row->room_in_steps = take_number(&reader);
    row->has_mmap_room = take_number(&reader) != 0;
    row->mmap_room = take_number(&reader);
    row->n_mappings = (uint32_t)take_number(&reader);
    row->is_incomplete = take_number(&reader) != 0;
    row->severity = (int)(take_number(&reader) - 1);
    row->fails = take_number(&reader) != 0;
    row->is_quick = take_number(&reader) != 0;
    row->is_bound = take_number(&reader) != 0;
    row->reason = take_text(&reader);
    row->comm = take_text(&reader);
    row->exe = take_text(&reader);
    row->cgroup = take_text(&reader);
    row->limit = take_text(&reader);
    take_findings(&reader, row);
    take_unmet(&reader, row);
    row->vitals = take_vitals(&reader);
    return !reader.is_cut && row->state < N_SCAN_STATES && row->mode <= MMAP_BOTTOM_UP &&
           row->severity >= -1 && row->severity <= SEVERITY_ERROR;
}
