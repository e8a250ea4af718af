/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/pasteline.h"

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static struct str rest_of(struct str s, size_t from)
{
    return (struct str){s.p + from, s.n - from};
}

static struct str skip_blanks(struct str s)
{
    while (s.n > 0 && *s.p == ' ')
        s = rest_of(s, 1);
    return s;
}

static bool has_0x(struct str word)
{
    return str_starts(word, STR("0x")) || str_starts(word, STR("0X"));
}

static bool take_hex(struct str *s, uint64_t *value)
{
    struct str word;

    return str_next_word(s, &word) && str_hex_to_u64(word, value);
}

static bool take_decimal(struct str *s, uint64_t *value)
{
    struct str word;

    return str_next_word(s, &word) && str_to_u64(word, value);
}

/* "start-end" */
static bool take_range(struct str *s, struct range *range)
{
    struct str word, start;

    if (!str_next_word(s, &word) || !str_next_field(&word, '-', &start))
        return false;
    return str_hex_to_u64(start, &range->start) && str_hex_to_u64(word, &range->end) &&
           range->start <= range->end;
}

/* "start end size", whose agreement tells them from other numbers. */
static bool size_fits(struct range range, uint64_t size)
{
    return range.start <= range.end && range.end - range.start == size;
}

static bool range_from_size(uint64_t start, uint64_t kb, struct range *range)
{
    if (kb > UINT64_MAX >> 10 || kb << 10 > UINT64_MAX - start)
        return false;
    *range = (struct range){start, start + (kb << 10)};
    return true;
}

/* The first three of four or five letters, or the only ones. */
static bool perms_rwx(struct str word, unsigned int *perms)
{
    static const char letters[] = "rwx";

    *perms = 0;
    for (size_t i = 0; i < 3; i++) {
        if (word.p[i] == letters[i])
            *perms |= 1u << i;
        else if (word.p[i] != '-')
            return false;
    }
    return true;
}

/* "r-xp", and what perms_text() writes of unknown ones. */
static bool perms_of(struct str word, unsigned int *perms)
{
    if (str_eq(word, STR("????"))) {
        *perms = PERM_UNKNOWN;
        return true;
    }
    if (word.n != 4 || !perms_rwx(word, perms) || !str_has(STR("ps?"), word.p[3]))
        return false;
    *perms |= word.p[3] == 's' ? PERM_SHARED : word.p[3] == '?' ? PERM_SHARING_UNKNOWN : 0;
    return true;
}

static bool take_perms(struct str *s, unsigned int *perms)
{
    struct str word;

    return str_next_word(s, &word) && perms_of(word, perms);
}

/* pmap's: shared or not, then whether the mapping reserves no swap: "rw-s-", "rw--R". */
static bool take_pmap_mode(struct str *s, unsigned int *perms)
{
    struct str word;

    if (!str_next_word(s, &word) || word.n != 5 || !perms_rwx(word, perms) ||
        !str_has(STR("s-p"), word.p[3]) || !str_has(STR("R-"), word.p[4]))
        return false;
    *perms |= word.p[3] == 's' ? PERM_SHARED : 0;
    return true;
}

/* "fe:01" */
static bool device_of(struct str word, struct maps_line *line)
{
    uint64_t major, minor;
    struct str first;

    if (!str_next_field(&word, ':', &first) || !str_hex_to_u64(first, &major) ||
        !str_hex_to_u64(word, &minor) || major > UINT32_MAX || minor > UINT32_MAX)
        return false;
    line->dev_major = (uint32_t)major;
    line->dev_minor = (uint32_t)minor;
    return true;
}

static void set_name(struct paste_record *record, struct str rest)
{
    record->smaps.line.name = skip_blanks(rest);
    record->has |= PASTE_HAS_NAME;
}

/* A name where a number was expected: the columns between were left out. */
static bool is_name(struct str rest)
{
    rest = skip_blanks(rest);
    return rest.n > 0 && (*rest.p == '/' || *rest.p == '[');
}

