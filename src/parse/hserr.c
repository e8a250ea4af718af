/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/hserr.h"

#include "parse/pasteclean.h"

struct reader {
    struct hserr *log;
    struct arena *arena;
    bool is_log;
    bool has_limits;
    struct hserr_number *awaited; /* its value is on the next line, in older versions */
    struct str meminfo;           /* lines of the section, cleaned */
    size_t meminfo_room;
    bool in_meminfo;
};

/* Splits `start` off; false, changing nothing, when the line begins otherwise. */
static bool take_start(struct str *line, struct str start)
{
    if (!str_starts(*line, start))
        return false;
    line->p += start.n;
    line->n -= start.n;
    return true;
}

/* Splits the number at the beginning off. */
static bool take_number(struct str *s, uint64_t *number)
{
    struct str digits = {s->p, 0};

    while (digits.n < s->n && s->p[digits.n] >= '0' && s->p[digits.n] <= '9')
        digits.n++;
    if (!str_to_u64(digits, number))
        return false;
    s->p += digits.n;
    s->n -= digits.n;
    return true;
}

/* The first one counts: later sections quote what the program wrote. */
static void set_number(struct hserr_number *number, uint64_t value)
{
    if (!number->known)
        *number = (struct hserr_number){true, value};
}

static void set_text(struct reader *reader, struct str *text, struct str value)
{
    if (text->n == 0 && value.n > 0)
        *text = (struct str){arena_strndup(reader->arena, value.p, value.n), value.n};
}

/* "#  SIGSEGV (0xb) at pc=0x00007f11f7e41f14, pid=71, tid=72" */
static void take_pid(struct reader *reader, struct str line)
{
    const char *found = line.n > 0 ? memmem(line.p, line.n, ", pid=", 6) : NULL;
    struct str rest;
    uint64_t pid;

    if (!found || *line.p != '#')
        return;
    rest = (struct str){found + 6, line.n - (size_t)(found + 6 - line.p)};
    if (take_number(&rest, &pid) && pid > 0)
        set_number(&reader->log->pid, pid);
}

/* "uname: Linux 6.1.0-18-amd64 #1 SMP ... x86_64" */
static void take_uname(struct reader *reader, struct str line)
{
    struct str system, release, word, machine = {"", 0};

    if (reader->log->release.n > 0 || !str_next_word(&line, &system) ||
        !str_eq(system, STR("Linux")) || !str_next_word(&line, &release))
        return;
    while (str_next_word(&line, &word))
        machine = word;
    set_text(reader, &reader->log->release, release);
    set_text(reader, &reader->log->machine, machine);
}

/* "8192k", "65536", "infinity" */
static bool limit_of(struct str *s, uint64_t *bytes)
{
    if (take_start(s, STR("infinity"))) {
        *bytes = LIMIT_INFINITY;
        return true;
    }
    return take_number(s, bytes) &&
           (!take_start(s, STR("k")) || !__builtin_mul_overflow(*bytes, 1024, bytes));
}

static struct limit *limit_called(struct limits_record *limits, struct str name)
{
    if (str_eq(name, STR("STACK")))
        return &limits->stack;
    if (str_eq(name, STR("DATA")))
        return &limits->data;
    if (str_eq(name, STR("AS")))
        return &limits->address_space;
    return str_eq(name, STR("MEMLOCK")) ? &limits->locked : NULL;
}

/* "STACK 8192k/infinity", or without the hard limit */
static void take_limit(struct reader *reader, struct str field)
{
    struct limit value = {.known = true, .hard = LIMIT_INFINITY}, *limit;
    struct str name;

    if (!str_next_word(&field, &name))
        return;
    limit = limit_called(&reader->log->limits, name);
    field = str_trim(field);
    if (!limit || limit->known || !limit_of(&field, &value.soft))
        return;
    if (reader->log->has_hard_limits &&
        (!take_start(&field, STR("/")) || !limit_of(&field, &value.hard)))
        return;
    if (field.n == 0)
        *limit = value;
}

/* The first line as a whole: what an older version does not tell, no other line tells instead. */
static bool take_limits(struct reader *reader, struct str line)
{
    bool has_hard = take_start(&line, STR("rlimit (soft/hard):"));
    struct str field;

    if (!has_hard && !take_start(&line, STR("rlimit:")))
        return false;
    if (reader->has_limits)
        return true;
    reader->has_limits = true;
    reader->log->has_hard_limits = has_hard;
    while (str_next_field(&line, ',', &field))
        take_limit(reader, field);
    return true;
}

