/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The headers and symbols of an ELF file, also of one that reads as zeros for ever beyond its
 * bytes, as one with holes does: few reads, and the symbols are those that a plain walk over the
 * table finds.
 */
#include "lib/fuzz.h"

#include "parse/symbols.h"

#include <elf.h>

/* What a search may cost at most, whatever the file says. */
enum { MAX_HEAD_READS = 64, MAX_SEARCH_READS = 300000 };

struct bytes {
    struct str input;
    uint64_t address; /* where they begin */
    bool endless;
    uint64_t n_reads;
};

static bool read_bytes(void *context, uint64_t offset, void *buf, size_t n)
{
    struct bytes *bytes = context;
    uint64_t at = offset - bytes->address;
    size_t there;

    bytes->n_reads++;
    if (offset < bytes->address || offset > INT64_MAX)
        return false;
    if (!bytes->endless && (at > bytes->input.n || n > bytes->input.n - at))
        return false;
    there = at < bytes->input.n ? bytes->input.n - (size_t)at : 0;
    there = there < n ? there : n;
    if (there > 0)
        memcpy(buf, bytes->input.p + at, there);
    memset((char *)buf + there, 0, n - there);
    return true;
}

static void reads_are_bounded(struct bytes *bytes, uint64_t most)
{
    must(bytes->n_reads <= most);
    bytes->n_reads = 0;
}

static const char *const names[] = {"main", "malloc", "_start", "fuzzed", "a", ""};

enum { N_NAMES = sizeof(names) / sizeof(names[0]) };

static uint64_t number(const unsigned char *p, size_t n, bool big_endian)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++)
        value |= (uint64_t)p[i] << 8 * (big_endian ? n - 1 - i : i);
    return value;
}

struct symbol {
    uint64_t name, value, section, type;
};

static bool read_symbol(const struct reader *reader, const struct elfhead *head, uint64_t at,
                        uint64_t index, struct symbol *symbol)
{
    unsigned char raw[24];
    bool wide = head->elf_class == 64, big = head->big_endian;
    size_t size = wide ? 24 : 16;

    if (!reader_read(reader, at + index * size, raw, size))
        return false;
    *symbol = (struct symbol){
        number(raw, 4, big),
        wide ? number(raw + 8, 8, big) : number(raw + 4, 4, big),
        number(raw + (wide ? 6 : 14), 2, big),
        raw[wide ? 4 : 12] & 15,
    };
    return true;
}

static bool has_name(const struct reader *reader, uint64_t at, const char *name)
{
    char byte;

    do
        if (!reader_read(reader, at++, &byte, 1) || byte != *name)
            return false;
    while (*name++);
    return true;
}

static bool read_section(const struct reader *reader, const struct elfhead *head, uint64_t index,
                         uint64_t fields[static 4])
{
    static const struct {
        size_t at, n;
    } wide[] = {{4, 4}, {24, 8}, {32, 8}, {40, 4}}, narrow[] = {{4, 4}, {16, 4}, {20, 4}, {24, 4}};
    bool is_wide = head->elf_class == 64;
    size_t size = is_wide ? 64 : 40;
    unsigned char raw[64];

    if (!reader_read(reader, head->shoff + index * size, raw, size))
        return false;
    for (int i = 0; i < 4; i++)
        fields[i] = is_wide ? number(raw + wide[i].at, wide[i].n, head->big_endian)
                            : number(raw + narrow[i].at, narrow[i].n, head->big_endian);
    return true;
}

enum { TYPE, OFFSET, SIZE, LINK };

/* The names that the first symbol table defines. */
static uint64_t walk_symtab(const struct reader *reader, const struct elfhead *head)
{
    uint64_t table[4] = {0}, strings[4], found = 0, i = 0;
    struct symbol symbol;

    while (table[TYPE] != SHT_SYMTAB)
        if (i == head->n_sections || !read_section(reader, head, i++, table))
            return 0;
    if (!read_section(reader, head, table[LINK], strings))
        return 0;
    for (i = 0; i < table[SIZE] / (head->elf_class == 64 ? 24 : 16); i++) {
        must(read_symbol(reader, head, table[OFFSET], i, &symbol));
        if (symbol.section == SHN_UNDEF || symbol.type == STT_SECTION || symbol.type == STT_FILE)
            continue;
        for (int k = 0; k < N_NAMES; k++)
            if (has_name(reader, strings[OFFSET] + symbol.name, names[k]) &&
                symbol.name + strlen(names[k]) < strings[SIZE])
                found |= UINT64_C(1) << k;
    }
    return found;
}

