/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/pastereader.h"

static struct str skip(struct str s, size_t n)
{
    return (struct str){s.p + n, s.n - n};
}

static bool contains(struct str s, struct str part)
{
    return s.n > 0 && memmem(s.p, s.n, part.p, part.n);
}

/* Splits the number at the beginning off; false, changing nothing, when there is none. */
static bool take_number(struct str *s, uint64_t *number)
{
    size_t n = 0;

    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
        n++;
    if (!str_to_u64((struct str){s->p, n}, number))
        return false;
    *s = skip(*s, n);
    return true;
}

/*
 * Headings of the formats, and their ends.  What begins a list begins another map, even where the
 * addresses go on.
 */
static const struct heading {
    struct str start, end; /* of the line; both empty: not looked at */
    const char *origin;    /* of the map below; NULL: does not begin one */
    bool is_asan;
} headings[] = {
    {STR("Dynamic libraries:"), STR(""), "log of the JVM", false},
    {STR("Total number of mappings: "), STR(""), NULL, false},
    {STR("======= Memory map: ========"), STR(""), "abort message of glibc", false},
    {STR("Mapped address spaces:"), STR(""), "", false},
    {STR("Start Addr "), STR("ffset objfile"), NULL, false},
    {STR("Start Addr "), STR("objfile"), NULL, false},
    {STR("Start Addr "), STR("File"), NULL, false},
    {STR("--Type <RET> for more"), STR("--"), NULL, false},
    {STR("---Type <return> to continue"), STR("---"), NULL, false},
    {STR("page layout changed following "), STR(""), "", false},
    {STR("start "), STR("prot"), NULL, false},
    {STR("Process memory map follows:"), STR(""), "sanitizer process memory map", true},
    {STR("End of process memory map."), STR(""), NULL, false},
    {STR("Memory mappings:"), STR(""), "", false},
    {STR("from "), STR("file"), NULL, false},
    {STR("Address "), STR("Mapping"), "", false},
    {STR("total "), STR("K"), NULL, false},
    {STR("total kB "), STR(""), NULL, false},
    {STR("mapped: "), STR("K"), NULL, false},
    {STR("```"), STR(""), NULL, false},
    {STR("~~~"), STR(""), NULL, false},
};

static const struct heading *find_heading(struct str line)
{
    for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
        if (str_starts(line, headings[i].start) && str_ends(line, headings[i].end))
            return &headings[i];
    return NULL;
}

/* A line drawn with dashes and the like; below pmap -X, sums follow it. */
static bool is_rule(struct str line)
{
    size_t n = 0;

    while (n < line.n && str_has(STR("=- _"), line.p[n]))
        n++;
    return n == line.n && n >= 3;
}

/* "2480 1148 229 KB", below the columns of pmap -X */
static bool is_sum(struct str line)
{
    struct str word;
    uint64_t number;
    int n = 0;

    while (str_next_word(&line, &word) && str_to_u64(word, &number))
        n++;
    return n >= 3 && str_eq(word, STR("KB"));
}

/* The prompt or the name of a file: "$ cat /proc/71/maps", "==> /proc/71/smaps <==". */
static bool names_maps(struct str line, uint64_t *pid)
{
    const char *found = line.n > 0 ? memmem(line.p, line.n, "/proc/", 6) : NULL;
    struct str rest;

    if (!found)
        return false;
    *pid = 0;
    rest = skip(line, (size_t)(found + 6 - line.p));
    if (str_starts(rest, STR("self/")))
        rest = skip(rest, 4);
    else if (!take_number(&rest, pid))
        return false;
    if (!str_starts(rest, STR("/maps")) && !str_starts(rest, STR("/smaps")))
        return false;
    rest = skip(rest, rest.p[1] == 's' ? 6 : 5);
    return rest.n == 0 || str_eq(rest, STR(":")) || str_eq(rest, STR(" <==")) ||
           str_eq(rest, STR(" &lt;=="));
}

