/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/objfile.h"

#include "source/mounts.h"

#include "../fake.h"
#include "../rows.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/*
 * The process's root is a directory, not "/": as in a container.  In it:
 *   lib/real        the file
 *   lib/link        a relative link to it
 *   abs             an absolute link to /lib
 *   out, up         links that would lead outside
 */
static struct fake fake;
static char root[256];
static bool may_mount; /* else there is nothing to test where mounts matter */

static void make_link(const char *name, const char *target)
{
    char path[320];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    ck_assert_int_eq(symlink(target, path), 0);
}

/* The mount that a path below the process's root lies on. */
static uint64_t mount_of(const char *name)
{
    char path[320];
    struct statx st;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", root, name);
    fd = open(path, O_PATH);
    ck_assert(mounts_look(fd, &st));
    close(fd);
    return st.stx_mnt_id;
}

static void setup(void)
{
    char path[320];

    may_mount = unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    fake_init(&fake);
    fake_add(&fake, &(struct fake_process){.maps = ""});
    fake_remove(&fake, "4321/root");
    fake_write(&fake, "4321/root/lib/real", "the content");
    fake_write(&fake, "outside", "not the process's");
    snprintf(root, sizeof(root), "%s/4321/root", fake.root);
    make_link("lib/link", "real");
    make_link("abs", "/lib");
    make_link("out", fake.root);
    make_link("up", "../../..");
    make_link("magic", "/proc/self/root");
    snprintf(path, sizeof(path), "%s/lib/fifo", root);
    ck_assert_int_eq(mkfifo(path, 0644), 0);
    fake_write(&fake, "4321/mountinfo", "%" PRIu64 " 1 0:1 / / rw - tmpfs x rw\n", mount_of(""));
    ck_assert(capture_open_process(&fake.process, fake.host, FAKE_PID, NULL));
}

static void teardown(void)
{
    fake_deinit(&fake);
}

static uint64_t inode_of(const char *name)
{
    struct stat st;
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    return lstat(path, &st) == 0 ? st.st_ino : 1;
}

/* As the kernel never prints a path, but a hostile file that stands for maps may have it. */
static const struct {
    const char *name;     /* the path in the process */
    const char *inode_of; /* the file that the mapping is of */
    const char *says;     /* NULL: it is opened */
    const char *helper_says;
} paths[] = {
    {"/lib/real", "lib/real", NULL, NULL},
    {"/lib/../lib/real", "lib/real", "No such file", NULL},
    {"/lib/./real", "lib/real", "No such file", NULL},
    {"/lib/..", "lib/real", "No such file", NULL},
    {"/abs/real", "lib/real", "symbolic link", "Not a directory"},
    {"/lib/link", "lib/link", "not a regular file", NULL},
    {"/lib/link", "lib/real", "another file", NULL},
    {"/lib/fifo", "lib/fifo", "not a regular file", NULL},
    {"/lib", "lib", "not a regular file", NULL},
    {"/", "", "not a regular file", NULL},
    {"/lib/real", "lib/fifo", "another file", NULL},
    {"/lib/nothing", "lib/real", "No such file", NULL},
    {"/lib/real/below", "lib/real", "Not a directory", NULL},
    {"/out/outside", "lib/real", "symbolic link", "Not a directory"},
    {"/up/outside", "lib/real", "symbolic link", "Not a directory"},
    {"/../../outside", "lib/real", "No such file", NULL},
    {"/magic/lib/real", "lib/real", "symbolic link", "Not a directory"},
    {"lib/real", "lib/real", "No such file", NULL},
    {"", "lib/real", "No such file", NULL},
};

START_TEST(test_open)
{
    struct objfile file;
    struct err err = {""};
    bool ok = objfile_open(fake.process, str_of(paths[_i].name), inode_of(paths[_i].inode_of),
                           &file, &err);

    ROW_NUMBER(&paths[_i], ok, paths[_i].says == NULL);
    if (ok)
        objfile_close(&file);
    else
        ROW_SAYS(&paths[_i], err.text, paths[_i].says);
}
END_TEST

