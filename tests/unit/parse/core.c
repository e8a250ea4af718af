/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/core.h"

#include "../corebytes.h"
#include "../rows.h"

#include <elf.h>
#include <stdlib.h>

static struct arena arena;
static struct core_bytes bytes; /* half a megabyte: not on the stack */
static unsigned int n_reads;

static void setup(void)
{
    arena_init(&arena);
    memset(&bytes, 0, sizeof(bytes));
    n_reads = 0;
}

static void teardown(void)
{
    arena_deinit(&arena);
}

static bool read_bytes(void *context, uint64_t offset, void *buf, size_t n)
{
    const struct core_bytes *file = context;

    n_reads++;
    if (offset > file->n || n > file->n - offset)
        return false;
    memcpy(buf, file->bytes + offset, n);
    return true;
}

static const struct reader reader = {read_bytes, &bytes};

/* Whatever a core says, these hold: core.h promises them. */
static void check_promises(const struct core *core)
{
    for (size_t i = 0; i < core->n_mappings; i++) {
        const struct core_mapping *mapping = &core->mappings[i];

        ck_assert(mapping->range.start < mapping->range.end);
        ck_assert(i == 0 || mapping[-1].range.end <= mapping->range.start);
        ck_assert(mapping->dumped <= range_size(mapping->range));
        ck_assert(mapping->at + mapping->dumped >= mapping->at);
        ck_assert(mapping->has_load || mapping->is_file);
        ck_assert(mapping->has_load || mapping->dumped == 0);
        ck_assert(core_held_bytes(core, mapping) <= mapping->dumped);
        ck_assert_ptr_eq(core_find(core, mapping->range.start), mapping);
        ck_assert_ptr_eq(core_find(core, mapping->range.end - 1), mapping);
    }
    ck_assert(core->n_threads == 0 || core->threads);
    for (size_t i = 0; i < core->n_missing; i++)
        ck_assert(*core->missing[i].what && *core->missing[i].reason);
}

static bool parse(struct core *core, struct err *err)
{
    bool ok = core_parse(core, &arena, &reader, bytes.n, err);

    if (ok)
        check_promises(core);
    return ok;
}

static const char *missing(const struct core *core, const char *what)
{
    for (size_t i = 0; i < core->n_missing; i++)
        if (strcmp(core->missing[i].what, what) == 0)
            return core->missing[i].reason;
    return NULL;
}

/* The machines whose registers are known: sizes as the kernel's headers for them give them. */
static const struct machine {
    const char *name;
    unsigned int elf_class;
    bool big_endian;
    uint16_t machine;
    size_t status_bytes, sp_at, sp_bytes, process_bytes;
    uint64_t page_size;
} machines[] = {
    {"x86-64", 64, false, EM_X86_64, 336, 264, 8, 136, 4096},
    {"x32", 32, false, EM_X86_64, 296, 224, 8, 128, 4096},
    {"i386", 32, false, EM_386, 144, 132, 4, 124, 4096},
    {"aarch64, 64 KiB pages", 64, false, EM_AARCH64, 392, 360, 8, 136, 65536},
    {"aarch64_be", 64, true, EM_AARCH64, 392, 360, 8, 136, 4096},
    {"arm", 32, false, EM_ARM, 148, 124, 4, 124, 4096},
    {"riscv64", 64, false, EM_RISCV, 376, 128, 8, 136, 4096},
    {"riscv32", 32, false, EM_RISCV, 204, 80, 4, 128, 4096},
    {"ppc64le", 64, false, EM_PPC64, 504, 120, 8, 136, 65536},
    {"ppc64", 64, true, EM_PPC64, 504, 120, 8, 136, 65536},
    {"ppc", 32, true, EM_PPC, 268, 76, 4, 128, 4096},
    {"s390x", 64, true, EM_S390, 336, 248, 8, 136, 4096},
    {"s390", 32, true, EM_S390, 224, 140, 4, 124, 4096},
    {"mips64", 64, true, EM_MIPS, 480, 344, 8, 136, 16384},
    {"mips n32", 32, true, EM_MIPS, 440, 304, 8, 128, 16384},
    {"mips o32", 32, true, EM_MIPS, 256, 212, 4, 128, 4096},
    {"hppa", 32, true, EM_PARISC, 396, 192, 4, 128, 4096},
    {"loongarch64", 64, false, 258, 480, 136, 8, 136, 16384},
};

