/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups of a scan and their series.  That the text is well formed is for promtool, in
 * tests/monitoring.
 */
#include "render/format.h"
#include "render/scangroup.h"

#include "../rows.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANY = 20000 };

static struct arena arena;
static struct image image;
static struct scan_row rows[MANY];
static struct scan scan;
static struct scan_groups groups;
static char *text;

static void setup(void)
{
    arena_init(&arena);
    memset(&image, 0, sizeof(image));
    memset(rows, 0, sizeof(rows));
    scan = (struct scan){.rows = rows, .host = &image};
    image.host.has_max_map_count = true;
    image.host.max_map_count = 65530;
    text = NULL;
}

static void teardown(void)
{
    free(text);
    arena_deinit(&arena);
}

/* Zeros are "not known", and no finding. */
static struct scan_row *add(const char *comm)
{
    struct scan_row *row = &rows[scan.n_rows++];

    *row = (struct scan_row){.pid = (pid_t)scan.n_rows, .comm = comm, .severity = -1};
    return row;
}

static void give(struct scan_row *row, const struct scan_finding *findings, uint32_t n)
{
    row->findings = findings;
    row->n_findings = n;
    for (uint32_t i = 0; i < n; i++)
        if ((int)findings[i].severity > row->severity)
            row->severity = (int)findings[i].severity;
}

static void print(void)
{
    struct err err;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    ck_assert(format_find("prometheus")->scan(&scan, &(struct style){.width = 80}, out, &err));
    fclose(out);
}

static void says(const char *line)
{
    ck_assert_msg(strstr(text, line), "does not say: %s\n%.3000s", line, text);
}

static void says_not(const char *part)
{
    ck_assert_msg(!strstr(text, part), "says: %s\n%.3000s", part, text);
}

static const struct scan_group *group(const char *name)
{
    for (uint32_t i = 0; i < groups.n; i++)
        if (strcmp(groups.list[i].name, name) == 0)
            return &groups.list[i];
    ck_abort_msg("there is no group %s", name);
    return NULL;
}

/* The worst of each, wherever it stands. */
START_TEST(test_worst_values)
{
    static const struct {
        bool has_room, has_mmap_room;
        uint64_t room, mmap_room;
        uint32_t n_mappings;
        bool fails;
    } java[] = {
        {true, true, 70 << 20, 1 << 30, 40, false},
        {true, false, 868 << 10, 0, 30, true},
        {false, true, 0, 4096, 6553, false},
    };

    for (size_t i = 0; i < sizeof(java) / sizeof(java[0]); i++) {
        struct scan_row *row = add("java");

        row->has_room = java[i].has_room;
        row->room = java[i].room;
        row->has_mmap_room = java[i].has_mmap_room;
        row->mmap_room = java[i].mmap_room;
        row->n_mappings = java[i].n_mappings;
        row->fails = java[i].fails;
    }
    add("sh")->n_mappings = 20;
    add("gone")->state = SCAN_DENIED;
    rows[0].is_incomplete = rows[3].is_incomplete = true;
    print();
    says("layoutcheck_processes{group=\"java\"} 3\nlayoutcheck_processes{group=\"sh\"} 1\n");
    says("layoutcheck_failing_processes{group=\"java\"} 1\n");
    says("layoutcheck_brk_room_bytes{group=\"java\"} 888832\n#");
    says("layoutcheck_mmap_room_bytes{group=\"java\"} 4096\n#");
    says("layoutcheck_mappings{group=\"java\"} 6553\nlayoutcheck_mappings{group=\"sh\"} 20\n");
    says("layoutcheck_mappings_ratio{group=\"java\"} 0.100000\n");
    says("layoutcheck_scan_incomplete_processes 2\n");
    says_not("gone");
    says_not("pid");
}
END_TEST