/* The reasons that a helper finds are told too. */
START_TEST(test_open_by_helper)
{
    const char *says = paths[_i].helper_says ? paths[_i].helper_says : paths[_i].says;
    struct objfile file;
    struct err err = {""};
    bool ok;

    fake_write(&fake, "4321/mountinfo", "22 1 0:1 / / rw - nfs4 server:/ rw\n");
    ok = objfile_open(fake.process, str_of(paths[_i].name), inode_of(paths[_i].inode_of), &file,
                      &err);
    ROW_NUMBER(&paths[_i], ok, paths[_i].says == NULL);
    if (ok)
        objfile_close(&file);
    else
        ROW_SAYS(&paths[_i], err.text, says);
}
END_TEST

/* The content, and nothing beyond its end; the same from a file and from a helper's head of it. */
static void check_reads(struct objfile *file)
{
    struct reader reader = objfile_reader(file);
    char buf[16] = "";

    ck_assert(reader_read(&reader, 0, buf, 11));
    ck_assert_mem_eq(buf, "the content", 11);
    ck_assert(reader_read(&reader, 4, buf, 7));
    ck_assert_mem_eq(buf, "content", 7);
    ck_assert(!reader_read(&reader, 4, buf, 8));
    ck_assert(!reader_read(&reader, 11, buf, 1));
    ck_assert(!reader_read(&reader, 12, buf, 1));
    ck_assert(!reader_read(&reader, UINT64_MAX, buf, 1));
    ck_assert(!reader_read(&reader, INT64_MAX, buf, 8));
}

START_TEST(test_reads)
{
    struct objfile file;

    ck_assert(objfile_open(fake.process, STR("/lib/real"), inode_of("lib/real"), &file, NULL));
    ck_assert_int_ge(file.fd, 0);
    check_reads(&file);
    objfile_close(&file);
}
END_TEST

START_TEST(test_reads_by_helper)
{
    struct objfile file;

    fake_write(&fake, "4321/mountinfo", "22 1 0:1 / / rw - nfs4 server:/ rw\n");
    ck_assert(objfile_open(fake.process, STR("/lib/real"), inode_of("lib/real"), &file, NULL));
    ck_assert_int_eq(file.fd, -1);
    check_reads(&file);
    objfile_close(&file);
}
END_TEST

/* Larger than the first page, which is read at once, and than what a helper sends. */
START_TEST(test_large)
{
    enum { N = 100000, HELPER_N = 65536 };
    static char bytes[N];
    struct objfile file;
    struct reader reader;
    char buf[2000];

    for (int i = 0; i < N; i++)
        bytes[i] = (char)(i % 251);
    fake_write_bytes(&fake, "4321/root/lib/large", bytes, N);
    if (_i == 1)
        fake_write(&fake, "4321/mountinfo", "22 1 0:1 / / rw - nfs4 server:/ rw\n");
    ck_assert(objfile_open(fake.process, STR("/lib/large"), inode_of("lib/large"), &file, NULL));
    reader = objfile_reader(&file);
    for (uint64_t at = 0; at + sizeof(buf) <= HELPER_N; at += 1000) {
        ck_assert(reader_read(&reader, at, buf, sizeof(buf)));
        ck_assert_mem_eq(buf, bytes + at, sizeof(buf));
    }
    ck_assert_int_eq(reader_read(&reader, N - 8, buf, 8), _i == 0);
    ck_assert(!reader_read(&reader, N - 8, buf, 9));
    objfile_close(&file);
}
END_TEST

/*
 * A process in a chroot, in this program's namespace: its paths are printed below this program's
 * root, which is `self/root` here.
 */
