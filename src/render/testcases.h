/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report as test cases, for the formats of test results: whether all could be read, each line of
 * the policy, each rule.
 */
#ifndef RENDER_TESTCASES_H
#define RENDER_TESTCASES_H

#include "render/format.h"

enum testcase_state {
    TESTCASE_PASSED,
    TESTCASE_FAILED,
    TESTCASE_SKIPPED,
    TESTCASE_ERROR /* it could not be made out */
};

/* All text is safe to print and has no newlines. */
struct testcase {
    enum testcase_state state;
    const char *group;    /* "layoutcheck", or the policy's file */
    const char *name;     /* "inspection", a finding's id, the policy's line; once in its group */
    const char *message;  /* why it did not pass, or what was found below the threshold; or NULL */
    const char *severity; /* of the worst finding; of a line "error"; NULL without a message */
    const char *place;    /* "FILE:LINE:COLUMN" of a policy, or NULL */
    const char **lines;   /* all that is known of it */
    uint32_t n_lines;
};

struct testcases {
    const char *who;  /* whom they are about: "nginx (PID 4242)" */
    const char *name; /* the same in each run, and of one target only: "nginx", "nginx 2" */
    struct testcase *list;
    uint32_t n, n_failed, n_skipped, n_errors;
};

/* They live in the image's arena. */
void testcases_of_report(struct testcases *cases, const struct report *report,
                         struct document *document);

/* One, that is an error, in the document's arena. */
void testcases_of_failure(struct testcases *cases, const struct failure *failure,
                          struct document *document);

/* Whether the exit status 1 is for this finding. */
bool finding_fails(const struct report *report, const struct finding *finding);

/* "FILE:LINE:COLUMN", or "--expect NUMBER", in the arena. */
const char *assertion_place(const struct assertion *assertion, struct arena *arena);

/* Why an assertion failed: "897024 (876K): REASON". */
const char *assertion_message(const struct assertion *assertion, struct arena *arena);

#endif