/* A process counts once for an id and a severity, however often it has that. */
START_TEST(test_findings)
{
    const struct rule *first = rules[0], *second = rules[1];
    const struct scan_finding twice[] = {{first, SEVERITY_WARNING, "a"},
                                         {first, SEVERITY_WARNING, "b"},
                                         {first, SEVERITY_ERROR, "c"},
                                         {second, SEVERITY_INFO, "d"}};
    char line[512];

    give(add("java"), twice, 4);
    give(add("java"), twice, 1);
    give(add("sh"), twice + 3, 1);
    print();
    snprintf(line, sizeof(line),
             "layoutcheck_findings{group=\"java\",id=\"%s\",severity=\"error\"} 1\n"
             "layoutcheck_findings{group=\"java\",id=\"%s\",severity=\"warning\"} 2\n"
             "layoutcheck_findings{group=\"java\",id=\"%s\",severity=\"info\"} 1\n"
             "layoutcheck_findings{group=\"sh\",id=\"%s\",severity=\"info\"} 1\n",
             first->id, first->id, second->id, second->id);
    says(line);
}
END_TEST

static const struct name_row {
    const char *name;
    const char *comm, *group;
    const char *label;
} name_rows[] = {
    {"plain", "nginx", "nginx", "{group=\"nginx\"}"},
    {"not known", NULL, "none", "{group=\"none\"}"},
    {"empty", "", "none", "{group=\"none\"}"},
    {"quote and backslash", "a\"b\\c", "a\"b\\c", "{group=\"a\\\"b\\\\c\"}"},
    {"newline", "a\nb} 1", "a\\x0ab} 1", "{group=\"a\\\\x0ab} 1\"}"},
    {"no UTF-8", "\xff\xc3", "\\xff\\xc3", "{group=\"\\\\xff\\\\xc3\"}"},
    {"UTF-8", "\xc3\xa9", "\xc3\xa9", "{group=\"\xc3\xa9\"}"},
    {"the one for what is left", "other", "other", "{group=\"other\"}"},
};

START_TEST(test_names)
{
    const struct name_row *row = &name_rows[_i];

    add(row->comm);
    scan_groups_init(&groups, &scan, &arena);
    ROW_NUMBER(row, groups.n, 1);
    ROW_TEXT(row, groups.list[0].name, row->group);
    print();
    ROW_SAYS(row, text, row->label);
}
END_TEST

/* Cut between characters, whatever their length, and only when too long. */
START_TEST(test_long_names)
{
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    const char *c = characters[_i % 4];
    size_t n_fit = MAX_SCAN_GROUP_NAME / strlen(c), n = n_fit + (size_t)_i / 4;
    char name[1024] = "";

    for (size_t i = 0; i < n; i++)
        strcat(name, c);
    add(name);
    scan_groups_init(&groups, &scan, &arena);
    ck_assert_uint_le(strlen(groups.list[0].name), MAX_SCAN_GROUP_NAME);
    if (n == n_fit) {
        ck_assert_str_eq(groups.list[0].name, name);
    } else {
        ck_assert(strstr(groups.list[0].name, "..."));
        ck_assert_uint_ge(strlen(groups.list[0].name), MAX_SCAN_GROUP_NAME - 8);
    }
    print();
    says_not("\\x"); /* what is cut inside a character is no UTF-8 */
    for (const char *p = groups.list[0].name; *p; p += strncmp(p, "...", 3) ? strlen(c) : 3)
        ck_assert(strncmp(p, c, strlen(c)) == 0 || strncmp(p, "...", 3) == 0);
}
END_TEST

/* By what groups are made. */
START_TEST(test_by)
{
    static const char *const wanted[N_SCAN_BY] = {"comm", "unit", "cgroup", "user"};
    const char *values[N_SCAN_BY] = {"nginx", "nginx.service", "/system.slice/nginx.service",
                                     "www-data"};
    struct scan_row *row = add(values[SCAN_BY_COMM]);
    enum scan_by by;

    row->unit = values[SCAN_BY_UNIT];
    row->cgroup = values[SCAN_BY_CGROUP];
    row->user = values[SCAN_BY_USER];
    ck_assert(scan_by_parse(str_of(wanted[_i]), &by));
    ck_assert_str_eq(scan_by_name(by), wanted[_i]);
    scan.by = by;
    scan_groups_init(&groups, &scan, &arena);
    ck_assert_str_eq(groups.list[0].name, values[_i]);
    ck_assert(!scan_by_parse(STR("uni"), &by));
    ck_assert(!scan_by_parse(STR(""), &by));
}
END_TEST

