/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/corefile.h"

#include "parse/core.h"

#include "../corebytes.h"
#include "../rows.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static struct core_bytes bytes;
static char directory[128];
static char path[160];

/* A core whose content has holes, so that unpacking has some to make. */
static void setup(void)
{
    const char *scratch = getenv("TMPDIR");

    snprintf(directory, sizeof(directory), "%s/corefile-XXXXXX", scratch);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/core", directory);
    memset(&bytes, 0, sizeof(bytes));
    bytes.elf_class = 64;
    bytes.machine = EM_X86_64;
    core_load(&bytes, PF_R, 0x10000, 20480, 20480);
    core_end(&bytes);
    memset(bytes.bytes + bytes.n - 12288, 0, 8192);
}

static void write_file(const void *from, size_t n)
{
    FILE *file = fopen(path, "w");

    ck_assert(file && fwrite(from, 1, n, file) == n);
    ck_assert_int_eq(fclose(file), 0);
}

/* Runs a command with the file as $1. */
static int shell(const char *command)
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        execlp("sh", "sh", "-c", command, "sh", path, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const struct {
    const char *name;
    const char *bytes;
    size_t n;
    enum corefile_form form;
} looks[] = {
    {"nothing", "", 0, COREFILE_NONE},
    {"text", "55f80776b000-55f80776c000 r--p", 30, COREFILE_NONE},
    {"a core", "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\4\0\76\0", 20, COREFILE_ELF},
    {"a big-endian one", "\177ELF\2\2\1\0\0\0\0\0\0\0\0\0\0\4\0\26", 20, COREFILE_ELF},
    {"of the wrong byte order", "\177ELF\2\2\1\0\0\0\0\0\0\0\0\0\4\0\0\26", 20, COREFILE_NONE},
    {"a program", "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\76\0", 20, COREFILE_NONE},
    {"cut in its type", "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\4", 17, COREFILE_NONE},
    {"gzip", "\x1f\x8b\x08\0", 4, COREFILE_PACKED},
    {"xz",
     "\xfd"
     "7zXZ\0",
     6, COREFILE_PACKED},
    {"bzip2", "BZh9", 4, COREFILE_PACKED},
};

START_TEST(test_look)
{
    ROW_NUMBER(&looks[_i], corefile_look(looks[_i].bytes, looks[_i].n), looks[_i].form);
}
END_TEST

static bool open_core(struct corefile *file, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    return corefile_take(file, fd, err);
}

static void check_content(struct corefile *file)
{
    struct reader reader = corefile_reader(file);
    static unsigned char got[COREBYTES];

    ck_assert_uint_eq(file->n_bytes, bytes.n);
    ck_assert(reader_read(&reader, 0, got, bytes.n));
    ck_assert(memcmp(got, bytes.bytes, bytes.n) == 0);
    ck_assert(reader_read(&reader, bytes.n, got, 0));
    ck_assert(!reader_read(&reader, bytes.n - 1, got, 2));
    ck_assert(!reader_read(&reader, UINT64_MAX, got, 2));
}

START_TEST(test_plain)
{
    struct corefile file;
    struct err err = {""};

    write_file(bytes.bytes, bytes.n);
    ck_assert_msg(open_core(&file, &err), "%s", err.text);
    ck_assert_ptr_null(file.packed_by);
    check_content(&file);
    corefile_close(&file);
}
END_TEST

/* The real programs, where they are installed; what is not there, test_not_installed is about. */
static const struct {
    const char *name;
    const char *pack; /* writes $1 packed into $1 */
} packers[] = {
    {"zstd", "zstd -q \"$1\" && mv \"$1.zst\" \"$1\""},
    {"xz", "xz \"$1\" && mv \"$1.xz\" \"$1\""},
    {"lz4", "lz4 -q \"$1\" \"$1.lz4\" && mv \"$1.lz4\" \"$1\""},
    {"gzip", "gzip \"$1\" && mv \"$1.gz\" \"$1\""},
    {"bzip2", "bzip2 \"$1\" && mv \"$1.bz2\" \"$1\""},
};

static bool pack(int i)
{
    char command[64];

    snprintf(command, sizeof(command), "command -v %s >/dev/null", packers[i].name);
    if (shell(command) != 0)
        return false;
    write_file(bytes.bytes, bytes.n);
    ck_assert_int_eq(shell(packers[i].pack), 0);
    return true;
}

START_TEST(test_packed)
{
    struct corefile file;
    struct err err = {""};

    if (!pack(_i))
        return;
    ck_assert_msg(open_core(&file, &err), "%s", err.text);
    ROW_TEXT(&packers[_i], file.packed_by, packers[_i].name);
    ROW_TEXT(&packers[_i], file.trouble, "");
    check_content(&file);
    corefile_close(&file);
    ROW_NUMBER(&packers[_i], shell("test \"$(ls \"${1%/*}\")\" = core"), 0); /* nothing is left */
}
END_TEST

/* A packed file that ends early is read up to there, and what its program says is kept. */
START_TEST(test_damaged)
{
    struct corefile file;
    struct err err = {""};

    for (size_t i = 0; i < bytes.n; i++) /* what does not pack well */
        bytes.bytes[i] = i < 8192 ? bytes.bytes[i] : (unsigned char)random();
    bytes.n = sizeof(bytes.bytes);
    if (!pack(3))
        return;
    ck_assert_int_eq(shell("truncate -s -3000 \"$1\""), 0);
    ck_assert_msg(open_core(&file, &err), "%s", err.text);
    ck_assert(file.n_bytes > 0 && file.n_bytes <= bytes.n);
    ck_assert_msg(strstr(file.trouble, "unexpected end of file"), "%s", file.trouble);
    corefile_close(&file);
}
END_TEST

static const struct {
    const char *name;
    const char *make; /* in sh, at $1 */
    const char *says;
} refused[] = {
    {"empty", ": >\"$1\"", "empty"},
    {"text", "echo hello >\"$1\"", "no ELF core"},
    {"a program", "cp /bin/sh \"$1\"", "no ELF core"},
    {"packed text", "echo hello | gzip >\"$1\"", "what gzip finds in it is no ELF core"},
    {"packed twice", "echo hello | gzip | gzip >\"$1\"", "no ELF core"},
    {"packed nothing", "gzip </dev/null >\"$1\"", "there is nothing in it"},
    {"not packed at all", "printf '\\037\\213 and more' >\"$1\"", "cannot be unpacked: gzip:"},
};

START_TEST(test_refused)
{
    struct corefile file;
    struct err err = {""};

    ROW_NUMBER(&refused[_i], shell(refused[_i].make), 0);
    ROW_TRUE(&refused[_i], !open_core(&file, &err));
    ROW_SAYS(&refused[_i], err.text, refused[_i].says);
    ROW_TRUE(&refused[_i], file.fd == -1);
}
END_TEST

START_TEST(test_not_installed)
{
    struct corefile file;
    struct err err = {""};

    write_file("\x28\xb5\x2f\xfd", 4);
    ck_assert_int_eq(setenv("PATH", directory, 1), 0);
    ck_assert(!open_core(&file, &err));
    ck_assert_msg(strstr(err.text, "zstd, which is not installed here: install the package zstd"),
                  "%s", err.text);
}
END_TEST

/* The program is somebody's else: it shall not have more rights than it needs, which are none. */
START_TEST(test_rights)
{
    struct corefile file;
    struct err err = {""};
    char program[192];
    FILE *script;

    snprintf(program, sizeof(program), "%s/gzip", directory);
    script = fopen(program, "w");
    ck_assert(script &&
              fputs("#!/bin/sh\n"
                    "echo $(/bin/sed -n '/^CapPrm\\|^CapEff\\|^NoNew/s/.*:.//p' /proc/self/status)"
                    " >&2\nexit 1\n",
                    script) >= 0);
    ck_assert_int_eq(fclose(script), 0);
    ck_assert_int_eq(chmod(program, 0755), 0);
    write_file("\x1f\x8b", 2);
    ck_assert_int_eq(setenv("PATH", directory, 1), 0);
    ck_assert(!open_core(&file, &err));
    ck_assert_msg(strstr(err.text, ": 0000000000000000 0000000000000000 1"), "%s", err.text);
}
END_TEST

static bool accept_all(const void *head __attribute__((unused)), size_t n __attribute__((unused)))
{
    return true;
}

/* Bounds are met early, whatever a bomb holds, and the program that unpacks it is gone. */
static const struct {
    const char *name;
    struct unpack_bounds bounds;
    const char *says;
} bombs[] = {
    {"zeros beyond the bound", {1 << 20, 0}, "more than 1M"},
    {"no room on the disk", {UINT64_C(1) << 40, UINT64_C(1) << 60}, "no room in"},
};

START_TEST(test_bombs)
{
    struct unpacked out;
    struct err err = {""};
    int fd;

    ROW_NUMBER(&bombs[_i], shell("head -c 64M /dev/zero | gzip >\"$1\""), 0);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ROW_TRUE(&bombs[_i],
             !unpack(unpack_find("\x1f\x8b", 2), fd, &bombs[_i].bounds, accept_all, &out, &err));
    ROW_SAYS(&bombs[_i], err.text, bombs[_i].says);
    ROW_TRUE(&bombs[_i], out.fd == -1);
    ck_assert_int_eq(waitpid(-1, NULL, 0), -1); /* no child is left */
    close(fd);
}
END_TEST

START_TEST(test_sparse)
{
    struct unpacked out;
    struct err err = {""};
    struct stat st;
    int fd;

    ck_assert_int_eq(shell("{ printf x; head -c 64M /dev/zero; printf y; } | gzip >\"$1\""), 0);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_msg(unpack(unpack_find("\x1f\x8b", 2), fd, &unpack_bounds, accept_all, &out, &err),
                  "%s", err.text);
    ck_assert_int_eq(fstat(out.fd, &st), 0);
    ck_assert_uint_eq((uint64_t)st.st_size, (64 << 20) + 2);
    ck_assert_uint_eq(out.n_bytes, (64 << 20) + 2);
    ck_assert_int_le(st.st_blocks, 64);
    ck_assert_int_eq(st.st_nlink, 0);
    close(out.fd);
    close(fd);
}
END_TEST

/* What systemd-coredump notes; only where the file system keeps such attributes. */
START_TEST(test_notes)
{
    struct corefile file;

    write_file(bytes.bytes, bytes.n);
    if (setxattr(path, "user.coredump.exe", "/usr/bin/some program", 21, 0) != 0)
        return;
    ck_assert_int_eq(setxattr(path, "user.coredump.comm", "some", 4, 0), 0);
    ck_assert(open_core(&file, NULL));
    ck_assert_str_eq(file.notes.exe, "/usr/bin/some program");
    ck_assert_str_eq(file.notes.comm, "some");
    corefile_close(&file);
}
END_TEST

/* A page of each kind, then its own maps as "maps" beside the core, then the end. */
static void __attribute__((noreturn)) die_with_core(void)
{
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    char *page = mmap(NULL, 3 * CORE_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    mprotect(page + CORE_PAGE, CORE_PAGE, PROT_NONE);
    page = mmap(NULL, CORE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(page, CORE_PAGE, MADV_DONTDUMP);
    if (chdir(directory) == 0 && setrlimit(RLIMIT_CORE, &unlimited) == 0) {
        int in = open("/proc/self/maps", O_RDONLY), out = creat("maps", 0600);
        char buf[CORE_PAGE];
        ssize_t n;

        while ((n = read(in, buf, sizeof(buf))) > 0 && write(out, buf, (size_t)n) == n)
            continue;
        abort();
    }
    _exit(1);
}

/* The kernel's own core holds each mapping that its /proc/PID/maps had, named the same. */
static void check_against_maps(const struct core *core)
{
    char name[192], line[4096], perms[5], *text;
    unsigned long long start, end, offset;
    size_t n = 0;
    FILE *maps;
    int at;

    snprintf(name, sizeof(name), "%s/maps", directory);
    maps = fopen(name, "r");
    ck_assert_ptr_nonnull(maps);
    for (; fgets(line, sizeof(line), maps); n++) {
        const struct core_mapping *mapping;

        ck_assert_int_eq(
            sscanf(line, "%llx-%llx %4s %llx %*s %*s %n", &start, &end, perms, &offset, &at), 4);
        mapping = core_find(core, start);
        text = strtok(line + at, "\n");
        ck_assert_msg(mapping && mapping->range.start == start && mapping->range.end == end &&
                          mapping->has_load,
                      "%s", line);
        ck_assert_int_eq(mapping->perms & PERM_READ, perms[0] == 'r' ? PERM_READ : 0);
        ck_assert_int_eq(mapping->perms & PERM_WRITE, perms[1] == 'w' ? PERM_WRITE : 0);
        ck_assert_int_eq(mapping->perms & PERM_EXEC, perms[2] == 'x' ? PERM_EXEC : 0);
        if (!text || *text != '/')
            continue;
        ck_assert(str_eq(mapping->path, str_of(text)));
        ck_assert_uint_eq(mapping->offset, offset);
    }
    fclose(maps);
    ck_assert_uint_eq(core->n_mappings, n);
}

/* Where /proc/sys/kernel/core_pattern gives cores away, there is none to look at. */
START_TEST(test_kernel)
{
    struct arena arena;
    struct corefile file;
    struct reader reader;
    struct core core;
    struct err err = {""};
    pid_t pid = fork();

    if (pid == 0)
        die_with_core();
    waitpid(pid, NULL, 0);
    if (shell("cd \"${1%/*}\" && if test -e core.*; then mv core.* core; else test -e core; fi"))
        return;
    arena_init(&arena);
    ck_assert_msg(open_core(&file, &err), "%s", err.text);
    reader = corefile_reader(&file);
    ck_assert_msg(core_parse(&core, &arena, &reader, file.n_bytes, &err), "%s", err.text);
    ck_assert_int_eq(core.writer, CORE_WRITER_KERNEL);
    ck_assert_ptr_null(core.incomplete);
    ck_assert_uint_eq(core.pid, pid);
    ck_assert_uint_eq(core.ppid, getpid());
    ck_assert_uint_eq(core.signal, SIGABRT);
    ck_assert(core_main_thread(&core) && core_main_thread(&core)->has_sp);
    ck_assert_uint_eq(core.page_size, (uint64_t)sysconf(_SC_PAGESIZE));
    ck_assert_uint_eq(core.n_missing, 0);
    check_against_maps(&core);
    corefile_close(&file);
    arena_deinit(&arena);
}
END_TEST

Suite *corefile_suite(void)
{
    Suite *suite = suite_create("corefile");
    TCase *tcase = tcase_create("files");

    tcase_add_checked_fixture(tcase, setup, NULL);
    ROWS_ADD(tcase, test_look, looks);
    tcase_add_test(tcase, test_plain);
    ROWS_ADD(tcase, test_refused, refused);
    tcase_add_test(tcase, test_notes);
    tcase_add_test(tcase, test_kernel);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("packed");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_set_timeout(tcase, 30);
    ROWS_ADD(tcase, test_packed, packers);
    tcase_add_test(tcase, test_damaged);
    tcase_add_test(tcase, test_not_installed);
    tcase_add_test(tcase, test_rights);
    ROWS_ADD(tcase, test_bombs, bombs);
    tcase_add_test(tcase, test_sparse);
    suite_add_tcase(suite, tcase);
    return suite;
}
