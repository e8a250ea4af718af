/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of the lines of a policy when they were held against one report.  Renderers show it;
 * it is made by cmd/verdict.c, for a policy speaks of the JSON document.
 */
#ifndef RENDER_VERDICT_H
#define RENDER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

enum outcome {
    OUTCOME_PASSED,
    OUTCOME_FAILED,
    OUTCOME_UNKNOWN /* fails too: the value is not known */
};

/* One `expect` or `forbid` line.  All text is safe to print and lives in the image's arena. */
struct assertion {
    const char *file;  /* of the policy, as it was named; NULL: --expect on the command line */
    unsigned int line; /* from 1; of --expect its number among them */
    unsigned int column;
    const char *text; /* the line as it stands, without blanks around it and comments */
    enum outcome outcome;
    const char
        *found; /* "897024 (876K)", "bottom-up", the finding's title; NULL when nothing was */
    const char
        *reason; /* a sentence: why it failed or why the value is not known; NULL when passed */
};

struct verdict {
    const struct assertion *assertions;
    uint32_t n_assertions;
    uint32_t n_failed; /* not passed */
};

#endif
