/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/objectlist.h"

#include "../elfbytes.h"
#include "../rows.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

static struct objectlist parse(const char *text)
{
    struct objectlist list;
    struct err err = {""};

    ck_assert_msg(objectlist_parse(&list, &arena, str_of(text), &err), "%s", err.text);
    return list;
}

static const char *print(const struct objectlist *list)
{
    struct textbuf text = {0};
    const char *copy;

    for (uint32_t i = 0; i < list->n; i++)
        objectlist_print(&text, &list->entries[i]);
    copy = arena_strndup(&arena, text.bytes ? text.bytes : "", text.n);
    textbuf_deinit(&text);
    return copy;
}

/* What is printed is what was read, byte by byte. */
static const struct {
    const char *name;
    const char *text;
} texts[] = {
    {"nothing", ""},
    {"a program",
     "object: /usr/bin/true\ndevice: 08:01\ninode: 1835070\nfate: in-place\n"
     "elf: 64-bit little-endian DYN machine 62\nflags: pie dynamic gnu-stack\nentry: 0x1d40\n"
     "headers: 0x40\nsections: 29 at 0x7978\ninterp: /lib64/ld-linux-x86-64.so.2\n"
     "segment: PHDR 0x40 0x40 0x2d8 0x2d8 r-- 0x8\n"
     "segment: LOAD 0x2000 0x2000 0x3b99 0x3b99 r-x 0x1000\n"
     "segment: GNU_STACK 0x0 0x0 0x0 0x0 rw- 0x10\n"},
    {"a big-endian static program",
     "object: /x\ndevice: fe:123\ninode: 0\nfate: removed\n"
     "elf: 32-bit big-endian EXEC machine 20\nflags: go exec-stack\nentry: 0xffffffffffffffff\n"
     "headers: 0x0\nsections: 4294967295 at 0xffffffffffffffff\n"
     "segment: 0x6474e554 0x1 0x2 0x3 0x4 0xf0000007 0x0\n"},
    {"of an unknown type, without flags",
     "object: /x\ndevice: 00:00\ninode: 18446744073709551615\nfate: replaced\n"
     "elf: 64-bit little-endian 65535 machine 65535\nflags:\nentry: 0x0\nheaders: 0x0\n"
     "sections: 0 at 0x0\ninterp: \n"},
    {"strange bytes in names",
     "object: \\040/tmp/a\\012fate: removed (deleted)\ndevice: 00:00\ninode: 7\nfate: in-place\n"
     "missing: a\\134b\\011c\n"},
    {"no ELF file, and one that cannot be read",
     "object: /sbcl.core\ndevice: 00:2a\ninode: 1\nfate: in-place\nformat: other\n"
     "missing: it is not an ELF file\n"
     "object: /b\ndevice: 00:2a\ninode: 2\nfate: in-place\nmissing: permission denied\n"},
};

START_TEST(test_print_is_what_was_read)
{
    struct objectlist list = parse(texts[_i].text);

    ROW_TEXT(&texts[_i], print(&list), texts[_i].text);
}
END_TEST

START_TEST(test_fields)
{
    struct objectlist list = parse(texts[1].text);
    const struct object_entry *entry = list.entries;
    const struct segment *segment = &entry->head.segments[1];

    ck_assert_uint_eq(list.n, 1);
    ck_assert(str_eq(entry->path, STR("/usr/bin/true")));
    ck_assert_uint_eq(entry->dev_major, 8);
    ck_assert_uint_eq(entry->dev_minor, 1);
    ck_assert_uint_eq(entry->inode, 1835070);
    ck_assert(entry->fate == FILE_IN_PLACE && entry->has_head && !entry->missing);
    ck_assert_uint_eq(entry->head.elf_class, 64);
    ck_assert_uint_eq(entry->head.machine, EM_X86_64);
    ck_assert_uint_eq(entry->head.type, ET_DYN);
    ck_assert(entry->head.is_pie && entry->head.has_dynamic && entry->head.has_gnu_stack);
    ck_assert(!entry->head.is_go && !entry->head.wants_exec_stack && !entry->head.big_endian);
    ck_assert_uint_eq(entry->head.entry, 0x1d40);
    ck_assert_uint_eq(entry->head.phoff, 0x40);
    ck_assert_uint_eq(entry->head.n_sections, 29);
    ck_assert_uint_eq(entry->head.shoff, 0x7978);
    ck_assert_str_eq(entry->head.interp, "/lib64/ld-linux-x86-64.so.2");
    ck_assert_uint_eq(entry->head.n_segments, 3);
    ck_assert_uint_eq(segment->type, PT_LOAD);
    ck_assert_uint_eq(segment->offset, 0x2000);
    ck_assert_uint_eq(segment->vaddr, 0x2000);
    ck_assert_uint_eq(segment->file_bytes, 0x3b99);
    ck_assert_uint_eq(segment->memory_bytes, 0x3b99);
    ck_assert_uint_eq(segment->flags, PF_R | PF_X);
    ck_assert_uint_eq(segment->align, 0x1000);
}
END_TEST