START_TEST(test_chroot)
{
    struct objfile file;
    struct file_id id;
    char path[320];

    fake_write(&fake, "self/root/srv/jail/lib/real", "the content");
    fake_write(&fake, "self/mountinfo", "%" PRIu64 " 1 0:1 / / rw - tmpfs x rw\n", mount_of(""));
    fake_write(&fake, "self/ns/x", "x");
    fake_write(&fake, "4321/ns/x", "x");
    snprintf(path, sizeof(path), "%s/self/ns/mnt", fake.root);
    ck_assert_int_eq(symlink("mnt:[1]", path), 0);
    snprintf(path, sizeof(path), "%s/4321/ns/mnt", fake.root);
    ck_assert_int_eq(symlink("mnt:[1]", path), 0);
    snprintf(root, sizeof(root), "%s/self/root/srv/jail", fake.root);
    ck_assert(
        objfile_open(fake.process, STR("/srv/jail/lib/real"), inode_of("lib/real"), &file, NULL));
    check_reads(&file);
    objfile_close(&file);
    ck_assert_int_eq(objfile_identify(fake.process, STR("/srv/jail/lib/real"), &id), PATH_HERE);
    ck_assert_uint_eq(id.inode, inode_of("lib/real"));
    ck_assert_int_eq(objfile_identify(fake.process, STR("/lib/real"), &id), PATH_GONE);
}
END_TEST

/* A process with a root of its own in another namespace: its paths are printed from the top. */
START_TEST(test_chroot_elsewhere)
{
    struct objfile file;
    char top[256], jail[320], path[320];

    snprintf(top, sizeof(top), "%s/top", fake.root);
    snprintf(jail, sizeof(jail), "%s/lib", top);
    snprintf(path, sizeof(path), "%s/lib/real", top);
    ck_assert_int_eq(rename(root, top), 0);
    ck_assert_int_eq(symlink(jail, root), 0);
    memcpy(root, top, sizeof(root));
    ck_assert(objfile_open(fake.process, str_of(path), inode_of("lib/real"), &file, NULL));
    check_reads(&file);
    objfile_close(&file);
}
END_TEST

START_TEST(test_exe)
{
    const struct elf_spec spec = elf_object(64, 2, 0x400000);
    struct objfile file;
    struct reader reader;
    char magic[4];

    fake_object(&fake, "prog", &spec);
    ck_assert(objfile_open_exe(fake.process, &file, NULL));
    reader = objfile_reader(&file);
    ck_assert(reader_read(&reader, 0, magic, 4));
    ck_assert_mem_eq(magic, "\177ELF", 4);
    objfile_close(&file);
}
END_TEST

/* A FUSE mount that never answers; it ends with this test, and all who wait for it go free. */
static bool mount_hung(const char *name)
{
    char path[320], options[128];
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

    fake_write(&fake, "4321/root/hung/x", "hidden");
    snprintf(path, sizeof(path), "%s/%s", root, name);
    snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
    return fd >= 0 && mount("x", path, "fuse", 0, options) == 0;
}

static int64_t elapsed_ms(const struct timespec *since)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)(now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static struct timespec start_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now;
}

/* By mountinfo the path is harmless; a link in it now leads to what does not answer. */
START_TEST(test_link_to_hung)
{
    struct timespec start = start_clock();
    struct objfile file;
    struct file_id id;
    struct err err = {""};

    fake_write(&fake, "4321/root/hung/x", "x");
    make_link("lib/folder", "../hung");
    if (!may_mount || !mount_hung("hung"))
        return;
    ck_assert(!objfile_open(fake.process, STR("/lib/folder/x"), 99, &file, &err));
    ck_assert_str_eq(err.text, "a symbolic link is in its path now");
    ck_assert_int_eq(objfile_identify(fake.process, STR("/lib/folder/x"), &id), PATH_GONE);
    ck_assert_int_lt(elapsed_ms(&start), 1000);
}
END_TEST

