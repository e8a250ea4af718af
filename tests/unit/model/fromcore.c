/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/image.h"

#include "../corebytes.h"
#include "../rows.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The machine of a test, with the sizes of its notes: include/uapi/linux/elfcore.h. */
static const struct machine_row {
    const char *name;
    uint16_t machine;
    unsigned int elf_class;
    bool big_endian;
    size_t status_bytes, sp_at, process_bytes;
} machines[] = {
    {"x86-64", EM_X86_64, 64, false, 336, 112 + 19 * 8, 136},
    {"i386", EM_386, 32, false, 144, 72 + 15 * 4, 124},
    {"s390x", EM_S390, 64, true, 336, 112 + 16 + 15 * 8, 136},
    {"ppc", EM_PPC, 32, true, 268, 72 + 4, 128},
    {"aarch64", EM_AARCH64, 64, false, 392, 112 + 31 * 8, 136},
};

/* Where things are; the stack was split in the middle of what the kernel put on it. */
enum {
    TEXT = 0x10000,
    DATA = 0x20000,
    BSS = 0x21000,
    HEAP = 0x30000,
    VVAR = 0x700000,
    VDSO = 0x702000,
    STACK = 0x7f0000,
    UPPER = 0x7f2000,
    STACK_END = 0x7f4000,
    RANDOM = UPPER + 64,
    EXECFN = STACK_END - 16,
};

static struct core_bytes bytes;
static const struct machine_row *row;
static struct capture *capture;
static struct image image;
static struct err err;

static void setup(void)
{
    memset(&bytes, 0, sizeof(bytes));
    memset(&image, 0, sizeof(image));
    capture = NULL;
}

static void teardown(void)
{
    image_deinit(&image);
    capture_close(capture);
}

static const uint64_t auxv[][2] = {
    {AT_PAGESZ, 4096},   {AT_PHDR, TEXT + 64}, {AT_ENTRY, TEXT + 256}, {AT_SYSINFO_EHDR, VDSO},
    {AT_RANDOM, RANDOM}, {AT_EXECFN, EXECFN},  {AT_NULL, 0},
};
enum { N_AUXV = sizeof(auxv) / sizeof(auxv[0]) };

static void add_notes(const struct machine_row *machine, bool with_files)
{
    static const uint64_t files[][3] = {{TEXT, TEXT + 0x1000, 0}, {DATA, DATA + 0x1000, 1}};
    static const char names[] = "/bin/new\nline\0/bin/new\nline";
    const struct core_status status = {.tid = CORE_PID, .signal = 11, .sp = STACK + 0x800};
    unsigned char siginfo[128] = {0};

    core_note_status(&bytes, machine->status_bytes, machine->sp_at, machine->elf_class / 8,
                     &status);
    core_note_process(&bytes, machine->process_bytes, 1000, 1000);
    core_put(&bytes, siginfo, 11, 4);
    core_note(&bytes, "CORE", NT_SIGINFO, siginfo, sizeof(siginfo));
    core_note_auxv(&bytes, auxv, N_AUXV);
    if (with_files)
        core_note_files(&bytes, 2, 4096, files, 2, names, sizeof(names));
}

/* The bytes of an address in the file. */
static unsigned char *at(uint64_t address)
{
    for (unsigned int i = 0; i < bytes.n_phdrs; i++)
        if (address >= bytes.phdrs[i].vaddr &&
            address < bytes.phdrs[i].vaddr + bytes.phdrs[i].file_bytes)
            return bytes.bytes + bytes.phdrs[i].offset + (address - bytes.phdrs[i].vaddr);
    ck_abort_msg("nothing is dumped at %llx", (unsigned long long)address);
}

/* argc, argv, envp and the vector end with the lower part; the random bytes are in the upper. */
static void fill_stack(unsigned int n_argv, unsigned int n_envp)
{
    unsigned int word = bytes.elf_class / 8, n = 1 + n_argv + 1 + n_envp + 1 + 2 * N_AUXV;
    uint64_t words[256], address = UPPER - n * word;
    unsigned int i = 0;

    words[i++] = n_argv;
    for (unsigned int k = 0; k < n_argv; k++)
        words[i++] = UPPER + 0x100 + k;
    words[i++] = 0;
    for (unsigned int k = 0; k < n_envp; k++)
        words[i++] = UPPER + 0x200 + k;
    words[i++] = 0;
    for (int k = 0; k < 2 * N_AUXV; k++)
        words[i++] = auxv[k / 2][k % 2];
    for (i = 0; i < n; i++)
        core_put(&bytes, at(address + i * word), words[i], word);
}

