/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/objectlist.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>

enum { MAX_SEGMENTS = 128 }; /* as in elfhead.c */

static const char *const fates[] = {
    [FILE_IN_PLACE] = "in-place",
    [FILE_REMOVED] = "removed",
    [FILE_REPLACED] = "replaced",
    [FILE_DELETED] = "deleted",
};
enum { N_FATES = sizeof(fates) / sizeof(fates[0]) };

static const struct {
    uint32_t number;
    const char *name;
} segment_types[] = {
    {PT_LOAD, "LOAD"},
    {PT_DYNAMIC, "DYNAMIC"},
    {PT_INTERP, "INTERP"},
    {PT_NOTE, "NOTE"},
    {PT_PHDR, "PHDR"},
    {PT_TLS, "TLS"},
    {PT_GNU_EH_FRAME, "GNU_EH_FRAME"},
    {PT_GNU_STACK, "GNU_STACK"},
    {PT_GNU_RELRO, "GNU_RELRO"},
    {PT_GNU_PROPERTY, "GNU_PROPERTY"},
};
enum { N_SEGMENT_TYPES = sizeof(segment_types) / sizeof(segment_types[0]) };

/* The truth of an object's head that is one bit each. */
static const struct {
    const char *name;
    size_t field;
} flags[] = {
    {"pie", offsetof(struct elfhead, is_pie)},
    {"go", offsetof(struct elfhead, is_go)},
    {"dynamic", offsetof(struct elfhead, has_dynamic)},
    {"gnu-stack", offsetof(struct elfhead, has_gnu_stack)},
    {"exec-stack", offsetof(struct elfhead, wants_exec_stack)},
};
enum { N_FLAGS = sizeof(flags) / sizeof(flags[0]) };

static void print_flags(struct textbuf *text, const struct elfhead *head)
{
    textbuf_printf(text, "flags:");
    for (int i = 0; i < N_FLAGS; i++)
        if (*(const bool *)((const char *)head + flags[i].field))
            textbuf_printf(text, " %s", flags[i].name);
    textbuf_printf(text, "\n");
}

static void print_segment_type(struct textbuf *text, uint32_t type)
{
    for (int i = 0; i < N_SEGMENT_TYPES; i++)
        if (segment_types[i].number == type) {
            textbuf_printf(text, "segment: %s", segment_types[i].name);
            return;
        }
    textbuf_printf(text, "segment: 0x%" PRIx32, type);
}

static void print_segment(struct textbuf *text, const struct segment *segment)
{
    print_segment_type(text, segment->type);
    textbuf_printf(text, " 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, segment->offset,
                   segment->vaddr, segment->file_bytes, segment->memory_bytes);
    if (segment->flags & ~(uint32_t)(PF_R | PF_W | PF_X))
        textbuf_printf(text, " 0x%" PRIx32, segment->flags);
    else
        textbuf_printf(text, " %c%c%c", segment->flags & PF_R ? 'r' : '-',
                       segment->flags & PF_W ? 'w' : '-', segment->flags & PF_X ? 'x' : '-');
    textbuf_printf(text, " 0x%" PRIx64 "\n", segment->align);
}

static void print_head(struct textbuf *text, const struct elfhead *head)
{
    textbuf_printf(text, "elf: %u-bit %s-endian ", head->elf_class,
                   head->big_endian ? "big" : "little");
    if (head->type == ET_EXEC || head->type == ET_DYN)
        textbuf_printf(text, "%s", head->type == ET_EXEC ? "EXEC" : "DYN");
    else
        textbuf_printf(text, "%u", head->type);
    textbuf_printf(text, " machine %u\n", head->machine);
    print_flags(text, head);
    textbuf_printf(text, "entry: 0x%" PRIx64 "\nheaders: 0x%" PRIx64 "\n", head->entry,
                   head->phoff);
    textbuf_printf(text, "sections: %u at 0x%" PRIx64 "\n", head->n_sections, head->shoff);
    if (head->interp)
        textbuf_add_keyed(text, "interp", str_of(head->interp));
    for (unsigned int i = 0; i < head->n_segments; i++)
        print_segment(text, &head->segments[i]);
}

void objectlist_print(struct textbuf *text, const struct object_entry *entry)
{
    textbuf_add_keyed(text, "object", entry->path);
    textbuf_printf(text, "device: %02x:%02x\ninode: %" PRIu64 "\nfate: %s\n", entry->dev_major,
                   entry->dev_minor, entry->inode, fates[entry->fate]);
    if (entry->has_head)
        print_head(text, &entry->head);
    else if (entry->head.other_format)
        textbuf_printf(text, "format: other\n");
    if (entry->missing)
        textbuf_add_keyed(text, "missing", str_of(entry->missing));
}