static void symtab_is_as_walked(struct bytes *bytes, const struct reader *reader,
                                const struct elfhead *head)
{
    uint64_t found, value;
    bool known = symtab_find(head, reader, names, N_NAMES, &found);

    reads_are_bounded(bytes, MAX_SEARCH_READS);
    if (known && !bytes->endless)
        must(found == walk_symtab(reader, head));
    symbol_find_variable(head, reader, "fuzzed", &value);
    bytes->n_reads = 0;
}

/* Some symbol of the table has that name and value. */
static bool is_in_table(const struct dynamic *dynamic, const char *name, uint64_t value)
{
    struct symbol symbol;

    for (uint64_t i = 0; read_symbol(&dynamic->memory, dynamic->head, dynamic->symtab, i, &symbol);
         i++)
        if (symbol.section != SHN_UNDEF && symbol.value == value &&
            has_name(&dynamic->memory, dynamic->strtab + symbol.name, name))
            return true;
    return false;
}

static void dynamic_is_bounded(struct bytes *bytes, const struct reader *memory,
                               const struct elfhead *head, uint64_t bias)
{
    static const char *const starts[] = {"libc.", "ld-"};
    struct dynamic dynamic;
    uint64_t value, found;

    if (!dynamic_read(&dynamic, head, memory, bias))
        return;
    reads_are_bounded(bytes, MAX_HEAD_READS);
    for (int i = 0; i < N_NAMES; i++) {
        bool known = dynamic_find(&dynamic, names[i], &value);

        reads_are_bounded(bytes, MAX_SEARCH_READS);
        if (known && !bytes->endless)
            must(is_in_table(&dynamic, names[i], value));
    }
    bytes->n_reads = 0;
    if (dynamic_imports(&dynamic, names, N_NAMES, &found))
        must(found < UINT64_C(1) << N_NAMES);
    reads_are_bounded(bytes, MAX_SEARCH_READS);
    dynamic_needs_only(&dynamic, starts, 2);
    reads_are_bounded(bytes, MAX_HEAD_READS);
}

static void head_is_sound(const struct elfhead *head)
{
    char buf[24];

    must(head->elf_class == 32 || head->elf_class == 64);
    must(head->n_segments <= 128);
    must((head->n_segments == 0) == (head->segments == NULL));
    must(!head->interp || strlen(head->interp) <= 4096);
    must(!head->wants_exec_stack || head->has_gnu_stack);
    must(!head->is_pie || head->has_dynamic);
    must(strlen(elf_machine_name(head->machine, buf)) < sizeof(buf));
}

/* The first bytes of an object in memory lie at its bias. */
static void look_in_memory(struct str input, const struct elfhead *head)
{
    struct bytes bytes = {.input = input, .address = 0x7ffff7dc0000};
    struct reader memory = {read_bytes, &bytes};

    dynamic_is_bounded(&bytes, &memory, head, bytes.address);
}

void fuzz_input(struct str input)
{
    struct dice dice = dice_of(input);
    struct bytes bytes = {.input = input, .endless = dice_roll(&dice, 16) == 0};
    struct reader reader = {read_bytes, &bytes};
    struct elfhead head;
    struct elf_view view = {&head, &reader};
    struct reader by_address = elf_view_reader(&view);
    struct err err = {""};
    struct arena arena;
    bool ok;

    arena_init(&arena);
    ok = elfhead_parse(&head, &arena, &reader, &err);
    reads_are_bounded(&bytes, MAX_HEAD_READS);
    must(ok == !*err.text);
    if (ok) {
        head_is_sound(&head);
        dynamic_is_bounded(&bytes, &by_address, &head, 0);
        symtab_is_as_walked(&bytes, &reader, &head);
        look_in_memory(input, &head);
    }
    arena_deinit(&arena);
}
