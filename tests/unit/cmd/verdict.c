/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/verdict.h"

#include "cmd/command.h"

#include "../fake.h"
#include "../rows.h"

#include <stdio.h>

static struct fake fake;
static struct image image;
static struct demands demands;
static struct options options;
static struct report report;
static json_t *document;

/* Values that stand on the border of what the rows say of them. */
static const char text[] =
    "{'source': {'time': null, 'missing': ["
    "    {'what': 'limits', 'reason': 'permission denied'},"
    "    {'what': 'ELF headers of a.so', 'reason': 'it is cut off'},"
    "    {'what': 'vm.max_map_count', 'reason': 'it is empty'}]},"
    " 'core': null,"
    " 'host': {'kernel': '6.1.0', 'overcommit_memory': 0, 'swap_bytes': null},"
    " 'process': {'pid': 42, 'ppid': -3, 'comm': 'my \\\"prog\\\"', 'personality': "
    "['ADDR_NO_RANDOMIZE'],"
    "     'capabilities': null, 'elf': {'class': 64, 'type': null, 'via_loader': false},"
    "     'malloc': {'name': null, 'evidence': 'the symbols are not known'},"
    "     'ancestors': [{'pid': 7, 'comm': 'sh', 'elf_class': 64, 'missing': null,"
    "         'mode': 'top-down'},"
    "         {'pid': 1, 'comm': 'init', 'elf_class': null, 'mode': 'unknown',"
    "         'missing': 'nobody may read it'}]},"
    " 'layout': {'aslr': 'unknown', 'mode': 'bottom-up', 'reason': 'the personality asks for it',"
    "     'task_size': '0xffffffffff601000'},"
    " 'regions': [{'role': 'mmap', 'name': 'a b', 'start': '0x1000', 'size': 4096, 'rss': null},"
    "     {'role': 'mmap', 'name': null, 'start': '0x3000', 'size': 8192, 'rss': 0}],"
    " 'brk': {'end': '0x7ac000', 'exact': true, 'room': 888832, 'limit': 'rlimit-data',"
    "     'uncertain': null, 'next': null, 'limits': [{'name': 'task-size', 'detail': 'no'},"
    "     {'name': 'rlimit-data', 'detail': '104K are in use'}], 'unknown_limits': []},"
    " 'mmap': {'room': null, 'uncertain': 'the rules are not known', 'room_in_steps': 1048576,"
    "     'limit': 'task-size', 'unknown_limits': ['overcommit']},"
    " 'stack': null, 'cgroup': null,"
    " 'memory': {'by_role': {'heap': {'rss': 4096}}},"
    " 'counts': {'mappings': 1000, 'max_map_count': null},"
    " 'findings': [{'id': 'wx-mapping', 'severity': 'info', 'title': 'writable code',"
    "     'evidence': {'room': 5, 'objects': [{'name': 'x'}]}}],"
    " 'ignored': 0, 'not_run': [{'id': 'exec-stack', 'reason': 'permissions are not known'}]}";

static const struct finding findings[] = {{.severity = SEVERITY_INFO, .title = "writable code"}};
static const struct not_run not_run[] = {{.reason = "permissions are not known"}};

static void setup(void)
{
    static struct finding own[1];
    static struct not_run own_not_run[1];
    static char json[sizeof(text)];
    json_error_t error;

    fake_init(&fake);
    fake_objects(&fake, 64);
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS}, &image);
    memcpy(json, text, sizeof(text));
    for (char *p = json; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    document = json_loads(json, 0, &error);
    ck_assert_msg(document, "%d: %s", error.position, error.text);
    own[0] = findings[0];
    own[0].rule = rule_find(STR("wx-mapping"));
    own_not_run[0] = not_run[0];
    own_not_run[0].rule = rule_find(STR("exec-stack"));
    report = (struct report){
        .image = &image, .findings = own, .n_findings = 1, .not_run = own_not_run, .n_not_run = 1};
    options = (struct options){.command = commands[0], .fail_on = SEVERITY_ERROR};
}

static void teardown(void)
{
    demands_deinit(&demands);
    json_decref(document);
    image_deinit(&image);
    fake_deinit(&fake);
}

static const struct assertion *judge(const char *expectation)
{
    options.expectations[options.n_expectations++] = expectation;
    ck_assert_msg(demands_init(&demands, &options), "%s: is a mistake", expectation);
    return verdict_reach(&demands, &report, document)->assertions;
}

