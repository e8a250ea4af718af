/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found in made-up processes.  A row lists everything that is found, so that a false alarm
 * fails it as a miss does.
 */
#include "check/finding.h"

#include "../fake.h"
#include "../rows.h"
#include "base/units.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct fake fake;
static struct image image;
static struct facts facts;
static struct checker checker;

static void setup(void)
{
    struct elf_spec program = elf_object(64, ET_EXEC, 0x400000);
    struct elf_spec library = elf_object(64, ET_DYN, 0);

    fake_init(&fake);
    fake_objects(&fake, 64);
    program.interp = "/lib/ld.so";
    program.stack = STACK_EXEC;
    fake_object(&fake, "execstack", &program);
    program.stack = STACK_PLAIN;
    program.dynamic = true;
    fake_object(&fake, "wine64", &program);
    library.dynamic = true;
    fake_object(&fake, "libz.so", &library);
    fake_object(&fake, "ntdll.so", &library);
    fake_write(&fake, "files/text", "MZ, as files of Windows begin\n");
}

static void teardown(void)
{
    image_deinit(&image);
    fake_deinit(&fake);
}

static void run(const struct fake_process *process)
{
    fake_ready(&fake, process, &image);
    facts_compute(&facts, &image);
    check_run(&checker, &image, &facts, NULL);
}

/* "error brk-blocked, info brk-page-guard" */
static const char *summary(void)
{
    const char *text = "";

    for (uint32_t i = 0; i < checker.n_findings; i++)
        text =
            arena_printf(&image.arena, "%s%s%s %s", text, i ? ", " : "",
                         severity_name(checker.findings[i].severity), checker.findings[i].rule->id);
    return text;
}

/* "mixed-mmap-base legacy-layout": what explains the finding with the id; NULL: it is not there. */
static const char *causes_of(const char *id)
{
    const char *text = "";

    for (uint32_t i = 0; i < checker.n_findings; i++) {
        const struct finding *finding = &checker.findings[i];

        if (strcmp(finding->rule->id, id) != 0)
            continue;
        for (unsigned int k = 0; k < finding->n_causes; k++)
            text = arena_printf(&image.arena, "%s%s%s", text, k ? " " : "", finding->causes[k]->id);
        return text;
    }
    return NULL;
}

/* The stack's last page is the last of all: not randomised. */
#define LAST_STACK "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 [stack]\n"
#define EXEC_STACK "7ffffffdd000-7fffffffe000 rwxp 00000000 00:00 0 [stack]\n"
#define UP_AREA                                                \
    "2aaaaaaab000 @ld.so\n"                                    \
    "2aaaaaaaf000-2aaaaaab1000 r-xp 00000000 00:00 0 [vdso]\n" \
    "2aaaaac00000 @libc.so\n" FAKE_STACK