static const uint64_t files[][3] = {{0x10000, 0x20000, 0}, {0x20000, 0x40000, 1}};
static const char names[] = "/bin/prog\0/lib/lib c.so";

/* The notes in the kernel's order; the first thread is not the main one. */
static void add_notes(const struct machine *machine)
{
    unsigned char siginfo[128] = {0};
    bool mips = machine->machine == EM_MIPS;

    core_note_status(&bytes, machine->status_bytes, machine->sp_at, machine->sp_bytes,
                     &(struct core_status){4712, 11, 0x12345670});
    core_note_process(&bytes, machine->process_bytes, 1000, 1001);
    core_put(&bytes, siginfo, 11, 4);
    core_put(&bytes, siginfo + (mips ? 4 : 8), 1, 4);
    core_put(&bytes, siginfo + (machine->elf_class == 64 ? 16 : 12), 0x1234,
             machine->elf_class / 8);
    core_note(&bytes, "CORE", NT_SIGINFO, siginfo, sizeof(siginfo));
    core_note_auxv(
        &bytes,
        (const uint64_t[][2]){
            {AT_BASE, 0x70000000}, {AT_PAGESZ, machine->page_size}, {AT_NULL, 0}, {AT_ENTRY, 1}},
        4);
    core_note_files(&bytes, 2, machine->page_size, files, 2, names, sizeof(names));
    core_note(&bytes, "CORE", NT_FPREGSET, siginfo, 100);
    core_note(&bytes, "LINUX", NT_PRPSINFO, siginfo, 7);
    core_note_status(&bytes, machine->status_bytes, machine->sp_at, machine->sp_bytes,
                     &(struct core_status){CORE_PID, 0, 0x7ffffff0});
}

static void begin(const struct machine *machine)
{
    bytes.elf_class = machine->elf_class;
    bytes.big_endian = machine->big_endian;
    bytes.machine = machine->machine;
}

static void add_loads(void)
{
    core_load(&bytes, PF_R | PF_X, 0x10000, 4096, 0x10000);
    core_load(&bytes, PF_R, 0x20000, 0, 0x20000);
    core_load(&bytes, PF_R | PF_W, 0x40000, 8192, 0x10000);
    core_load(&bytes, 0, 0x70000, 0, 0x10000);
}

/* A core of the x86-64 kernel with loads of 64 KiB; more may be added before core_end(). */
static void begin_ordinary(void)
{
    begin(&machines[0]);
    add_notes(&machines[0]);
    add_loads();
}

START_TEST(test_machines)
{
    const struct machine *row = &machines[_i];
    struct core core;
    struct err err = {""};
    uint64_t value = 0;

    begin(row);
    add_notes(row);
    add_loads();
    core_end(&bytes);
    ck_assert_msg(parse(&core, &err), "%s: %s", row->name, err.text);
    ROW_NUMBER(row, core.head.elf_class, row->elf_class);
    ROW_NUMBER(row, core.head.machine, row->machine);
    ROW_NUMBER(row, core.writer, CORE_WRITER_KERNEL);
    ROW_TEXT(row, core.incomplete, NULL);
    ROW_NUMBER(row, core.page_size, row->page_size);
    ROW_NUMBER(row, core.page_size_source, CORE_PAGE_AUXV);
    ROW_NUMBER(row, core.n_unaligned, 0);
    ROW_NUMBER(row, core.n_missing, 0);
    ROW_TRUE(row, core_auxv(&core, AT_BASE, &value));
    ROW_NUMBER(row, value, 0x70000000);
    ROW_TRUE(row, !core_auxv(&core, AT_ENTRY, &value)); /* behind AT_NULL */

    ROW_TRUE(row, core.has_process && core.has_ids);
    ROW_NUMBER(row, core.pid, CORE_PID);
    ROW_NUMBER(row, core.ppid, CORE_PPID);
    ROW_NUMBER(row, core.uid, 1000);
    ROW_NUMBER(row, core.gid, 1001);
    ROW_NUMBER(row, core.state, 'R');
    ROW_TEXT(row, core.comm, CORE_COMM);
    ROW_TEXT(row, core.args, CORE_ARGS);

    ROW_NUMBER(row, core.n_threads, 2);
    ROW_NUMBER(row, core.threads[0].tid, 4712);
    ROW_NUMBER(row, core.threads[0].signal, 11);
    ROW_NUMBER(row, core.threads[0].sp, 0x12345670);
    ROW_TRUE(row, core.threads[0].has_sp && core.threads[1].has_sp);
    ROW_TRUE(row, core_main_thread(&core) == &core.threads[1]);
    ROW_NUMBER(row, core.threads[1].sp, 0x7ffffff0);

    ROW_TRUE(row, core.has_siginfo && core.has_fault);
    ROW_NUMBER(row, core.signal, 11);
    ROW_NUMBER(row, core.fault_address, 0x1234);

    ROW_NUMBER(row, core.n_mappings, 4);
    ROW_NUMBER(row, core.mappings[0].range.end, 0x20000);
    ROW_NUMBER(row, core.mappings[0].perms, PERM_READ | PERM_EXEC);
    ROW_NUMBER(row, core.mappings[0].dumped, 4096);
    ROW_STR(row, core.mappings[0].path, "/bin/prog");
    ROW_NUMBER(row, core.mappings[1].offset, row->page_size);
    ROW_STR(row, core.mappings[1].path, "/lib/lib c.so");
    ROW_TRUE(row, !core.mappings[2].is_file);
    ROW_NUMBER(row, core.mappings[3].perms, 0);
}
END_TEST