enum { PASS = OUTCOME_PASSED, FAIL = OUTCOME_FAILED, UNKN = OUTCOME_UNKNOWN };

static const struct {
    const char *name; /* the expectation */
    int outcome;
    const char *found;
    const char *reason; /* a part of it; NULL when there is none */
} rows[] = {
    {"brk.room >= 888832", PASS, "888832 (868K)", NULL},
    {"brk.room >= 868K", PASS, "888832 (868K)", NULL},
    {"brk.room > 868K", FAIL, "888832 (868K)",
     "it is not more than 868K; rlimit-data binds (104K are in use)"},
    {"brk.room <= 868K", PASS, "888832 (868K)", NULL},
    {"brk.room < 868K", FAIL, "888832 (868K)", "it is not less than 868K"},
    {"brk.room == 0xd9000", PASS, "888832 (868K)", NULL},
    {"brk.room != 868K", FAIL, "888832 (868K)", "it is 868K"},
    {"brk.room >= -1", PASS, "888832 (868K)", NULL},
    {"brk.room > -1M", PASS, "888832 (868K)", NULL},
    {"process.ppid < -2", PASS, "-3", NULL},
    {"process.ppid < -3", FAIL, "-3", "it is not less than -3"},
    {"process.ppid > -4", PASS, "-3", NULL},
    {"process.ppid < 0", PASS, "-3", NULL},
    {"process.ppid == -3", PASS, "-3", NULL},
    {"process.ppid == 3", FAIL, "-3", "it is not 3"},
    {"brk.room < 16E", FAIL, NULL, NULL}, /* a mistake: 64 bits do not hold it */
    {"brk.end == 0x7ac000", PASS, "0x7ac000", NULL},
    {"brk.end == \"0x7AC000\"", PASS, "0x7ac000", NULL},
    {"brk.end < 8M", PASS, "0x7ac000", NULL},
    {"brk.end > 0x7ac000", FAIL, "0x7ac000", "it is not more than 0x7ac000"},
    {"layout.task_size > 0x7fffffffffffffff", PASS, "0xffffffffff601000", NULL},
    {"brk.exact == true", PASS, "true", NULL},
    {"brk.exact != true", FAIL, "true", "it is true"},
    {"process.elf.via_loader == false", PASS, "false", NULL},
    {"host.overcommit_memory == 0", PASS, "0", NULL},
    {"host.overcommit_memory == -0", PASS, "0", NULL},
    {"counts.mappings == 1000", PASS, "1000", NULL},
    {"counts.mappings < 1K", PASS, "1000", NULL},
    {"layout.mode == top-down", FAIL, "bottom-up",
     "it is not top-down: the personality asks for it"},
    {"layout.mode != top-down", PASS, "bottom-up", NULL},
    {"process.comm == \"my \\\"prog\\\"\"", PASS, "my \"prog\"", NULL},
    {"process.comm == my", FAIL, "my \"prog\"", "it is not my"},
    {"process.comm contains prog", PASS, "my \"prog\"", NULL},
    {"process.comm contains Prog", FAIL, "my \"prog\"", "it does not contain Prog"},
    {"process.comm matches my*", PASS, "my \"prog\"", NULL},
    {"process.comm matches my", FAIL, "my \"prog\"", "it does not match my"},
    {"host.kernel matches 6.[0-9].*", PASS, "6.1.0", NULL},
    {"host.kernel == 6.1.0", PASS, "6.1.0", NULL},
    {"process.personality contains ADDR_NO_RANDOMIZE", PASS, "ADDR_NO_RANDOMIZE", NULL},
    {"process.personality contains PER_LINUX32", FAIL, "ADDR_NO_RANDOMIZE",
     "it does not contain PER_LINUX32"},
    {"process.personality.length == 1", PASS, "1", NULL},
    {"process.ancestors[0].pid == 7", PASS, "7", NULL},
    {"process.ancestors[1].comm == init", PASS, "init", NULL},
    {"process.ancestors[2].comm == init", FAIL, NULL, "process.ancestors has no such element"},
    {"process.ancestors[pid=1].comm == init", PASS, "init", NULL},
    {"process.ancestors[comm=bash].length == 0", PASS, "0", NULL},
    {"regions[role=mmap].size == 4K", PASS, "4096 (4K)", NULL},
    {"regions[role=mmap].length == 2", PASS, "2", NULL},
    {"regions[start=12288].size == 8K", PASS, "8192 (8K)", NULL},
    {"regions[name=\"a b\"].size == 4K", PASS, "4096 (4K)", NULL},
    {"regions[name=null].size == 8K", PASS, "8192 (8K)", NULL},
    {"regions[role=brk].size > 1", FAIL, NULL, "regions has no such element"},
    {"regions[role=brk] == null", PASS, "null", NULL},
    {"regions[role=brk] != null", FAIL, NULL, "regions has no such element"},
    {"brk.unknown_limits.length == 0", PASS, "0", NULL},
    {"brk.unknown_limits contains overcommit", FAIL, "nothing", "it does not contain overcommit"},
    {"findings[id=wx-mapping].evidence.room == 5", PASS, "5", NULL},
    {"findings[id=wx-mapping].evidence.objects.length == 1", PASS, "1", NULL},
    {"findings[id=wx-mapping].evidence.gap == 5", FAIL, NULL,
     "this report has no findings[].evidence.gap"},
    {"findings[id=aslr-off].evidence.objects[name=x].length == 0", FAIL, NULL,
     "findings has no such element"},
    {"findings[id=wx-mapping].evidence.objects[name=y].length == 0", PASS, "0", NULL},
    {"findings[id=wx-mapping] == null", FAIL, "writable code", "it is not null"},
    {"findings[id=aslr-off] == null", PASS, "null", NULL},
    {"findings[id=aslr-off].length == 0", PASS, "0", NULL},
    {"findings[id=exec-stack] == null", UNKN, NULL, "it was not looked for: permissions are not"},
    {"findings[id=exec-stack].length == 0", UNKN, NULL, "it was not looked for"},
    {"findings[id=exec-stack].severity == error", UNKN, NULL, "it was not looked for"},
    /* no mapping has the role */
    {"memory.by_role.heap.rss == 4K", PASS, "4096 (4K)", NULL},
    {"memory.by_role.stack.rss < 1", PASS, "0", NULL},
    {"memory.by_role.stack.rss > 0", FAIL, "0", "it is not more than 0"},
    {"memory.by_role.stack == null", PASS, "null", NULL},
    /* what is not known of some elements */
    {"process.ancestors[elf_class=32].length == 0", UNKN, "0 to 1",
     "process.ancestors[].elf_class is not known of 1: nobody may read it"},
    {"process.ancestors[elf_class=32].length != 0", UNKN, "0 to 1", "nobody may read it"},
    {"process.ancestors[elf_class=32].length == 2", FAIL, "0 to 1", "it is not 2"},
    {"process.ancestors[elf_class=32].length != 2", PASS, "0 to 1", NULL},
    {"process.ancestors[elf_class=64].length >= 1", PASS, "1 to 2", NULL},
    {"process.ancestors[elf_class=64].length > 1", UNKN, "1 to 2", "nobody may read it"},
    {"process.ancestors[elf_class=64].length <= 2", PASS, "1 to 2", NULL},
    {"process.ancestors[elf_class=64].length > 2", FAIL, "1 to 2", "it is not more than 2"},
    {"process.ancestors[elf_class=null].length == 1", PASS, "1", NULL},
    {"process.ancestors[elf_class=64].pid == 7", PASS, "7", NULL},
    {"process.ancestors[elf_class=32].pid == 7", UNKN, NULL, "elf_class is not known of 1: nobody"},
    {"process.ancestors[elf_class=32] == null", UNKN, NULL, "elf_class is not known of 1: nobody"},
    {"process.ancestors[missing=x].length == 0", PASS, "0", NULL}, /* null says that none is */
    {"regions[name=x].length == 0", PASS, "0", NULL},
    {"regions[rss=0].length == 1", UNKN, "1 to 2", "regions[].rss is not known of 1: "},
    /* a word that says that it is not known */
    {"layout.aslr != off", UNKN, "unknown", "ELF headers of a.so"},
    {"layout.aslr == full", UNKN, "unknown", "ELF headers of a.so"},
    {"layout.aslr matches f*", UNKN, "unknown", "ELF headers of a.so"},
    {"layout.aslr == unknown", PASS, "unknown", NULL},
    {"layout.aslr != unknown", FAIL, "unknown", "it is unknown"},
    {"layout.aslr != null", PASS, "unknown", NULL},
    {"layout.mode != unknown", PASS, "bottom-up", NULL},
    {"process.ancestors[mode=bottom-up].length == 0", UNKN, "0 to 1",
     "process.ancestors[].mode is not known of 1: nobody may read it"},
    {"process.ancestors[mode=unknown].length == 1", PASS, "1", NULL},
    {"process.ancestors[1].mode != bottom-up", UNKN, "unknown", "nobody may read it"},
    /* what limits that are not known may make less */
    {"mmap.room_in_steps >= 1M", UNKN, "at most 1048576 (1M)",
     "overcommit is not known and may leave less"},
    {"mmap.room_in_steps > 1M", FAIL, "at most 1048576 (1M)", "it is not more than 1M"},
    {"mmap.room_in_steps <= 1M", PASS, "at most 1048576 (1M)", NULL},
    {"mmap.room_in_steps < 1M", UNKN, "at most 1048576 (1M)", "may leave less"},
    {"mmap.room_in_steps >= 0", PASS, "at most 1048576 (1M)", NULL},
    {"mmap.room_in_steps == 1M", UNKN, "at most 1048576 (1M)", "may leave less"},
    {"mmap.room_in_steps == 2M", FAIL, "at most 1048576 (1M)", "it is not 2M"},
    {"mmap.room_in_steps != 2M", PASS, "at most 1048576 (1M)", NULL},
    {"mmap.room_in_steps != 4K", UNKN, "at most 1048576 (1M)", "may leave less"},
    {"mmap.room_in_steps != null", PASS, "1048576 (1M)", NULL},
    {"mmap.limit == task-size", UNKN, "task-size", "overcommit is not known and may leave less"},
    {"mmap.limit == overcommit", UNKN, "task-size", "overcommit is not known"},
    {"mmap.limit == rlimit-as", FAIL, "task-size", "it is not rlimit-as"},
    {"mmap.limit != rlimit-as", PASS, "task-size", NULL},
    {"mmap.limit != overcommit", UNKN, "task-size", "overcommit is not known"},
    {"mmap.limit matches task*", UNKN, "task-size", "overcommit is not known"},
    {"process.comm == \"\"", FAIL, "my \"prog\"", "it is not \"\""},
    /* null */
    {"core == null", PASS, "null", NULL},
    {"core.size == null", PASS, "null", NULL},
    {"core != null", FAIL, "null", "the target is no core"},
    {"core.size > 1", FAIL, "null", "the target is no core"},
    {"source.time == x", FAIL, "null", "only a snapshot has a time"},
    {"brk.next.name == x", FAIL, "null", "nothing is mapped above the heap"},
    {"brk == null", FAIL, "an object", "it is not null"},
    {"process.malloc.name == glibc", UNKN, "null", "the symbols are not known"},
    {"process.malloc.name != glibc", UNKN, "null", "the symbols are not known"},
    {"process.elf.type == pie", UNKN, "null", "ELF headers of a.so: it is cut off"},
    {"counts.max_map_count > 1", UNKN, "null", "vm.max_map_count: it is empty"},
    {"mmap.room > 1", UNKN, "null", "the rules are not known"},
    {"mmap.room < 1", UNKN, "null", "the rules are not known"},
    {"stack.room > 1", UNKN, "null", "the stack was not found"},
    {"cgroup.room > 1", FAIL, "null", "no memory cgroup with a limit was found"},
    {"regions[0].rss > 1", UNKN, "null", "not read were limits, ELF headers of a.so, vm.max"},
    {"process.capabilities contains cap_kill", UNKN, "null", "not read were limits"},
    {"process.capabilities.length == 0", UNKN, "null", "not read were limits"},
    {"process.capabilities == null", PASS, "null", NULL},
};

