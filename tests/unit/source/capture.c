/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/capture.h"

#include "../fake.h"
#include "../hook.h"
#include "../rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct fake fake;

static void setup(void)
{
    struct err err = {""};

    fake_init(&fake);
    fake_add(&fake, &(struct fake_process){.maps = "1000-2000 rw-p 00000000 00:00 0 \n"});
    ck_assert_msg(capture_open_process(&fake.process, fake.host, FAKE_PID, &err), "%s", err.text);
}

static void teardown(void)
{
    hook_openat = NULL;
    fake_deinit(&fake);
}

static struct str row(enum capture_row row)
{
    return capture_get(fake.process, row)->bytes;
}

START_TEST(test_rows)
{
    char exe[256];

    fake_write(&fake, "4321/cgroup", "0::/x\n");
    snprintf(exe, sizeof(exe), "%s/prog", fake.files);
    ck_assert(str_eq(row(CAPTURE_CGROUP), STR("0::/x\n")));
    ck_assert(str_eq(row(CAPTURE_MAPS), STR("1000-2000 rw-p 00000000 00:00 0 \n")));
    ck_assert(str_eq(row(CAPTURE_EXE), str_of(exe)));
    ck_assert(str_eq(row(CAPTURE_MAX_MAP_COUNT), STR("65530\n")));
    ck_assert_str_eq(capture_row_name(CAPTURE_MAX_MAP_COUNT), "vm.max_map_count");
    ck_assert_str_eq(capture_machine(fake.process), "x86_64");
}
END_TEST

START_TEST(test_read_once_or_again)
{
    ck_assert(str_eq(row(CAPTURE_PERSONALITY), STR("00000000\n")));
    fake_write(&fake, "4321/personality", "00040000\n");
    ck_assert(str_eq(row(CAPTURE_PERSONALITY), STR("00000000\n")));
    ck_assert(str_eq(capture_again(fake.process, CAPTURE_PERSONALITY)->bytes, STR("00040000\n")));
    ck_assert(str_eq(row(CAPTURE_PERSONALITY), STR("00040000\n")));
}
END_TEST

START_TEST(test_large_and_empty)
{
    enum { N = 3000000 };
    char *bytes = malloc(N);

    for (int i = 0; i < N; i++)
        bytes[i] = (char)(i % 251);
    fake_write_bytes(&fake, "4321/smaps", bytes, N);
    ck_assert(str_eq(row(CAPTURE_SMAPS), (struct str){bytes, N}));
    free(bytes);
    fake_write(&fake, "4321/cgroup", "%s", "");
    ck_assert_uint_eq(row(CAPTURE_CGROUP).n, 0);
    ck_assert_ptr_null(capture_get(fake.process, CAPTURE_CGROUP)->missing);
}
END_TEST

/* What stands in the place of cgroup; each may only be refused, at once. */
static void make_nothing(const char *path)
{
    (void)path;
}

static void make_fifo(const char *path)
{
    ck_assert_int_eq(mkfifo(path, 0644), 0);
}

static void make_directory(const char *path)
{
    ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void make_device_link(const char *path)
{
    ck_assert_int_eq(symlink("/dev/zero", path), 0);
}

static void make_file_link(const char *path)
{
    ck_assert_int_eq(symlink("maps", path), 0);
}

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    ck_assert_int_lt(snprintf(address.sun_path, sizeof(address.sun_path), "%s", path),
                     (int)sizeof(address.sun_path));
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
}

static const struct {
    const char *name;
    void (*make)(const char *path);
    int error;
    const char *says;
} instead[] = {
    {"nothing", make_nothing, ENOENT, "does not have it"},
    {"a FIFO", make_fifo, EINVAL, "Invalid argument"},
    {"a directory", make_directory, EINVAL, "Invalid argument"},
    {"a link to a device", make_device_link, ELOOP, "symbolic links"},
    {"a link to a file", make_file_link, ELOOP, "symbolic links"},
    {"a socket", make_socket, ENXIO, "No such device"},
};

START_TEST(test_instead_of_a_row)
{
    const struct blob *blob;
    char path[256];

    snprintf(path, sizeof(path), "%s/4321/cgroup", fake.root);
    ck_assert_int_eq(unlink(path), 0);
    instead[_i].make(path);
    blob = capture_get(fake.process, CAPTURE_CGROUP);
    ck_assert_ptr_nonnull(blob->missing);
    ROW_NUMBER(&instead[_i], blob->error, instead[_i].error);
    ROW_SAYS(&instead[_i], blob->missing, instead[_i].says);
    ROW_NUMBER(&instead[_i], blob->bytes.n, 0);
}
END_TEST