/* Reading it again. */

struct parser {
    struct arena *arena;
    struct objectlist *list;
};

/* The table with room for one more than n: its room is 8, 16, 32, ... */
static void *with_room(struct arena *arena, void *table, size_t n, size_t size)
{
    void *larger;

    if (n > 0 && (n < 8 || (n & (n - 1)) != 0))
        return table;
    larger = arena_alloc(arena, (n > 0 ? n * 2 : 8) * size);
    return n > 0 ? memcpy(larger, table, n * size) : larger;
}

static bool number(struct str s, uint64_t max, uint64_t *value)
{
    bool is_hex = str_starts(s, STR("0x"));

    return (is_hex ? str_hex_to_u64(s, value) : str_to_u64(s, value)) && *value <= max;
}

static bool next_number(struct str *rest, uint64_t max, uint64_t *value)
{
    struct str word;

    return str_next_word(rest, &word) && number(word, max, value);
}

static bool next_is(struct str *rest, struct str wanted)
{
    struct str word;

    return str_next_word(rest, &word) && str_eq(word, wanted);
}

static bool take_object(struct parser *parser, struct object_entry *entry, struct str value)
{
    struct objectlist *list = parser->list;

    (void)entry;
    if (value.n == 0 || list->n == MAX_OBJECTS)
        return false;
    list->entries = with_room(parser->arena, list->entries, list->n, sizeof(*list->entries));
    list->entries[list->n++] = (struct object_entry){.path = str_unescape(parser->arena, value)};
    return true;
}

static bool take_device(struct parser *parser, struct object_entry *entry, struct str value)
{
    struct str major;
    uint64_t major_number, minor_number;

    (void)parser;
    if (!str_next_field(&value, ':', &major) || !str_hex_to_u64(major, &major_number) ||
        !str_hex_to_u64(value, &minor_number) || major_number > UINT32_MAX ||
        minor_number > UINT32_MAX)
        return false;
    entry->dev_major = (uint32_t)major_number;
    entry->dev_minor = (uint32_t)minor_number;
    return true;
}

static bool take_inode(struct parser *parser, struct object_entry *entry, struct str value)
{
    (void)parser;
    return number(value, UINT64_MAX, &entry->inode);
}

static bool take_fate(struct parser *parser, struct object_entry *entry, struct str value)
{
    (void)parser;
    for (int i = 0; i < N_FATES; i++)
        if (str_eq(value, str_of(fates[i]))) {
            entry->fate = (enum file_fate)i;
            return true;
        }
    return false;
}

static bool take_class(struct elfhead *head, struct str word)
{
    head->elf_class = str_eq(word, STR("64-bit")) ? 64 : 32;
    return head->elf_class == 64 || str_eq(word, STR("32-bit"));
}

static bool take_order(struct elfhead *head, struct str word)
{
    head->big_endian = str_eq(word, STR("big-endian"));
    return head->big_endian || str_eq(word, STR("little-endian"));
}

static bool take_type(struct elfhead *head, struct str word)
{
    uint64_t type = str_eq(word, STR("EXEC")) ? ET_EXEC : ET_DYN;

    if (type == ET_DYN && !str_eq(word, STR("DYN")) && !number(word, UINT16_MAX, &type))
        return false;
    head->type = (uint16_t)type;
    return true;
}

static bool take_elf(struct parser *parser, struct object_entry *entry, struct str value)
{
    struct elfhead *head = &entry->head;
    struct str elf_class, order, type;
    uint64_t machine;

    (void)parser;
    if (!str_next_word(&value, &elf_class) || !str_next_word(&value, &order) ||
        !str_next_word(&value, &type) || !next_is(&value, STR("machine")) ||
        !next_number(&value, UINT16_MAX, &machine))
        return false;
    head->machine = (uint16_t)machine;
    entry->has_head = true;
    return take_class(head, elf_class) && take_order(head, order) && take_type(head, type);
}

static bool take_flags(struct parser *parser, struct object_entry *entry, struct str value)
{
    struct str word;

    (void)parser;
    while (str_next_word(&value, &word))
        for (int i = 0; i < N_FLAGS; i++)
            if (str_eq(word, str_of(flags[i].name)))
                *(bool *)((char *)&entry->head + flags[i].field) = true;
    return true;
}

static bool take_entry(struct parser *parser, struct object_entry *entry, struct str value)
{
    (void)parser;
    return number(value, UINT64_MAX, &entry->head.entry);
}