START_TEST(test_expectation)
{
    const struct assertion *assertion;

    if (strstr(rows[_i].name, "16E")) {
        options.expectations[options.n_expectations++] = rows[_i].name;
        ck_assert(!demands_init(&demands, &options));
        return;
    }
    assertion = judge(rows[_i].name);
    ROW_NUMBER(&rows[_i], assertion->outcome, rows[_i].outcome);
    ROW_TEXT(&rows[_i], assertion->found, rows[_i].found);
    if (rows[_i].reason)
        ROW_SAYS(&rows[_i], assertion->reason, rows[_i].reason);
    else
        ROW_TRUE(&rows[_i], !assertion->reason);
    ROW_TEXT(&rows[_i], assertion->text, rows[_i].name);
}
END_TEST

/* A policy in a file; what becomes of its lines, one letter each: Pass, Fail, Unknown. */
static const struct {
    const char *name; /* the lines, with ; for newlines */
    const char *outcomes;
    const char *ignored; /* a finding that is; NULL: none */
} policies[] = {
    {"forbid wx-mapping", "F", NULL},
    {"forbid aslr-off", "P", NULL},
    {"forbid exec-stack", "U", NULL},
    {"forbid aslr-off;# x;forbid wx-mapping;;expect brk.exact == true", "PFP", NULL},
    {"allow wx-mapping", "", "wx-mapping"},
    {"forbid wx-mapping;allow wx-mapping", "", "wx-mapping"},
    {"allow wx-mapping;forbid wx-mapping", "F", NULL},
    {"forbid aslr-off;forbid aslr-off", "P", NULL},
    {"severity wx-mapping error;fail-on warning", "", NULL},
    {"\xef\xbb\xbf"
     "forbid wx-mapping\r;forbid aslr-off\r",
     "FP", NULL},
};

