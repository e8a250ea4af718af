/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Test Anything Protocol, version 13.  The plan comes last, for the targets are inspected one
 * after the other.  YAML is written as Perl's reader of it understands it, which knows only a part:
 * strings in double quotes as in JSON, and blocks as they stand; in a list, a string with ": "
 * behind its first word would be taken for a key.
 */
#include "render/testcases.h"

#include <jansson.h>

struct tap_state {
    unsigned int n; /* tests printed */
};

static void begin(struct document *document)
{
    fputs("TAP version 13\n", document->out);
}

/* What stands behind a '#' is a directive, or lost. */
static void print_description(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '#' || *text == '\\')
            putc('\\', out);
        putc(*text, out);
    }
}

static void print_string(FILE *out, const char *text)
{
    json_t *string = json_string(text);

    json_dumpf(string, out, JSON_ENCODE_ANY);
    json_decref(string);
    putc('\n', out);
}

static void print_diagnostics(FILE *out, const struct testcase *testcase)
{
    fputs("  ---\n  message: ", out);
    print_string(out, testcase->message ? testcase->message : testcase->lines[0]);
    fprintf(out, "  severity: %s\n",
            testcase->severity ? testcase->severity : severity_name(SEVERITY_INFO));
    fputs("  data:\n    name: ", out);
    print_string(out, testcase->name);
    if (testcase->place) {
        fputs("    at: ", out);
        print_string(out, testcase->place);
    }
    if (testcase->n_lines > 0)
        fputs("    text: |\n", out);
    for (uint32_t i = 0; i < testcase->n_lines; i++)
        fprintf(out, "      %s\n", testcase->lines[i]);
    fputs("  ...\n", out);
}

/* "ok 3 - legacy-layout", "not ok 1 - policy:3:1: expect brk.room >= 64M" */
static void print_case(struct document *document, const struct testcases *cases,
                       const struct testcase *testcase)
{
    struct tap_state *state = document->state;
    FILE *out = document->out;
    bool is_bad = testcase->state == TESTCASE_FAILED || testcase->state == TESTCASE_ERROR;

    fprintf(out, "%sok %u - ", is_bad ? "not " : "", ++state->n);
    if (document->n_targets > 1) {
        print_description(out, cases->name);
        fputs(": ", out);
    }
    if (testcase->place) {
        print_description(out, testcase->place);
        fputs(": ", out);
    }
    print_description(out, testcase->name);
    if (testcase->state == TESTCASE_SKIPPED)
        fprintf(out, " # SKIP %s", testcase->message);
    putc('\n', out);
    if (testcase->state != TESTCASE_SKIPPED && (testcase->message || testcase->n_lines > 0))
        print_diagnostics(out, testcase);
}

static void add_cases(struct document *document, const struct testcases *cases)
{
    fprintf(document->out, "# %s\n", cases->who);
    for (uint32_t i = 0; i < cases->n; i++)
        print_case(document, cases, &cases->list[i]);
}

static void add_report(struct document *document, const struct report *report)
{
    struct testcases cases;

    testcases_of_report(&cases, report, document);
    add_cases(document, &cases);
}

static void add_failure(struct document *document, const struct failure *failure)
{
    struct testcases cases;

    testcases_of_failure(&cases, failure, document);
    add_cases(document, &cases);
}

static int end(struct document *document, int status)
{
    const struct tap_state *state = document->state;

    fprintf(document->out, "1..%u\n", state->n);
    return status;
}

const struct format format_tap = {
    .name = "tap",
    .state_size = sizeof(struct tap_state),
    .begin = begin,
    .report = add_report,
    .failure = add_failure,
    .end = end,
};