/* "/proc/sys/vm/max_map_count (...): 65530"; older versions write the value below. */
static bool take_sysctl(struct reader *reader, struct str line, struct str path,
                        struct hserr_number *number)
{
    const char *colon;
    uint64_t value;

    if (!take_start(&line, path) || line.n == 0 || (*line.p != ' ' && *line.p != ':'))
        return false;
    colon = memrchr(line.p, ':', line.n);
    if (!colon)
        return false;
    line = str_trim((struct str){colon + 1, line.n - (size_t)(colon + 1 - line.p)});
    if (line.n == 0)
        reader->awaited = number;
    else if (str_to_u64(line, &value))
        set_number(number, value);
    return true;
}

/* "Memory: 4k page, physical 24684096k(...)" */
static void take_page(struct reader *reader, struct str line)
{
    uint64_t kb;

    if (take_number(&line, &kb) && str_starts(line, STR("k page,")) && kb > 0 && kb <= 1 << 20 &&
        (kb & (kb - 1)) == 0)
        set_number(&reader->log->page_bytes, kb << 10);
}

/* "Virtual Size: 2645772K (peak: 2701684K)" */
static void take_virtual(struct reader *reader, struct str line)
{
    uint64_t kb;

    if (take_number(&line, &kb) && str_starts(line, STR("K")) && kb <= UINT64_MAX >> 10)
        set_number(&reader->log->virtual_bytes, kb << 10);
}

/* More than any kernel writes is no meminfo. */
enum { MOST_MEMINFO = 1 << 14 };

static bool take_meminfo(struct reader *reader, struct str line)
{
    if (str_eq(line, STR("/proc/meminfo:"))) {
        reader->in_meminfo = reader->meminfo.n == 0;
        return true;
    }
    if (line.n == 0 || reader->meminfo.n + line.n >= reader->meminfo_room)
        reader->in_meminfo = false;
    if (!reader->in_meminfo)
        return false;
    memcpy((char *)(uintptr_t)reader->meminfo.p + reader->meminfo.n, line.p, line.n);
    ((char *)(uintptr_t)reader->meminfo.p)[reader->meminfo.n + line.n] = '\n';
    reader->meminfo.n += line.n + 1;
    return true;
}

static bool take_awaited(struct reader *reader, struct str line)
{
    struct hserr_number *number = reader->awaited;
    uint64_t value;

    reader->awaited = NULL;
    if (!number || !str_to_u64(line, &value))
        return false;
    set_number(number, value);
    return true;
}

static void take_line(struct reader *reader, struct str line)
{
    struct hserr *log = reader->log;

    if (take_awaited(reader, line) || take_meminfo(reader, line))
        return;
    take_pid(reader, line);
    if (str_starts(line, STR("# JRE version:")))
        reader->is_log = true;
    else if (take_start(&line, STR("uname:")))
        take_uname(reader, line);
    else if (take_start(&line, STR("libc:")))
        set_text(reader, &log->libc, str_trim(line));
    else if (take_start(&line, STR("Memory: ")))
        take_page(reader, line);
    else if (take_start(&line, STR("Virtual Size: ")))
        take_virtual(reader, line);
    else if (!take_limits(reader, line) &&
             !take_sysctl(reader, line, STR("/proc/sys/vm/max_map_count"), &log->max_map_count))
        take_sysctl(reader, line, STR("/proc/sys/vm/overcommit_memory"), &log->overcommit_memory);
}

bool hserr_parse(struct str text, struct arena *arena, struct hserr *log)
{
    struct reader reader = {.log = log, .arena = arena, .meminfo_room = MOST_MEMINFO};
    struct clean_room room = {.arena = arena};
    struct str line;

    *log = (struct hserr){.release = {"", 0}, .machine = {"", 0}, .libc = {"", 0}};
    reader.meminfo.p = arena_alloc(arena, MOST_MEMINFO);
    text = text_decode(text, arena);
    while (str_next_line(&text, &line))
        take_line(&reader, line_unquote(line_clean(line, &room)));
    if (reader.meminfo.n > 0) {
        log->has_meminfo = true;
        meminfo_parse(reader.meminfo, &log->meminfo);
    }
    return reader.is_log;
}