/* gdb's "process 71" */
static bool names_process(struct str line, uint64_t *pid)
{
    if (!str_starts(line, STR("process ")))
        return false;
    line = skip(line, 8);
    return take_number(&line, pid) && line.n == 0;
}

/* pmap's "71:   ./program", jcmd's "71:"; or the number of a line without anything. */
static bool names_listed(struct str line, uint64_t *pid)
{
    return take_number(&line, pid) && (str_eq(line, STR(":")) || str_starts(line, STR(":   ")));
}

static bool is_listed(enum paste_dialect dialect)
{
    return dialect >= PASTE_JVM_MAP;
}

static void begin_list(struct paste_reader *reader, const char *origin, bool is_asan, uint64_t pid)
{
    reader->between = true;
    reader->origin = origin;
    reader->is_asan = is_asan;
    reader->pid = pid;
    reader->columns = (struct str){"", 0};
}

/* "==71==" before each message of a sanitizer, "==71:" of valgrind's kin */
static struct str skip_tag(struct str line, uint64_t *pid)
{
    struct str rest = line;

    if (!str_starts(line, STR("==")))
        return line;
    rest = skip(line, 2);
    if (!take_number(&rest, pid) || !str_starts(rest, STR("==")))
        return line;
    return skip(rest, 2);
}

static bool take_heading(struct paste_reader *reader, struct str line)
{
    const struct heading *heading;
    uint64_t pid = 0;

    if (names_maps(line, &pid) || names_process(line, &pid)) {
        begin_list(reader, NULL, false, pid);
        return true;
    }
    if (names_listed(line, &reader->listed_pid)) {
        reader->between |= is_listed(reader->dialect);
        return true;
    }
    pid = 0;
    heading = find_heading(skip_tag(line, &pid));
    if (!heading)
        return is_rule(line) || (reader->dialect == PASTE_PMAP_XX && is_sum(line));
    if (!heading->origin) {
        reader->is_asan &= !str_starts(heading->start, STR("End of process"));
        return true;
    }
    begin_list(reader, *heading->origin ? heading->origin : NULL, heading->is_asan,
               pid || !reader->between ? pid : reader->pid);
    if (str_starts(line, STR("Address ")) && contains(line, STR(" Perm ")))
        reader->columns = (struct str){arena_strndup(reader->room.arena, line.p, line.n), line.n};
    return true;
}

/* The keys of smaps up to Linux 6.18: one of these must come first below a mapping. */
static const char *const keys[] = {
    "Size",          "KernelPageSize", "MMUPageSize",     "Rss",
    "Pss",           "Pss_Dirty",      "Pss_Anon",        "Pss_File",
    "Pss_Shmem",     "Shared_Clean",   "Shared_Dirty",    "Private_Clean",
    "Private_Dirty", "Referenced",     "Anonymous",       "KSM",
    "LazyFree",      "AnonHugePages",  "ShmemHugePages",  "ShmemPmdMapped",
    "FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "HugePFNMap",
    "Swap",          "SwapPss",        "Locked",          "THPeligible",
    "ProtectionKey", "VmFlags",
};

static bool is_key(struct str key)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (str_eq(key, str_of(keys[i])))
            return true;
    return false;
}

/* Behind others, a line may have a key that no kernel has yet. */
static bool is_detail(struct str line, bool behind_others)
{
    struct str key, value = line;
    uint64_t number;

    if (!str_next_field(&value, ':', &key) || value.n == 0 || contains(key, STR(" ")))
        return false;
    if (str_eq(key, STR("VmFlags")))
        return true;
    value = str_trim(value);
    return (behind_others || is_key(key)) && take_number(&value, &number) &&
           (value.n == 0 || str_eq(value, STR(" kB")));
}

/* The name of the mapping before or its end, which a mailer has put onto a line of its own. */
static bool is_wrapped_name(struct str line, unsigned int wants)
{
    return ((wants & WANTS_FILE) && *line.p == '/') ||
           ((wants & WANTS_SPECIAL) && *line.p == '[' && line.p[line.n - 1] == ']') ||
           ((wants & WANTS_DELETED) && str_eq(line, STR("(deleted)")));
}

