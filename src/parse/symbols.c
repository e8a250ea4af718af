/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/symbols.h"

#include "parse/word.h"

#include <elf.h>
#include <libelf.h>

enum {
    MAX_DYNAMIC_ENTRIES = 512,
    MAX_CHAIN = 4096, /* symbols of one hash bucket; real ones have a handful */
    MAX_SECTIONS = 65536,
    MAX_SYMBOLS = 1 << 22,
    SYMBOLS_AT_ONCE = 256,
    MAX_IMPORTS = 65536, /* a browser takes some 3,000 symbols from others */
    MAX_NAME = 64,
    MAX_WINDOWS = 65536, /* a file may lay its names out so that each is in another one */
    WINDOW_BYTES = 4096, /* names lie in the order of their symbols, more or less */
};

/* The sizes that depend on the class, and the byte order. */
struct shape {
    bool is_64;
    bool big_endian;
};

static struct shape shape_of(const struct elfhead *head)
{
    return (struct shape){head->elf_class == 64, head->big_endian};
}

/* glibc adds the bias to these entries in place, other loaders do not. */
static uint64_t absolute(uint64_t value, uint64_t bias)
{
    return value < bias ? value + bias : value;
}

static void take_entry(struct dynamic *dynamic, uint64_t tag, uint64_t value, uint64_t bias)
{
    switch (tag) {
    case DT_SYMTAB:
        dynamic->symtab = absolute(value, bias);
        break;
    case DT_STRTAB:
        dynamic->strtab = absolute(value, bias);
        break;
    case DT_STRSZ:
        dynamic->strings_bytes = value;
        break;
    case DT_GNU_HASH:
        dynamic->gnu_hash = absolute(value, bias);
        break;
    case DT_HASH:
        dynamic->hash = absolute(value, bias);
        break;
    case DT_DEBUG:
        dynamic->debug = value;
        break;
    case DT_NEEDED:
        if (dynamic->n_needed < MAX_NEEDED)
            dynamic->needed[dynamic->n_needed] = value;
        dynamic->n_needed += dynamic->n_needed <= MAX_NEEDED;
        break;
    default:
        break;
    }
}

static bool read_gnu_hash(struct dynamic *dynamic, struct shape shape)
{
    return word_read(&dynamic->memory, dynamic->gnu_hash, 4, shape.big_endian,
                     &dynamic->n_buckets) &&
           word_read(&dynamic->memory, dynamic->gnu_hash + 4, 4, shape.big_endian,
                     &dynamic->first) &&
           word_read(&dynamic->memory, dynamic->gnu_hash + 8, 4, shape.big_endian,
                     &dynamic->n_bloom);
}

/* Takes the entries of a piece; false when DT_NULL has ended them. */
static bool take_piece(struct dynamic *dynamic, const unsigned char *raw, size_t n_bytes,
                       uint64_t bias)
{
    struct shape shape = shape_of(dynamic->head);
    size_t word = shape.is_64 ? 8 : 4;

    for (size_t at = 0; at + 2 * word <= n_bytes; at += 2 * word) {
        uint64_t tag = word_load(raw + at, word, shape.big_endian);

        if (tag == DT_NULL)
            return false;
        take_entry(dynamic, tag, word_load(raw + at + word, word, shape.big_endian), bias);
    }
    return true;
}

static bool read_dynamic(struct dynamic *dynamic, const struct segment *segment, uint64_t bias)
{
    unsigned char raw[64 * sizeof(Elf64_Dyn)];
    uint64_t left = segment->memory_bytes, at = segment->vaddr + bias;
    size_t n = sizeof(raw);

    if (left > MAX_DYNAMIC_ENTRIES * sizeof(Elf64_Dyn))
        left = MAX_DYNAMIC_ENTRIES * sizeof(Elf64_Dyn);
    for (; left > 0; left -= n, at += n) {
        n = left < sizeof(raw) ? (size_t)left : sizeof(raw);
        if (!reader_read(&dynamic->memory, at, raw, n))
            return false;
        if (!take_piece(dynamic, raw, n, bias))
            break;
    }
    return !dynamic->gnu_hash || read_gnu_hash(dynamic, shape_of(dynamic->head));
}

