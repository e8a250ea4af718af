/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the formats make of reports and of what became of a policy.  That their documents are well
 * formed is for the validators of tests/formats.
 */
#include "render/format.h"

#include "../fake.h"
#include "../rows.h"
#include "source/capture.h"

#include <jansson.h>
#include <stdlib.h>

static struct fake fake;
static struct image image;
static struct facts facts;
static struct checker checker;
static struct report report;
static struct verdict verdict;
static struct policy ignored;
static char *text;
static int status;

static const struct assertion assertions[] = {
    {"ci,1.policy", 3, 5, "expect brk.room >= 64M", OUTCOME_PASSED, "4096 (4K)", NULL},
    {"ci,1.policy", 4, 1, "expect process.comm == \"a<b&c#d\\e\"", OUTCOME_FAILED, "x|y%",
     "They differ."},
    {NULL, 1, 1, "brk.room > 0", OUTCOME_UNKNOWN, NULL, "The break is not known."},
};

/* A heap of the usual room, so that nothing is wrong. */
static const struct fake_process healthy = {.maps = FAKE_MAPS, .start_brk = FAKE_BREAK};

/* A page stands on its break: brk-blocked, an error, and brk-page-guard, a note. */
static const struct fake_process blocked = {
    .maps = FAKE_PROG FAKE_HEAP "1021000-1022000 r--p 00000000 00:00 0 \n" FAKE_AREA,
    .start_brk = FAKE_BREAK,
};

static void setup(void)
{
    fake_init(&fake);
    fake_objects(&fake, 64);
    text = NULL;
}

static void teardown(void)
{
    free(text);
    image_deinit(&image);
    fake_deinit(&fake);
}

static void prepare(const struct fake_process *process)
{
    fake_ready(&fake, process, &image);
    facts_compute(&facts, &image);
    check_run(&checker, &image, &facts, &ignored);
    report = (struct report){.image = &image,
                             .facts = &facts,
                             .findings = checker.findings,
                             .n_findings = checker.n_findings,
                             .n_ignored = checker.n_ignored,
                             .not_run = checker.not_run,
                             .n_not_run = checker.n_not_run,
                             .path = "/proc/4321",
                             .fail_on = SEVERITY_ERROR,
                             .policy = &ignored};
}

static void prepare_again(const struct fake_process *process)
{
    image_deinit(&image);
    capture_close(fake.process);
    prepare(process);
}

static void judge(uint32_t first, uint32_t n)
{
    verdict = (struct verdict){assertions + first, n, n};
    report.verdict = &verdict;
}

/* The report, n times, and one that failed if it is named. */
static void print(const char *format, unsigned int n, const char *failed)
{
    const struct style style = {.width = 80};
    struct document document;
    size_t n_text;
    FILE *out = open_memstream(&text, &n_text);

    document_begin(&document, format_find(format), &style, n + (failed ? 1 : 0), out);
    for (unsigned int i = 0; i < n; i++)
        document_report(&document, &report);
    if (failed)
        document_failure(&document, &(struct failure){"live", failed, "it <has> ended | 1%"});
    status = document_end(&document, 1);
    fclose(out);
}

static void says(const char *part)
{
    ck_assert_msg(strstr(text, part), "does not say: %s\n%.2000s", part, text);
}

static void says_not(const char *part)
{
    ck_assert_msg(!strstr(text, part), "says: %s\n%.2000s", part, text);
}