static void make(const struct machine_row *machine, bool with_files)
{
    row = machine;
    bytes.elf_class = machine->elf_class;
    bytes.big_endian = machine->big_endian;
    bytes.machine = machine->machine;
    add_notes(machine, with_files);
    core_load(&bytes, PF_R | PF_X, TEXT, 0, 0x1000);
    core_load(&bytes, PF_R | PF_W, DATA, 0, 0x1000);
    core_load(&bytes, PF_R | PF_W, BSS, 0, 0x1000);
    core_load(&bytes, PF_R | PF_W, HEAP, 0x1000, 0x1000);
    core_load(&bytes, 0, HEAP + 0x1000, 0, 0x1000);
    core_load(&bytes, PF_R, VVAR, 0, 0x1000);
    core_load(&bytes, PF_R, VVAR + 0x1000, 0, 0x1000);
    core_load(&bytes, PF_R | PF_X, VDSO, 0, 0x1000);
    core_load(&bytes, PF_R | PF_W | PF_X, STACK, 0x2000, 0x2000);
    core_load(&bytes, PF_R | PF_W, UPPER, 0x2000, 0x2000);
    core_end(&bytes);
    fill_stack(2, 3);
}

static void read_image(void)
{
    int fd = memfd_create("core", MFD_CLOEXEC);
    struct corefile file;

    ck_assert(fd >= 0 && write(fd, bytes.bytes, bytes.n) == (ssize_t)bytes.n);
    ck_assert_msg(corefile_take(&file, fd, &err), "%s", err.text);
    capture = capture_open_core(&file);
    ck_assert_msg(image_init(&image, capture, 0, &err) == IMAGE_READY, "%s", err.text);
}

static const struct mapping *mapping_at(uint64_t address)
{
    const struct mapping *mapping = &image.mappings[image_find(&image, address)];

    ck_assert(range_has(mapping->range, address));
    return mapping;
}

static void check_mapping(uint64_t address, const char *perms, const char *name)
{
    const struct mapping *mapping = mapping_at(address);
    char text[5];

    ROW_TEXT(row, perms_text(mapping->perms, text), perms);
    ROW_STR(row, mapping_name(&image, mapping), name);
}

START_TEST(test_machines)
{
    uint64_t uid;

    make(&machines[_i], true);
    read_image();
    ROW_NUMBER(row, image.n_mappings, bytes.n_phdrs);
    ROW_NUMBER(row, image.elf_class, row->elf_class);
    ROW_NUMBER(row, image.machine, row->machine);
    ROW_NUMBER(row, image.big_endian, row->big_endian);
    ROW_NUMBER(row, image.page_size, 4096);
    ROW_NUMBER(row, image.pid, CORE_PID);
    ROW_TEXT(row, image.comm, CORE_COMM);
    ROW_TEXT(row, image.exe, "/bin/new\nline");
    ROW_TRUE(row, image_uid(&image, &uid));
    ROW_NUMBER(row, uid, 1000);
    ROW_TRUE(row, image.consistent);
    check_mapping(TEXT, "r-x?", "/bin/new\\012line");
    check_mapping(DATA, "rw-?", "/bin/new\\012line");
    check_mapping(BSS, "rw-p", "");
    check_mapping(VVAR, "r--p", "[vvar]");
    check_mapping(VVAR + 0x1000, "r--p", "[vvar_vclock]");
    check_mapping(VDSO, "r-xp", "[vdso]");
    check_mapping(STACK, "rwxp", "[stack]"); /* it holds argc; the rest was split off */
    check_mapping(UPPER, "rw-p", "");
    ROW_TRUE(row, mapping_at(UPPER)->grows_down);
    ROW_NUMBER(row, mapping_at(UPPER)->role, ROLE_STACK);
    ROW_NUMBER(row, mapping_at(TEXT)->offset, 0);
    ROW_NUMBER(row, mapping_at(DATA)->offset, 4096);
}
END_TEST

