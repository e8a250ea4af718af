/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/mounts.h"

#include "../fake.h"
#include "../rows.h"

static struct fake fake;

/* With and without optional fields; the last line mounts over the one before. */
static const char mountinfo[] = "22 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda1 rw\n"
                                "23 22 0:5 / /dev rw - devtmpfs dev rw\n"
                                "24 22 0:40 / /mnt/nfs rw shared:9 - nfs4 server:/x rw\n"
                                "25 24 0:41 / /mnt/nfs/local rw - tmpfs tmpfs rw\n"
                                "26 22 0:42 / /mnt/a\\040b\\011c\\134d rw - fuse.sshfs host: rw\n"
                                "27 22 0:43 / /srv rw - xfs /dev/vdb rw\n"
                                "28 22 0:44 / /srv rw - cifs //server/x rw\n"
                                "garbage\n"
                                "29 22 0:45 / /cut rw\n";

static void setup(void)
{
    fake_init(&fake);
    fake_add(&fake, &(struct fake_process){.maps = ""});
    fake_write(&fake, "4321/mountinfo", "%s", mountinfo);
    ck_assert(capture_open_process(&fake.process, fake.host, FAKE_PID, NULL));
}

static void teardown(void)
{
    fake_deinit(&fake);
}

static const struct {
    const char *name; /* the path */
    const char *type;
    bool may_block;
} paths[] = {
    {"/bin/sh", "ext4", false},        {"/", "ext4", false},
    {"/dev", "devtmpfs", false},       {"/dev/null", "devtmpfs", false},
    {"/devious", "ext4", false},       {"/mnt/nfs/lib.so", "nfs4", true},
    {"/mnt/nfsd", "ext4", false},      {"/mnt/nfs/local/lib.so", "tmpfs", false},
    {"/mnt/nfs/locals", "nfs4", true}, {"/mnt/a b\tc\\d/lib.so", "fuse.sshfs", true},
    {"/mnt/a b", "ext4", false},       {"/srv/lib.so", "cifs", true},
    {"/cut/lib.so", "ext4", false},
};

START_TEST(test_type)
{
    struct str type = mounts_type(fake.process, str_of(paths[_i].name));

    ROW_STR(&paths[_i], type, paths[_i].type);
    ROW_NUMBER(&paths[_i], mounts_may_block(type), paths[_i].may_block);
}
END_TEST

/* What is not known may block. */
START_TEST(test_unknown)
{
    ck_assert(mounts_may_block(STR("")));
    ck_assert(mounts_may_block(STR("fuse")));
    ck_assert(mounts_may_block(STR("autofs")));
    ck_assert(mounts_may_block(STR("ext")));
    ck_assert(mounts_may_block(STR("ext44")));
}
END_TEST

START_TEST(test_no_mountinfo)
{
    fake_remove(&fake, "4321/mountinfo");
    ck_assert_uint_eq(mounts_type(fake.process, STR("/bin/sh")).n, 0);
}
END_TEST

Suite *mounts_suite(void)
{
    Suite *suite = suite_create("mounts");
    TCase *tcase = tcase_create("type");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_type, paths);
    tcase_add_test(tcase, test_unknown);
    tcase_add_test(tcase, test_no_mountinfo);
    suite_add_tcase(suite, tcase);
    return suite;
}
