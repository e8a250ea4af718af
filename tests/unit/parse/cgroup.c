/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/cgroup.h"

#include "../rows.h"

static const struct {
    const char *name;
    const char *text;
    const char *path; /* NULL: neither version */
} rows[] = {
    {"version 2", "0::/user.slice/a.service\n", "/user.slice/a.service"},
    {"version 1", "4:cpu,cpuacct:/x\n3:memory:/docker/1\n1:name=systemd:/y\n", "/docker/1"},
    {"memory among others", "3:cpu,memory,pids:/m\n", "/m"},
    {"memory in another name", "3:memoryx,xmemory:/m\n", NULL},
    {"version 1 wins, before", "3:memory:/one\n0::/two\n", "/one"},
    {"version 1 wins, after", "0::/two\n3:memory:/one\n", "/one"},
    {"hybrid without memory", "3:cpu:/c\n0::/two\n", "/two"},
    {"colons in the path", "0::/a:b\n", "/a:b"},
    {"empty controllers elsewhere", "1::/x\n", NULL},
    {"no newline", "0::/two", "/two"},
    {"cut", "0:", NULL},
    {"nothing", "", NULL},
    {"lines without colon", "x\n\n0::/two\n", "/two"},
};

START_TEST(test_memory_path)
{
    struct str path = STR("untouched");
    bool ok = cgroup_memory_path(str_of(rows[_i].text), &path);

    ROW_NUMBER(&rows[_i], ok, rows[_i].path != NULL);
    if (ok)
        ROW_STR(&rows[_i], path, rows[_i].path);
}
END_TEST

Suite *cgroup_suite(void)
{
    Suite *suite = suite_create("cgroup");
    TCase *tcase = tcase_create("parse");

    ROWS_ADD(tcase, test_memory_path, rows);
    suite_add_tcase(suite, tcase);
    return suite;
}