START_TEST(test_names_are_unescaped)
{
    struct objectlist list = parse(texts[4].text);

    ck_assert(str_eq(list.entries[0].path, STR(" /tmp/a\nfate: removed (deleted)")));
    ck_assert_str_eq(list.entries[0].missing, "a\\b\tc");
}
END_TEST

static bool read_file(void *context, uint64_t offset, void *buf, size_t n)
{
    if (offset > ELFBYTES || n > ELFBYTES - offset)
        return false;
    memcpy(buf, (const unsigned char *)context + offset, n);
    return true;
}

/* A head that libelf has read is the same after a detour by the text. */
START_TEST(test_of_a_file)
{
    struct elf_spec spec = elf_object(_i ? 64 : 32, _i ? ET_DYN : ET_EXEC, _i ? 0 : 0x400000);
    unsigned char file[ELFBYTES];
    struct object_entry entry = {.path = STR("/prog"), .has_head = true};
    struct objectlist list;
    struct reader reader = {read_file, file};
    struct err err = {""};
    const char *text;

    spec.interp = "/lib/ld.so";
    spec.dynamic = true;
    elf_write(&spec, file);
    ck_assert_msg(elfhead_parse(&entry.head, &arena, &reader, &err), "%s", err.text);
    text = print(&(struct objectlist){&entry, 1});
    list = parse(text);
    ck_assert_uint_eq(list.n, 1);
    ck_assert_uint_eq(list.entries[0].head.n_segments, entry.head.n_segments);
    ck_assert_mem_eq(list.entries[0].head.segments, entry.head.segments,
                     entry.head.n_segments * sizeof(*entry.head.segments));
    ck_assert_str_eq(list.entries[0].head.interp, "/lib/ld.so");
    list.entries[0].head.segments = entry.head.segments;
    list.entries[0].head.interp = entry.head.interp;
    entry.head.n_phdrs = entry.head.phdr_bytes = 0; /* nobody asks for them once they are read */
    ck_assert_mem_eq(&list.entries[0].head, &entry.head, sizeof(entry.head));
}
END_TEST

START_TEST(test_many)
{
    enum { N_OBJECTS = 1000, N_SEGMENTS = 128 };
    struct textbuf text = {0};
    struct objectlist list;

    for (int i = 0; i < N_OBJECTS; i++) {
        textbuf_printf(&text, "object: /%d\nelf: 64-bit little-endian DYN machine 62\n", i);
        for (int k = 0; k < (i == 500 ? N_SEGMENTS : 1); k++)
            textbuf_printf(&text, "segment: LOAD %d 0 0 0 r-- 0\n", k);
    }
    ck_assert(objectlist_parse(&list, &arena, textbuf_view(&text), NULL));
    textbuf_deinit(&text);
    ck_assert_uint_eq(list.n, N_OBJECTS);
    ck_assert(str_eq(list.entries[999].path, STR("/999")));
    ck_assert_uint_eq(list.entries[500].head.n_segments, N_SEGMENTS);
    for (unsigned int k = 0; k < N_SEGMENTS; k++)
        ck_assert_uint_eq(list.entries[500].head.segments[k].offset, k);
    ck_assert_uint_eq(list.entries[999].head.n_segments, 1);
}
END_TEST