START_TEST(test_memory)
{
    struct core core;
    struct core_view view = {&core, &reader};
    struct reader memory = core_memory(&view);
    unsigned char buf[0x4000];

    begin_ordinary();
    core_load(&bytes, PF_R | PF_W, 0x50000, 4096, 4096); /* right behind a part that has none */
    core_load(&bytes, PF_R | PF_W, 0x51000, 4096, 4096); /* and right behind that */
    core_end(&bytes);
    ck_assert(parse(&core, NULL));

    ck_assert(reader_read(&memory, 0x40ffe, buf, 4));
    ck_assert_int_eq(buf[0], core_page_byte(0x40fff));
    ck_assert_int_eq(buf[3], core_page_byte(0x41000));
    ck_assert(reader_read(&memory, 0x50ff0, buf, 0x20)); /* over the border of two loads */
    ck_assert_int_eq(buf[0x1f], core_page_byte(0x51000));
    ck_assert(!reader_read(&memory, 0x41ffd, buf, 4)); /* into what was not dumped */
    ck_assert(!reader_read(&memory, 0x4fffd, buf, 4));
    ck_assert(!reader_read(&memory, 0x20000, buf, 1));
    ck_assert(!reader_read(&memory, 0x0, buf, 1));
    ck_assert(!reader_read(&memory, UINT64_MAX, buf, 2));
    ck_assert(!reader_read(&memory, 0x51fff, buf, 2)); /* the end of all */

    bytes.n -= 4096 + 1; /* the file is cut: its headers stay, its last content goes */
    ck_assert(parse(&core, NULL));
    ck_assert(reader_read(&memory, 0x50ffe, buf, 1));
    ck_assert(!reader_read(&memory, 0x50fff, buf, 1));
    ck_assert_uint_eq(core_held_bytes(&core, core_find(&core, 0x50000)), 4095);
    ck_assert_uint_eq(core_held_bytes(&core, core_find(&core, 0x51000)), 0);
    ck_assert(!reader_read(&memory, 0x51000, buf, 1));
    ck_assert(strstr(missing(&core, "content"), "4097 of "));
    ck_assert_ptr_null(core.incomplete); /* all mappings are known nevertheless */
}
END_TEST

/* Cut at any length: less is known and that is said; what is still told is right. */
START_TEST(test_cut)
{
    struct core core;
    size_t whole, headers_end, notes_end;

    begin(&machines[_i]);
    add_notes(&machines[_i]);
    add_loads();
    core_end(&bytes);
    whole = bytes.n;
    headers_end = bytes.notes_at;
    notes_end = bytes.notes_at + bytes.n_notes;
    for (bytes.n = 0; bytes.n < whole; bytes.n += bytes.n < notes_end ? 1 : 509) {
        struct err err = {""};
        size_t one = machines[_i].elf_class == 64 ? 64 + 56 : 52 + 32;
        bool ok = parse(&core, &err);

        ck_assert_msg(ok == (bytes.n >= one), "%s: %zu bytes", machines[_i].name, bytes.n);
        ck_assert_msg(ok || *err.text, "%s: no reason at %zu", machines[_i].name, bytes.n);
        if (!ok)
            continue;
        ck_assert(missing(&core, "content"));
        ck_assert_int_eq(missing(&core, "program headers") != NULL, bytes.n < headers_end);
        ck_assert_int_eq(missing(&core, "notes") != NULL, bytes.n < notes_end);
        ck_assert_int_eq(core.n_mappings == 4, bytes.n >= headers_end);
        ck_assert(bytes.n >= headers_end || core.incomplete);
        ck_assert(!core.has_process || strcmp(core.comm, CORE_COMM) == 0);
        ck_assert_int_eq(missing(&core, "NT_PRPSINFO") != NULL, !core.has_process);
        arena_deinit(&arena);
    }
}
END_TEST