bool dynamic_read(struct dynamic *dynamic, const struct elfhead *head, const struct reader *memory,
                  uint64_t bias)
{
    *dynamic = (struct dynamic){.head = head, .memory = *memory};
    for (unsigned int i = 0; i < head->n_segments; i++)
        if (head->segments[i].type == PT_DYNAMIC)
            return read_dynamic(dynamic, &head->segments[i], bias);
    return false;
}

static bool has_symbols(const struct dynamic *dynamic)
{
    return dynamic->symtab && dynamic->strtab && (dynamic->gnu_hash || dynamic->hash);
}

struct symbol {
    uint32_t name; /* offset into the string table */
    uint16_t section;
    uint64_t value;
    uint64_t size;
    unsigned char type; /* STT_* */
};

static size_t symbol_bytes(struct shape shape)
{
    return shape.is_64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
}

static struct symbol take_symbol(const unsigned char *raw, struct shape shape)
{
    if (shape.is_64)
        return (struct symbol){
            (uint32_t)word_load(raw + offsetof(Elf64_Sym, st_name), 4, shape.big_endian),
            (uint16_t)word_load(raw + offsetof(Elf64_Sym, st_shndx), 2, shape.big_endian),
            word_load(raw + offsetof(Elf64_Sym, st_value), 8, shape.big_endian),
            word_load(raw + offsetof(Elf64_Sym, st_size), 8, shape.big_endian),
            ELF64_ST_TYPE(raw[offsetof(Elf64_Sym, st_info)]),
        };
    return (struct symbol){
        (uint32_t)word_load(raw + offsetof(Elf32_Sym, st_name), 4, shape.big_endian),
        (uint16_t)word_load(raw + offsetof(Elf32_Sym, st_shndx), 2, shape.big_endian),
        word_load(raw + offsetof(Elf32_Sym, st_value), 4, shape.big_endian),
        word_load(raw + offsetof(Elf32_Sym, st_size), 4, shape.big_endian),
        ELF32_ST_TYPE(raw[offsetof(Elf32_Sym, st_info)]),
    };
}

static bool name_is(const struct reader *reader, uint64_t at, const char *name)
{
    char found[MAX_NAME];
    size_t n = strlen(name) + 1;

    return n <= sizeof(found) && reader_read(reader, at, found, n) && memcmp(found, name, n) == 0;
}

static bool name_starts(const struct reader *reader, uint64_t at, const char *start)
{
    char found[MAX_NAME];
    size_t n = strlen(start);

    return n <= sizeof(found) && reader_read(reader, at, found, n) && memcmp(found, start, n) == 0;
}

/* A symbol that is looked for by a hash table. */
struct search {
    const char *name;
    bool defined;
    uint64_t value; /* once it is found */
};

/* Whether symbol number `index` is the one. */
static bool is_wanted(const struct reader *memory, const struct dynamic *dynamic,
                      struct shape shape, uint64_t index, struct search *search)
{
    unsigned char raw[sizeof(Elf64_Sym)];
    struct symbol symbol;

    if (!reader_read(memory, dynamic->symtab + index * symbol_bytes(shape), raw,
                     symbol_bytes(shape)))
        return false;
    symbol = take_symbol(raw, shape);
    if ((symbol.section != SHN_UNDEF) != search->defined ||
        !name_is(memory, dynamic->strtab + symbol.name, search->name))
        return false;
    search->value = symbol.value;
    return true;
}