static int refusal;

static int refuse_auxv(const char *path)
{
    return strcmp(path, "auxv") == 0 ? refusal : 0;
}

static const struct {
    const char *name;
    int error;
    const char *says;
} refusals[] = {
    {"other user", EACCES, "permission denied"},
    {"Yama", EPERM, "permission denied"},
    {"gone", ESRCH, "the process has ended"},
};

START_TEST(test_refused)
{
    const struct blob *blob;

    refusal = refusals[_i].error;
    hook_openat = refuse_auxv;
    blob = capture_get(fake.process, CAPTURE_AUXV);
    ck_assert_ptr_nonnull(blob->missing);
    ROW_TEXT(&refusals[_i], blob->missing, refusals[_i].says);
    hook_openat = NULL;
    ROW_TRUE(&refusals[_i], capture_again(fake.process, CAPTURE_AUXV)->missing == NULL);
}
END_TEST

START_TEST(test_no_process)
{
    struct capture *process = NULL;
    struct err err = {""};

    ck_assert(!capture_open_process(&process, fake.host, 999, &err));
    ck_assert_ptr_null(process);
    ck_assert_ptr_nonnull(strstr(err.text, "no process has PID 999"));
    fake_write(&fake, "998", "a file");
    ck_assert(!capture_open_process(&process, fake.host, 998, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "998"));
}
END_TEST

START_TEST(test_no_host)
{
    struct capture *host = NULL;
    struct err err = {""};

    ck_assert(!capture_open_host(&host, "/nowhere/at/all", &err));
    ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/at/all"));
}
END_TEST

/* The directory was opened: what gets its name afterwards is another process. */
START_TEST(test_recycled_pid)
{
    char from[256], to[256];

    snprintf(from, sizeof(from), "%s/4321", fake.root);
    snprintf(to, sizeof(to), "%s/ended", fake.root);
    ck_assert_int_eq(rename(from, to), 0);
    fake_add(&fake, &(struct fake_process){.maps = "9000-a000 rw-p 00000000 00:00 0 \n"});
    ck_assert(str_starts(row(CAPTURE_MAPS), STR("1000-")));
}
END_TEST

struct stream {
    size_t n_bytes, n_pieces, stop_after;
};

static bool take_piece(void *context, struct str piece)
{
    struct stream *stream = context;

    for (size_t i = 0; i < piece.n; i++)
        ck_assert_int_eq(piece.p[i], (char)((stream->n_bytes + i) % 251));
    stream->n_bytes += piece.n;
    return ++stream->n_pieces != stream->stop_after;
}

START_TEST(test_stream)
{
    enum { N = 100000 };
    struct stream all = {0, 0, 0}, some = {0, 0, 2};
    char bytes[N];
    int error;

    for (int i = 0; i < N; i++)
        bytes[i] = (char)(i % 251);
    fake_write_bytes(&fake, "4321/maps", bytes, N);
    ck_assert(capture_stream(fake.process, CAPTURE_MAPS, take_piece, &all, &error, NULL));
    ck_assert_uint_eq(all.n_bytes, N);
    ck_assert(capture_stream(fake.process, CAPTURE_MAPS, take_piece, &some, &error, NULL));
    ck_assert_uint_eq(some.n_pieces, 2);
}
END_TEST

START_TEST(test_stream_refused)
{
    struct stream stream = {0, 0, 0};
    struct err err = {""};
    int error = 0;

    refusal = EACCES;
    hook_openat = refuse_auxv;
    ck_assert(!capture_stream(fake.process, CAPTURE_AUXV, take_piece, &stream, &error, &err));
    ck_assert_int_eq(error, EACCES);
    ck_assert_str_eq(err.text, "cannot read auxv: permission denied");
}
END_TEST

Suite *capture_suite(void)
{
    Suite *suite = suite_create("capture");
    TCase *tcase = tcase_create("rows");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_rows);
    tcase_add_test(tcase, test_read_once_or_again);
    tcase_add_test(tcase, test_large_and_empty);
    ROWS_ADD(tcase, test_instead_of_a_row, instead);
    ROWS_ADD(tcase, test_refused, refusals);
    tcase_add_test(tcase, test_no_process);
    tcase_add_test(tcase, test_no_host);
    tcase_add_test(tcase, test_recycled_pid);
    tcase_add_test(tcase, test_stream);
    tcase_add_test(tcase, test_stream_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