/* Every byte of headers and notes turned over, one after the other. */
START_TEST(test_flipped)
{
    struct core core;

    begin(&machines[_i]);
    add_notes(&machines[_i]);
    add_loads();
    core_end(&bytes);
    for (size_t i = 0; i < bytes.notes_at + bytes.n_notes; i++) {
        struct err err = {""};

        bytes.bytes[i] ^= 0xff;
        ck_assert(parse(&core, &err) || *err.text);
        bytes.bytes[i] ^= 0xff;
        arena_deinit(&arena);
    }
}
END_TEST

/*
 * Random ranges, many of which overlap or wrap: each address is in a mapping exactly when a valid
 * header or entry has it.  The addresses have eight bits, so that each can be looked at.
 */
START_TEST(test_coverage)
{
    enum { N = 24, ADDRESSES = 256 };
    bool loads[ADDRESSES] = {false}, entries[ADDRESSES] = {false};
    uint64_t table[N][3];
    struct core core;

    srandom((unsigned int)_i + 1);
    begin(&machines[0]);
    for (int i = 0; i < N; i++) {
        uint64_t start = (uint64_t)random() % ADDRESSES, size = (uint64_t)random() % 40;
        uint64_t end = start + size < ADDRESSES ? start + size : ADDRESSES;
        bool wraps = i % 5 == 4, is_load = i % 2 == 0;

        if (is_load)
            core_load(&bytes, PF_R, start, wraps ? 0 : (end - start) / 2,
                      wraps ? UINT64_MAX - start + 1 : end - start);
        table[i / 2][0] = start;
        table[i / 2][1] = wraps ? start : end;
        table[i / 2][2] = 0;
        for (uint64_t at = start; at < end && !wraps; at++)
            *(is_load ? &loads[at] : &entries[at]) = true;
    }
    core_note_files(&bytes, N / 2, 1, (const uint64_t(*)[3])table, N / 2, "", 0);
    core_end(&bytes);
    ck_assert(parse(&core, NULL));
    for (uint64_t at = 0; at < ADDRESSES; at++) {
        const struct core_mapping *mapping = core_find(&core, at);

        ck_assert_msg((mapping && mapping->has_load) == loads[at], "%d: load at %d", _i, (int)at);
        ck_assert_msg((mapping && mapping->is_file) == entries[at], "%d: file at %d", _i, (int)at);
    }
}
END_TEST

/* gdb leaves mappings out, and NT_FILE is all that tells of some. */
static void make_gcore(bool with_note)
{
    begin(&machines[0]);
    core_note_process(&bytes, 136, 0, 0);
    core_note_status(&bytes, 336, 264, 8, &(struct core_status){CORE_PID, 0, 0x1000});
    core_note_auxv(&bytes, (const uint64_t[][2]){{AT_PAGESZ, 4096}, {AT_NULL, 0}}, 2);
    core_note_files(&bytes, 3, 1,
                    (const uint64_t[][3]){{0x10000, 0x11000, 0},
                                          {0x11000, 0x13000, 0x1000},
                                          {0x20000, 0x21000, 0x5000}},
                    3, "/p\0/p\0/q", 9);
    if (with_note)
        core_note(&bytes, "GDB", 0xff000000, "<xml/>", 7);
    core_load(&bytes, PF_R, 0x10000, 4096, 4096);
    core_load(&bytes, PF_R | PF_W, 0x30000, 4096, 4096);
    core_end(&bytes);
    bytes.bytes[60] = 5; /* e_shnum */
}