static unsigned int count_of(const char *part)
{
    unsigned int n = 0;

    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

START_TEST(test_junit)
{
    prepare(&blocked);
    judge(0, 3);
    print("junit", 1, NULL);
    ck_assert_int_eq(status, 1);
    says("<testsuites name=\"layoutcheck\" tests=\"31\" failures=\"3\" errors=\"0\">");
    says("classname=\"ci,1.policy\" name=\"expect brk.room &gt;= 64M\"/>");
    says("name=\"expect process.comm == &quot;a&lt;b&amp;c#d\\e&quot;\">\n"
         "      <failure type=\"error\" message=\"found: x|y%; They differ.\">"
         "ci,1.policy:4:1: expect");
    says("classname=\"--expect\" name=\"brk.room &gt; 0\">");
    says("name=\"brk-blocked\">\n      <failure type=\"error\"");
    says("name=\"brk-page-guard\">\n      <system-out>info: ");
    ck_assert_uint_eq(count_of("<failure"), 3);
    ck_assert_uint_eq(count_of("<testcase "), 31);
}
END_TEST

/* What is ignored was not looked for; of several targets the sums are over all. */
START_TEST(test_junit_sums)
{
    ignored.n_ignored = 1;
    ignored.ignored[0] = rule_find(STR("brk-blocked"));
    fake_remove(&fake, "sys/vm/max_map_count");
    prepare(&blocked);
    print("junit", 2, "/proc/1");
    says("tests=\"57\" failures=\"0\" errors=\"1\">\n");
    says("name=\"brk-blocked\">\n      <skipped>it is to be ignored</skipped>");
    says("name=\"map-count-high\">\n      <skipped>vm.max_map_count could not be read</skipped>");
    says("<testsuite name=\"/proc/1\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">");
    says("<error type=\"error\" message=\"it &lt;has&gt; ended | 1%\">");
    says("<testsuite name=\"prog\" ");
    says("<testsuite name=\"prog 2\" ");
    ck_assert_uint_eq(count_of("<property name=\"target\" value=\"prog (PID 4321)\"/>"), 2);
    says("<testcase classname=\"prog.layoutcheck\" name=\"inspection\"");
    says("<testcase classname=\"prog 2.layoutcheck\" name=\"inspection\"");
    ck_assert_uint_eq(count_of("<skipped>"), 6);
    ck_assert_uint_eq(count_of("<testcase "), 57);
    ignored.n_ignored = 0;
}
END_TEST

START_TEST(test_threshold)
{
    static const struct {
        const char *name;
        enum severity fail_on;
        bool never;
        unsigned int n; /* findings, and two lines of the policy */
    } rows[] = {
        {"error", SEVERITY_ERROR, false, 3},
        {"info", SEVERITY_INFO, false, 5},
        {"never", SEVERITY_INFO, true, 0},
    };

    prepare(&blocked);
    judge(0, 3);
    report.fail_on = rows[_i].fail_on;
    report.never_fail = rows[_i].never;
    print("junit", 1, NULL);
    ROW_NUMBER(&rows[_i], count_of("<failure"), rows[_i].n);
    free(text);
    print("tap", 1, NULL);
    ROW_NUMBER(&rows[_i], count_of("\nnot ok"), rows[_i].n);
}
END_TEST

/* With --strict what is missing is an error in each. */
START_TEST(test_strict)
{
    fake_remove(&fake, "sys/vm/max_map_count");
    prepare(&healthy);
    for (int strict = 0; strict < 2; strict++) {
        report.strict = strict;
        print("junit", 1, NULL);
        ck_assert_uint_eq(count_of("<error"), strict ? 1 : 0);
        says(strict ? "errors=\"1\"" : "errors=\"0\"");
        says("not read: vm.max_map_count: ");
        free(text);
        print("tap", 1, NULL);
        says(strict ? "not ok 1 - inspection" : "\nok 1 - inspection");
        free(text);
        print("github", 1, NULL);
        ck_assert_uint_eq(count_of("::error "), strict ? 1 : 0);
        free(text);
        print("sarif", 1, NULL);
        says(strict ? "\"executionSuccessful\": false" : "\"executionSuccessful\": true");
        free(text);
        print("nagios", 1, NULL);
        ck_assert_int_eq(status, strict ? 3 : 0);
        free(text);
    }
    text = NULL;
}
END_TEST

START_TEST(test_tap)
{
    prepare(&blocked);
    judge(0, 3);
    print("tap", 1, "a # SKIP \\b");
    says("TAP version 13\n# prog (PID 4321)\nok 1 - prog: inspection\n");
    says("\nok 2 - prog: ci,1.policy:3:5: expect brk.room >= 64M\n");
    says(
        "not ok 3 - prog: ci,1.policy:4:1: expect process.comm == "
        "\"a<b&c\\#d\\\\e\"\n  ---\n  message: \"found: x|y%; They differ.\"\n  severity: error\n");
    says("not ok 4 - prog: --expect 1: brk.room > 0\n");
    says("not ok 32 - a \\# SKIP \\\\b: inspection\n");
    ck_assert_str_eq(strstr(text, "\n1.."), "\n1..32\n");
}
END_TEST

START_TEST(test_github)
{
    prepare(&blocked);
    judge(0, 3);
    print("github", 1, "x:y,z%");
    says("::error file=ci%2C1.policy,line=4,col=1,title=layoutcheck%3A expect process.comm == "
         "\"a<b&c#d\\e\"::prog (PID 4321): found: x|y%25; They differ.\n");
    says("::error title=layoutcheck%3A brk.room > 0::prog (PID 4321): The break is not known.\n");
    says("::error title=layoutcheck%3A brk-blocked::prog (PID 4321): ");
    says("::notice title=layoutcheck%3A brk-page-guard::");
    says("::error title=layoutcheck%3A it could not be inspected::x:y,z%25: it <has> ended | "
         "1%25\n");
    says_not("64M"); /* that line holds */
    ck_assert_uint_eq(count_of("\n"), 7);
}
END_TEST

static json_t *load_sarif(unsigned int n, const char *failed)
{
    json_error_t error;
    json_t *document, *run;

    print("sarif", n, failed);
    document = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(document, "line %d: %s", error.line, error.text);
    run = json_incref(json_array_get(json_object_get(document, "runs"), 0));
    json_decref(document);
    return run;
}

static const json_t *at(const json_t *value, const char *key)
{
    return *key >= '0' && *key <= '9' ? json_array_get(value, (size_t)atoi(key))
                                      : json_object_get(value, key);
}

/* "locations.0.physicalLocation" */
static const json_t *below(const json_t *value, const char *path)
{
    struct str rest = str_of(path), field;
    char key[64];

    while (value && str_next_field(&rest, '.', &field)) {
        snprintf(key, sizeof(key), "%.*s", (int)field.n, field.p);
        value = at(value, key);
    }
    return value;
}

static const char *text_at(const json_t *value, const char *path)
{
    return json_string_value(below(value, path));
}

START_TEST(test_sarif)
{
    json_t *run;
    const json_t *results, *line;

    prepare(&blocked);
    judge(0, 3);
    run = load_sarif(1, "/proc/1");
    results = below(run, "results");
    line = json_array_get(results, 0);
    ck_assert_uint_eq(json_array_size(results), 5);
    ck_assert_str_eq(text_at(line, "ruleId"), "policy");
    ck_assert_str_eq(text_at(line, "locations.0.physicalLocation.artifactLocation.uri"),
                     "ci%2C1.policy");
    ck_assert_int_eq(
        json_integer_value(below(line, "locations.0.physicalLocation.region.startLine")), 4);
    ck_assert_str_eq(text_at(line, "locations.0.logicalLocations.0.fullyQualifiedName"),
                     "prog (PID 4321)");
    ck_assert(!below(json_array_get(results, 1), "locations.0.physicalLocation.region"));
    ck_assert(json_is_false(below(run, "invocations.0.executionSuccessful")));
    ck_assert_str_eq(text_at(run, "invocations.0.toolExecutionNotifications.1.message.text"),
                     "/proc/1: it <has> ended | 1%");
    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *result = json_array_get(results, i);
        size_t index = (size_t)json_integer_value(below(result, "ruleIndex"));

        ck_assert_str_eq(text_at(json_array_get(below(run, "tool.driver.rules"), index), "id"),
                         text_at(result, "ruleId"));
    }
    json_decref(run);
}
END_TEST

/* The same again has the same fingerprint, and a second one of its kind in a run another. */
START_TEST(test_sarif_fingerprints)
{
    static const char path[] = "0.partialFingerprints.layoutcheckResult/v1";
    char first[64];
    json_t *run;

    prepare(&blocked);
    judge(1, 2);
    run = load_sarif(1, NULL);
    snprintf(first, sizeof(first), "%s", text_at(below(run, "results"), path));
    ck_assert_str_ne(first,
                     text_at(below(run, "results"), "1.partialFingerprints.layoutcheckResult/v1"));
    json_decref(run);
    free(text);
    prepare_again(&(struct fake_process){.maps = blocked.maps, .start_brk = FAKE_BREAK, .pid = 77});
    judge(1, 2);
    run = load_sarif(2, NULL);
    ck_assert_str_eq(first, text_at(below(run, "results"), path));
    ck_assert_str_ne(first,
                     text_at(below(run, "results"), "5.partialFingerprints.layoutcheckResult/v1"));
    json_decref(run);
}
END_TEST

/* States by the finding, the policy and the options. */
START_TEST(test_nagios_state)
{
    static const struct {
        const char *name;
        const struct fake_process *process;
        uint32_t first, n; /* assertions */
        bool never;
        enum severity fail_on;
        const char *failed;
        int status;
        const char *line;
    } rows[] = {
        {"healthy", &healthy, 0, 0, false, SEVERITY_ERROR, NULL, 0, "LAYOUTCHECK OK - prog "},
        {"an error", &blocked, 0, 0, false, SEVERITY_ERROR, NULL, 2,
         "LAYOUTCHECK CRITICAL - prog (PID 4321): error: brk-blocked: "},
        {"an error, never", &blocked, 0, 0, true, SEVERITY_ERROR, NULL, 0, "LAYOUTCHECK OK - "},
        {"a line that holds", &healthy, 0, 1, false, SEVERITY_ERROR, NULL, 0,
         "nothing wrong found"},
        {"a line that does not", &healthy, 1, 1, false, SEVERITY_ERROR, NULL, 2,
         "ci,1.policy:4:1: expect process.comm == \"a<b&c#d\\e\": found: x\\x7cy%"},
        {"a line that is not known", &healthy, 2, 1, false, SEVERITY_ERROR, NULL, 3,
         "LAYOUTCHECK UNKNOWN - prog (PID 4321): --expect 1: brk.room > 0: The break"},
        {"a line, never", &healthy, 1, 2, true, SEVERITY_ERROR, NULL, 0, "LAYOUTCHECK OK"},
        {"what is known to be bad is worse", &healthy, 1, 2, false, SEVERITY_ERROR, NULL, 2,
         "(and 1 more) |"},
        {"a failure", &healthy, 0, 0, false, SEVERITY_ERROR, "/proc/1", 3,
         "LAYOUTCHECK UNKNOWN - 2 targets: 1 unknown, 1 ok |"},
        {"a failure and an error", &blocked, 0, 0, false, SEVERITY_ERROR, "/proc/1", 2,
         "LAYOUTCHECK CRITICAL - 2 targets: 1 critical, 1 unknown |"},
    };

    prepare(rows[_i].process);
    judge(rows[_i].first, rows[_i].n);
    report.never_fail = rows[_i].never;
    report.fail_on = rows[_i].fail_on;
    print("nagios", 1, rows[_i].failed);
    ROW_NUMBER(&rows[_i], status, rows[_i].status);
    ROW_SAYS(&rows[_i], text, rows[_i].line);
    ROW_NUMBER(&rows[_i], count_of("|"), 1);
}
END_TEST

/* A note alone is nothing, unless notes are to count. */
START_TEST(test_nagios_note)
{
    prepare(&blocked);
    report.n_findings = 1;
    ck_assert_int_eq(report.findings[0].severity, SEVERITY_INFO);
    print("nagios", 1, NULL);
    ck_assert_int_eq(status, 0);
    free(text);
    report.fail_on = SEVERITY_INFO;
    print("nagios", 1, NULL);
    ck_assert_int_eq(status, 1);
}
END_TEST

START_TEST(test_nagios_data)
{
    prepare(&healthy);
    print("nagios", 2, NULL);
    says(" prog.mappings=16;52423;62253;0;65530 ");
    says(" prog.2.mappings=16;52423;62253;0;65530\nOK - prog (PID 4321): nothing wrong found\n");
    says("prog.brk_room=");
    says("B;67108864:;4194304:;0 ");
    free(text);
    prepare_again(&(struct fake_process){
        .maps = FAKE_MAPS, .denied_addresses = true, .comm = "a='b| c", .exe = "a='b| c"});
    print("nagios", 2, NULL);
    ck_assert_uint_eq(count_of("|"), 1);
    ck_assert_uint_eq(count_of("="), 8); /* the name's in two lines, and twice three figures */
}
END_TEST

Suite *format_suite(void)
{
    Suite *suite = suite_create("format");
    TCase *tcase = tcase_create("formats");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_junit);
    tcase_add_test(tcase, test_junit_sums);
    tcase_add_loop_test(tcase, test_threshold, 0, 3);
    tcase_add_test(tcase, test_strict);
    tcase_add_test(tcase, test_tap);
    tcase_add_test(tcase, test_github);
    tcase_add_test(tcase, test_sarif);
    tcase_add_test(tcase, test_sarif_fingerprints);
    tcase_add_loop_test(tcase, test_nagios_state, 0, 10);
    tcase_add_test(tcase, test_nagios_note);
    tcase_add_test(tcase, test_nagios_data);
    suite_add_tcase(suite, tcase);
    return suite;
}