/* Without a name at the end of a line that was left out or cut, there may have been one. */
static bool kernel_tail(struct str s, struct paste_record *record)
{
    struct maps_line *line = &record->smaps.line;
    struct str word, after = s;

    if (is_name(s)) {
        set_name(record, s);
        return true;
    }
    if (!str_next_word(&after, &word))
        return true;
    if (!(record->has & PASTE_HAS_OFFSET) && str_hex_to_u64(word, &line->offset))
        record->has |= PASTE_HAS_OFFSET;
    else if (!(record->has & PASTE_HAS_DEVICE) && device_of(word, line))
        record->has |= PASTE_HAS_DEVICE;
    else if ((record->has & PASTE_HAS_DEVICE) && str_to_u64(word, &line->inode)) {
        record->has |= PASTE_HAS_INODE;
        set_name(record, after);
        return true;
    } else {
        return false;
    }
    return kernel_tail(after, record);
}

/* Told by looking at no more than its own bytes: a line may hold many beginnings of a range. */
static bool is_range(struct str s)
{
    enum { LONGEST = 40 };
    size_t n = 0, n_dashes = 0;

    for (; n < s.n && n < LONGEST && s.p[n] != ' '; n++) {
        n_dashes += s.p[n] == '-';
        if (!is_hex(s.p[n]) && s.p[n] != '-' && s.p[n] != 'x' && s.p[n] != 'X')
            return false;
    }
    return n_dashes == 1 && n < LONGEST;
}

/* The kernel names each file that it shows: without a name, the line has lost it. */
static void check_name(struct paste_record *record)
{
    if (record->smaps.line.inode != 0 && record->smaps.line.name.n == 0)
        record->has &= ~(unsigned int)PASTE_HAS_NAME;
}

static bool take_kernel(struct str s, struct str columns, struct paste_record *record)
{
    struct maps_line *line = &record->smaps.line;

    (void)columns;
    if (!is_range(s))
        return false;
    if (maps_parse_line(s, line)) {
        record->has = PASTE_HAS_OFFSET | PASTE_HAS_DEVICE | PASTE_HAS_INODE | PASTE_HAS_NAME;
        check_name(record);
        return true;
    }
    *line = (struct maps_line){0};
    if (!take_range(&s, &line->range) || !take_perms(&s, &line->perms) || !kernel_tail(s, record))
        return false;
    check_name(record);
    return true;
}

/* gdb writes an offset of 0 as "0" or "0x0", and both addresses always with 0x. */
static bool take_gdb_numbers(struct str *s, struct paste_record *record)
{
    struct maps_line *line = &record->smaps.line;
    uint64_t size;

    record->has = PASTE_HAS_OFFSET | PASTE_HAS_NAME;
    return has_0x(*s) && take_hex(s, &line->range.start) && take_hex(s, &line->range.end) &&
           take_hex(s, &size) && size_fits(line->range, size) && take_hex(s, &line->offset);
}

static bool take_gdb(struct str s, struct str columns, struct paste_record *record)
{
    (void)columns;
    if (!take_gdb_numbers(&s, record) || !take_perms(&s, &record->smaps.line.perms))
        return false;
    set_name(record, s);
    return true;
}

static bool take_gdb_old(struct str s, struct str columns, struct paste_record *record)
{
    (void)columns;
    if (!take_gdb_numbers(&s, record))
        return false;
    set_name(record, s);
    if (take_perms(&s, &record->smaps.line.perms))
        return false;
    record->smaps.line.perms = PERM_UNKNOWN;
    return true;
}

static bool take_qemu(struct str s, struct str columns, struct paste_record *record)
{
    struct maps_line *line = &record->smaps.line;
    struct str word;
    uint64_t size;

    (void)columns;
    if (!take_range(&s, &line->range) || !take_hex(&s, &size) || !size_fits(line->range, size) ||
        !str_next_word(&s, &word) || word.n != 3 || !perms_rwx(word, &line->perms))
        return false;
    line->perms |= PERM_SHARING_UNKNOWN;
    return !str_next_word(&s, &word);
}

/* With permissions they are lines of the kernel's to this program. */
static bool take_asan(struct str s, struct str columns, struct paste_record *record)
{
    struct maps_line *line = &record->smaps.line;

    (void)columns;
    if (!has_0x(s) || !take_range(&s, &line->range))
        return false;
    line->perms = PERM_UNKNOWN;
    set_name(record, s);
    return true;
}

/*
 * The last column, after one that has blanks in it ("STACK-71-C1 CompilerThread0"): the JVM writes
 * "-" for a mapping without a name.
 */
