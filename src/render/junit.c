/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JUnit's XML, as Jenkins, GitLab and GitHub's viewers read it: a suite a target.  There is no
 * standard; what all of them take is what Jenkins' schema (junit-10.xsd) allows.  Times are left
 * out, for nothing here is about time.
 */
#include "render/testcases.h"
#include "render/xml.h"

#include <stdlib.h>

/* The suites are printed once their sums are known. */
struct junit_state {
    FILE *suites;
    char *text;
    size_t n_text;
    struct testcases sums; /* without a list */
};

static void begin(struct document *document)
{
    struct junit_state *state = document->state;

    state->suites = open_memstream(&state->text, &state->n_text);
    if (!state->suites)
        abort();
}

static void print_attribute(FILE *out, const char *name, const char *value)
{
    xml_attribute(out, name, str_of(value));
}

static void print_counts(FILE *out, const struct testcases *cases)
{
    fprintf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\"", cases->n, cases->n_failed,
            cases->n_errors);
}

static void print_lines(FILE *out, const struct testcase *testcase)
{
    for (uint32_t i = 0; i < testcase->n_lines; i++) {
        if (i > 0)
            putc('\n', out);
        xml_text(out, str_of(testcase->lines[i]));
    }
}

/* <failure> and <error>; their type is the finding's severity. */
static void print_problem(FILE *out, const char *element, const struct testcase *testcase)
{
    fprintf(out, "      <%s", element);
    print_attribute(out, "type", testcase->severity);
    print_attribute(out, "message", testcase->message);
    putc('>', out);
    print_lines(out, testcase);
    fprintf(out, "</%s>\n", element);
}

static void print_result(FILE *out, const struct testcase *testcase)
{
    switch (testcase->state) {
    case TESTCASE_FAILED:
        print_problem(out, "failure", testcase);
        break;
    case TESTCASE_ERROR:
        print_problem(out, "error", testcase);
        break;
    case TESTCASE_SKIPPED:
        fputs("      <skipped>", out);
        xml_text(out, str_of(testcase->message));
        fputs("</skipped>\n", out);
        break;
    case TESTCASE_PASSED:
        fputs("      <system-out>", out);
        print_lines(out, testcase);
        fputs("</system-out>\n", out);
        break;
    }
}

/* Viewers know a test by its class and name, whatever the suite: each target has own classes. */
static const char *class_of(struct document *document, const char *target, const char *group)
{
    return document->n_targets > 1 ? arena_printf(&document->arena, "%s.%s", target, group) : group;
}

static void print_case(FILE *out, const struct testcase *testcase, const char *class)
{
    fputs("    <testcase", out);
    print_attribute(out, "classname", class);
    print_attribute(out, "name", testcase->name);
    if (testcase->state == TESTCASE_PASSED && testcase->n_lines == 0) {
        fputs("/>\n", out);
        return;
    }
    fputs(">\n", out);
    print_result(out, testcase);
    fputs("    </testcase>\n", out);
}

static void print_target(FILE *out, const char *who)
{
    fputs("    <properties>\n      <property name=\"target\"", out);
    print_attribute(out, "value", who);
    fputs("/>\n    </properties>\n", out);
}

static void add_suite(struct document *document, const struct testcases *cases)
{
    struct junit_state *state = document->state;

    fputs("  <testsuite", state->suites);
    print_attribute(state->suites, "name", cases->name);
    print_counts(state->suites, cases);
    fprintf(state->suites, " skipped=\"%u\">\n", cases->n_skipped);
    print_target(state->suites, cases->who);
    for (uint32_t i = 0; i < cases->n; i++)
        print_case(state->suites, &cases->list[i],
                   class_of(document, cases->name, cases->list[i].group));
    fputs("  </testsuite>\n", state->suites);
    state->sums.n += cases->n;
    state->sums.n_failed += cases->n_failed;
    state->sums.n_errors += cases->n_errors;
}

static void add_report(struct document *document, const struct report *report)
{
    struct testcases cases;

    testcases_of_report(&cases, report, document);
    add_suite(document, &cases);
}

static void add_failure(struct document *document, const struct failure *failure)
{
    struct testcases cases;

    testcases_of_failure(&cases, failure, document);
    add_suite(document, &cases);
}

static int end(struct document *document, int status)
{
    struct junit_state *state = document->state;
    FILE *out = document->out;

    fclose(state->suites);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"layoutcheck\"", out);
    print_counts(out, &state->sums);
    fprintf(out, ">\n%s</testsuites>\n", state->text);
    free(state->text);
    return status;
}

const struct format format_junit = {
    .name = "junit",
    .state_size = sizeof(struct junit_state),
    .begin = begin,
    .report = add_report,
    .failure = add_failure,
    .end = end,
};