/* Without a libc whose symbols can be seen: the first memory above the program, and a doubt. */
START_TEST(test_likely_heap)
{
    make(&machines[0], true);
    read_image();
    ck_assert(image.brk.known && image.brk.is_start_known && !image.brk.exact);
    ck_assert_uint_eq(image.brk.start, HEAP);
    ck_assert_uint_eq(image.brk.end, HEAP + 0x1000); /* what has no access is no more of it */
    ck_assert_ptr_nonnull(image.brk.uncertain);
    check_mapping(HEAP, "rw-p", "[heap]");
    ck_assert_int_eq(mapping_at(HEAP)->role, ROLE_HEAP);
}
END_TEST

/* Nothing says then what belongs to a file and what is shared. */
START_TEST(test_no_files)
{
    make(&machines[0], false);
    read_image();
    check_mapping(DATA, "rw-?", "");
    ck_assert_uint_ne(mapping_at(DATA)->unknown & MAPPING_NAME_UNKNOWN, 0);
    check_mapping(STACK, "rwx?", "[stack]");
    ck_assert_uint_eq(mapping_at(STACK)->unknown, 0);
    ck_assert(image_lacks(&image, "NT_FILE"));
    ck_assert_ptr_null(image.exe);
    ck_assert(!image.brk.known && image.brk.missing);
}
END_TEST

/* gdb leaves mappings out, and says of all that are there that they can be read. */
START_TEST(test_by_gdb)
{
    static const unsigned char nothing[4];

    core_note(&bytes, "GDB", 0xff000000, nothing, sizeof(nothing));
    make(&machines[0], true);
    read_image();
    check_mapping(TEXT, "?-x?", "/bin/new\\012line");
    check_mapping(HEAP, "?w-p", "[heap]");
    ck_assert_ptr_null(image.comm); /* its note has the name of the file */
    ck_assert(!image.brk.is_start_known);
    ck_assert(image_lacks(&image, "mappings"));
}
END_TEST

/* How many pointers there are, the stack alone tells. */
static const struct {
    const char *name;
    unsigned int n_argv, n_envp;
} stacks[] = {
    {"none", 0, 0},
    {"arguments alone", 40, 0},
    {"variables alone", 0, 100},
    {"both", 30, 90},
};

START_TEST(test_stacks)
{
    make(&machines[_i % 2], true);
    fill_stack(stacks[_i].n_argv, stacks[_i].n_envp);
    read_image();
    check_mapping(STACK, "rwxp", "[stack]");
}
END_TEST

/*
 * The program wrote over what the kernel had put there: a pointer still tells where the stack is.
 */
START_TEST(test_stack_without_vector)
{
    make(&machines[0], true);
    memset(at(STACK), 0xff, 0x2000);
    read_image();
    check_mapping(UPPER, "rw-p", "[stack]"); /* by AT_RANDOM */
    ck_assert(mapping_at(STACK)->grows_down);
}
END_TEST

/* The notes are cut off, and all content with them. */
START_TEST(test_cut)
{
    make(&machines[0], true);
    bytes.n = bytes.notes_at + 8;
    read_image();
    ck_assert_uint_eq(image.n_mappings, bytes.n_phdrs);
    ck_assert_int_eq(image.pid, 0);
    ck_assert_ptr_null(image.comm);
    ck_assert(image_lacks(&image, "notes") && image_lacks(&image, "content"));
    ck_assert_uint_eq(image.elf_class, 64);
}
END_TEST

/* Not one mapping is there, and that is what is reported. */
START_TEST(test_no_memory)
{
    bytes.elf_class = 32;
    bytes.machine = EM_ARM;
    core_end(&bytes);
    row = &machines[0];
    read_image();
    ck_assert_uint_eq(image.n_mappings, 0);
    ck_assert_uint_eq(image.machine, EM_ARM);
    ck_assert(image_lacks(&image, "mappings"));
}
END_TEST

Suite *fromcore_suite(void)
{
    Suite *suite = suite_create("fromcore");
    TCase *tcase = tcase_create("cores");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_machines, machines);
    tcase_add_test(tcase, test_likely_heap);
    tcase_add_test(tcase, test_no_files);
    tcase_add_test(tcase, test_by_gdb);
    ROWS_ADD(tcase, test_stacks, stacks);
    tcase_add_test(tcase, test_stack_without_vector);
    tcase_add_test(tcase, test_cut);
    tcase_add_test(tcase, test_no_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