static void write_policy(const char *lines, const char *path)
{
    FILE *out = fopen(path, "w");

    ck_assert(out);
    for (const char *p = lines; *p; p++)
        putc(*p == ';' ? '\n' : *p, out);
    fclose(out);
}

START_TEST(test_policy)
{
    const struct verdict *verdict;
    char path[256];

    snprintf(path, sizeof(path), "%s/policy", fake.root);
    write_policy(policies[_i].name, path);
    options.policies[options.n_policies++] = path;
    ck_assert(demands_init(&demands, &options));
    ck_assert_ptr_eq(options.demands, &demands);
    verdict = verdict_reach(&demands, &report, document);
    ROW_NUMBER(&policies[_i], verdict->n_assertions, strlen(policies[_i].outcomes));
    for (uint32_t i = 0; i < verdict->n_assertions; i++)
        ck_assert_msg("PFU"[verdict->assertions[i].outcome] == policies[_i].outcomes[i], "%s: %u",
                      policies[_i].name, i);
    ROW_NUMBER(&policies[_i], options.policy.n_ignored, policies[_i].ignored != NULL);
    if (policies[_i].ignored)
        ROW_TEXT(&policies[_i], options.policy.ignored[0]->id, policies[_i].ignored);
}
END_TEST

/* What the command line says comes after all files. */
START_TEST(test_command_line)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/policy", fake.root);
    write_policy("forbid wx-mapping;severity aslr-off error;severity wx-mapping error;"
                 "fail-on info;forbid aslr-off",
                 path);
    options.policies[options.n_policies++] = path;
    options.policy.ignored[options.policy.n_ignored++] = rule_find(STR("wx-mapping"));
    options.policy.severities[0].rule = rule_find(STR("aslr-off"));
    options.policy.severities[0].severity = SEVERITY_WARNING;
    options.policy.n_severities = 1;
    options.has_fail_on = true;
    ck_assert(demands_init(&demands, &options));
    ck_assert_uint_eq(demands.n, 1);
    ck_assert_ptr_eq(demands.list[0].rule, rule_find(STR("aslr-off")));
    ck_assert_uint_eq(options.policy.n_ignored, 1);
    ck_assert_uint_eq(options.policy.n_severities, 2);
    ck_assert_int_eq(options.policy.severities[0].severity, SEVERITY_WARNING);
    ck_assert_int_eq(options.policy.severities[1].severity, SEVERITY_ERROR);
    ck_assert_int_eq(options.fail_on, SEVERITY_ERROR);
}
END_TEST

Suite *verdict_suite(void)
{
    Suite *suite = suite_create("verdict");
    TCase *tcase = tcase_create("reached");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_expectation, rows);
    ROWS_ADD(tcase, test_policy, policies);
    tcase_add_test(tcase, test_command_line);
    suite_add_tcase(suite, tcase);
    return suite;
}