/* Mounted after mountinfo was read: only the helper goes there. */
START_TEST(test_mounted_meanwhile)
{
    struct timespec start;
    struct objfile file;
    struct file_id id;
    struct err err = {""};

    fake_write(&fake, "4321/root/hung/x", "x");
    ck_assert_int_eq(objfile_identify(fake.process, STR("/hung/x"), &id), PATH_HERE);
    if (!may_mount || !mount_hung("hung"))
        return;
    start = start_clock();
    ck_assert_int_eq(objfile_identify(fake.process, STR("/hung/x"), &id), PATH_UNKNOWN);
    ck_assert_int_lt(elapsed_ms(&start), 1000);
    ck_assert(!objfile_open(fake.process, STR("/hung/x"), 99, &file, &err));
    ck_assert_str_eq(err.text, "its unknown file system did not answer within 1500 ms");
    ck_assert_int_lt(elapsed_ms(&start), 2500);
}
END_TEST

static void mountinfo_with_hung(void)
{
    uint64_t id = mount_of("");

    fake_write(&fake, "4321/mountinfo",
               "%" PRIu64 " 1 0:1 / / rw - tmpfs x rw\n1 %" PRIu64 " 0:2 / /hung rw - fuse x rw\n",
               id, id);
}

/* One that did not answer is not asked again. */
START_TEST(test_hung_once)
{
    struct timespec start = start_clock();
    struct objfile file;
    struct err err = {""};
    int ends[2], stdout_copy;
    char byte;

    fake_write(&fake, "4321/root/hung/x", "x");
    mountinfo_with_hung();
    if (!may_mount || !mount_hung("hung"))
        return;
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    stdout_copy = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    for (int i = 0; i < 20; i++) {
        ck_assert(!objfile_open(fake.process, STR("/hung/x"), 99, &file, &err));
        ck_assert_str_eq(err.text, "its fuse file system did not answer within 1500 ms");
    }
    dup2(stdout_copy, STDOUT_FILENO);
    close(ends[1]);
    ck_assert_int_lt(elapsed_ms(&start), 2500);
    /* Nor does whoever reads this program's output wait for the helper. */
    ck_assert_int_eq(read(ends[0], &byte, 1), 0);
    ck_assert_int_lt(elapsed_ms(&start), 2500);
}
END_TEST

/* Many that do not answer, each in its turn, get no more than a while in all. */
START_TEST(test_patience)
{
    struct objfile file;
    struct err err = {""};

    fake_write(&fake, "4321/root/hung/x", "x");
    mountinfo_with_hung();
    capture_file_access(fake.process)->waited_ms = 3000;
    ck_assert(!objfile_open(fake.process, STR("/hung/x"), 99, &file, &err));
    ck_assert_str_eq(err.text, "there was no time left to ask its fuse file system");
    capture_forget(fake.process); /* a second attempt has no new patience */
    ck_assert(!objfile_open(fake.process, STR("/hung/x"), 99, &file, &err));
}
END_TEST

/*
 * An executable on a mount that is gone from mountinfo, while its link names a place on the root
 * file system: its mount tells, and is not known to be local.
 */
START_TEST(test_exe_detached)
{
    struct objfile file;
    char path[320], link[64];
    int fd;

    fake_write(&fake, "4321/root/gone/x", "x");
    if (!may_mount)
        return;
    snprintf(path, sizeof(path), "%s/gone", root);
    ck_assert_int_eq(mount("x", path, "tmpfs", 0, NULL), 0);
    fake_write(&fake, "4321/root/gone/prog", "the content");
    snprintf(path, sizeof(path), "%s/gone/prog", root);
    fd = open(path, O_PATH);
    ck_assert_int_ge(fd, 0);
    snprintf(path, sizeof(path), "%s/gone", root);
    ck_assert_int_eq(umount2(path, MNT_DETACH), 0);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    snprintf(path, sizeof(path), "%s/prog", fake.files);
    fake_write(&fake, "files/x", "x");
    ck_assert_int_eq(symlink(link, path), 0);
    ck_assert(objfile_open_exe(fake.process, &file, NULL));
    ck_assert_int_eq(file.fd, -1);
    check_reads(&file);
    objfile_close(&file);
}
END_TEST

