/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/elfhead.h"

#include "../elfbytes.h"
#include "../rows.h"

#include <elf.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

struct file {
    unsigned char bytes[ELFBYTES];
    size_t n;
};

static bool read_file(void *context, uint64_t offset, void *buf, size_t n)
{
    const struct file *file = context;

    if (offset > file->n || n > file->n - offset)
        return false;
    memcpy(buf, file->bytes + offset, n);
    return true;
}

static bool parse(struct elfhead *head, struct file *file, struct err *err)
{
    struct reader reader = {read_file, file};

    return elfhead_parse(head, &arena, &reader, err);
}

static const struct {
    const char *name;
    unsigned int elf_class;
    bool big_endian;
} forms[] = {
    {"64-bit little-endian", 64, false},
    {"64-bit big-endian", 64, true},
    {"32-bit little-endian", 32, false},
    {"32-bit big-endian", 32, true},
};

static size_t make(struct file *file, int form)
{
    struct elf_spec spec = {
        .elf_class = forms[form].elf_class,
        .big_endian = forms[form].big_endian,
        .type = ET_DYN,
        .machine = EM_PPC64,
        .entry = 0x10203040,
        .interp = "/lib/ld.so.1",
        .dynamic = true,
        .pie = true,
        .loads = {{PF_R | PF_X, 0x1000, 0x11000, 0x123, 0x456},
                  {PF_R | PF_W, 0x2000, 0x22000, 0x789, 0xabc}},
    };

    file->n = sizeof(file->bytes);
    return elf_write(&spec, file->bytes);
}

START_TEST(test_forms)
{
    struct elfhead head;
    struct file file;
    struct err err = {""};

    make(&file, _i);
    ck_assert_msg(parse(&head, &file, &err), "%s: %s", forms[_i].name, err.text);
    ROW_NUMBER(&forms[_i], head.elf_class, forms[_i].elf_class);
    ROW_NUMBER(&forms[_i], head.big_endian, forms[_i].big_endian);
    ROW_NUMBER(&forms[_i], head.type, ET_DYN);
    ROW_NUMBER(&forms[_i], head.machine, EM_PPC64);
    ROW_NUMBER(&forms[_i], head.entry, 0x10203040);
    ROW_NUMBER(&forms[_i], head.phoff, forms[_i].elf_class == 64 ? 64 : 52);
    ROW_NUMBER(&forms[_i], head.n_segments, 5);
    ROW_NUMBER(&forms[_i], head.segments[0].type, PT_LOAD);
    ROW_NUMBER(&forms[_i], head.segments[0].flags, PF_R | PF_X);
    ROW_NUMBER(&forms[_i], head.segments[1].offset, 0x2000);
    ROW_NUMBER(&forms[_i], head.segments[1].vaddr, 0x22000);
    ROW_NUMBER(&forms[_i], head.segments[1].file_bytes, 0x789);
    ROW_NUMBER(&forms[_i], head.segments[1].memory_bytes, 0xabc);
    ROW_NUMBER(&forms[_i], head.segments[1].align, 0x1000);
    ROW_TEXT(&forms[_i], head.interp, "/lib/ld.so.1");
    ROW_TRUE(&forms[_i], head.has_dynamic && head.is_pie);
    ROW_TRUE(&forms[_i], head.has_gnu_stack && !head.wants_exec_stack);
}
END_TEST

/* Cut at every length: an error until the last program header is there, and never a crash. */
START_TEST(test_cut)
{
    struct elfhead head;
    struct file file;
    size_t headers_end = make(&file, _i);

    for (file.n = 0; file.n < ELFBYTES; file.n++) {
        struct err err = {""};
        bool ok = parse(&head, &file, &err);

        ck_assert_msg(ok == (file.n >= headers_end), "%s: %zu bytes", forms[_i].name, file.n);
        ck_assert_msg(ok || *err.text, "%s: no reason at %zu bytes", forms[_i].name, file.n);
        ck_assert_msg(!ok || head.interp, "%s: %zu bytes", forms[_i].name, file.n);
        arena_deinit(&arena);
    }
}
END_TEST

/* Every byte of the headers turned over: whatever that says, the answer is true or a reason. */
START_TEST(test_flipped)
{
    struct elfhead head;
    struct file file;
    size_t headers_end = make(&file, _i);

    for (size_t i = 0; i < headers_end; i++) {
        struct err err = {""};

        file.bytes[i] ^= 0xff;
        if (!parse(&head, &file, &err))
            ck_assert_msg(*err.text, "%s: no reason with byte %zu", forms[_i].name, i);
        file.bytes[i] ^= 0xff;
        arena_deinit(&arena);
    }
}
END_TEST