static void set_jvm_name(struct paste_record *record, struct str rest)
{
    for (size_t i = 0; i + 1 < rest.n; i++) {
        if (rest.p[i] == ' ' && (rest.p[i + 1] == '/' || rest.p[i + 1] == '[')) {
            set_name(record, rest_of(rest, i));
            return;
        }
    }
    if (str_ends(rest, STR(" -")))
        record->has |= PASTE_HAS_NAME;
}

/* Sizes in bytes, as long as nobody asked for a unit. */
static bool take_jvm_map(struct str s, struct str columns, struct paste_record *record)
{
    struct maps_line *line = &record->smaps.line;
    uint64_t size, rss, huge;
    struct str page;

    (void)columns;
    if (!has_0x(s) || !take_range(&s, &line->range) || !take_decimal(&s, &size) ||
        !size_fits(line->range, size) || !take_perms(&s, &line->perms) || !take_decimal(&s, &rss) ||
        !take_decimal(&s, &huge) || !str_next_word(&s, &page))
        return false;
    smaps_take_size(&record->smaps, STR("Rss"), rss);
    set_jvm_name(record, s);
    return true;
}

/* Without -p, pmap shows a file without its directory, and [heap], [vdso] and others alike. */
static void set_pmap_name(struct paste_record *record, struct str rest)
{
    struct str name = skip_blanks(rest);

    if (str_eq(name, STR("[ anon ]")))
        return;
    if (str_eq(name, STR("[ stack ]")))
        name = STR("[stack]");
    record->smaps.line.name = name;
    if (is_name(name))
        record->has |= PASTE_HAS_NAME;
}

/* "00400000": eight digits at least, so that no small number is taken for one. */
static bool take_pmap_start(struct str *s, uint64_t *start)
{
    struct str word;

    return str_next_word(s, &word) && word.n >= 8 && !has_0x(word) && str_hex_to_u64(word, start);
}

static bool take_pmap(struct str s, struct str columns, struct paste_record *record)
{
    struct maps_line *line = &record->smaps.line;
    struct str word;
    uint64_t start, kb;

    (void)columns;
    if (!take_pmap_start(&s, &start) || !str_next_word(&s, &word) || word.p[word.n - 1] != 'K' ||
        !str_to_u64((struct str){word.p, word.n - 1}, &kb) ||
        !range_from_size(start, kb, &line->range) || !take_pmap_mode(&s, &line->perms))
        return false;
    set_pmap_name(record, s);
    return true;
}

/* The columns between the size and the mode have changed over time; "-" is one not told. */
static bool take_pmap_x(struct str s, struct str columns, struct paste_record *record)
{
    struct maps_line *line = &record->smaps.line;
    uint64_t start, kb, rss;
    struct str word, after;
    int n = 0;

    (void)columns;
    if (!take_pmap_start(&s, &start) || !take_decimal(&s, &kb) ||
        !range_from_size(start, kb, &line->range))
        return false;
    for (after = s; str_next_word(&after, &word); s = after, n++) {
        bool known = str_to_u64(word, &rss) && rss <= UINT64_MAX >> 10;

        if (!known && !str_eq(word, STR("-")))
            break;
        if (known && n == 0)
            smaps_take_size(&record->smaps, STR("Rss"), rss << 10);
    }
    if (n < 1 || n > 4 || !take_pmap_mode(&s, &line->perms))
        return false;
    set_pmap_name(record, s);
    return true;
}

static bool take_pmap_d(struct str s, struct str columns, struct paste_record *record)
{
    struct maps_line *line = &record->smaps.line;
    uint64_t start, kb;
    struct str word;

    (void)columns;
    if (!take_pmap_start(&s, &start) || !take_decimal(&s, &kb) ||
        !range_from_size(start, kb, &line->range) || !take_pmap_mode(&s, &line->perms) ||
        !take_hex(&s, &line->offset) || !str_next_word(&s, &word) || !device_of(word, line))
        return false;
    record->has = PASTE_HAS_OFFSET | PASTE_HAS_DEVICE;
    set_pmap_name(record, s);
    return true;
}

/* VmFlags are words of two letters; a file of two letters, without its directory, looks alike. */
static void skip_flags(struct str *s)
{
    struct str word, after = *s;

    while (str_next_word(&after, &word) && word.n == 2)
        *s = after;
}

