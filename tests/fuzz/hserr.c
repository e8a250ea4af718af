/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logs of the JVM: what a log says in its own sections stays so, whatever a later section quotes;
 * CRLF and quote marks of mail change nothing; and values are of the text or unknown.
 */
#include "lib/fuzz.h"

#include "parse/hserr.h"

#include <inttypes.h>

static bool same_number(const struct hserr_number *a, const struct hserr_number *b)
{
    return a->known == b->known && a->value == b->value;
}

static bool same_limit(const struct limit *a, const struct limit *b)
{
    return a->known == b->known && a->soft == b->soft && a->hard == b->hard;
}

static void same_log(const struct hserr *a, const struct hserr *b)
{
    must(same_number(&a->pid, &b->pid) && same_number(&a->page_bytes, &b->page_bytes));
    must(same_number(&a->max_map_count, &b->max_map_count));
    must(same_number(&a->overcommit_memory, &b->overcommit_memory));
    must(same_number(&a->virtual_bytes, &b->virtual_bytes));
    must(same_limit(&a->limits.stack, &b->limits.stack));
    must(same_limit(&a->limits.data, &b->limits.data));
    must(same_limit(&a->limits.address_space, &b->limits.address_space));
    must(same_limit(&a->limits.locked, &b->limits.locked));
    must(a->has_hard_limits == b->has_hard_limits && a->has_meminfo == b->has_meminfo);
    for (int i = 0; a->has_meminfo && i < N_MEMINFO; i++)
        must(a->meminfo.has[i] == b->meminfo.has[i] && a->meminfo.bytes[i] == b->meminfo.bytes[i]);
    must(str_eq(a->release, b->release) && str_eq(a->machine, b->machine));
    must(str_eq(a->libc, b->libc));
}

static void limit_is_sound(const struct limit *limit, bool has_hard)
{
    must(limit->known || (limit->soft == 0 && limit->hard == 0));
    must(!limit->known || has_hard || limit->hard == LIMIT_INFINITY);
}

static void log_is_sound(const struct hserr *log)
{
    uint64_t page = log->page_bytes.value;

    must(!log->pid.known || log->pid.value > 0);
    must(log->pid.known || log->pid.value == 0);
    must(!log->page_bytes.known || (page >= 1024 && (page & (page - 1)) == 0));
    must(log->virtual_bytes.value % 1024 == 0);
    limit_is_sound(&log->limits.stack, log->has_hard_limits);
    limit_is_sound(&log->limits.data, log->has_hard_limits);
    limit_is_sound(&log->limits.address_space, log->has_hard_limits);
    limit_is_sound(&log->limits.locked, log->has_hard_limits);
    must(log->release.n == strlen(log->release.p) && !str_has(log->release, ' '));
    must(log->machine.n == 0 || log->release.n > 0);
}

struct facts {
    uint64_t pid, stack_kb, as_kb, page_kb, max_map_count, overcommit, total_kb, virtual_kb;
    bool has_hard;
};

static struct facts facts_of(struct str input)
{
    struct dice dice = dice_of(input);

    return (struct facts){
        .pid = 1 + dice_roll(&dice, 4194304),
        .stack_kb = dice_roll(&dice, UINT64_C(1) << 40),
        .as_kb = dice_roll(&dice, UINT64_C(1) << 40),
        .page_kb = UINT64_C(1) << (2 + dice_roll(&dice, 5)),
        .max_map_count = dice_roll(&dice, UINT64_C(1) << 32),
        .overcommit = dice_roll(&dice, 3),
        .total_kb = dice_roll(&dice, UINT64_C(1) << 40),
        .virtual_kb = dice_roll(&dice, UINT64_C(1) << 40),
        .has_hard = dice_roll(&dice, 2),
    };
}

/* As HotSpot writes it, with both forms of the limits. */
static void write_log(struct text *text, const struct facts *facts)
{
    const char *hard = facts->has_hard ? "/infinity " : "";

    text_add(text, "#  SIGSEGV (0xb) at pc=0x00007f3c244d7f14, pid=%" PRIu64 ", tid=4712\n#\n",
             facts->pid);
    text_add(text, "# JRE version: OpenJDK Runtime Environment (25.0.3+9)\n\n"
                   "uname: Linux 6.1.0-18-amd64 #1 SMP x86_64\nlibc: glibc 2.36 NPTL 2.36 \n");
    text_add(text, "rlimit%s: STACK %" PRIu64 "k%s, AS %" PRIu64 "k%s, ",
             facts->has_hard ? " (soft/hard)" : "", facts->stack_kb, hard, facts->as_kb, hard);
    text_add(text, "DATA infinity%s, MEMLOCK 64k%s\n\n/proc/meminfo:\nMemTotal: %" PRIu64 " kB\n\n",
             hard, hard, facts->total_kb);
    text_add(text, "Virtual Size: %" PRIu64 "K (peak: 1K)\n\n", facts->virtual_kb);
    text_add(text, "/proc/sys/vm/max_map_count (maximum): %" PRIu64 "\n", facts->max_map_count);
    text_add(text, "/proc/sys/vm/overcommit_memory (policy): %" PRIu64 "\n", facts->overcommit);
    text_add(text, "Memory: %" PRIu64 "k page, physical 24684096k\n\n", facts->page_kb);
}

/* A log with the input where the environment is, which the program's user chose. */
static void first_word_counts(struct str input, struct arena *arena)
{
    struct facts facts = facts_of(input);
    struct text text = {NULL, 0, 0};
    struct hserr alone, before;

    write_log(&text, &facts);
    must(hserr_parse(text_str(&text), arena, &alone));
    must(alone.pid.value == facts.pid && alone.page_bytes.value == facts.page_kb << 10);
    must(alone.max_map_count.value == facts.max_map_count);
    must(alone.overcommit_memory.value == facts.overcommit && alone.overcommit_memory.known);
    must(alone.virtual_bytes.value == facts.virtual_kb << 10);
    must(alone.limits.stack.known && alone.limits.stack.soft == facts.stack_kb << 10);
    must(alone.limits.address_space.soft == facts.as_kb << 10);
    must(alone.limits.locked.soft == 65536 && alone.has_hard_limits == facts.has_hard);
    must(alone.meminfo.bytes[MEMINFO_TOTAL] == facts.total_kb << 10);
    text_add_str(&text, input);
    must(hserr_parse(text_str(&text), arena, &before));
    same_log(&alone, &before);
    text_free(&text);
}

/* In a text with a mark of an encoding lines cannot be found by newlines. */
static bool is_marked(struct str text)
{
    return str_starts(text, STR("\xff\xfe")) || str_starts(text, STR("\xfe\xff")) ||
           str_starts(text, STR("\xef\xbb\xbf"));
}

static void same_when_quoted(struct str input, bool is_log, const struct hserr *expected,
                             struct arena *arena)
{
    struct text text = {NULL, 0, 0};
    struct hserr log;
    struct str line;
    size_t at = 0;

    while (plain_line(input, &at, &line)) {
        text_add(&text, "> ");
        text_add_str(&text, line);
        text_add(&text, "\r\n");
    }
    must(hserr_parse(text_str(&text), arena, &log) == is_log);
    same_log(expected, &log);
    text_free(&text);
}

void fuzz_input(struct str input)
{
    struct arena arena;
    struct hserr log;
    bool is_log;

    arena_init(&arena);
    is_log = hserr_parse(input, &arena, &log);
    log_is_sound(&log);
    if (!is_marked(input))
        same_when_quoted(input, is_log, &log, &arena);
    first_word_counts(input, &arena);
    arena_deinit(&arena);
}
