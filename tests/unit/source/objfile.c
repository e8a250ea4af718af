/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/objfile.h"

#include "../fake.h"
#include "../rows.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/*
 * The process's root is a directory, not "/": as in a container.  In it:
 *   lib/real        the file
 *   lib/link        a relative link to it
 *   abs             an absolute link to /lib, which means the process's own
 *   out, up         links that would lead outside
 */
static struct fake fake;
static char root[256];

static void make_link(const char *name, const char *target)
{
    char path[320];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    ck_assert_int_eq(symlink(target, path), 0);
}

static void setup(void)
{
    char path[320];

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

static const struct {
    const char *name;     /* the path in the process */
    const char *inode_of; /* the file that the mapping is of */
    const char *says;     /* NULL: it is opened */
} paths[] = {
    {"/lib/real", "lib/real", NULL},
    {"/lib/../lib/./real", "lib/real", NULL},
    {"/abs/real", "lib/real", NULL},
    {"/lib/link", "lib/link", "not a regular file"},
    {"/lib/link", "lib/real", "another file"},
    {"/lib/fifo", "lib/fifo", "not a regular file"},
    {"/lib", "lib", "not a regular file"},
    {"/lib/real", "lib/fifo", "another file"},
    {"/lib/nothing", "lib/real", "No such file"},
    {"/lib/real/below", "lib/real", "Not a directory"},
    {"/out/outside", "lib/real", "No such file"},
    {"/up/outside", "lib/real", "No such file"},
    {"/../../outside", "lib/real", "No such file"},
    {"/magic/lib/real", "lib/real", ""},
    {"lib/real", "lib/real", "No such file"},
    {"", "lib/real", ""},
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

START_TEST(test_refused_by_helper)
{
    struct objfile file;
    struct err err = {""};

    fake_write(&fake, "4321/mountinfo", "22 1 0:1 / / rw - fuse.x x rw\n");
    ck_assert(!objfile_open(fake.process, STR("/lib/fifo"), inode_of("lib/fifo"), &file, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "fuse.x"));
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

Suite *objfile_suite(void)
{
    Suite *suite = suite_create("objfile");
    TCase *tcase = tcase_create("files");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_open, paths);
    tcase_add_test(tcase, test_reads);
    tcase_add_test(tcase, test_reads_by_helper);
    tcase_add_test(tcase, test_refused_by_helper);
    tcase_add_test(tcase, test_exe);
    tcase_add_test(tcase, test_exe_missing);
    ROWS_ADD(tcase, test_identify, states);
    tcase_add_test(tcase, test_identify_may_block);
    suite_add_tcase(suite, tcase);
    return suite;
}