static const struct {
    const char *name;
    struct fake_process process;
    const char *findings;
} cases[] = {
    {"healthy", {.maps = FAKE_MAPS, .start_brk = FAKE_BREAK}, ""},
    {"healthy without heap", {.maps = FAKE_PROG FAKE_AREA, .start_brk = FAKE_BREAK}, ""},

    {"page on the break",
     {.maps = FAKE_PROG FAKE_HEAP "1021000-1022000 r--p 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "info brk-page-guard, warning brk-window-shrunken, error brk-blocked"},
    {"Wine's data of the kernel of Windows, a little above the break",
     {.maps = "400000 @wine64\n" FAKE_HEAP
              "2000000-2001000 r--p 00000000 00:00 0 \n7ffff7a00000 @ntdll.so\n" FAKE_AREA,
      .start_brk = FAKE_BREAK,
      .exe = "wine64"},
     "info brk-window-shrunken, info brk-room-low"},
    {"a file that is called as one of Wine's",
     {.maps = FAKE_PROG FAKE_HEAP
      "2000000-2001000 r--p 00000000 00:00 0 \n7ffff7a00000 @ntdll.so\n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "warning brk-window-shrunken, warning brk-room-low"},
    {"no ELF file where the heap must grow",
     {.maps = FAKE_PROG FAKE_HEAP "140000000-140001000 r-xp 00000000 @text\n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     ""},
    {"two pages on the break",
     {.maps = FAKE_PROG FAKE_HEAP "1021000-1023000 r--p 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "warning brk-window-shrunken, error brk-blocked"},
    {"shared page on the break",
     {.maps = FAKE_PROG FAKE_HEAP "1021000-1022000 r--s 00000000 00:05 9 /dev/zero\n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "warning brk-window-shrunken, error brk-blocked"},
    {"page one page above",
     {.maps = FAKE_PROG FAKE_HEAP "1022000-1023000 r--p 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "warning brk-window-shrunken, error brk-blocked"},
    {"page far above",
     {.maps = FAKE_PROG FAKE_HEAP "81000000-81001000 r--p 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     ""},

    {"library above the heap",
     {.maps = FAKE_PROG FAKE_HEAP "9000000 @libz.so\n" FAKE_AREA, .start_brk = FAKE_BREAK},
     "error lib-in-brk-gap, warning brk-window-shrunken"},
    {"library in exec-shield's window",
     {.maps = FAKE_PROG FAKE_HEAP "2000000 @libz.so\n" FAKE_AREA, .start_brk = FAKE_BREAK},
     "warning mixed-mmap-base, error lib-in-brk-gap, warning brk-window-shrunken, "
     "warning brk-room-low"},
    {"library between data and heap",
     {.maps = FAKE_PROG "500000 @libz.so\n" FAKE_HEAP FAKE_AREA, .start_brk = FAKE_BREAK},
     "warning mixed-mmap-base, warning lib-between-data-and-brk"},
    {"library right after the program",
     {.maps = FAKE_PROG "404000 @libz.so\n" FAKE_HEAP FAKE_AREA, .start_brk = FAKE_BREAK},
     "warning mixed-mmap-base, warning lib-between-data-and-brk"},
    {"library below text",
     {.maps = "200000 @libz.so\n" FAKE_MAPS, .start_brk = FAKE_BREAK},
     "warning mixed-mmap-base, warning lib-below-text"},
    {"library below text, below the window",
     {.maps = "10000 @libz.so\n" FAKE_MAPS, .start_brk = FAKE_BREAK},
     "warning lib-below-text"},
    {"data file in the gap is no library",
     {.maps = FAKE_PROG FAKE_HEAP "9000000-9001000 r--p 00000000 @libz.so\n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "warning brk-window-shrunken"},
    {"break among libraries",
     {.maps = FAKE_PROG "7ffff7a00000 @libz.so\n"
                        "7ffff7a10000-7ffff7a31000 rw-p 00000000 00:00 0 [heap]\n" FAKE_AREA,
      .start_brk = 0x7ffff7a10000},
     "warning brk-in-mmap-area, error brk-room-low"},

    {"legacy by personality",
     {.maps = FAKE_PROG FAKE_HEAP UP_AREA, .start_brk = FAKE_BREAK, .personality = 0x0200000},
     "info legacy-layout"},
    {"not randomised, by personality",
     {.maps = FAKE_PROG FAKE_LIBC FAKE_VDSO FAKE_LOADER LAST_STACK,
      .start_brk = 0x405000,
      .personality = 0x0040000},
     "info aslr-off"},
    {"the flag alone, set after exec",
     {.maps = FAKE_MAPS, .start_brk = FAKE_BREAK, .personality = 0x0040000},
     ""},

    {"executable stack",
     {.maps = FAKE_PROG FAKE_HEAP FAKE_LIBC FAKE_VDSO FAKE_LOADER EXEC_STACK,
      .start_brk = FAKE_BREAK},
     "warning exec-stack, warning wx-mapping"},
    {"asked for, not given",
     {.maps = "400000 @execstack\n" FAKE_HEAP FAKE_AREA,
      .exe = "execstack",
      .start_brk = FAKE_BREAK},
     ""},
    {"generated code, writable",
     {.maps = FAKE_PROG FAKE_HEAP "7ffff7b00000-7ffff7b01000 rwxp 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "info wx-mapping"},
    {"generated code, not writable",
     {.maps = FAKE_PROG FAKE_HEAP "7ffff7b00000-7ffff7b01000 r-xp 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     ""},
    {"writable text of a file",
     {.maps = "400000-401000 r--p 00000000 @prog\n401000-402000 rwxp 00001000 @prog\n"
              "402000-403000 rw-p 00002000 @prog\n403000-404000 rw-p 00000000 00:00 0 \n" FAKE_HEAP
                  FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "warning wx-mapping"},

    {"library without its bss",
     {.maps = FAKE_PROG FAKE_HEAP "7ffff7b00000-7ffff7b01000 r--p 00000000 @libz.so\n"
                                  "7ffff7b01000-7ffff7b02000 r-xp 00001000 @libz.so\n"
                                  "7ffff7b02000-7ffff7b03000 rw-p 00002000 @libz.so\n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     ""},
    {"address sanitizer's shadow above the heap",
     {.maps = FAKE_PROG "40000000-40021000 rw-p 00000000 00:00 0 [heap]\n"
                        "7fff7000-8fff7000 rw-p 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = 0x40000000},
     "info brk-window-shrunken"},
    {"something else a page further",
     {.maps = FAKE_PROG "40000000-40021000 rw-p 00000000 00:00 0 [heap]\n"
                        "7fff8000-8fff7000 rw-p 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = 0x40000000},
     "warning brk-window-shrunken"},
    {"library removed",
     {.maps = FAKE_PROG FAKE_HEAP "7ffff7b00000 @gone.so (deleted)\n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "warning deleted-object"},
    {"library replaced",
     {.maps = FAKE_PROG FAKE_HEAP "7ffff7b00000 @libz.so (deleted)\n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "warning deleted-object"},
    {"one replaced, one removed",
     {.maps = FAKE_PROG FAKE_HEAP "7ffff7a00000 @gone.so (deleted)\n"
                                  "7ffff7b00000 @libz.so (deleted)\n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "warning deleted-object, warning deleted-object"},
    {"scratch file of generated code removed",
     {.maps =
          FAKE_PROG FAKE_HEAP "7ffff7b00000-7ffff7b01000 r-xp 00000000 @jit (deleted)\n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     ""},
};

/* strace's class of calls knows what 32-bit programs call mmap2; a list of names does not. */
static bool traces_memory(const char *text)
{
    for (; (text = strstr(text, "trace=")) != NULL; text++)
        if (strncmp(text, "trace=%memory\"", 14) != 0 &&
            strncmp(text, "trace=prctl,brk\"", 16) != 0)
            return false;
    return true;
}

/* Sentences, a severity that the rule told of, and evidence under keys that carry no data. */
static void check_texts(const struct finding *finding)
{
    const char *id = finding->rule->id;

    ck_assert_msg(*finding->title && finding->title[strlen(finding->title) - 1] != '.', "%s: title",
                  id);
    ck_assert_msg(*finding->detail && *finding->remedy, "%s: detail and remedy", id);
    ck_assert_msg(traces_memory(finding->remedy), "%s: %s", id, finding->remedy);
    ck_assert_msg(strstr(finding->rule->severities, severity_name(finding->severity)),
                  "%s says its severity is %s", id, finding->rule->severities);
    ck_assert_uint_gt(finding->n_evidence, 0);
    for (unsigned int k = 0; k < finding->n_evidence; k++)
        ck_assert_msg(strspn(finding->evidence[k].key, "abcdefghijklmnopqrstuvwxyz_") ==
                          strlen(finding->evidence[k].key),
                      "%s: %s", id, finding->evidence[k].key);
}

START_TEST(test_case)
{
    run(&cases[_i].process);
    ROW_TEXT(&cases[_i], summary(), cases[_i].findings);
    for (uint32_t i = 0; i < checker.n_findings; i++)
        check_texts(&checker.findings[i]);
}
END_TEST

static const struct finding *find_finding(const char *id)
{
    for (uint32_t i = 0; i < checker.n_findings; i++)
        if (strcmp(checker.findings[i].rule->id, id) == 0)
            return &checker.findings[i];
    return NULL;
}

#define PIE_HEAP "555555560000-555555581000 rw-p 00000000 00:00 0 [heap]\n"
#define WX_FILE                                          \
    "7ffff7b00000-7ffff7b01000 rwxp 00000000 @libz.so\n" \
    "7ffff7b01000-7ffff7b02000 rw-p 00001000 @libz.so\n"

/* What a finding says depends on what is so; the sentences of another state are not said. */
static const struct {
    const char *name;
    struct fake_process process;
    const char *id;
    const char *says, *says_not; /* in title, detail or remedy; NULL: nothing */
} sayings[] = {
    {"legacy layout, program below it",
     {.maps = FAKE_PROG FAKE_HEAP UP_AREA, .start_brk = FAKE_BREAK, .personality = 0x0200000},
     "legacy-layout",
     "the window of the heap ends there",
     NULL},
    {"legacy layout, PIE above it",
     {.maps =
          "2aaaaaaab000 @ld.so\n2aaaaac00000 @libc.so\n555555554000 @libz.so\n" PIE_HEAP FAKE_STACK,
      .exe = "libz.so",
      .start_brk = 0x555555560000,
      .interp_base = 0x2aaaaaaab000,
      .personality = 0x0200000},
     "legacy-layout",
     "go up.",
     "heap"},
    {"window ended by a mapping",
     {.maps = FAKE_PROG FAKE_HEAP "2000000-2001000 rw-p 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "brk-window-shrunken",
     "its window ends where an anonymous mapping (rw-p) begins, at 0x2000000. The kernel's default "
     "layout does not put that mapping there",
     "mixed"},
    {"window ended by the other allocator",
     {.maps = FAKE_PROG FAKE_HEAP "2000000 @libz.so\n" FAKE_AREA, .start_brk = FAKE_BREAK},
     "brk-window-shrunken",
     "Cure mixed-mmap-base",
     "strace"},
    {"library put above the heap",
     {.maps = FAKE_PROG FAKE_HEAP "9000000 @libz.so\n" FAKE_AREA, .start_brk = FAKE_BREAK},
     "lib-in-brk-gap",
     "strace -f -y -e trace=%memory",
     "Cure"},
    {"library put there by the other allocator",
     {.maps = FAKE_PROG FAKE_HEAP "2000000 @libz.so\n" FAKE_AREA, .start_brk = FAKE_BREAK},
     "lib-in-brk-gap",
     "Cure mixed-mmap-base",
     "strace"},
    {"stack that the program asked for",
     {.maps = "400000 @execstack\n" FAKE_HEAP FAKE_LIBC FAKE_VDSO FAKE_LOADER EXEC_STACK,
      .exe = "execstack",
      .start_brk = FAKE_BREAK},
     "exec-stack",
     "Link execstack anew with -z noexecstack",
     "mprotect"},
    {"stack that nobody asked for",
     {.maps = FAKE_PROG FAKE_HEAP FAKE_LIBC FAKE_VDSO FAKE_LOADER EXEC_STACK,
      .start_brk = FAKE_BREAK},
     "exec-stack",
     "strace",
     "Link"},
    {"a file, by personality",
     {.maps = FAKE_PROG FAKE_HEAP WX_FILE FAKE_AREA,
      .start_brk = FAKE_BREAK,
      .personality = 0x0400000},
     "wx-mapping",
     "without setarch -X",
     "strace"},
    {"stack, writable as well",
     {.maps = FAKE_PROG FAKE_HEAP FAKE_LIBC FAKE_VDSO FAKE_LOADER EXEC_STACK,
      .start_brk = FAKE_BREAK},
     "wx-mapping",
     "See exec-stack.",
     "TEXTREL"},
    {"stack and a file, writable as well",
     {.maps = FAKE_PROG FAKE_HEAP WX_FILE FAKE_LIBC FAKE_VDSO FAKE_LOADER EXEC_STACK,
      .start_brk = FAKE_BREAK},
     "wx-mapping",
     "For the stack see exec-stack. Find the mprotect or mmap call",
     "See exec-stack."},
    {"a file, writable as well",
     {.maps = FAKE_PROG FAKE_HEAP WX_FILE FAKE_AREA, .start_brk = FAKE_BREAK},
     "wx-mapping",
     "TEXTREL",
     "exec-stack"},
    {"library replaced",
     {.maps = FAKE_PROG FAKE_HEAP "7ffff7b00000 @libz.so (deleted)\n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "deleted-object",
     "replaced on disk",
     "removed"},
    {"library removed",
     {.maps = FAKE_PROG FAKE_HEAP "7ffff7b00000 @gone.so (deleted)\n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "deleted-object",
     "removed on disk",
     "replaced"},
};

START_TEST(test_saying)
{
    const struct finding *finding;
    const char *text;

    run(&sayings[_i].process);
    finding = find_finding(sayings[_i].id);
    ck_assert_msg(finding != NULL, "%s: %s", sayings[_i].name, summary());
    check_texts(finding);
    text = arena_printf(&image.arena, "%s %s %s", finding->title, finding->detail, finding->remedy);
    ROW_SAYS(&sayings[_i], text, sayings[_i].says);
    if (sayings[_i].says_not)
        ck_assert_msg(!strstr(text, sayings[_i].says_not), "%s: \"%s\" says \"%s\"",
                      sayings[_i].name, text, sayings[_i].says_not);
}
END_TEST

/* Each in its own finding, with its own words. */
START_TEST(test_fates)
{
    run(&(struct fake_process){.maps = FAKE_PROG FAKE_HEAP
                               "7ffff7a00000 @gone.so (deleted)\n"
                               "7ffff7b00000 @libz.so (deleted)\n" FAKE_AREA,
                               .start_brk = FAKE_BREAK});
    ck_assert_uint_eq(checker.n_findings, 2);
    ck_assert_str_eq(checker.findings[0].title, "libz.so: replaced on disk since it was mapped");
    ck_assert_str_eq(checker.findings[1].title, "gone.so: removed on disk since it was mapped");
}
END_TEST

/* Room is the distance less one page; the borders belong to the better side. */
static const struct {
    const char *name;
    uint64_t room;
    const char *finding; /* of brk-blocked and brk-room-low */
} rooms[] = {
    {"nothing", 0, "error brk-blocked"},
    {"a page", 4096, "error brk-room-low"},
    {"a page under 4 MiB", 4 * MIB - 4096, "error brk-room-low"},
    {"4 MiB", 4 * MIB, "warning brk-room-low"},
    {"a page under 64 MiB", 64 * MIB - 4096, "warning brk-room-low"},
    {"64 MiB", 64 * MIB, ""},
};

START_TEST(test_room)
{
    uint64_t start = FAKE_HEAP_END + rooms[_i].room + 4096;
    const char *found = "";
    char maps[1024];

    snprintf(maps, sizeof(maps),
             FAKE_PROG FAKE_HEAP "%" PRIx64 "-%" PRIx64 " ---p 00000000 00:00 0 \n" FAKE_AREA,
             start, start + 0x2000);
    run(&(struct fake_process){.maps = maps, .start_brk = FAKE_BREAK});
    ROW_NUMBER(&rooms[_i], facts.brk.growth.room, rooms[_i].room);
    for (uint32_t i = 0; i < checker.n_findings; i++)
        if (strcmp(checker.findings[i].rule->id, "brk-window-shrunken") != 0)
            found = arena_printf(&image.arena, "%s%s %s", found,
                                 severity_name(checker.findings[i].severity),
                                 checker.findings[i].rule->id);
    ROW_TEXT(&rooms[_i], found, rooms[_i].finding);
}
END_TEST

/* 80 and 95 per cent of what the ordinary process has: 16 mappings without the gate page. */
static const struct {
    const char *name;
    unsigned int max;
    const char *findings;
} counts[] = {
    {"94.1 %", 17, "warning map-count-high"},
    {"exactly 80 %", 20, "warning map-count-high"},
    {"76 %", 21, ""},
    {"all", 16, "error map-count-high"},
    {"beyond", 15, "error map-count-high, error brk-limit-low, error mmap-room-low"},
};

START_TEST(test_map_count)
{
    fake_write(&fake, "sys/vm/max_map_count", "%u\n", counts[_i].max);
    run(&(struct fake_process){.maps = FAKE_MAPS, .start_brk = FAKE_BREAK});
    ROW_TEXT(&counts[_i], summary(), counts[_i].findings);
}
END_TEST

/* 19 of 20 are exactly 95 %. */
START_TEST(test_map_count_95)
{
    fake_write(&fake, "sys/vm/max_map_count", "20\n");
    run(&(struct fake_process){.maps = FAKE_PROG FAKE_HEAP
                               "7ffff0000000-7ffff0001000 rw-p 00000000 00:00 0 \n"
                               "7ffff0002000-7ffff0003000 rw-p 00000000 00:00 0 \n"
                               "7ffff0004000-7ffff0005000 rw-p 00000000 00:00 0 \n" FAKE_AREA,
                               .start_brk = FAKE_BREAK});
    ck_assert_str_eq(summary(), "error map-count-high");
}
END_TEST

/* A flag that ancestors have too is inherited; the farthest in an unbroken line is to blame. */
static const struct {
    const char *name;
    unsigned int parent, grandparent;
    const char *findings;
    const char *origin; /* in the evidence; NULL: none */
} lines[] = {
    {"set for this one", 0, 0, "info legacy-layout", NULL},
    {"set by the parent", 0x0200000, 0, "warning legacy-layout", "parent"},
    {"handed down twice", 0x0200000, 0x0200000, "warning legacy-layout", "grandparent"},
    {"the line is broken", 0, 0x0200000, "info legacy-layout", NULL},
};

START_TEST(test_inherited)
{
    const char *origin = NULL;

    fake_add(&fake, &(struct fake_process){.pid = 10,
                                           .ppid = 5,
                                           .comm = "grandparent",
                                           .maps = "",
                                           .personality = lines[_i].grandparent});
    fake_add(
        &fake,
        &(struct fake_process){
            .pid = 20, .ppid = 10, .comm = "parent", .maps = "", .personality = lines[_i].parent});
    run(&(struct fake_process){.maps = FAKE_PROG FAKE_HEAP UP_AREA,
                               .ppid = 20,
                               .start_brk = FAKE_BREAK,
                               .personality = 0x0200000});
    ROW_TEXT(&lines[_i], summary(), lines[_i].findings);
    for (unsigned int i = 0; i < checker.findings[0].n_evidence; i++)
        if (strcmp(checker.findings[0].evidence[i].key, "origin") == 0)
            origin = checker.findings[0].evidence[i].text;
    ROW_TEXT(&lines[_i], origin, lines[_i].origin);
}
END_TEST

/* A 32-bit ancestor explains something only where the layout shows it. */
static const struct {
    const char *name;
    const char *ancestor; /* its executable */
    const char *maps;
    const char *findings;
    const char *causes; /* of mixed-mmap-base */
} below[] = {
    {"ordinary", "narrow", FAKE_MAPS, "", NULL},
    {"misplaced library", "narrow", FAKE_PROG FAKE_HEAP "2000000 @libz.so\n" FAKE_AREA,
     "info inherited-from-32bit, warning mixed-mmap-base, error lib-in-brk-gap, "
     "warning brk-window-shrunken, warning brk-room-low",
     "inherited-from-32bit"},
    {"misplaced library below 64 bits", "prog", FAKE_PROG FAKE_HEAP "2000000 @libz.so\n" FAKE_AREA,
     "warning mixed-mmap-base, error lib-in-brk-gap, warning brk-window-shrunken, "
     "warning brk-room-low",
     ""},
    {"mmap area below 4 GiB", "narrow",
     FAKE_PROG FAKE_HEAP "f7c00000 @libc.so\nf7fc5000 @ld.so\n" FAKE_STACK,
     "info inherited-from-32bit, warning brk-window-shrunken", NULL},
    {"mmap area below 4 GiB below 64 bits", "prog",
     FAKE_PROG FAKE_HEAP "f7c00000 @libc.so\nf7fc5000 @ld.so\n" FAKE_STACK,
     "warning brk-window-shrunken", NULL},
};

/* Go's runtime does not use the break; what else is in such a program may have moved it. */
START_TEST(test_go)
{
    run(&(struct fake_process){
        .maps = _i == 0 ? FAKE_PROG "1000000-1001000 r--p 00000000 00:00 0 \n" FAKE_AREA
                        : FAKE_PROG FAKE_HEAP "1021000-1022000 r--p 00000000 00:00 0 \n" FAKE_AREA,
        .start_brk = FAKE_BREAK});
    ck_assert_ptr_nonnull(strstr(summary(), "error brk-blocked"));
    image.is_go = true;
    check_run(&checker, &image, &facts, NULL);
    ck_assert_str_eq(
        summary(), _i == 0 ? "info brk-page-guard, info brk-blocked"
                           : "info brk-page-guard, warning brk-window-shrunken, error brk-blocked");
}
END_TEST

/* An exec starts anew: only the program that executed this one can be to blame. */
START_TEST(test_32bit_farther_up)
{
    struct elf_spec narrow = elf_object(32, ET_EXEC, 0x8048000);

    fake_object(&fake, "narrow", &narrow);
    fake_add(&fake, &(struct fake_process){.pid = 10, .comm = "sshd", .exe = "narrow", .maps = ""});
    fake_add(&fake,
             &(struct fake_process){.pid = 20,
                                    .ppid = 10,
                                    .comm = "sh",
                                    .maps = FAKE_MAPS,
                                    .start_brk = _i == 0 ? FAKE_BREAK - 0x4000 : FAKE_BREAK});
    run(&(struct fake_process){.maps = FAKE_PROG FAKE_HEAP "2000000 @libz.so\n" FAKE_AREA,
                               .ppid = 20,
                               .start_brk = FAKE_BREAK});
    /* Of a shell with the same addresses it is a copy by fork(): that one was executed by sshd. */
    ck_assert_str_eq(causes_of("mixed-mmap-base"), _i == 1 ? "inherited-from-32bit" : "");
}
END_TEST

/* What is not known of those above is no proof of the contrary. */
START_TEST(test_cut_off)
{
    fake_add(&fake, &(struct fake_process){
                        .pid = 20, .ppid = 77, .comm = "sh", .maps = "", .personality = 0x0200000});
    run(&(struct fake_process){.maps = FAKE_PROG FAKE_HEAP UP_AREA,
                               .ppid = _i == 0 ? 20 : 1,
                               .start_brk = FAKE_BREAK,
                               .personality = 0x0200000});
    ck_assert_str_eq(checker.findings[0].rule->id, "legacy-layout");
    ck_assert_ptr_nonnull(
        strstr(checker.findings[0].detail, _i == 0 ? "could not be read" : "may have adopted it"));
}
END_TEST

START_TEST(test_below_32bit)
{
    struct elf_spec narrow = elf_object(32, ET_EXEC, 0x8048000);

    fake_object(&fake, "narrow", &narrow);
    fake_add(&fake, &(struct fake_process){
                        .pid = 10, .comm = "sshd", .exe = below[_i].ancestor, .maps = ""});
    run(&(struct fake_process){.maps = below[_i].maps, .ppid = 10, .start_brk = FAKE_BREAK});
    ROW_TEXT(&below[_i], summary(), below[_i].findings);
    ROW_TEXT(&below[_i], causes_of("mixed-mmap-base"), below[_i].causes);
    if (strstr(summary(), "inherited"))
        ROW_SAYS(&below[_i], checker.findings[0].title, "sshd (PID 10)");
}
END_TEST

/* The text of the object is not there, shows another file, or another place of its own. */
static const struct {
    const char *name;
    const char *text; /* the line in the place of the second page of text */
    const char *says; /* what there is at that place; NULL: nothing is found */
} texts[] = {
    {"as it should be", "7ffff7b02000-7ffff7b03000 r-xp 00002000 @long.so\n", NULL},
    {"a hole", "", "there is nothing. "},
    {"another place of the file", "7ffff7b02000-7ffff7b03000 r-xp 00001000 @long.so\n",
     "there is another part of the file. "},
    {"another file", "7ffff7b02000-7ffff7b03000 r--p 00002000 @libz.so\n",
     "there is another file, libz.so. "},
    {"anonymous memory, as for huge pages", "7ffff7b02000-7ffff7b03000 r-xp 00000000 00:00 0 \n",
     NULL},
    {"other permissions", "7ffff7b02000-7ffff7b03000 r--p 00002000 @long.so\n", NULL},
};

START_TEST(test_elf_mismatch)
{
    struct elf_spec spec = elf_object(64, ET_DYN, 0);
    char maps[1024];

    spec.loads[1].file_bytes = spec.loads[1].memory_bytes = 0x3000;
    spec.loads[2] = (struct elf_load){0};
    fake_object(&fake, "long.so", &spec);
    snprintf(maps, sizeof(maps),
             FAKE_PROG FAKE_HEAP "7ffff7b00000-7ffff7b01000 r--p 00000000 @long.so\n"
                                 "7ffff7b01000-7ffff7b02000 r-xp 00001000 @long.so\n%s"
                                 "7ffff7b03000-7ffff7b04000 r-xp 00003000 @long.so\n" FAKE_AREA,
             texts[_i].text);
    run(&(struct fake_process){.maps = maps, .start_brk = FAKE_BREAK});
    ROW_TEXT(&texts[_i], summary(), texts[_i].says ? "warning elf-mismatch" : "");
    if (texts[_i].says)
        ROW_SAYS(&texts[_i], checker.findings[0].detail, texts[_i].says);
}
END_TEST

static const struct {
    const char *name;
    struct fake_process process;
    const char *id;
    const char *causes;
} effects[] = {
    {"blocked by the page",
     {.maps = FAKE_PROG FAKE_HEAP "1021000-1022000 r--p 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "brk-blocked",
     "brk-window-shrunken brk-page-guard"},
    {"blocked by two pages",
     {.maps = FAKE_PROG FAKE_HEAP "1021000-1023000 r--p 00000000 00:00 0 \n" FAKE_AREA,
      .start_brk = FAKE_BREAK},
     "brk-blocked",
     "brk-window-shrunken"},
    {"a library above the heap",
     {.maps = FAKE_PROG FAKE_HEAP "2000000 @libz.so\n" FAKE_AREA, .start_brk = FAKE_BREAK},
     "brk-room-low",
     "brk-window-shrunken lib-in-brk-gap"},
    {"a library misplaced by the kernel",
     {.maps = FAKE_PROG FAKE_HEAP "2000000 @libz.so\n" FAKE_AREA, .start_brk = FAKE_BREAK},
     "lib-in-brk-gap",
     "mixed-mmap-base"},
    {"a library that asked for the place",
     {.maps = FAKE_PROG FAKE_HEAP "9000000 @libz.so\n" FAKE_AREA, .start_brk = FAKE_BREAK},
     "lib-in-brk-gap",
     ""},
    {"nobody 32-bit above",
     {.maps = FAKE_PROG FAKE_HEAP "2000000 @libz.so\n" FAKE_AREA, .start_brk = FAKE_BREAK},
     "mixed-mmap-base",
     ""},
    {"a heap moved among libraries",
     {.maps = FAKE_PROG "7ffff7a00000 @libz.so\n"
                        "7ffff7a10000-7ffff7a31000 rw-p 00000000 00:00 0 [heap]\n" FAKE_AREA,
      .start_brk = 0x7ffff7a10000},
     "brk-room-low",
     "brk-in-mmap-area"},
    {"a PIE above a classic mmap area, blocked on purpose",
     {.maps = "2aaaaaaab000 @ld.so\n2aaaaac00000 @libc.so\n555555554000 @libz.so\n" PIE_HEAP
              "555555581000-555555582000 r--p 00000000 00:00 0 \n" FAKE_STACK,
      .exe = "libz.so",
      .start_brk = 0x555555560000,
      .interp_base = 0x2aaaaaaab000,
      .personality = 0x0200000},
     "brk-blocked",
     "brk-window-shrunken brk-page-guard"},
    {"... its window has no cause in the layout",
     {.maps = "2aaaaaaab000 @ld.so\n2aaaaac00000 @libc.so\n555555554000 @libz.so\n" PIE_HEAP
              "555555581000-555555583000 r--p 00000000 00:00 0 \n" FAKE_STACK,
      .exe = "libz.so",
      .start_brk = 0x555555560000,
      .interp_base = 0x2aaaaaaab000,
      .personality = 0x0200000},
     "brk-window-shrunken",
     ""},
    {"a PIE above a classic mmap area, a library put above it",
     {.maps = "2aaaaaaab000 @ld.so\n2aaaaac00000 @libc.so\n555555554000 @libz.so\n" PIE_HEAP
              "555555600000 @libc.so\n" FAKE_STACK,
      .exe = "libz.so",
      .start_brk = 0x555555560000,
      .interp_base = 0x2aaaaaaab000,
      .personality = 0x0200000},
     "brk-room-low",
     "brk-window-shrunken lib-in-brk-gap"},
    {"an executable stack has another story",
     {.maps = FAKE_PROG FAKE_HEAP
      "1021000-1022000 r--p 00000000 00:00 0 \n" FAKE_LIBC FAKE_VDSO FAKE_LOADER EXEC_STACK,
      .start_brk = FAKE_BREAK},
     "exec-stack",
     ""},
};

START_TEST(test_causes)
{
    run(&effects[_i].process);
    ROW_TEXT(&effects[_i], causes_of(effects[_i].id), effects[_i].causes);
}
END_TEST

/* The worst story first; a finding after all that explain it; each story in one piece. */
START_TEST(test_order)
{
    run(&(struct fake_process){
        .maps = "200000 @libz.so\n" FAKE_PROG FAKE_HEAP
                "1021000-1022000 r--p 00000000 00:00 0 \n2000000 @libz.so\n"
                "7ffff0000000-7ffff0001000 rwxp 00000000 00:00 0 \n" FAKE_LIBC FAKE_VDSO FAKE_LOADER
                    EXEC_STACK,
        .start_brk = FAKE_BREAK});
    ck_assert_str_eq(summary(),
                     "info brk-page-guard, warning brk-window-shrunken, error brk-blocked, "
                     "warning mixed-mmap-base, error lib-in-brk-gap, warning lib-below-text, "
                     "warning exec-stack, warning wx-mapping, info wx-mapping");
    ck_assert_uint_eq(checker.findings[0].story, checker.findings[2].story);
    ck_assert_uint_ne(checker.findings[2].story, checker.findings[3].story);
    ck_assert_int_eq(checker.findings[0].story_severity, SEVERITY_ERROR);
    ck_assert_int_eq(checker.findings[6].story_severity, SEVERITY_WARNING);
}
END_TEST

/* The one that comes first in the list of rules is not the worst. */
START_TEST(test_story_severity)
{
    run(&(struct fake_process){.maps = FAKE_PROG FAKE_HEAP "2000000 @libz.so\n" FAKE_AREA,
                               .start_brk = FAKE_BREAK});
    for (uint32_t i = 0; i < checker.n_findings; i++)
        ck_assert_int_eq(checker.findings[i].story_severity, SEVERITY_ERROR);
}
END_TEST

/* A policy changes what the stories are made of. */
static const struct {
    const char *name;
    const char *ignored, *judged; /* ids; NULL: none */
    enum severity severity;
    const char *findings;
    uint32_t n_ignored;
    const char *causes; /* of brk-blocked */
} policies[] = {
    {"none", NULL, NULL, 0, "info brk-page-guard, warning brk-window-shrunken, error brk-blocked",
     0, "brk-window-shrunken brk-page-guard"},
    {"the cause is ignored", "brk-page-guard", NULL, 0,
     "warning brk-window-shrunken, error brk-blocked", 1, "brk-window-shrunken"},
    {"the effect is ignored", "brk-blocked", NULL, 0,
     "info brk-page-guard, warning brk-window-shrunken", 1, NULL},
    {"what is not there is ignored", "aslr-off", NULL, 0,
     "info brk-page-guard, warning brk-window-shrunken, error brk-blocked", 0,
     "brk-window-shrunken brk-page-guard"},
    {"judged less", NULL, "brk-blocked", SEVERITY_INFO,
     "info brk-page-guard, warning brk-window-shrunken, info brk-blocked", 0,
     "brk-window-shrunken brk-page-guard"},
};

START_TEST(test_policy)
{
    struct policy policy = {0};

    if (policies[_i].ignored)
        policy.ignored[policy.n_ignored++] = rule_find(str_of(policies[_i].ignored));
    if (policies[_i].judged) {
        policy.severities[0].rule = rule_find(str_of(policies[_i].judged));
        policy.severities[policy.n_severities++].severity = policies[_i].severity;
    }
    run(&effects[0].process);
    check_run(&checker, &image, &facts, &policy);
    ROW_TEXT(&policies[_i], summary(), policies[_i].findings);
    ROW_NUMBER(&policies[_i], checker.n_ignored, policies[_i].n_ignored);
    ROW_TEXT(&policies[_i], causes_of("brk-blocked"), policies[_i].causes);
}
END_TEST

/* One limit stops brk and mmap: neither explains the other, but it is one story if it can be. */
static const struct {
    const char *name;
    enum severity heap;
    const char *findings;
    bool is_one_story;
} limited[] = {
    {"as bad", SEVERITY_WARNING, "warning brk-limit-low, warning mmap-room-low", true},
    {"worse", SEVERITY_ERROR, "error brk-limit-low, warning mmap-room-low", true},
    {"not as bad", SEVERITY_INFO, "warning mmap-room-low, info brk-limit-low", false},
};

START_TEST(test_one_limit)
{
    struct policy policy = {.severities = {{rule_find(STR("brk-limit-low")), limited[_i].heap}},
                            .n_severities = 1};

    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS, .start_brk = FAKE_BREAK}, &image);
    image.limits.address_space = (struct limit){true, image.size_bytes + (32 << 20), 1 << 30};
    facts_compute(&facts, &image);
    check_run(&checker, &image, &facts, &policy);
    ROW_TEXT(&limited[_i], summary(), limited[_i].findings);
    ROW_TEXT(&limited[_i], causes_of("mmap-room-low"), "");
    ROW_TEXT(&limited[_i], causes_of("brk-limit-low"), "");
    ROW_NUMBER(&limited[_i], checker.findings[0].story == checker.findings[1].story,
               limited[_i].is_one_story);
}
END_TEST

/* What cannot be known is "not run" with a reason, and neither good nor bad. */
START_TEST(test_not_run)
{
    fake_remove(&fake, "sys/vm/max_map_count");
    run(&(struct fake_process){.maps = FAKE_PROG FAKE_LIBC FAKE_LOADER, .denied_addresses = true});
    ck_assert_str_eq(summary(), "");
    ck_assert_uint_ge(checker.n_not_run, 5);
    for (uint32_t i = 0; i < checker.n_not_run; i++) {
        ck_assert(*checker.not_run[i].reason);
        ck_assert_ptr_eq(rule_find(str_of(checker.not_run[i].rule->id)), checker.not_run[i].rule);
    }
}
END_TEST

/* What may be a mixture of two programs is not judged. */
START_TEST(test_mixture)
{
    uint32_t n = 0;

    run(&(struct fake_process){.maps = FAKE_PROG FAKE_HEAP
                               "1021000-1022000 r--p 00000000 00:00 0 \n" FAKE_AREA,
                               .start_brk = FAKE_BREAK});
    ck_assert_uint_gt(checker.n_findings, 0);
    image.execed = true;
    check_run(&checker, &image, &facts, NULL);
    ck_assert_uint_gt(checker.n_findings, 0);
    image.consistent = false;
    check_run(&checker, &image, &facts, NULL);
    ck_assert_str_eq(summary(), "");
    for (size_t i = 0; rules[i]; i++)
        n += rules[i]->run != NULL;
    ck_assert_uint_eq(checker.n_not_run, n);
    ck_assert_ptr_nonnull(strstr(checker.not_run[0].reason, "replaced"));
}
END_TEST

/* Many places are few names, wherever they stand. */
START_TEST(test_many_places)
{
    struct places places = {0};

    run(&cases[0].process);
    for (uint32_t i = 0; i < 1000; i++)
        places_add(&checker, &places, i % 2 ? "b" : "a", (struct range){i, i + 1}, 0);
    ck_assert_str_eq(places_text(&checker, &places), "a and b");
}
END_TEST

START_TEST(test_places_text)
{
    static const char *const names[] = {"a", "b", "a", "c", "d", "e", "f"};
    static const char *const texts_of[] = {"",
                                           "a",
                                           "a and b",
                                           "a and b",
                                           "a, b and c",
                                           "a, b, c and d",
                                           "a, b, c, d and 1 more",
                                           "a, b, c, d and 2 more"};
    struct places places = {0};

    run(&cases[0].process);
    for (size_t n = 0; n <= sizeof(names) / sizeof(names[0]); n++) {
        ck_assert_str_eq(places_text(&checker, &places), texts_of[n]);
        if (n < sizeof(names) / sizeof(names[0]))
            places_add(&checker, &places, names[n], (struct range){n, n + 1}, 0);
    }
}
END_TEST

Suite *finding_suite(void)
{
    Suite *suite = suite_create("finding");
    TCase *rule = tcase_create("rules"), *list = tcase_create("list");

    tcase_add_checked_fixture(rule, setup, teardown);
    ROWS_ADD(rule, test_case, cases);
    ROWS_ADD(rule, test_saying, sayings);
    tcase_add_test(rule, test_fates);
    ROWS_ADD(rule, test_room, rooms);
    ROWS_ADD(rule, test_map_count, counts);
    tcase_add_test(rule, test_map_count_95);
    ROWS_ADD(rule, test_inherited, lines);
    ROWS_ADD(rule, test_below_32bit, below);
    tcase_add_loop_test(rule, test_32bit_farther_up, 0, 2);
    tcase_add_loop_test(rule, test_cut_off, 0, 2);
    tcase_add_loop_test(rule, test_go, 0, 2);
    ROWS_ADD(rule, test_elf_mismatch, texts);
    suite_add_tcase(suite, rule);
    tcase_add_checked_fixture(list, setup, teardown);
    ROWS_ADD(list, test_causes, effects);
    ROWS_ADD(list, test_one_limit, limited);
    tcase_add_test(list, test_order);
    tcase_add_test(list, test_story_severity);
    ROWS_ADD(list, test_policy, policies);
    tcase_add_test(list, test_not_run);
    tcase_add_test(list, test_mixture);
    tcase_add_test(list, test_places_text);
    tcase_add_test(list, test_many_places);
    suite_add_tcase(suite, list);
    return suite;
}
