/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/mounts.h"

#include "../fake.h"
#include "../rows.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static struct fake fake;

/*
 * After the line of the root, which is mount 0 here and has its true number in the file.  With and
 * without optional fields; the first mount over /srv is older than what it hides, as after a move.
 */
static const struct {
    unsigned int id, parent;
    const char *rest;
} lines[] = {
    {1, 0, "0:5 / /dev rw - devtmpfs dev rw"},
    {2, 0, "0:40 / /mnt/nfs rw shared:9 - nfs4 server:/x rw"},
    {3, 2, "0:41 / /mnt/nfs/local rw - tmpfs tmpfs rw"},
    {4, 0, "0:42 / /mnt/a\\040b\\011c\\134d rw - fuse.sshfs host: rw"},
    {5, 6, "0:43 / /srv rw shared:1 master:2 - cifs //server/x rw"},
    {6, 0, "0:44 / /srv rw - xfs /dev/vdb rw"},
    {7, 0, "0:45 / /cut rw"},
    {8, 0, "0:46 / /home rw - autofs systemd-1 rw"},
    {9, 8, "0:47 / /home rw - ext4 /dev/vdc rw"},
    {10, 9, "0:48 / /home/u/far rw - fuse x rw"},
    {11, 0, "0:49 / /below/it rw - tmpfs tmpfs rw"},
    {12, 0, "0:50 / /below rw - fuse x rw"},
    {13, 0, "0:51 / /layers rw - overlay overlay rw"},
    {14, 14, "0:52 / /circle rw - tmpfs tmpfs rw"},
    {15, 0, "0:53 / /usr rw - ext4 /dev/vdd rw"},
    {16, 15, "0:54 / /usr/lib/one.so ro - fuse x rw"},
};

static uint64_t mount_of(const char *path)
{
    int fd = open(path, O_PATH);
    struct statx st;
    bool known = mounts_look(fd, &st);

    close(fd);
    return known ? st.stx_mnt_id : 0;
}

static void write_mountinfo(const char *path, const char *root_type)
{
    char text[2048];
    uint64_t root = mount_of("/");
    int n = snprintf(text, sizeof(text), "%" PRIu64 " 1 254:0 / / rw - %s /dev/vda1 rw\ngarbage\n",
                     root, root_type);

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "%" PRIu64 " %" PRIu64 " %s\n",
                      root + lines[i].id, root + lines[i].parent, lines[i].rest);
    ck_assert_int_lt(n, (int)sizeof(text));
    fake_write(&fake, path, "%s", text);
}

static void setup(void)
{
    fake_init(&fake);
    fake_add(&fake, &(struct fake_process){.maps = ""});
    write_mountinfo("4321/mountinfo", "ext4");
    ck_assert(capture_open_process(&fake.process, fake.host, FAKE_PID, NULL));
}

static void teardown(void)
{
    fake_deinit(&fake);
}

/* Where the path may block: the type, "?" when that is not known, NULL when it cannot. */
static const char *blocks_at(const char *path)
{
    static char type[64];
    struct mount *culprit = NULL;

    if (!mounts_may_block(mounts_of(fake.process), str_of(path), &culprit))
        return NULL;
    if (!culprit)
        return "?";
    snprintf(type, sizeof(type), "%.*s", (int)culprit->type.n, culprit->type.p);
    return type;
}

static const struct {
    const char *name; /* the path */
    const char *type;
} paths[] = {
    {"/bin/sh", NULL},
    {"/", NULL},
    {"/dev", NULL},
    {"/dev/null", NULL},
    {"/devious", NULL},
    {"/mnt/nfs/lib.so", "nfs4"},
    {"/mnt/nfsd", NULL},
    {"/mnt/nfs/local/lib.so", "nfs4"}, /* the way to it leads through */
    {"/mnt/a b\tc\\d/lib.so", "fuse.sshfs"},
    {"/mnt/a b", NULL},
    {"/srv/lib.so", "cifs"},
    {"/cut/lib.so", NULL},
    {"/home/u/lib.so", NULL}, /* autofs has done its part */
    {"/home/u/far/lib.so", "fuse"},
    {"/below/it/lib.so", "fuse"}, /* the tmpfs is hidden */
    {"/layers/lib.so", "overlay"},
    {"/circle/lib.so", NULL},
    {"/usr/lib/two.so", NULL},
    {"/usr/lib/one.so", "fuse"},
};

