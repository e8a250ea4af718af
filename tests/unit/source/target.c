/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/target.h"

#include "../fake.h"
#include "../rows.h"
#include "source/capture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fake fake;
static struct target target;
static struct err err;

static void setup(void)
{
    fake_init(&fake);
    fake_write(&fake, "text", "1000-2000 rw-p 00000000 00:00 0 \n");
    fake_write(&fake, "4711", "1000-2000 rw-p 00000000 00:00 0 \n");
    fake_write(&fake, "empty", "%s", "");
    ck_assert_int_eq(chdir(fake.root), 0);
}

static void teardown(void)
{
    free(target.text);
    ck_assert_int_eq(chdir("/"), 0);
    fake_deinit(&fake);
}

static const struct {
    const char *name;
    enum target_kind kind;
    pid_t pid;
    size_t n_text;
} kinds[] = {
    {"1", TARGET_PID, 1, 0},        {"4711", TARGET_PID, 4711, 0}, /* whatever is called so */
    {"./4711", TARGET_TEXT, 0, 33}, {"2147483647", TARGET_PID, 2147483647, 0},
    {"self", TARGET_SELF, 0, 0},    {"/proc/1", TARGET_PID, 1, 0},
    {"/proc/1/", TARGET_PID, 1, 0}, {"/proc/1/../1", TARGET_PID, 1, 0},
    {"sys", TARGET_SNAPSHOT, 0, 0}, {"sys/", TARGET_SNAPSHOT, 0, 0},
    {"text", TARGET_TEXT, 0, 33},   {"empty", TARGET_TEXT, 0, 0},
};

START_TEST(test_kinds)
{
    ck_assert_msg(target_look(&target, kinds[_i].name, &err), "%s", err.text);
    ROW_NUMBER(&kinds[_i], target.kind, kinds[_i].kind);
    ROW_NUMBER(&kinds[_i], target.pid, kinds[_i].pid);
    ROW_NUMBER(&kinds[_i], target.n_text, kinds[_i].n_text);
}
END_TEST

static const struct {
    const char *name;
    const char *says;
} refusals[] = {
    {"0", "no PID"},
    {"2147483648", "no PID"},
    {"99999999999999999999999", "no PID"},
    {"-1", "no such file"},
    {"", "no such file"},
    {"chekc", "commands come first"},
    {"text/x", "text/x"},
    {"/dev/null", "neither a directory nor a file"},
    {"/proc", "/proc/PID"},
    {"/proc/1/fd", "/proc/PID"},
};

START_TEST(test_refusals)
{
    ROW_TRUE(&refusals[_i], !target_look(&target, refusals[_i].name, &err));
    ROW_SAYS(&refusals[_i], err.text, refusals[_i].says);
}
END_TEST

/* As "<(command)" of a shell: what the other end wrote, to its last byte. */
START_TEST(test_pipe)
{
    char name[32];
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "1000-2000", 9), 9);
    close(ends[1]);
    snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
    ck_assert_msg(target_look(&target, name, &err), "%s", err.text);
    ck_assert_int_eq(target.kind, TARGET_TEXT);
    ck_assert_uint_eq(target.n_text, 9);
    close(ends[0]);
}
END_TEST

/* The beginning of a core, and some more. */
static const char core_bytes[200] = "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\4\0\76\0";

START_TEST(test_core)
{
    fake_write_bytes(&fake, "core", core_bytes, sizeof(core_bytes));
    ck_assert_msg(target_look(&target, "core", &err), "%s", err.text);
    ck_assert_int_eq(target.kind, TARGET_CORE);
    ck_assert_uint_eq(target.core.n_bytes, sizeof(core_bytes));
    corefile_close(&target.core);
}
END_TEST

/* However the other end wrote it: what it is, its first bytes tell. */
static const struct {
    const char *name;
    size_t n_first, n;
} pipes[] = {
    {"at once", sizeof(core_bytes), sizeof(core_bytes)},
    {"in pieces", 10, sizeof(core_bytes)},
    {"little more than that", 10, 20},
};

START_TEST(test_piped_core)
{
    char name[32], got[sizeof(core_bytes)];
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    if (fork() == 0) {
        bool ok = write(ends[1], core_bytes, pipes[_i].n_first) == (ssize_t)pipes[_i].n_first;

        usleep(20000);
        ok &= write(ends[1], core_bytes + pipes[_i].n_first, pipes[_i].n - pipes[_i].n_first) >= 0;
        _exit(!ok);
    }
    close(ends[1]);
    snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
    ck_assert_msg(target_look(&target, name, &err), "%s", err.text);
    ROW_NUMBER(&pipes[_i], target.kind, TARGET_CORE);
    ROW_NUMBER(&pipes[_i], target.core.n_bytes, pipes[_i].n);
    ROW_NUMBER(&pipes[_i], pread(target.core.fd, got, sizeof(got), 0), pipes[_i].n);
    ROW_TRUE(&pipes[_i], memcmp(got, core_bytes, pipes[_i].n) == 0);
    ROW_TRUE(&pipes[_i], !target.text);
    corefile_close(&target.core);
    close(ends[0]);
}
END_TEST

START_TEST(test_program)
{
    fake_write_bytes(&fake, "program", "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\76\0", 20);
    ck_assert(!target_look(&target, "program", &err));
    ck_assert_str_eq(err.text, "program is an ELF file, but no core: it shows no process");
    ck_assert_ptr_null(target.text);
}
END_TEST

static struct capture *open_snapshot(void)
{
    struct capture *process = NULL;
    char path[256];