/* Later versions may know more; blank lines and a missing newline do no harm. */
START_TEST(test_unknown_keys)
{
    struct objectlist list = parse("\nobject:/a\n\ncolour: green\ninode: 5\nflags: pie shiny");

    ck_assert_uint_eq(list.n, 1);
    ck_assert_uint_eq(list.entries[0].inode, 5);
    ck_assert(list.entries[0].head.is_pie && !list.entries[0].has_head);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    unsigned int line;
} bad[] = {
    {"no key", "object: /a\nwhat is this\n", 2},
    {"nobody's inode", "inode: 5\n", 1},
    {"no path", "object:  \n", 1},
    {"half a device", "object: /a\ndevice: 08\n", 2},
    {"a device beyond 32 bits", "object: /a\ndevice: 08:100000000\n", 2},
    {"an inode of letters", "object: /a\ninode: x\n", 2},
    {"an inode beyond 64 bits", "object: /a\ninode: 18446744073709551616\n", 2},
    {"another fate", "object: /a\nfate: eaten\n", 2},
    {"another class", "object: /a\nelf: 65-bit little-endian DYN machine 62\n", 2},
    {"another order", "object: /a\nelf: 64-bit middle-endian DYN machine 62\n", 2},
    {"a type beyond 16 bits", "object: /a\nelf: 64-bit little-endian 65536 machine 62\n", 2},
    {"a machine beyond 16 bits", "object: /a\nelf: 64-bit little-endian DYN machine 65536\n", 2},
    {"no machine", "object: /a\nelf: 64-bit little-endian DYN\n", 2},
    {"sections nowhere", "object: /a\nsections: 3\n", 2},
    {"another format", "object: /a\nformat: elf\n", 2},
    {"a segment without numbers", "object: /a\nsegment: LOAD\n", 2},
    {"a segment of an unknown name", "object: /a\nsegment: LOAF 0 0 0 0 r-- 0\n", 2},
    {"a segment without alignment", "object: /a\nsegment: LOAD 0 0 0 0 r--\n", 2},
    {"flags out of order", "object: /a\nsegment: LOAD 0 0 0 0 wr- 0\n", 2},
    {"too few flags", "object: /a\nsegment: LOAD 0 0 0 0 r- 0\n", 2},
};

START_TEST(test_bad)
{
    struct objectlist list = {.n = 99};
    struct err err = {""};
    char wanted[40];

    snprintf(wanted, sizeof(wanted), "line %u of objects", bad[_i].line);
    ROW_TRUE(&bad[_i], !objectlist_parse(&list, &arena, str_of(bad[_i].text), &err));
    ROW_SAYS(&bad[_i], err.text, wanted);
    ROW_NUMBER(&bad[_i], list.n, 0);
}
END_TEST

START_TEST(test_too_many_objects)
{
    struct textbuf text = {0};
    struct objectlist list;

    for (int i = 0; i < MAX_OBJECTS; i++)
        textbuf_printf(&text, "object: /a\n");
    ck_assert(objectlist_parse(&list, &arena, textbuf_view(&text), NULL));
    ck_assert_uint_eq(list.n, MAX_OBJECTS);
    textbuf_printf(&text, "object: /a\n");
    ck_assert(!objectlist_parse(&list, &arena, textbuf_view(&text), NULL));
    textbuf_deinit(&text);
}
END_TEST

START_TEST(test_too_many_segments)
{
    struct textbuf text = {0};
    struct objectlist list;

    textbuf_printf(&text, "object: /a\n");
    for (int i = 0; i < 129; i++)
        textbuf_printf(&text, "segment: LOAD 0 0 0 0 r-- 0\n");
    ck_assert(!objectlist_parse(&list, &arena, textbuf_view(&text), NULL));
    textbuf_deinit(&text);
}
END_TEST

Suite *objectlist_suite(void)
{
    Suite *suite = suite_create("objectlist");
    TCase *tcase = tcase_create("parse");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_print_is_what_was_read, texts);
    tcase_add_test(tcase, test_fields);
    tcase_add_test(tcase, test_names_are_unescaped);
    tcase_add_loop_test(tcase, test_of_a_file, 0, 2);
    tcase_add_test(tcase, test_many);
    tcase_add_test(tcase, test_unknown_keys);
    ROWS_ADD(tcase, test_bad, bad);
    tcase_add_test(tcase, test_too_many_objects);
    tcase_add_test(tcase, test_too_many_segments);
    suite_add_tcase(suite, tcase);
    return suite;
}