START_TEST(test_may_block)
{
    ROW_TEXT(&paths[_i], blocks_at(paths[_i].name), paths[_i].type);
}
END_TEST

START_TEST(test_root_may_block)
{
    write_mountinfo("4321/mountinfo", "nfs4");
    ck_assert_str_eq(blocks_at("/bin/sh"), "nfs4");
}
END_TEST

/* What is not known may block. */
static const char *const unknown[] = {"fuse", "ext", "ext44", "proc", "overlay", "9p"};

START_TEST(test_unknown_type)
{
    write_mountinfo("4321/mountinfo", unknown[_i]);
    ck_assert_str_eq(blocks_at("/bin/sh"), unknown[_i]);
}
END_TEST

START_TEST(test_unknown_root)
{
    fake_write(&fake, "4321/mountinfo", "0 1 254:0 / / rw - ext4 /dev/vda1 rw\n");
    ck_assert_str_eq(blocks_at("/bin/sh"), "?");
    capture_forget(fake.process);
    fake_write(&fake, "4321/mountinfo", "%" PRIu64 " 1 254:0 / /srv rw - ext4 x rw\n",
               mount_of("/"));
    ck_assert_str_eq(blocks_at("/bin/sh"), "?");
    capture_forget(fake.process);
    fake_remove(&fake, "4321/mountinfo");
    ck_assert_str_eq(blocks_at("/bin/sh"), "?");
}
END_TEST

/* The links do not exist in reality, where they lead to an open namespace. */
static void make_namespace(const char *path, const char *id)
{
    char name[256];

    snprintf(name, sizeof(name), "%s/%s", fake.root, path);
    fake_write(&fake, path, "x"); /* makes the folder */
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(symlink(id, name), 0);
}

static const struct {
    const char *name;
    const char *mine, *its;
    const char *type;
} namespaces[] = {
    {"the same", "user:[1]", "user:[1]", NULL},
    {"a child", "user:[1]", "user:[2]", "overlay"},
    {"hidden", "user:[1]", NULL, "overlay"},
    {"none of both", NULL, NULL, "overlay"},
};

START_TEST(test_overlay)
{
    if (namespaces[_i].mine)
        make_namespace("self/ns/user", namespaces[_i].mine);
    if (namespaces[_i].its)
        make_namespace("4321/ns/user", namespaces[_i].its);
    ROW_TEXT(&namespaces[_i], blocks_at("/layers/lib.so"), namespaces[_i].type);
}
END_TEST

/* In this program's own mount namespace its own view of it counts, for overlays too. */
START_TEST(test_own_namespace)
{
    make_namespace("4321/ns/mnt", "mnt:[1]");
    make_namespace("self/ns/mnt", "mnt:[1]");
    make_namespace("self/root", "/");
    write_mountinfo("self/mountinfo", "overlay");
    write_mountinfo("4321/mountinfo", "nfs4");
    ck_assert_ptr_null(blocks_at("/bin/sh"));
    ck_assert_ptr_null(blocks_at("/layers/lib.so"));
    ck_assert_str_eq(blocks_at("/mnt/nfs/lib.so"), "nfs4");
}
END_TEST

START_TEST(test_other_namespace)
{
    make_namespace("4321/ns/mnt", "mnt:[2]");
    make_namespace("self/ns/mnt", "mnt:[1]");
    make_namespace("self/root", "/");
    write_mountinfo("self/mountinfo", "ext4");
    write_mountinfo("4321/mountinfo", "nfs4");
    ck_assert_str_eq(blocks_at("/bin/sh"), "nfs4");
}
END_TEST

Suite *mounts_suite(void)
{
    Suite *suite = suite_create("mounts");
    TCase *tcase = tcase_create("way");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_may_block, paths);
    tcase_add_test(tcase, test_root_may_block);
    ROWS_ADD(tcase, test_unknown_type, unknown);
    tcase_add_test(tcase, test_unknown_root);
    ROWS_ADD(tcase, test_overlay, namespaces);
    tcase_add_test(tcase, test_own_namespace);
    tcase_add_test(tcase, test_other_namespace);
    suite_add_tcase(suite, tcase);
    return suite;
}