static const struct {
    const char *name;
    size_t at; /* in a 64-bit little-endian file */
    uint64_t value;
    size_t n_bytes;
    const char *says; /* NULL: it is fine */
} lies[] = {
    {"no ELF", 0, '#', 1, "not an ELF file"},
    {"class", 4, 3, 1, "class or byte order"},
    {"byte order", 5, 0, 1, "class or byte order"},
    {"no program headers", 56, 0, 2, NULL},
    {"one more program header than the file has room for", 56, 36, 2, "cut off"},
    {"more program headers than any object has", 56, 129, 2, "129 program headers"},
    {"PN_XNUM", 56, 0xffff, 2, "65535 program headers"},
    {"entries of the other class", 54, 32, 2, "of 32 bytes"},
    {"entries of no size", 54, 0, 2, "of 0 bytes"},
    {"program headers beyond the file", 32, 0x10000, 8, "cut off"},
    {"program headers at the end of all numbers", 32, UINT64_MAX - 8, 8, "cut off"},
};

START_TEST(test_lies)
{
    struct elfhead head;
    struct file file;
    struct err err = {""};
    bool ok;

    make(&file, 0);
    memcpy(file.bytes + lies[_i].at, &lies[_i].value, lies[_i].n_bytes);
    ok = parse(&head, &file, &err);
    ROW_NUMBER(&lies[_i], ok, lies[_i].says == NULL);
    if (lies[_i].says)
        ROW_SAYS(&lies[_i], err.text, lies[_i].says);
}
END_TEST

static const struct {
    const char *name;
    enum elf_stack stack;
    bool has, wants;
} stacks[] = {
    {"plain", STACK_PLAIN, true, false},
    {"executable", STACK_EXEC, true, true},
    {"no PT_GNU_STACK", STACK_NONE, false, false},
};

START_TEST(test_stack)
{
    struct elf_spec spec = elf_object(64, ET_DYN, 0);
    struct file file = {.n = ELFBYTES};
    struct elfhead head;

    spec.stack = stacks[_i].stack;
    elf_write(&spec, file.bytes);
    ROW_TRUE(&stacks[_i], parse(&head, &file, NULL));
    ROW_NUMBER(&stacks[_i], head.has_gnu_stack, stacks[_i].has);
    ROW_NUMBER(&stacks[_i], head.wants_exec_stack, stacks[_i].wants);
}
END_TEST

static const struct {
    const char *name;
    bool dynamic, pie;
} kinds[] = {
    {"static", false, false},
    {"a library", true, false},
    {"a PIE program", true, true},
};

START_TEST(test_pie)
{
    for (int form = 0; form < 4; form++) {
        struct elf_spec spec = elf_object(forms[form].elf_class, ET_DYN, 0);
        struct file file = {.n = ELFBYTES};
        struct elfhead head;

        spec.big_endian = forms[form].big_endian;
        spec.dynamic = kinds[_i].dynamic;
        spec.pie = kinds[_i].pie;
        spec.entry = 0x1040;
        elf_write(&spec, file.bytes);
        ROW_TRUE(&kinds[_i], parse(&head, &file, NULL));
        ROW_NUMBER(&kinds[_i], head.has_dynamic, kinds[_i].dynamic);
        ROW_NUMBER(&kinds[_i], head.is_pie, kinds[_i].pie);
        ROW_TEXT(&kinds[_i], head.interp, NULL);
    }
}
END_TEST

/*
 * A file of the host's own form with as many equal program headers as are taken, each of which
 * asks for all that it may.
 */
enum { HOSTILE_SEGMENTS = 128, HOSTILE_BYTES = 65536 };

struct hostile {
    unsigned char bytes[HOSTILE_BYTES];
    unsigned int n_reads;
};

static bool read_hostile(void *context, uint64_t offset, void *buf, size_t n)
{
    struct hostile *file = context;

    file->n_reads++;
    if (offset > sizeof(file->bytes) || n > sizeof(file->bytes) - offset)
        return false;
    memcpy(buf, file->bytes + offset, n);
    return true;
}