/* Terminals have 80 columns, and mails 72 or more. */
enum { SHORTEST_FOLDED = 70 };

static unsigned int wants_behind(struct str name, struct str line)
{
    if (*name.p != '/' || str_ends(name, STR("(deleted)")))
        return 0;
    return WANTS_DELETED | (line.n >= SHORTEST_FOLDED ? WANTS_REST : 0);
}

/* Some end of a path: "gnu/libc.so.6". */
static bool is_rest(struct str line, unsigned int wants)
{
    return (wants & WANTS_REST) && !str_has(line, ' ') &&
           (str_has(line, '/') || contains(line, STR(".so")));
}

static bool take_detail(struct paste_reader *reader, struct str line, unsigned int wants,
                        struct paste_reading *reading)
{
    if (reader->details == LINE_END)
        return false;
    if (is_wrapped_name(line, wants)) {
        reading->kind = LINE_DETAIL;
        reader->wants = wants_behind(line, line);
        return true;
    }
    if (!is_detail(line, reader->in_details))
        return false;
    reading->kind = reader->details;
    reader->in_details = true;
    return true;
}

static bool is_boundary(char c)
{
    return str_has(STR(" :>|])}$#="), c);
}

/*
 * What is behind a prefix of a log or of grep, told by the whole line that it is: no sentence has a
 * mapping with all its fields.
 */
static bool is_behind(struct str line, size_t at, struct paste_record *record)
{
    return is_boundary(line.p[at - 1]) && !is_boundary(line.p[at]) &&
           pasteline_take(PASTE_KERNEL, skip(line, at), (struct str){"", 0}, record) &&
           (record->has & PASTE_HAS_INODE);
}

/* Most prefixes are as long as that of the line before. */
static bool find_behind(struct paste_reader *reader, struct str line, struct paste_record *record)
{
    size_t at = reader->prefix_n;

    if (at == 0 || at >= line.n || !is_behind(line, at, record))
        for (at = 1; at < line.n && !is_behind(line, at, record); at++)
            continue;
    if (at >= line.n || !prefix_is_mechanical((struct str){line.p, at}))
        return false;
    reader->prefix_n = at;
    return true;
}

static bool find_mapping(struct paste_reader *reader, struct str line, enum paste_dialect *dialect,
                         uint32_t *shape, struct paste_record *record)
{
    struct str plain = line_unquote(line);

    *shape = 0;
    *dialect = reader->dialect;
    if (*dialect != PASTE_ASAN && pasteline_take(*dialect, plain, reader->columns, record))
        return true;
    if (pasteline_find(plain, reader->columns, dialect, record))
        return true;
    *dialect = PASTE_ASAN;
    if (reader->is_asan && pasteline_take(*dialect, plain, reader->columns, record))
        return true;
    *dialect = PASTE_KERNEL;
    if (!find_behind(reader, line, record))
        return false;
    *shape = prefix_shape((struct str){line.p, reader->prefix_n});
    return true;
}

/* Bytes with all that a log may put before one. */
enum { LONGEST_DETAIL = 256 };

/* The detail of a mapping behind the same kind of prefix. */
static bool find_detail_behind(struct paste_reader *reader, struct str line,
                               struct paste_reading *reading)
{
    if (!reader->shape || reader->details == LINE_END || line.n >= LONGEST_DETAIL)
        return false;
    for (size_t i = 1; i + 4 < line.n; i++) {
        if (!is_boundary(line.p[i - 1]) || is_boundary(line.p[i]) ||
            !is_detail(skip(line, i), reader->in_details) ||
            prefix_shape((struct str){line.p, i}) != reader->shape)
            continue;
        reading->text = skip(line, i);
        return take_detail(reader, reading->text, 0, reading);
    }
    return false;
}