/* The columns of sizes, by their titles, and the name if there is a column of it. */
static void take_pmap_sizes(struct str s, struct str columns, struct paste_record *record)
{
    struct str title, word;
    uint64_t kb;

    while (str_next_word(&columns, &title)) {
        if (str_eq(title, STR("Mapping"))) {
            set_pmap_name(record, s);
            return;
        }
        if (str_eq(title, STR("VmFlags"))) {
            skip_flags(&s);
            continue;
        }
        if (!str_next_word(&s, &word))
            return;
        if (str_to_u64(word, &kb) && kb <= UINT64_MAX >> 10)
            smaps_take_size(&record->smaps, title, kb << 10);
    }
}

/* Its first six columns are always these. */
static const struct str pmap_fixed = {"Address Perm Offset Device Inode Size", 37};

static struct str pmap_titles(struct str columns)
{
    struct str title;

    for (int i = 0; i < 6 && str_next_word(&columns, &title); i++)
        continue;
    return columns;
}

static bool take_pmap_xx(struct str s, struct str columns, struct paste_record *record)
{
    struct maps_line *line = &record->smaps.line;
    uint64_t start, kb;
    struct str word;

    if (!take_hex(&s, &start) || !take_perms(&s, &line->perms) || !take_hex(&s, &line->offset) ||
        !str_next_word(&s, &word) || !device_of(word, line) || !take_decimal(&s, &line->inode) ||
        !take_decimal(&s, &kb) || !range_from_size(start, kb, &line->range))
        return false;
    record->has = PASTE_HAS_OFFSET | PASTE_HAS_DEVICE | PASTE_HAS_INODE;
    take_pmap_sizes(s, pmap_titles(columns.n > 0 ? columns : pmap_fixed), record);
    return true;
}

static const struct {
    const char *name;
    bool (*take)(struct str line, struct str columns, struct paste_record *record);
    bool needs_heading;
} dialects[N_PASTE_DIALECTS] = {
    [PASTE_KERNEL] = {"maps", take_kernel, false},
    [PASTE_GDB] = {"gdb info proc mappings", take_gdb, false},
    [PASTE_GDB_OLD] = {"gdb info proc mappings without permissions", take_gdb_old, false},
    [PASTE_QEMU] = {"qemu-user page dump", take_qemu, false},
    [PASTE_ASAN] = {"sanitizer process memory map", take_asan, true},
    [PASTE_JVM_MAP] = {"jcmd System.map", take_jvm_map, false},
    [PASTE_PMAP] = {"pmap", take_pmap, false},
    [PASTE_PMAP_X] = {"pmap -x", take_pmap_x, false},
    [PASTE_PMAP_D] = {"pmap -d", take_pmap_d, false},
    [PASTE_PMAP_XX] = {"pmap -X", take_pmap_xx, false},
};

const char *paste_dialect_name(enum paste_dialect dialect)
{
    return dialects[dialect].name;
}

bool pasteline_take(enum paste_dialect dialect, struct str line, struct str columns,
                    struct paste_record *record)
{
    if (line.n == 0 || !is_hex(*line.p))
        return false;
    *record = (struct paste_record){0};
    return dialects[dialect].take(line, columns, record);
}

bool pasteline_find(struct str line, struct str columns, enum paste_dialect *dialect,
                    struct paste_record *record)
{
    for (int i = 0; i < N_PASTE_DIALECTS && line.n > 0 && is_hex(*line.p); i++) {
        *dialect = (enum paste_dialect)i;
        if (!dialects[i].needs_heading && pasteline_take(*dialect, line, columns, record))
            return true;
    }
    return false;
}

static struct str skip_hex(struct str s)
{
    while (s.n > 0 && is_hex(*s.p))
        s = rest_of(s, 1);
    return s;
}

/* Six digits at least: a date is no address. */
bool pasteline_is_cut(struct str line)
{
    struct str rest = skip_hex(line);

    if (line.n - rest.n < 6 || rest.n == 0 || *rest.p != '-')
        return false;
    rest = skip_hex(rest_of(rest, 1));
    if (rest.n > 4 || (rest.n > 0 && *rest.p != ' '))
        return false;
    while (rest.n > 0 && str_has(STR(" rwxps-"), *rest.p))
        rest = rest_of(rest, 1);
    return rest.n == 0;
}
