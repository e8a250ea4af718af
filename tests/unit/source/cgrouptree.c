/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/cgrouptree.h"

#include "../fake.h"
#include "../rows.h"

#include <stdio.h>
#include <sys/stat.h>

static struct fake fake;
static struct cgroup_survey survey;
static char root[256];

static void add(const char *path, const char *limit, const char *processes)
{
    char name[200];

    snprintf(name, sizeof(name), "cgroups%s/cgroup.procs", path);
    fake_write(&fake, name, "%s", processes);
    snprintf(name, sizeof(name), "cgroups%s/memory.max", path);
    if (limit)
        fake_write(&fake, name, "%s\n", limit);
}

static void setup(void)
{
    fake_init(&fake);
    snprintf(root, sizeof(root), "%s/cgroups", fake.root);
    add("", NULL, "1\n2\n");
    add("/free", "max", "10\n11\n");
    add("/free/below", "max", "12\n");
    add("/limited", "4096", "300\n20\n0\n");
    add("/limited/below", "max", "21\n");
    add("/limited/below/deep", "max", "22\n");
    add("/free/limited", "0", "30\n");
    add("/v1", "9223372036854771712", "40\n");
}

static void teardown(void)
{
    cgroup_survey_deinit(&survey);
    fake_deinit(&fake);
}

static const struct {
    const char *name;
    pid_t pid;
    bool limited;
} processes[] = {
    {"in the root", 1, false},           {"without a limit", 11, false},
    {"below that", 12, false},           {"with a limit", 20, true},
    {"with a limit, too", 300, true},    {"below that, without", 21, true},
    {"far below that", 22, true},        {"a limit below none", 30, true},
    {"a limit that is none", 40, false}, {"of another PID namespace", 0, false},
    {"in none of them", 77, false},
};

START_TEST(test_processes)
{
    ck_assert(cgroup_survey_init(&survey, root, "memory.max", 100));
    ROW_NUMBER(&processes[_i], cgroup_survey_has(&survey, processes[_i].pid),
               processes[_i].limited);
    ROW_NUMBER(&processes[_i], survey.n, 5);
}
END_TEST

/* Eight cgroups. */
static const struct {
    const char *name;
    uint32_t max_cgroups;
    bool known;
} bounds[] = {
    {"as many as may be", 8, true}, {"one too many", 7, false}, {"none may be", 0, false}};

START_TEST(test_bounds)
{
    ROW_NUMBER(&bounds[_i], cgroup_survey_init(&survey, root, "memory.max", bounds[_i].max_cgroups),
               bounds[_i].known);
    if (!bounds[_i].known)
        ck_assert_ptr_null(survey.pids);
}
END_TEST

/* Then nothing is known, rather than that nobody is limited. */
START_TEST(test_unreadable)
{
    char path[300];

    ck_assert(!cgroup_survey_init(&survey, "/no/such/place", "memory.max", 100));
    fake_remove(&fake, "cgroups/limited/cgroup.procs");
    ck_assert(!cgroup_survey_init(&survey, root, "memory.max", 100));
    add("/limited", "4096", "20\n");
    ck_assert(cgroup_survey_init(&survey, root, "memory.max", 100));
    cgroup_survey_deinit(&survey);
    fake_remove(&fake, "cgroups/limited/memory.max");
    snprintf(path, sizeof(path), "%s/limited/memory.max", root);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    ck_assert(!cgroup_survey_init(&survey, root, "memory.max", 100));
}
END_TEST

Suite *cgrouptree_suite(void)
{
    Suite *suite = suite_create("cgrouptree");
    TCase *tcase = tcase_create("survey");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_processes, processes);
    ROWS_ADD(tcase, test_bounds, bounds);
    tcase_add_test(tcase, test_unreadable);
    suite_add_tcase(suite, tcase);
    return suite;
}