static uint32_t gnu_hash_of(const char *name)
{
    uint32_t hash = 5381;

    for (; *name; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash;
}

/*
 * DT_GNU_HASH: four words (buckets, first symbol, bloom words, shift), the bloom filter, the
 * buckets, then a hash for each symbol, whose lowest bit ends the bucket's chain.
 */
static bool find_by_gnu_hash(const struct reader *memory, const struct dynamic *dynamic,
                             struct shape shape, struct search *search)
{
    uint32_t hash = gnu_hash_of(search->name);
    uint64_t buckets, chains, index, entry;

    if (dynamic->n_buckets == 0)
        return false;
    buckets = dynamic->gnu_hash + 16 + dynamic->n_bloom * (shape.is_64 ? 8 : 4);
    chains = buckets + dynamic->n_buckets * 4;
    if (!word_read(memory, buckets + hash % dynamic->n_buckets * 4, 4, shape.big_endian, &index) ||
        index < dynamic->first)
        return false;
    for (int i = 0; i < MAX_CHAIN; i++, index++) {
        if (!word_read(memory, chains + (index - dynamic->first) * 4, 4, shape.big_endian, &entry))
            return false;
        if ((entry | 1) == (hash | 1) && is_wanted(memory, dynamic, shape, index, search))
            return true;
        if (entry & 1)
            return false;
    }
    return false;
}

static uint32_t sysv_hash_of(const char *name)
{
    uint32_t hash = 0;

    for (; *name; name++) {
        hash = (hash << 4) + (unsigned char)*name;
        hash ^= hash >> 24 & 0xf0;
    }
    return hash & 0x0fffffff;
}

/* DT_HASH: numbers of buckets and chains, the buckets, then the next symbol for each symbol. */
static bool find_by_sysv_hash(const struct reader *memory, const struct dynamic *dynamic,
                              struct shape shape, struct search *search)
{
    uint64_t n_buckets, index;

    if (!word_read(memory, dynamic->hash, 4, shape.big_endian, &n_buckets) || n_buckets == 0 ||
        !word_read(memory, dynamic->hash + 8 + sysv_hash_of(search->name) % n_buckets * 4, 4,
                   shape.big_endian, &index))
        return false;
    for (int i = 0; i < MAX_CHAIN && index != STN_UNDEF; i++) {
        if (is_wanted(memory, dynamic, shape, index, search))
            return true;
        if (!word_read(memory, dynamic->hash + 8 + (n_buckets + index) * 4, 4, shape.big_endian,
                       &index))
            return false;
    }
    return false;
}

static bool find_by_hash(const struct dynamic *dynamic, struct search *search)
{
    struct shape shape = shape_of(dynamic->head);

    if (!has_symbols(dynamic))
        return false;
    return dynamic->gnu_hash ? find_by_gnu_hash(&dynamic->memory, dynamic, shape, search)
                             : find_by_sysv_hash(&dynamic->memory, dynamic, shape, search);
}

bool dynamic_find(const struct dynamic *dynamic, const char *name, uint64_t *value)
{
    struct search search = {.name = name, .defined = true};

    if (!find_by_hash(dynamic, &search))
        return false;
    *value = search.value;
    return true;
}

bool symbol_find_loaded(const struct elfhead *head, const struct reader *memory, uint64_t bias,
                        const char *name, uint64_t *address)
{
    struct dynamic dynamic;

    if (!dynamic_read(&dynamic, head, memory, bias) || !dynamic_find(&dynamic, name, address))
        return false;
    *address += bias;
    return true;
}

/* A table of names, read a window at a time: a call for each of 100,000 names takes too long. */
struct names {
    const struct reader *reader;
    uint64_t at, n_bytes;
    uint64_t window; /* where the window begins in the table */
    size_t n_window;
    unsigned int n_reads;
    char bytes[WINDOW_BYTES];
};

static bool names_read(struct names *names, uint64_t offset)
{
    uint64_t left = names->n_bytes - offset;

    names->window = offset;
    names->n_window = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
    return names->n_reads++ < MAX_WINDOWS &&
           reader_read(names->reader, names->at + offset, names->bytes, names->n_window);
}

/* The bytes from `offset` on, MAX_NAME of them or all that are left; NULL: not there. */
static const char *names_get(struct names *names, uint64_t offset, size_t *n)
{
    uint64_t left;

    if (offset >= names->n_bytes)
        return NULL;
    left = names->n_bytes - offset;
    *n = left < MAX_NAME ? (size_t)left : MAX_NAME;
    if (offset < names->window || offset + *n > names->window + names->n_window)
        if (!names_read(names, offset))
            return NULL;
    return names->bytes + (offset - names->window);
}

/* Which of the wanted names a table has, among its symbols with or without a definition. */
struct sieve {
    struct names names;
    bool defined;
    const char *const *wanted;
    unsigned int n_wanted;
    uint64_t found; /* bit i: wanted[i] */
};

static bool sieve_symbol(struct sieve *sieve, const struct symbol *symbol)
{
    const char *name;
    size_t n;

    if (symbol->type == STT_SECTION || symbol->type == STT_FILE ||
        (symbol->section != SHN_UNDEF) != sieve->defined)
        return true;
    name = names_get(&sieve->names, symbol->name, &n);
    for (unsigned int i = 0; name && i < sieve->n_wanted; i++) {
        const char *wanted = sieve->wanted[i];

        if (name[0] == wanted[0] && strlen(wanted) < n &&
            memcmp(name, wanted, strlen(wanted) + 1) == 0)
            sieve->found |= UINT64_C(1) << i;
    }
    return name != NULL;
}

static bool sieve_symbols(struct sieve *sieve, const struct reader *reader, struct shape shape,
                          uint64_t at, uint64_t n)
{
    unsigned char raw[SYMBOLS_AT_ONCE * sizeof(Elf64_Sym)];
    size_t size = symbol_bytes(shape);

    for (uint64_t i = 0; i < n; i += SYMBOLS_AT_ONCE) {
        uint64_t left = n - i < SYMBOLS_AT_ONCE ? n - i : SYMBOLS_AT_ONCE;

        if (!reader_read(reader, at + i * size, raw, left * size))
            return false;
        for (uint64_t k = 0; k < left; k++) {
            struct symbol symbol = take_symbol(raw + k * size, shape);

            if (!sieve_symbol(sieve, &symbol))
                return false;
        }
    }
    return true;
}

/*
 * DT_GNU_HASH says where the symbols begin that can be found by it: what is taken from others comes
 * before, but for functions whose address the program takes.  DT_HASH has a chain for every symbol.
 */
static bool count_imports(const struct dynamic *dynamic, struct shape shape, uint64_t *n)
{
    return word_read(&dynamic->memory, (dynamic->gnu_hash ? dynamic->gnu_hash : dynamic->hash) + 4,
                     4, shape.big_endian, n) &&
           *n <= MAX_IMPORTS;
}

bool dynamic_imports(const struct dynamic *dynamic, const char *const *names, unsigned int n_names,
                     uint64_t *found)
{
    struct shape shape = shape_of(dynamic->head);
    struct sieve sieve = {
        .names = {.reader = &dynamic->memory,
                  .at = dynamic->strtab,
                  .n_bytes = dynamic->strings_bytes},
        .wanted = names,
        .n_wanted = n_names,
    };
    uint64_t n;

    if (!has_symbols(dynamic) || !count_imports(dynamic, shape, &n) ||
        !sieve_symbols(&sieve, &dynamic->memory, shape, dynamic->symtab, n))
        return false;
    for (unsigned int i = 0; i < n_names; i++)
        if (find_by_hash(dynamic, &(struct search){.name = names[i], .defined = false}))
            sieve.found |= UINT64_C(1) << i;
    *found = sieve.found;
    return true;
}

bool dynamic_needs_only(const struct dynamic *dynamic, const char *const *starts, unsigned int n)
{
    if (dynamic->n_needed > MAX_NEEDED)
        return false;
    for (unsigned int i = 0; i < dynamic->n_needed; i++) {
        unsigned int k = 0;

        while (k < n &&
               !name_starts(&dynamic->memory, dynamic->strtab + dynamic->needed[i], starts[k]))
            k++;
        if (k == n)
            return false;
    }
    return true;
}

static bool read_view(void *context, uint64_t address, void *buf, size_t n)
{
    const struct elf_view *view = context;

    for (unsigned int i = 0; i < view->head->n_segments; i++) {
        const struct segment *segment = &view->head->segments[i];

        if (segment->type == PT_LOAD && address >= segment->vaddr &&
            address - segment->vaddr < segment->file_bytes &&
            n <= segment->file_bytes - (address - segment->vaddr))
            return reader_read(view->file, segment->offset + (address - segment->vaddr), buf, n);
    }
    return false;
}

struct reader elf_view_reader(struct elf_view *view)
{
    return (struct reader){.read = read_view, .context = view};
}

struct section {
    uint64_t type, offset, size, link;
};

static bool read_section(const struct elfhead *head, const struct reader *file, uint64_t index,
                         struct section *section)
{
    struct shape shape = shape_of(head);
    unsigned char raw[sizeof(Elf64_Shdr)];
    size_t size = shape.is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

    if (!reader_read(file, head->shoff + index * size, raw, size))
        return false;
    if (shape.is_64)
        *section = (struct section){
            word_load(raw + offsetof(Elf64_Shdr, sh_type), 4, shape.big_endian),
            word_load(raw + offsetof(Elf64_Shdr, sh_offset), 8, shape.big_endian),
            word_load(raw + offsetof(Elf64_Shdr, sh_size), 8, shape.big_endian),
            word_load(raw + offsetof(Elf64_Shdr, sh_link), 4, shape.big_endian),
        };
    else
        *section = (struct section){
            word_load(raw + offsetof(Elf32_Shdr, sh_type), 4, shape.big_endian),
            word_load(raw + offsetof(Elf32_Shdr, sh_offset), 4, shape.big_endian),
            word_load(raw + offsetof(Elf32_Shdr, sh_size), 4, shape.big_endian),
            word_load(raw + offsetof(Elf32_Shdr, sh_link), 4, shape.big_endian),
        };
    return true;
}

static bool find_section(const struct elfhead *head, const struct reader *file, uint64_t type,
                         struct section *section)
{
    for (uint64_t i = 0; i < head->n_sections && i < MAX_SECTIONS; i++) {
        if (!read_section(head, file, i, section))
            return false;
        if (section->type == type)
            return true;
    }
    return false;
}

/* Reads a block of symbols that ends with the table. */
static bool scan_block(const struct reader *file, const struct section *names, struct shape shape,
                       uint64_t at, uint64_t n, const char *name, uint64_t *value)
{
    unsigned char raw[SYMBOLS_AT_ONCE * sizeof(Elf64_Sym)];

    if (!reader_read(file, at, raw, n * symbol_bytes(shape)))
        return false;
    for (uint64_t i = 0; i < n; i++) {
        struct symbol symbol = take_symbol(raw + i * symbol_bytes(shape), shape);

        if (symbol.section == SHN_UNDEF || symbol.type != STT_OBJECT ||
            symbol.size != (shape.is_64 ? 8 : 4) || symbol.name >= names->size ||
            !name_is(file, names->offset + symbol.name, name))
            continue;
        *value = symbol.value;
        return true;
    }
    return false;
}

bool symbol_find_variable(const struct elfhead *head, const struct reader *file, const char *name,
                          uint64_t *value)
{
    struct shape shape = shape_of(head);
    struct section symbols, names;
    uint64_t n;

    if (!find_section(head, file, SHT_SYMTAB, &symbols) ||
        !read_section(head, file, symbols.link, &names))
        return false;
    n = symbols.size / symbol_bytes(shape);
    if (n > MAX_SYMBOLS)
        return false;
    for (uint64_t i = 0; i < n; i += SYMBOLS_AT_ONCE) {
        uint64_t left = n - i < SYMBOLS_AT_ONCE ? n - i : SYMBOLS_AT_ONCE;

        if (scan_block(file, &names, shape, symbols.offset + i * symbol_bytes(shape), left, name,
                       value))
            return true;
    }
    return false;
}

bool symtab_find(const struct elfhead *head, const struct reader *file, const char *const *names,
                 unsigned int n_names, uint64_t *found)
{
    struct shape shape = shape_of(head);
    struct section symbols, strings;
    struct sieve sieve = {.defined = true, .wanted = names, .n_wanted = n_names};
    uint64_t n;

    if (!find_section(head, file, SHT_SYMTAB, &symbols) ||
        !read_section(head, file, symbols.link, &strings))
        return false;
    sieve.names.reader = file;
    sieve.names.at = strings.offset;
    sieve.names.n_bytes = strings.size;
    n = symbols.size / symbol_bytes(shape);
    if (n > MAX_SYMBOLS || !sieve_symbols(&sieve, file, shape, symbols.offset, n))
        return false;
    *found = sieve.found;
    return true;
}