/* Does something else than the address tell that another map begins? */
static bool goes_on_otherwise(const struct paste_reader *reader, enum paste_dialect dialect,
                              uint32_t shape)
{
    return reader->between || dialect != reader->dialect || shape != reader->shape;
}

/* Does the mapping begin another map?  If it does not, it may still overlap the one before. */
static bool is_other_map(const struct paste_reader *reader, struct range range,
                         enum paste_dialect dialect, uint32_t shape)
{
    return goes_on_otherwise(reader, dialect, shape) || range.end <= reader->last.start ||
           (reader->gap && range.start < reader->last.end);
}

static void take_mapping(struct paste_reader *reader, enum paste_dialect dialect, uint32_t shape,
                         struct paste_reading *reading)
{
    const struct maps_line *line = &reading->record.smaps.line;

    reading->kind = LINE_MAPPING;
    if (reader->between) {
        reading->origin = reader->origin;
        reading->pid = reader->pid;
    }
    if (reading->pid == 0 && is_listed(dialect))
        reading->pid = reader->listed_pid;
    reading->begins = is_other_map(reader, line->range, dialect, shape);
    reading->goes_back =
        reading->begins && !reader->gap && !goes_on_otherwise(reader, dialect, shape);
    if (str_eq(line->name, STR("[rollup]")))
        reading->kind = LINE_REJECTED + PASTE_SUM;
    else if (range_size(line->range) == 0)
        reading->kind = LINE_REJECTED + PASTE_EMPTY;
    else if (!reading->begins && line->range.start < reader->last.end)
        reading->kind = LINE_REJECTED + PASTE_OVERLAP;
    reader->details = reading->kind == LINE_MAPPING ? LINE_DETAIL : reading->kind;
    reader->in_details = false;
    if (reading->kind != LINE_MAPPING)
        return;
    reader->dialect = dialect;
    reader->shape = shape;
    reader->last = line->range;
    reader->between = false;
    reader->gap = false;
    if (line->name.n > 0)
        reader->wants = wants_behind(line->name, reading->text);
    else if (dialect == PASTE_KERNEL && (reading->record.has & PASTE_HAS_INODE))
        reader->wants = line->inode != 0 ? WANTS_FILE : WANTS_SPECIAL;
}

static void classify(struct paste_reader *reader, struct str line, struct paste_reading *reading)
{
    struct str plain = line_unquote(line);
    unsigned int wants = reader->wants;
    enum paste_dialect dialect;
    uint32_t shape;

    reader->wants = 0;
    reading->text = plain;
    if (plain.n == 0) {
        reading->kind = LINE_BLANK;
        reader->gap = true;
        return;
    }
    if (take_detail(reader, plain, wants, reading))
        return;
    if (find_mapping(reader, line, &dialect, &shape, &reading->record)) {
        take_mapping(reader, dialect, shape, reading);
        return;
    }
    if (find_detail_behind(reader, line, reading))
        return;
    reader->gap = true;
    reader->details = LINE_END;
    if (take_heading(reader, plain))
        reading->kind = LINE_HEADING;
    else
        reading->kind = LINE_REJECTED + (pasteline_is_cut(plain) ? PASTE_CUT
                                         : is_rest(plain, wants) ? PASTE_REST
                                                                 : PASTE_NO_MAPPING);
}

bool paste_reader_next(struct paste_reader *reader, struct paste_reading *reading)
{
    struct str line;

    *reading = (struct paste_reading){.kind = LINE_END};
    if (!str_next_field(&reader->rest, reader->newline, &line))
        return false;
    reader->line++;
    classify(reader, line_clean(line, &reader->room), reading);
    reading->record.line = reader->line;
    return true;
}

void paste_reader_init(struct paste_reader *reader, struct str text, struct arena *arena)
{
    *reader = (struct paste_reader){
        .rest = text,
        .newline = text.n > 0 && !memchr(text.p, '\n', text.n) ? '\r' : '\n',
        .room = {.arena = arena},
        .columns = {"", 0},
        .between = true,
    };
}
