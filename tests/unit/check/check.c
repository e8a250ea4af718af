/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/finding.h"

#include "../rows.h"

#include <ctype.h>

static void check_id(const char *id)
{
    size_t n = strlen(id);

    ck_assert_uint_gt(n, 0);
    ck_assert_msg(strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == n, "%s", id);
    ck_assert_msg(islower((unsigned char)id[0]) && id[n - 1] != '-' && !strstr(id, "--"), "%s", id);
}

static void check_text(const struct rule *rule, const char *what, const char *text)
{
    ck_assert_msg(text && *text, "%s has no %s", rule->id, what);
    ck_assert_msg(!strchr(text, '\n') && !strstr(text, "  "), "%s: %s: newline or two blanks",
                  rule->id, what);
}

START_TEST(test_catalogue)
{
    size_t n = 0;

    for (; rules[n]; n++) {
        const struct rule *rule = rules[n];

        check_id(rule->id);
        for (size_t k = 0; k < n; k++)
            ck_assert_str_ne(rule->id, rules[k]->id);
        check_text(rule, "severities", rule->severities);
        check_text(rule, "when", rule->when);
        check_text(rule, "meaning", rule->meaning);
        check_text(rule, "remedy", rule->remedy);
        ck_assert_msg(strlen(rule->when) <= 78, "%s: when is one line", rule->id);
        ck_assert_msg(rule->meaning[strlen(rule->meaning) - 1] == '.' &&
                          rule->remedy[strlen(rule->remedy) - 1] == '.',
                      "%s: sentences end with a full stop", rule->id);
        ck_assert_msg(!strstr(rule->remedy, "trace=mmap"), "%s: mmap2 of 32-bit programs",
                      rule->id);
        ck_assert_msg(rule->run || rule->run_host, "%s judges nothing", rule->id);
        ck_assert_ptr_eq(rule_find(str_of(rule->id)), rule);
    }
    ck_assert_uint_ge(n, 16);
}
END_TEST

/* Ids are for ever. */
static const struct {
    const char *name;
} ids[] = {
    {"brk-blocked"},
    {"brk-room-low"},
    {"brk-window-shrunken"},
    {"lib-in-brk-gap"},
    {"lib-below-text"},
    {"exec-stack"},
    {"lib-between-data-and-brk"},
    {"mixed-mmap-base"},
    {"brk-in-mmap-area"},
    {"brk-page-guard"},
    {"legacy-layout"},
    {"aslr-off"},
    {"map-count-high"},
    {"wx-mapping"},
    {"elf-mismatch"},
    {"deleted-object"},
    {"brk-limit-low"},
    {"mmap-room-low"},
    {"address-space-full"},
    {"low-2g-full"},
    {"stack-room-low"},
    {"stack-limit-unreachable"},
    {"future-lock"},
    {"cgroup-near"},
    {"host-slab"},
    {"host-overcommit"},
};

START_TEST(test_id)
{
    ROW_TRUE(&ids[_i], rule_find(str_of(ids[_i].name)) != NULL);
}
END_TEST

START_TEST(test_no_such_id)
{
    ck_assert_ptr_null(rule_find(STR("")));
    ck_assert_ptr_null(rule_find(STR("brk")));
    ck_assert_ptr_null(rule_find(STR("brk-blocked ")));
    ck_assert_ptr_null(rule_find(STR("BRK-BLOCKED")));
}
END_TEST

static const struct {
    const char *name;
    bool ok;
    enum severity severity;
} severities[] = {
    {"info", true, SEVERITY_INFO},   {"warning", true, SEVERITY_WARNING},
    {"error", true, SEVERITY_ERROR}, {"err", false, SEVERITY_INFO},
    {"Error", false, SEVERITY_INFO}, {"", false, SEVERITY_INFO},
};

START_TEST(test_severity)
{
    enum severity severity = SEVERITY_INFO;

    ROW_NUMBER(&severities[_i], severity_parse(str_of(severities[_i].name), &severity),
               severities[_i].ok);
    ROW_NUMBER(&severities[_i], severity, severities[_i].severity);
    if (severities[_i].ok)
        ROW_TEXT(&severities[_i], severity_name(severity), severities[_i].name);
}
END_TEST

Suite *check_suite(void)
{
    Suite *suite = suite_create("check");
    TCase *tcase = tcase_create("catalogue");

    tcase_add_test(tcase, test_catalogue);
    ROWS_ADD(tcase, test_id, ids);
    tcase_add_test(tcase, test_no_such_id);
    ROWS_ADD(tcase, test_severity, severities);
    suite_add_tcase(suite, tcase);
    return suite;
}