static bool take_headers(struct parser *parser, struct object_entry *entry, struct str value)
{
    (void)parser;
    return number(value, UINT64_MAX, &entry->head.phoff);
}

static bool take_sections(struct parser *parser, struct object_entry *entry, struct str value)
{
    uint64_t n;

    (void)parser;
    if (!next_number(&value, UINT32_MAX, &n) || !next_is(&value, STR("at")) ||
        !next_number(&value, UINT64_MAX, &entry->head.shoff))
        return false;
    entry->head.n_sections = (unsigned int)n;
    return true;
}

static bool take_interp(struct parser *parser, struct object_entry *entry, struct str value)
{
    entry->head.interp = str_unescape(parser->arena, value).p;
    return true;
}

static bool take_missing(struct parser *parser, struct object_entry *entry, struct str value)
{
    entry->missing = str_unescape(parser->arena, value).p;
    return true;
}

static bool take_format(struct parser *parser, struct object_entry *entry, struct str value)
{
    (void)parser;
    entry->head.other_format = str_eq(value, STR("other"));
    return entry->head.other_format;
}

static bool take_segment_type(struct segment *segment, struct str word)
{
    uint64_t type;

    for (int i = 0; i < N_SEGMENT_TYPES; i++)
        if (str_eq(word, str_of(segment_types[i].name))) {
            segment->type = segment_types[i].number;
            return true;
        }
    if (!number(word, UINT32_MAX, &type))
        return false;
    segment->type = (uint32_t)type;
    return true;
}

static bool take_segment_flags(struct segment *segment, struct str word)
{
    static const char letters[] = "rwx";
    static const uint32_t bits[] = {PF_R, PF_W, PF_X};
    uint64_t value;

    if (number(word, UINT32_MAX, &value)) {
        segment->flags = (uint32_t)value;
        return true;
    }
    for (size_t i = 0; i < 3; i++) {
        if (word.n != 3 || (word.p[i] != letters[i] && word.p[i] != '-'))
            return false;
        segment->flags |= word.p[i] == '-' ? 0 : bits[i];
    }
    return true;
}

static struct segment *add_segment(struct parser *parser, struct elfhead *head)
{
    head->segments =
        with_room(parser->arena, head->segments, head->n_segments, sizeof(*head->segments));
    head->segments[head->n_segments] = (struct segment){0};
    return &head->segments[head->n_segments++];
}

static bool take_segment(struct parser *parser, struct object_entry *entry, struct str value)
{
    struct segment *segment;
    struct str word;

    if (entry->head.n_segments == MAX_SEGMENTS)
        return false;
    segment = add_segment(parser, &entry->head);
    return str_next_word(&value, &word) && take_segment_type(segment, word) &&
           next_number(&value, UINT64_MAX, &segment->offset) &&
           next_number(&value, UINT64_MAX, &segment->vaddr) &&
           next_number(&value, UINT64_MAX, &segment->file_bytes) &&
           next_number(&value, UINT64_MAX, &segment->memory_bytes) &&
           str_next_word(&value, &word) && take_segment_flags(segment, word) &&
           next_number(&value, UINT64_MAX, &segment->align);
}

static const struct {
    const char *key;
    bool (*take)(struct parser *parser, struct object_entry *entry, struct str value);
} keys[] = {
    {"object", take_object}, /* the only one that may stand without an entry */
    {"device", take_device},   {"inode", take_inode},       {"fate", take_fate},
    {"elf", take_elf},         {"flags", take_flags},       {"entry", take_entry},
    {"headers", take_headers}, {"sections", take_sections}, {"interp", take_interp},
    {"segment", take_segment}, {"missing", take_missing},   {"format", take_format},
};

static bool take_line(struct parser *parser, struct str line)
{
    struct objectlist *list = parser->list;
    struct str key, value = line;

    if (!str_next_field(&value, ':', &key) || key.n == line.n)
        return str_trim(line).n == 0;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (str_eq(key, str_of(keys[i].key)))
            return (i == 0 || list->n > 0) &&
                   keys[i].take(parser, list->n ? &list->entries[list->n - 1] : NULL,
                                str_trim(value));
    return true;
}

bool objectlist_parse(struct objectlist *list, struct arena *arena, struct str text,
                      struct err *err)
{
    struct parser parser = {.arena = arena, .list = list};
    struct str line;

    *list = (struct objectlist){0};
    for (uint64_t n = 1; str_next_line(&text, &line); n++)
        if (!take_line(&parser, line)) {
            *list = (struct objectlist){0};
            return err_set(err, "line %llu of objects makes no sense", (unsigned long long)n);
        }
    return true;
}