/* Thousands of names: the worst have their own groups, nothing is lost, no name is there twice. */
START_TEST(test_many_names)
{
    static char names[MANY][16];
    const struct scan_finding error = {rules[0], SEVERITY_ERROR, "a"};
    uint32_t n = 0, n_errors = 0;

    for (uint32_t i = 0; i < MANY; i++) {
        struct scan_row *row;

        snprintf(names[i], sizeof(names[i]), "worker-%u", i);
        row = add(i == 7 && _i == 1 ? "other" : names[i]);
        row->has_room = true;
        row->room = i == 12345 ? 4096 : (1ULL << 30) + i;
        row->n_mappings = i;
    }
    give(&rows[19999], &error, 1);
    give(&rows[11111], &error, 1);
    if (_i == 1)
        give(&rows[7], &error, 1);
    scan_groups_init(&groups, &scan, &arena);
    ck_assert_uint_eq(groups.n_names, MANY);
    ck_assert_uint_eq(groups.n, MAX_SCAN_GROUPS + (_i == 1 ? 0 : 1));
    ck_assert_uint_eq(group("worker-12345")->room, 4096);
    ck_assert_uint_eq(group("worker-19999")->n_with[0][SEVERITY_ERROR], 1);
    ck_assert_uint_eq(group("worker-11111")->n_processes, 1);
    ck_assert_uint_eq(group("other")->n_processes, MANY - groups.n + 1);
    ck_assert_uint_eq(group("other")->n_mappings, MANY - 2);
    for (uint32_t i = 0; i < groups.n; i++) {
        n += groups.list[i].n_processes;
        n_errors += groups.list[i].n_with[0][SEVERITY_ERROR];
        if (i > 0)
            ck_assert_str_lt(groups.list[i - 1].name, groups.list[i].name);
    }
    ck_assert_uint_eq(n, MANY);
    ck_assert_uint_eq(n_errors, _i == 1 ? 3 : 2);
    print();
    says("layoutcheck_scan_groups 20000\n");
}
END_TEST

/* As many as there may be: nothing is left for "other". */
START_TEST(test_full)
{
    static char names[MAX_SCAN_GROUPS][16];

    for (uint32_t i = 0; i < MAX_SCAN_GROUPS; i++) {
        snprintf(names[i], sizeof(names[i]), "%u", i);
        add(names[i]);
    }
    scan_groups_init(&groups, &scan, &arena);
    ck_assert_uint_eq(groups.n, MAX_SCAN_GROUPS);
    print();
    says_not("\"other\"}");
}
END_TEST

START_TEST(test_scan_itself)
{
    scan.n_by_state[SCAN_READ] = 280;
    scan.n_by_state[SCAN_STUCK] = 2;
    scan.duration_ms = 12045;
    scan.ended_at = 1795342943;
    image.host.has_overcommit = true;
    image.host.overcommit_memory = 2;
    print();
    says("layoutcheck_scan_processes{state=\"read\"} 280\n");
    says("layoutcheck_scan_processes{state=\"kernel-thread\"} 0\n");
    says("layoutcheck_scan_processes{state=\"stuck\"} 2\n");
    says("layoutcheck_scan_duration_seconds 12.045\n");
    says("layoutcheck_scan_timestamp_seconds 1795342943\n");
    says("layoutcheck_build_info{version=\"" LAYOUTCHECK_VERSION "\"} 1\n");
    says("layoutcheck_scan_info{by=\"comm\"} 1\n");
    says("layoutcheck_scan_groups 0\n");
    says("layoutcheck_host_max_mappings 65530\n");
    says("layoutcheck_host_overcommit_memory 2\n");
    says_not("randomize"); /* which is not known */
    says_not("{group=");
}
END_TEST

/* Without the most there is no share of it. */
START_TEST(test_no_share)
{
    add("sh");
    image.host.has_max_map_count = _i == 0;
    image.host.max_map_count = 0;
    print();
    says_not("mappings_ratio");
}
END_TEST

Suite *prometheus_suite(void)
{
    Suite *suite = suite_create("prometheus");
    TCase *tcase = tcase_create("prometheus");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_worst_values);
    tcase_add_test(tcase, test_findings);
    ROWS_ADD(tcase, test_names, name_rows);
    tcase_add_loop_test(tcase, test_long_names, 0, 12);
    tcase_add_loop_test(tcase, test_by, 0, N_SCAN_BY);
    tcase_add_loop_test(tcase, test_many_names, 0, 2);
    tcase_add_test(tcase, test_full);
    tcase_add_test(tcase, test_scan_itself);
    tcase_add_loop_test(tcase, test_no_share, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