START_TEST(test_gcore)
{
    struct core core;

    make_gcore(_i == 0);
    ck_assert(parse(&core, NULL));
    ck_assert_int_eq(core.writer, CORE_WRITER_GDB);
    ck_assert(strstr(core.incomplete, "MADV_DONTDUMP"));
    ck_assert(!core.reads_known);
    ck_assert_int_eq(core.n_mappings, 4);
    ck_assert(core.mappings[0].has_load && core.mappings[0].is_file);
    ck_assert(!core.mappings[1].has_load && core.mappings[1].is_file);
    ck_assert_int_eq(core.mappings[1].offset, 0x1000);
    ck_assert_int_eq(core.mappings[2].range.start, 0x20000);
    ck_assert_int_eq(core.mappings[2].offset, 0x5000);
    ck_assert(core.mappings[3].has_load && !core.mappings[3].is_file);
}
END_TEST

static const struct {
    const char *name;
    uint32_t order[5];
    enum core_writer writer;
} writers[] = {
    {"Linux 3.7 and later", {NT_PRSTATUS, NT_PRPSINFO, NT_SIGINFO, NT_AUXV}, CORE_WRITER_KERNEL},
    {"before", {NT_PRSTATUS, NT_PRPSINFO, NT_AUXV, NT_FPREGSET}, CORE_WRITER_KERNEL},
    {"qemu, one thread", {NT_PRSTATUS, NT_PRPSINFO, NT_AUXV}, CORE_WRITER_UNKNOWN},
    {"qemu", {NT_PRSTATUS, NT_PRPSINFO, NT_AUXV, NT_PRSTATUS}, CORE_WRITER_UNKNOWN},
    {"valgrind", {NT_PRPSINFO, NT_PRSTATUS, NT_FPREGSET}, CORE_WRITER_UNKNOWN},
    {"no notes", {0}, CORE_WRITER_UNKNOWN},
};

START_TEST(test_writers)
{
    struct core core;

    begin(&machines[0]);
    for (int i = 0; writers[_i].order[i]; i++)
        core_note(&bytes, "CORE", writers[_i].order[i], bytes.bytes, 400);
    add_loads();
    core_end(&bytes);
    ROW_TRUE(&writers[_i], parse(&core, NULL));
    ROW_NUMBER(&writers[_i], core.writer, writers[_i].writer);
    ROW_NUMBER(&writers[_i], core.incomplete == NULL, writers[_i].writer == CORE_WRITER_KERNEL);
}
END_TEST

static const struct {
    const char *name;
    uint64_t auxv, unit, align;
    uint64_t page_size;
    enum core_page_size source;
} page_sizes[] = {
    {"auxv", 65536, 4096, 4096, 65536, CORE_PAGE_AUXV},
    {"a lie in auxv", 12345, 16384, 4096, 16384, CORE_PAGE_FILES},
    {"no page in auxv, gdb's unit", 0, 1, 8192, 8192, CORE_PAGE_ALIGN},
    {"nothing", 0, 1, 1, 0, CORE_PAGE_UNKNOWN},
    {"too large", UINT64_C(1) << 40, 1, 1, 0, CORE_PAGE_UNKNOWN},
};

START_TEST(test_page_size)
{
    struct core core;

    begin(&machines[0]);
    core_note_auxv(&bytes, (const uint64_t[][2]){{AT_PAGESZ, page_sizes[_i].auxv}, {AT_NULL, 0}},
                   2);
    core_note_files(&bytes, 0, page_sizes[_i].unit, NULL, 0, "", 0);
    core_load(&bytes, PF_R, 0x100000, 0, 0x10000);
    core_load(&bytes, PF_R, 0x200000, 0, 0x10000);
    bytes.phdrs[0].align = bytes.phdrs[1].align = page_sizes[_i].align;
    core_end(&bytes);
    ROW_TRUE(&page_sizes[_i], parse(&core, NULL));
    ROW_NUMBER(&page_sizes[_i], core.page_size, page_sizes[_i].page_size);
    ROW_NUMBER(&page_sizes[_i], core.page_size_source, page_sizes[_i].source);
    ROW_NUMBER(&page_sizes[_i], missing(&core, "page size") != NULL, core.page_size == 0);
}
END_TEST