    fake_write(&fake, "snap/maps", "1000-2000 rw-p 00000000 00:00 0 \n");
    fake_write(&fake, "snap/exe", "/usr/bin/prog\n");
    fake_write(&fake, "snap/about", "page_size: 65536\nmissing auxv: permission denied\n");
    fake_write(&fake, "snap/host/proc/sys/vm/max_map_count", "123\n");
    fake_write(&fake, "snap/host/sys/devices/system/cpu/online", "0-7\n");
    fake_write(&fake, "snap/host/sys/fs/cgroup/a/memory.max", "4096\n");
    fake_write(&fake, "snap/host/proc/77/stat", "77 (up) S 1\n");
    snprintf(path, sizeof(path), "%s/snap", fake.root);
    ck_assert_msg(capture_open_snapshot(&process, path, &err), "%s", err.text);
    return process;
}

static bool row_is(struct capture *process, enum capture_row row, const char *expected)
{
    return str_eq(capture_get(process, row)->bytes, str_of(expected));
}

START_TEST(test_snapshot_rows)
{
    struct capture *process = open_snapshot(), *parent = NULL;
    int fd;

    ck_assert_int_eq(capture_kind(process), CAPTURE_SNAPSHOT);
    ck_assert(row_is(process, CAPTURE_EXE, "/usr/bin/prog"));
    ck_assert(row_is(process, CAPTURE_MAX_MAP_COUNT, "123\n"));
    ck_assert(row_is(process, CAPTURE_CPUS, "0-7\n"));
    ck_assert_str_eq(capture_get(process, CAPTURE_AUXV)->missing, "permission denied");
    ck_assert_str_eq(capture_get(process, CAPTURE_STAT)->missing, "the snapshot does not hold it");
    ck_assert_uint_eq(capture_page_size(process), 0);
    ck_assert_ptr_null(capture_machine(process));
    ck_assert(!capture_memory(process, &(struct reader){NULL, NULL}, &err));
    fd = capture_open_path(process, "/sys/fs/cgroup/a/memory.max");
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert(capture_open_process(&parent, capture_host(process), 77, &err));
    ck_assert(row_is(parent, CAPTURE_STAT, "77 (up) S 1\n"));
    capture_close(parent);
    capture_close(process);
}
END_TEST

/* What is not there once is not there ever: the answers of one report fit each other. */
START_TEST(test_snapshot_stands_still)
{
    struct capture *process = open_snapshot();

    ck_assert(row_is(process, CAPTURE_MAX_MAP_COUNT, "123\n"));
    fake_write(&fake, "snap/host/proc/sys/vm/max_map_count", "456\n");
    ck_assert(str_eq(capture_again(process, CAPTURE_MAX_MAP_COUNT)->bytes, STR("123\n")));
    capture_forget(process);
    ck_assert(row_is(process, CAPTURE_MAX_MAP_COUNT, "123\n"));
    capture_close(process);
}
END_TEST

/* A snapshot of a stranger: none of its links leads to a file of the reader. */
static const struct {
    const char *name;
    const char *link;   /* below the snapshot */
    const char *target; /* NULL: the made-up /proc */
    enum capture_row row;
} traps[] = {
    {"a file", "snap/cgroup", NULL, CAPTURE_CGROUP},
    {"a folder of the host", "snap/host/proc/sys/kernel", NULL, CAPTURE_OSRELEASE},
    {"a folder above", "snap/host/proc/sys/kernel", "../../../../sys/kernel", CAPTURE_OSRELEASE},
};

START_TEST(test_snapshot_links)
{
    struct capture *process = open_snapshot();
    char path[512], aim[512];

    snprintf(path, sizeof(path), "%s/%s", fake.root, traps[_i].link);
    snprintf(aim, sizeof(aim), "%s/%s", fake.root, _i == 0 ? "text" : "sys/kernel");
    ck_assert_int_eq(symlink(traps[_i].target ? traps[_i].target : aim, path), 0);
    ROW_TRUE(&traps[_i], capture_get(process, traps[_i].row)->missing != NULL);
    capture_close(process);
}
END_TEST

START_TEST(test_no_snapshot)
{
    struct capture *process = NULL;

    ck_assert(!capture_open_snapshot(&process, "sys", &err));
    ck_assert_ptr_nonnull(strstr(err.text, "neither maps nor smaps"));
    ck_assert(!capture_open_snapshot(&process, "nowhere", &err));
    ck_assert_ptr_null(process);
}
END_TEST

START_TEST(test_text_capture)
{
    struct capture *process = capture_open_text(strdup("1000-2000"), 9);

    ck_assert(row_is(process, CAPTURE_MAPS, "1000-2000"));
    ck_assert_str_eq(capture_get(process, CAPTURE_STAT)->missing,
                     "the memory map alone does not tell it");
    ck_assert_str_eq(capture_get(process, CAPTURE_MAX_MAP_COUNT)->missing,
                     "the memory map alone does not tell it");
    capture_close(process);
}
END_TEST

Suite *target_suite(void)
{
    Suite *suite = suite_create("target");
    TCase *tcase = tcase_create("looks");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_kinds, kinds);
    ROWS_ADD(tcase, test_refusals, refusals);
    tcase_add_test(tcase, test_pipe);
    tcase_add_test(tcase, test_core);
    ROWS_ADD(tcase, test_piped_core, pipes);
    tcase_add_test(tcase, test_program);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("frozen");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_snapshot_rows);
    tcase_add_test(tcase, test_snapshot_stands_still);
    ROWS_ADD(tcase, test_snapshot_links, traps);
    tcase_add_test(tcase, test_no_snapshot);
    tcase_add_test(tcase, test_text_capture);
    suite_add_tcase(suite, tcase);
    return suite;
}