static const struct {
    const char *name;
    uint32_t type;
    uint64_t file_bytes;
    uint32_t word; /* what the contents repeat */
} hostiles[] = {
    {"PT_DYNAMIC", PT_DYNAMIC, 32768, DT_DEBUG},
    {"notes of twelve bytes", PT_NOTE, 32768, 0},
    {"PT_INTERP", PT_INTERP, 4096, 0x2f2f2f2f},
};

static void make_hostile(struct hostile *file, uint32_t type, uint64_t file_bytes, uint32_t word)
{
    Elf64_Ehdr ehdr = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_version = EV_CURRENT,
        .e_entry = 0x1000,
        .e_phoff = sizeof(ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = HOSTILE_SEGMENTS,
    };
    Elf64_Phdr phdr = {.p_type = type, .p_offset = 16384, .p_filesz = file_bytes};

    for (size_t i = 0; i < sizeof(file->bytes); i += sizeof(word))
        memcpy(file->bytes + i, &word, sizeof(word));
    memcpy(file->bytes, &ehdr, sizeof(ehdr));
    for (size_t i = 0; i < HOSTILE_SEGMENTS; i++)
        memcpy(file->bytes + sizeof(ehdr) + i * sizeof(phdr), &phdr, sizeof(phdr));
}

START_TEST(test_hostile)
{
    struct hostile file = {.n_reads = 0};
    struct reader reader = {read_hostile, &file};
    struct elfhead head;

    make_hostile(&file, hostiles[_i].type, hostiles[_i].file_bytes, hostiles[_i].word);
    ROW_TRUE(&hostiles[_i], elfhead_parse(&head, &arena, &reader, NULL));
    ROW_NUMBER(&hostiles[_i], head.n_segments, HOSTILE_SEGMENTS);
    ck_assert_msg(file.n_reads <= 16, "%s: %u reads", hostiles[_i].name, file.n_reads);
}
END_TEST

static const struct {
    const char *name;
    uint16_t type;
    uint64_t entry;
    const char *owner;
    bool is_go;
} owners[] = {
    {"a Go program", ET_EXEC, 0x1000, "Go", true},
    {"a PIE Go program", ET_DYN, 0x1000, "Go", true},
    {"a library made by Go", ET_DYN, 0, "Go", false},
    {"another program", ET_EXEC, 0x1000, "GNU", false},
};

/* The note comes second, after one of eleven bytes that are padded. */
START_TEST(test_go)
{
    const struct elf_spec spec = {
        .elf_class = 64,
        .type = owners[_i].type,
        .entry = owners[_i].entry,
        .loads = {{PF_R, AT_DYNAMIC, 0, 64, 64}},
    };
    const uint32_t notes[] = {4, 11, 3, 0x00554e47, 0, 0, 0, 4, 4, 4};
    const uint32_t type = PT_NOTE;
    struct file file = {.n = ELFBYTES};
    struct elfhead head;

    elf_write(&spec, file.bytes);
    memcpy(file.bytes + 64, &type, sizeof(type)); /* instead of PT_LOAD */
    memcpy(file.bytes + AT_DYNAMIC, notes, sizeof(notes));
    memcpy(file.bytes + AT_DYNAMIC + sizeof(notes), owners[_i].owner, strlen(owners[_i].owner));
    ROW_TRUE(&owners[_i], parse(&head, &file, NULL));
    ROW_NUMBER(&owners[_i], head.is_go, owners[_i].is_go);
}
END_TEST

START_TEST(test_machine_names)
{
    char buf[24];

    ck_assert_str_eq(elf_machine_name(EM_X86_64, buf), "x86-64");
    ck_assert_str_eq(elf_machine_name(EM_AARCH64, buf), "aarch64");
    ck_assert_str_eq(elf_machine_name(65535, buf), "machine 65535");
}
END_TEST

Suite *elfhead_suite(void)
{
    Suite *suite = suite_create("elfhead");
    TCase *tcase = tcase_create("parse");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_forms, forms);
    ROWS_ADD(tcase, test_cut, forms);
    ROWS_ADD(tcase, test_flipped, forms);
    ROWS_ADD(tcase, test_lies, lies);
    ROWS_ADD(tcase, test_stack, stacks);
    ROWS_ADD(tcase, test_pie, kinds);
    ROWS_ADD(tcase, test_hostile, hostiles);
    ROWS_ADD(tcase, test_go, owners);
    tcase_add_test(tcase, test_machine_names);
    suite_add_tcase(suite, tcase);
    return suite;
}