static const struct {
    const char *name;
    uint64_t counted, unit;
    size_t n_names;
    const char *says;
    size_t n_files;
} file_lies[] = {
    {"fine", 2, 4096, sizeof(names), NULL, 2},
    {"one name less", 2, 4096, 10, "less names", 2},
    {"no names", 2, 4096, 0, "less names", 2},
    {"more entries than fit", 4, 4096, sizeof(names), "4 entries", 0},
    {"more entries than anything has", UINT64_MAX, 4096, sizeof(names), "entries", 0},
    {"a number that times 24 is 0", UINT64_C(1) << 61, 4096, sizeof(names), "entries", 0},
    {"no unit", 2, 0, sizeof(names), "units of 0", 0},
    {"an odd unit", 2, 4097, sizeof(names), "units of 4097", 0},
    {"offsets beyond all numbers", 2, UINT64_C(1) << 63, sizeof(names), NULL, 2},
};

START_TEST(test_file_lies)
{
    struct core core;
    size_t n = 0;

    begin(&machines[0]);
    core_note_files(&bytes, file_lies[_i].counted, file_lies[_i].unit, files, 2, names,
                    file_lies[_i].n_names);
    add_loads();
    core_end(&bytes);
    ROW_TRUE(&file_lies[_i], parse(&core, NULL));
    for (size_t i = 0; i < core.n_mappings; i++)
        n += core.mappings[i].is_file;
    ROW_NUMBER(&file_lies[_i], n, file_lies[_i].n_files);
    if (file_lies[_i].says)
        ROW_SAYS(&file_lies[_i], missing(&core, "NT_FILE"), file_lies[_i].says);
}
END_TEST

static const struct {
    const char *name;
    uint64_t vaddr, file_bytes, memory_bytes;
    unsigned int elf_class;
    const char *says;
    size_t n_mappings;
} load_lies[] = {
    {"wraps", UINT64_MAX - 100, 0, 4096, 64, "no range", 4},
    {"ends at the end of all numbers", UINT64_MAX - 4095, 0, 4096, 64, "no range", 4},
    {"beyond 32 bits", 0xfffff000, 0, 0x2000, 32, "no range", 4},
    {"at the end of 32 bits", 0xfffff000, 0, 0x1000, 32, NULL, 5},
    {"content without memory", 0x900000, 4096, 0, 64, "no range", 4},
    {"more content than memory", 0x900000, 8192, 4096, 64, "more content", 5},
    {"no memory", 0x900000, 0, 0, 64, NULL, 4},
    {"the vsyscall page", 0xffffffffff600000, 0, 4096, 64, NULL, 5},
    {"the same as another", 0x10000, 0, 0x10000, 64, "overlap", 4},
    {"over another's end", 0x48000, 0, 0x10000, 64, "overlap", 5},
};

START_TEST(test_load_lies)
{
    struct core core;

    begin_ordinary();
    if (load_lies[_i].elf_class == 32) {
        memset(&bytes, 0, sizeof(bytes));
        begin(&machines[2]);
        add_notes(&machines[2]);
        add_loads();
    }
    core_load(&bytes, PF_R, load_lies[_i].vaddr, load_lies[_i].file_bytes,
              load_lies[_i].memory_bytes);
    core_end(&bytes);
    ROW_TRUE(&load_lies[_i], parse(&core, NULL));
    ROW_NUMBER(&load_lies[_i], core.n_mappings, load_lies[_i].n_mappings);
    ROW_NUMBER(&load_lies[_i], core.incomplete != NULL, load_lies[_i].says != NULL);
    if (load_lies[_i].says)
        ROW_SAYS(&load_lies[_i], missing(&core, "program headers"), load_lies[_i].says);
}
END_TEST

/* Of two loads the one that begins lower counts; what the other has beyond keeps its content. */
START_TEST(test_overlap_content)
{
    struct core core;
    struct core_view view = {&core, &reader};
    struct reader memory = core_memory(&view);
    unsigned char byte;

    begin(&machines[0]);
    core_load(&bytes, PF_R, 0x10000, 0, 0x1000);
    core_load(&bytes, PF_R | PF_W, 0x10000, 0x4000, 0x4000);
    core_load(&bytes, PF_R | PF_X, 0x13000, 0x3000, 0x3000);
    core_end(&bytes);
    ck_assert(parse(&core, NULL));
    ck_assert_int_eq(core.n_mappings, 3);
    ck_assert(!reader_read(&memory, 0x10000, &byte, 1)); /* the first in the file counts */
    ck_assert(reader_read(&memory, 0x11000, &byte, 1));
    ck_assert_int_eq(byte, core_page_byte(0x11000));
    ck_assert_int_eq(core_find(&core, 0x13fff)->perms, PERM_READ | PERM_WRITE);
    ck_assert(reader_read(&memory, 0x14000, &byte, 1));
    ck_assert_int_eq(byte, core_page_byte(0x14000));
    ck_assert_int_eq(core_find(&core, 0x14000)->perms, PERM_READ | PERM_EXEC);
}
END_TEST

