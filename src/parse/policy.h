/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The language of policies, a line at a time:
 *   expect PATH OPERATOR VALUE    forbid ID    allow ID    severity ID LEVEL    fail-on LEVEL
 * PATH leads to a value of the JSON document: keys with dots between them, and behind a list [0]
 * for an element, or [key=value] for the first that has this value.  Only the form is known here;
 * which keys, findings and levels there are is not.
 */
#ifndef PARSE_POLICY_H
#define PARSE_POLICY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/textbuf.h"

enum { POLICY_MAX_STEPS = 16 };

enum policy_verb {
    POLICY_EXPECT,
    POLICY_FORBID,
    POLICY_ALLOW,
    POLICY_SEVERITY,
    POLICY_FAIL_ON,
    N_POLICY_VERBS
};

enum policy_operator {
    POLICY_EQUAL,
    POLICY_UNEQUAL,
    POLICY_LESS,
    POLICY_AT_MOST,
    POLICY_MORE,
    POLICY_AT_LEAST,
    POLICY_CONTAINS,
    POLICY_MATCHES,
    N_POLICY_OPERATORS
};

/* A piece of a line and where it stands. */
struct policy_word {
    struct str text; /* without quote marks, its escapes resolved */
    bool quoted;
    unsigned int column; /* from 1, in characters */
};

enum policy_step_kind { POLICY_STEP_KEY, POLICY_STEP_INDEX, POLICY_STEP_MATCH };

struct policy_step {
    enum policy_step_kind kind;
    struct policy_word name;  /* a key; of a match, the element's */
    struct policy_word value; /* of a match */
    uint64_t index;
};

struct policy_line {
    unsigned int number; /* from 1 */
    unsigned int column; /* where it begins */
    struct str text;     /* without blanks around it and the comment */
    enum policy_verb verb;
    struct policy_word path; /* as it stands */
    struct policy_step steps[POLICY_MAX_STEPS];
    unsigned int n_steps;
    enum policy_operator op;
    unsigned int op_column;
    struct policy_word value; /* what is expected */
    struct policy_word id;    /* of forbid, allow, severity */
    struct policy_word level; /* of severity, fail-on */
};

/* What is wrong with a line. */
struct policy_fault {
    unsigned int column;
    struct err err;
};

/* What is wrong at that column, as an expression that is false. */
#define policy_fault_set(fault, column_, ...) \
    ({                                        \
        (fault)->column = (column_);          \
        err_set(&(fault)->err, __VA_ARGS__);  \
    })

enum policy_state { POLICY_LINE, POLICY_NOTHING /* empty, or a comment */, POLICY_FAULT };

/* A line without its newline; views and what escapes stand for live in the text and the arena. */
enum policy_state policy_parse_line(struct arena *arena, struct str text, unsigned int number,
                                    struct policy_line *line, struct policy_fault *fault);

/* The same of what follows "expect" alone. */
enum policy_state policy_parse_expectation(struct arena *arena, struct str text,
                                           unsigned int number, struct policy_line *line,
                                           struct policy_fault *fault);

/* The line, with one blank between its words and a newline. */
void policy_print_line(struct textbuf *text, const struct policy_line *line);

const char *policy_verb_text(enum policy_verb verb);
const char *policy_operator_text(enum policy_operator op);

#endif