/* The ways through mounts that are local: a folder's, one over another, a single file's. */
START_TEST(test_mounts_crossed)
{
    uint64_t id = mount_of("");
    struct objfile file;
    char path[320], real[320];

    fake_write(&fake, "4321/root/usr/share/x", "x");
    fake_write(&fake, "4321/root/one", "x");
    if (!may_mount)
        return;
    snprintf(path, sizeof(path), "%s/usr/share", root);
    ck_assert_int_eq(mount("x", path, "tmpfs", 0, NULL), 0);
    fake_write(&fake, "4321/mountinfo",
               "%" PRIu64 " 1 0:1 / / rw - tmpfs x rw\n"
               "%" PRIu64 " %" PRIu64 " 0:2 / /usr/share rw - tmpfs x rw\n",
               id, mount_of("usr/share"), id);
    fake_write(&fake, "4321/root/usr/share/lib/real", "the content");
    snprintf(real, sizeof(real), "%s/usr/share/lib/real", root);
    snprintf(path, sizeof(path), "%s/one", root);
    ck_assert_int_eq(mount(real, path, NULL, MS_BIND, NULL), 0);
    ck_assert(objfile_open(fake.process, STR("/usr/share/lib/real"), inode_of("usr/share/lib/real"),
                           &file, NULL));
    ck_assert_int_ge(file.fd, 0);
    check_reads(&file);
    objfile_close(&file);

    /* Not in mountinfo yet: by a helper; then it is. */
    ck_assert(objfile_open(fake.process, STR("/one"), inode_of("one"), &file, NULL));
    ck_assert_int_eq(file.fd, -1);
    objfile_close(&file);
    capture_forget(fake.process);
    fake_write(&fake, "4321/mountinfo",
               "%" PRIu64 " 1 0:1 / / rw - tmpfs x rw\n"
               "%" PRIu64 " %" PRIu64 " 0:2 / /one rw - tmpfs x rw\n",
               id, mount_of("one"), id);
    ck_assert(objfile_open(fake.process, STR("/one"), inode_of("one"), &file, NULL));
    ck_assert_int_ge(file.fd, 0);
    check_reads(&file);
    objfile_close(&file);
}
END_TEST

START_TEST(test_exe_missing)
{
    struct objfile file;
    struct err err = {""};

    ck_assert(!objfile_open_exe(fake.process, &file, &err)); /* a link to nothing */
    ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
    fake_remove(&fake, "4321/exe");
    capture_again(fake.process, CAPTURE_EXE);
    ck_assert(!objfile_open_exe(fake.process, &file, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "exe"));
}
END_TEST

static const struct {
    const char *name;
    enum path_state state;
} states[] = {
    {"/lib/real", PATH_HERE},    {"/lib/fifo", PATH_HERE},       {"/lib/nothing", PATH_GONE},
    {"/no/folder/x", PATH_GONE}, {"/lib/real/below", PATH_GONE}, {"relative", PATH_GONE},
    {"/abs/real", PATH_GONE},
};

START_TEST(test_identify)
{
    struct file_id id = {0};
    struct stat st;

    ROW_NUMBER(&states[_i], objfile_identify(fake.process, str_of(states[_i].name), &id),
               states[_i].state);
    if (states[_i].state != PATH_HERE)
        return;
    ck_assert_int_eq(stat(root, &st), 0);
    ROW_NUMBER(&states[_i], id.inode, inode_of(states[_i].name + 1));
    ROW_NUMBER(&states[_i], id.dev_major, major(st.st_dev));
    ROW_NUMBER(&states[_i], id.dev_minor, minor(st.st_dev));
}
END_TEST