static const struct {
    const char *name;
    size_t at; /* in a 64-bit little-endian core */
    uint64_t value;
    size_t n_bytes;
    const char *says;
} head_lies[] = {
    {"no ELF", 0, '#', 1, "not an ELF file"},
    {"no core", 16, ET_EXEC, 2, "not a core"},
    {"no program headers", 56, 0, 2, "no program headers"},
    {"entries of the other class", 54, 32, 2, "of 32 bytes"},
    {"entries of no size", 54, 0, 2, "of 0 bytes"},
    {"program headers beyond the file", 32, 1 << 30, 8, "cut off"},
    {"program headers at the end of all numbers", 32, UINT64_MAX - 8, 8, "cut off"},
};

START_TEST(test_head_lies)
{
    struct core core;
    struct err err = {""};

    begin_ordinary();
    core_end(&bytes);
    memcpy(bytes.bytes + head_lies[_i].at, &head_lies[_i].value, head_lies[_i].n_bytes);
    ROW_TRUE(&head_lies[_i], !parse(&core, &err));
    ROW_SAYS(&head_lies[_i], err.text, head_lies[_i].says);
}
END_TEST

/*
 * PN_XNUM: e_phnum is 65535 and sh_info of the only section header has the number.  Where that
 * header is cut off, the distance from the program headers to the notes tells.
 */
enum { MANY = 70000, SPARSE_NOTES_AT = 64 + MANY * 56 };

struct many {
    unsigned char *bytes;
    size_t n;
    unsigned int n_reads;
};

static bool read_many(void *context, uint64_t offset, void *buf, size_t n)
{
    struct many *many = context;

    many->n_reads++;
    if (offset > many->n || n > many->n - offset)
        return false;
    memcpy(buf, many->bytes + offset, n);
    return true;
}

static void make_many(struct many *many, uint32_t n_headers)
{
    Elf64_Ehdr ehdr = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_CORE,
        .e_machine = EM_X86_64,
        .e_phoff = sizeof(ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = PN_XNUM,
        .e_shoff = SPARSE_NOTES_AT,
        .e_shnum = 1,
    };
    Elf64_Phdr phdr = {.p_type = PT_NOTE, .p_offset = SPARSE_NOTES_AT};
    Elf64_Shdr shdr = {.sh_info = n_headers};

    many->n = SPARSE_NOTES_AT + sizeof(shdr);
    many->bytes = calloc(1, many->n);
    memcpy(many->bytes, &ehdr, sizeof(ehdr));
    memcpy(many->bytes + sizeof(ehdr), &phdr, sizeof(phdr));
    for (uint64_t i = 1; i < MANY; i++) {
        phdr = (Elf64_Phdr){
            .p_type = PT_LOAD, .p_vaddr = (MANY - i) * 8192, .p_memsz = 4096, .p_flags = PF_R};
        memcpy(many->bytes + sizeof(ehdr) + i * sizeof(phdr), &phdr, sizeof(phdr));
    }
    memcpy(many->bytes + SPARSE_NOTES_AT, &shdr, sizeof(shdr));
}

static const struct {
    const char *name;
    uint32_t told;
    size_t cut;
    uint64_t n_headers, n_mappings;
} manies[] = {
    {"told", MANY, 0, MANY, MANY - 1},
    {"the section header is cut off", MANY, 1, MANY, MANY - 1},
    {"the last program header too", MANY, sizeof(Elf64_Shdr) + 1, MANY, MANY - 2},
    {"a number that no file has", UINT32_MAX, 0, UINT32_MAX, MANY - 1},
};

START_TEST(test_many)
{
    struct many many = {.n_reads = 0};
    struct reader from = {read_many, &many};
    struct core core;
    struct err err = {""};

    make_many(&many, manies[_i].told);
    many.n -= manies[_i].cut;
    ck_assert_msg(core_parse(&core, &arena, &from, many.n, &err), "%s: %s", manies[_i].name,
                  err.text);
    check_promises(&core);
    ROW_NUMBER(&manies[_i], core.n_headers, manies[_i].n_headers);
    ROW_NUMBER(&manies[_i], core.n_mappings, manies[_i].n_mappings);
    ROW_NUMBER(&manies[_i], core.mappings[0].range.start,
               8192 * (manies[_i].n_mappings < MANY - 1 ? 2 : 1));
    ck_assert_uint_le(many.n_reads, MANY / 128 + 8);
    free(many.bytes);
}
END_TEST

