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

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* As systemd 252, Docker 20.10, Podman 4.3, containerd and CRI-O name them. */
static const struct {
    const char *name;
    const char *path;
    const char *unit;
} units[] = {
    {"a service", "/system.slice/nginx.service", "nginx.service"},
    {"of an instance", "/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"},
    {"a session", "/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
    {"of a user's manager", "/user.slice/user-1000.slice/user@1000.service/app.slice/a.service",
     "a.service"},
    {"docker, version 1", "/docker/" ID, "0123456789ab"},
    {"docker, version 2", "/system.slice/docker-" ID ".scope", "0123456789ab"},
    {"podman", "/machine.slice/libpod-" ID ".scope", "0123456789ab"},
    {"podman's payload", "/machine.slice/libpod-" ID ".scope/container", "0123456789ab"},
    {"kubernetes",
     "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/"
     "cri-containerd-" ID ".scope",
     "0123456789ab"},
    {"a service within a container", "/docker/" ID "/system.slice/cron.service", "cron.service"},
    {"one digit less", "/docker/123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
     ""},
    {"a slice", "/system.slice", ""},
    {"init", "/init.scope", "init.scope"},
    {"the root", "/", ""},
    {"nothing", "", ""},
};

START_TEST(test_unit)
{
    ROW_STR(&units[_i], cgroup_unit(str_of(units[_i].path)), units[_i].unit);
}
END_TEST

Suite *cgroup_suite(void)
{
    Suite *suite = suite_create("cgroup");
    TCase *tcase = tcase_create("parse");

    ROWS_ADD(tcase, test_memory_path, rows);
    ROWS_ADD(tcase, test_unit, units);
    suite_add_tcase(suite, tcase);
    return suite;
}