/* Not even looked at where the file system may block. */
START_TEST(test_identify_may_block)
{
    struct file_id id;

    fake_write(&fake, "4321/mountinfo", "22 1 0:1 / / rw - nfs4 server:/ rw\n");
    ck_assert_int_eq(objfile_identify(fake.process, STR("/lib/real"), &id), PATH_UNKNOWN);
    ck_assert_int_eq(objfile_identify(fake.process, STR("/lib/nothing"), &id), PATH_UNKNOWN);
}
END_TEST

/*
 * A snapshot's copies, and nothing else: what is in its way there is not opened, and nothing of
 * this machine is.
 */
static const struct {
    const char *name;
    const char *path;
    const char *content; /* NULL: cannot be opened */
} saved[] = {
    {"a copy", "/lib/real", "the content"},
    {"by a link", "/lib/link", NULL},
    {"out of it", "/out", NULL},
    {"of this machine", "/bin/sh", NULL},
    {"a folder", "/lib", NULL},
    {"a FIFO", "/fifo", NULL},
    {"nothing", "", NULL},
    {"upwards", "/../../../../../../../../etc/passwd", NULL},
};

static struct capture *open_saved(void)
{
    struct capture *process = NULL;
    char path[320];
    struct err err;

    snprintf(path, sizeof(path), "%s/fifo", root);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    snprintf(path, sizeof(path), "%s/4321", fake.root);
    ck_assert_msg(capture_open_snapshot(&process, path, &err), "%s", err.text);
    return process;
}

START_TEST(test_saved)
{
    struct capture *process = open_saved();
    struct objfile file;
    struct err err = {""};
    char buf[32] = "";
    bool ok = objfile_open(process, str_of(saved[_i].path), 1, &file, &err);

    ROW_NUMBER(&saved[_i], ok, saved[_i].content != NULL);
    if (ok) {
        struct reader reader = objfile_reader(&file);

        ROW_TRUE(&saved[_i], reader_read(&reader, 0, buf, strlen(saved[_i].content)));
        ROW_TEXT(&saved[_i], buf, saved[_i].content);
    } else {
        ROW_TRUE(&saved[_i], *err.text);
    }
    objfile_close(&file);
    capture_close(process);
}
END_TEST

/* Instead of a link: the executed file itself, if it is one. */
START_TEST(test_saved_exe)
{
    struct capture *process;
    struct objfile file;
    char magic[4];

    fake_remove(&fake, "4321/exe");
    fake_write(&fake, "4321/exe", "%s", _i ? "\177ELF and more" : "/lib/real\n");
    process = open_saved();
    ck_assert(objfile_open_exe(process, &file, NULL));
    ck_assert_int_eq(pread(file.fd, magic, 4, 0), 4);
    ck_assert_mem_eq(magic, _i ? "\177ELF" : "the ", 4);
    ck_assert_int_eq(capture_get(process, CAPTURE_EXE)->missing != NULL, _i);
    objfile_close(&file);
    capture_close(process);
}
END_TEST

Suite *objfile_suite(void)
{
    Suite *suite = suite_create("objfile");
    TCase *tcase = tcase_create("files");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_open, paths);
    tcase_add_test(tcase, test_reads);
    tcase_add_test(tcase, test_reads_by_helper);
    ROWS_ADD(tcase, test_open_by_helper, paths);
    tcase_add_loop_test(tcase, test_large, 0, 2);
    tcase_add_test(tcase, test_chroot);
    tcase_add_test(tcase, test_chroot_elsewhere);
    tcase_add_test(tcase, test_exe);
    tcase_add_test(tcase, test_link_to_hung);
    tcase_add_test(tcase, test_mounted_meanwhile);
    tcase_add_test(tcase, test_hung_once);
    tcase_add_test(tcase, test_patience);
    tcase_add_test(tcase, test_exe_detached);
    tcase_add_test(tcase, test_mounts_crossed);
    tcase_add_test(tcase, test_exe_missing);
    ROWS_ADD(tcase, test_identify, states);
    tcase_add_test(tcase, test_identify_may_block);
    ROWS_ADD(tcase, test_saved, saved);
    tcase_add_loop_test(tcase, test_saved_exe, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