/* Notes of twelve bytes, or that claim all there is: one pass, in pieces. */
static const struct {
    const char *name;
    uint32_t owner_bytes, n_bytes;
    const char *says; /* NULL: nothing is wrong */
} note_lies[] = {
    {"empty notes", 0, 0, NULL},
    {"contents of 4 GiB", 5, UINT32_MAX, "longer"},
    {"an owner of 4 GiB", UINT32_MAX, 0, "longer"},
    {"both", UINT32_MAX, UINT32_MAX, "longer"},
};

START_TEST(test_note_lies)
{
    struct core core;

    begin(&machines[0]);
    for (bytes.n_notes = 0; bytes.n_notes + 12 <= sizeof(bytes.notes); bytes.n_notes += 12) {
        core_put(&bytes, bytes.notes + bytes.n_notes, note_lies[_i].owner_bytes, 4);
        core_put(&bytes, bytes.notes + bytes.n_notes + 4, note_lies[_i].n_bytes, 4);
    }
    add_loads();
    core_end(&bytes);
    ROW_TRUE(&note_lies[_i], parse(&core, NULL));
    ROW_NUMBER(&note_lies[_i], missing(&core, "notes") != NULL, note_lies[_i].says != NULL);
    if (note_lies[_i].says)
        ROW_SAYS(&note_lies[_i], missing(&core, "notes"), note_lies[_i].says);
    ck_assert_uint_le(n_reads, sizeof(bytes.notes) / 16384 + 8);
}
END_TEST

/* Alignment to eight bytes, as the gABI has it and some writers do. */
START_TEST(test_note_align)
{
    struct core core;

    bytes.note_align = 8;
    begin_ordinary();
    core_end(&bytes);
    ck_assert(parse(&core, NULL));
    ck_assert(core.has_process);
    ck_assert_int_eq(core.n_threads, 2);
    ck_assert_int_eq(core.n_missing, 0);
}
END_TEST

static const struct {
    const char *name;
    int machine; /* in machines */
    uint32_t uid, gid;
    bool known;
} ids[] = {
    {"16 bits", 2, 1000, 65533, true},
    {"16 bits that overflowed, perhaps", 2, 1000, 65534, false},
    {"32 bits", 0, 65534, 65534, true},
};

START_TEST(test_ids)
{
    struct core core;

    begin(&machines[ids[_i].machine]);
    core_note_process(&bytes, machines[ids[_i].machine].process_bytes, ids[_i].uid, ids[_i].gid);
    core_end(&bytes);
    ROW_TRUE(&ids[_i], parse(&core, NULL));
    ROW_NUMBER(&ids[_i], core.has_ids, ids[_i].known);
    ROW_NUMBER(&ids[_i], core.pid, CORE_PID);
    ROW_TRUE(&ids[_i], core_main_thread(&core) == NULL);
}
END_TEST

Suite *core_suite(void)
{
    Suite *suite = suite_create("core");
    TCase *tcase = tcase_create("records");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_machines, machines);
    tcase_add_test(tcase, test_memory);
    tcase_add_loop_test(tcase, test_gcore, 0, 2);
    ROWS_ADD(tcase, test_writers, writers);
    ROWS_ADD(tcase, test_page_size, page_sizes);
    ROWS_ADD(tcase, test_many, manies);
    tcase_add_test(tcase, test_note_align);
    ROWS_ADD(tcase, test_ids, ids);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("hostile");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, test_cut, 0, 3);
    tcase_add_loop_test(tcase, test_flipped, 0, 3);
    tcase_add_loop_test(tcase, test_coverage, 0, 50);
    ROWS_ADD(tcase, test_file_lies, file_lies);
    ROWS_ADD(tcase, test_load_lies, load_lies);
    tcase_add_test(tcase, test_overlap_content);
    ROWS_ADD(tcase, test_head_lies, head_lies);
    ROWS_ADD(tcase, test_note_lies, note_lies);
    suite_add_tcase(suite, tcase);
    return suite;
}
