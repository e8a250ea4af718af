/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/policy.h"

#include "base/near.h"
#include "parse/policyscan.h"

static const char *const verbs[N_POLICY_VERBS] = {
    [POLICY_EXPECT] = "expect",     [POLICY_FORBID] = "forbid",   [POLICY_ALLOW] = "allow",
    [POLICY_SEVERITY] = "severity", [POLICY_FAIL_ON] = "fail-on",
};

static const char *const operators[N_POLICY_OPERATORS] = {
    [POLICY_EQUAL] = "==",          [POLICY_UNEQUAL] = "!=",      [POLICY_LESS] = "<",
    [POLICY_AT_MOST] = "<=",        [POLICY_MORE] = ">",          [POLICY_AT_LEAST] = ">=",
    [POLICY_CONTAINS] = "contains", [POLICY_MATCHES] = "matches",
};

const char *policy_verb_text(enum policy_verb verb)
{
    return verbs[verb];
}

const char *policy_operator_text(enum policy_operator op)
{
    return operators[op];
}

/* [0], [key=value]; the bracket is taken. */
static bool take_pick(struct policyscan *scan, struct policy_step *step)
{
    size_t start = scan->at;

    if (!scan_take_key(scan, &step->name))
        return scan_fault(scan, start, "after [ stands a number, as in [0], or [key=value]");
    if (scan_peek(scan) == ']' && str_to_u64(step->name.text, &step->index)) {
        step->kind = POLICY_STEP_INDEX;
        scan->at++;
        return true;
    }
    step->kind = POLICY_STEP_MATCH;
    if (!scan_take(scan, '='))
        return scan_fault(scan, start, "after [ stands a number, as in [0], or [key=value]");
    if (!scan_take_word(scan, "]", &step->value))
        return false;
    if (step->value.text.n == 0 && !step->value.quoted)
        return scan_fault(scan, scan->at,
                          "a value is missing behind [%.*s=", scan_shown(step->name.text),
                          step->name.text.p);
    return scan_take(scan, ']') || scan_fault(scan, scan->at,
                                              "] is missing; a value with blanks stands "
                                              "in quote marks");
}

static bool take_step(struct policyscan *scan, struct policy_step *step, bool is_first)
{
    size_t start = scan->at;

    *step = (struct policy_step){.kind = POLICY_STEP_KEY};
    if (!is_first && scan_take(scan, '['))
        return take_pick(scan, step);
    if (!is_first)
        scan->at++; /* the dot */
    if (scan_take_key(scan, &step->name))
        return true;
    return is_first ? scan_fault(scan, start, "a path begins with a key, such as brk.room")
                    : scan_fault(scan, scan->at, "a key is missing after the dot");
}

static bool take_path(struct policyscan *scan, struct policy_line *line)
{
    size_t start = scan->at;

    line->path.column = scan_column(scan, start);
    if (scan_at_end(scan))
        return scan_fault(scan, start, "a path is missing, such as brk.room");
    while (line->n_steps == 0 || scan_peek(scan) == '.' || scan_peek(scan) == '[') {
        if (line->n_steps == POLICY_MAX_STEPS)
            return scan_fault(scan, scan->at, "no value lies so deep");
        if (!take_step(scan, &line->steps[line->n_steps], line->n_steps == 0))
            return false;
        line->n_steps++;
    }
    line->path.text = scan_since(scan, start);
    return true;
}

/* The longest one that stands there. */
static bool take_operator(struct policyscan *scan, struct policy_line *line)
{
    static const char marks[] = "=!<>";
    size_t start;
    struct str text;

    scan_skip_blanks(scan);
    start = scan->at;
    line->op_column = scan_column(scan, start);
    if (scan_peek(scan) && strchr(marks, scan_peek(scan)))
        while (scan_peek(scan) && strchr(marks, scan_peek(scan)))
            scan->at++;
    else
        scan_take_until(scan, "");
    text = scan_since(scan, start);
    for (int i = 0; i < N_POLICY_OPERATORS; i++)
        if (str_eq(text, str_of(operators[i]))) {
            line->op = (enum policy_operator)i;
            return true;
        }
    if (text.n == 0)
        return scan_fault(scan, start,
                          "an operator is missing behind the path: ==, !=, <, <=, >, >=, "
                          "contains or matches");
    return scan_fault(scan, start,
                      "\"%.*s\" is no operator: ==, !=, <, <=, >, >=, contains or matches",
                      scan_shown(text), text.p);
}

static bool take_value(struct policyscan *scan, struct policy_line *line)
{
    scan_skip_blanks(scan);
    if (scan_at_end(scan))
        return scan_fault(scan, scan->at, "a value is missing behind %s", operators[line->op]);
    if (scan_peek(scan) == '#')
        return scan_fault(scan, scan->at, "a value that begins with # stands in quote marks");
    return scan_take_word(scan, "", &line->value);
}

/* --expect takes no whole line. */
static bool refuse_verb(struct policyscan *scan)
{
    struct policyscan word = *scan;
    struct str text = scan_take_until(&word, "");

    for (int i = 0; i < N_POLICY_VERBS; i++)
        if (str_eq(text, str_of(verbs[i])))
            return scan_fault(
                scan, scan->at,
                "here stands a path, such as brk.room, and not \"%s\", which begins a "
                "line of a file",
                verbs[i]);
    return true;
}

static bool take_expectation(struct policyscan *scan, struct policy_line *line)
{
    return refuse_verb(scan) && take_path(scan, line) && take_operator(scan, line) &&
           take_value(scan, line);
}

static bool take_name(struct policyscan *scan, struct policy_word *word, const char *what,
                      enum policy_verb verb)
{
    scan_skip_blanks(scan);
    if (scan_at_end(scan))
        return scan_fault(scan, scan->at, "%s is missing behind %s", what, verbs[verb]);
    return scan_take_word(scan, "", word);
}

static bool take_verb(struct policyscan *scan, struct policy_line *line)
{
    size_t start = scan->at;
    struct policy_word word;
    struct str text;
    struct near near;

    if (!scan_take_word(scan, "", &word))
        return false;
    text = scan_since(scan, start);
    near_init(&near, text);
    for (int i = 0; i < N_POLICY_VERBS; i++) {
        if (str_eq(text, str_of(verbs[i]))) {
            line->verb = (enum policy_verb)i;
            return true;
        }
        near_try(&near, str_of(verbs[i]));
    }
    if (near.best.n > 0)
        return scan_fault(scan, start, "there is no \"%.*s\"; did you mean %.*s?", scan_shown(text),
                          text.p, (int)near.best.n, near.best.p);
    return scan_fault(scan, start,
                      "a line begins with expect, forbid, allow, severity or fail-on, not with "
                      "\"%.*s\"",
                      scan_shown(text), text.p);
}

static bool take_operands(struct policyscan *scan, struct policy_line *line)
{
    switch (line->verb) {
    case POLICY_EXPECT:
        scan_skip_blanks(scan);
        return take_expectation(scan, line);
    case POLICY_SEVERITY:
        return take_name(scan, &line->id, "the finding", line->verb) &&
               take_name(scan, &line->level, "the level", line->verb);
    case POLICY_FAIL_ON:
        return take_name(scan, &line->level, "the level", line->verb);
    default:
        return take_name(scan, &line->id, "the finding", line->verb);
    }
}

/* Behind a quoted word a blank must come as behind any other. */
static bool finish(struct policyscan *scan, struct policy_line *line)
{
    size_t start = scan->at;
    struct str rest = str_trim((struct str){scan->line.p + start, scan->line.n - start});

    if (rest.n > 0)
        return scan_fault(scan, (size_t)(rest.p - scan->line.p),
                          "\"%.*s\" is too much: the line could end before it", scan_shown(rest),
                          rest.p);
    line->text = str_trim((struct str){scan->line.p, start});
    return true;
}

/*
 * Without the comment: # at the beginning or behind a blank, outside of quote marks.  An unmatched
 * mark is found by who reads the words.
 */
static struct str cut_comment(struct str text)
{
    bool quoted = false;

    for (size_t i = 0; i < text.n; i++) {
        if (quoted && text.p[i] == '\\')
            i++;
        else if (text.p[i] == '"')
            quoted = !quoted;
        else if (!quoted && text.p[i] == '#' && (i == 0 || scan_is_blank(text.p[i - 1])))
            return (struct str){text.p, i};
    }
    return text;
}

static enum policy_state parse(struct policyscan *scan, unsigned int number,
                               struct policy_line *line, bool with_verb)
{
    *line = (struct policy_line){.number = number, .verb = POLICY_EXPECT};
    while (scan->line.n > 0 && (scan_is_blank(scan->line.p[scan->line.n - 1]) ||
                                scan->line.p[scan->line.n - 1] == '\r'))
        scan->line.n--;
    scan_skip_blanks(scan);
    if (scan_at_end(scan) && with_verb)
        return POLICY_NOTHING;
    line->column = scan_column(scan, scan->at);
    if (with_verb ? take_verb(scan, line) && take_operands(scan, line) && finish(scan, line)
                  : take_expectation(scan, line) && finish(scan, line))
        return POLICY_LINE;
    return POLICY_FAULT;
}

enum policy_state policy_parse_line(struct arena *arena, struct str text, unsigned int number,
                                    struct policy_line *line, struct policy_fault *fault)
{
    struct policyscan scan = {.arena = arena, .line = cut_comment(text), .fault = fault};

    return parse(&scan, number, line, true);
}

enum policy_state policy_parse_expectation(struct arena *arena, struct str text,
                                           unsigned int number, struct policy_line *line,
                                           struct policy_fault *fault)
{
    struct policyscan scan = {.arena = arena, .line = cut_comment(text), .fault = fault};

    return parse(&scan, number, line, false);
}

static void print_step(struct textbuf *text, const struct policy_step *step, bool is_first)
{
    if (step->kind == POLICY_STEP_KEY) {
        textbuf_add(text, is_first ? STR("") : STR("."));
        textbuf_add(text, step->name.text);
        return;
    }
    textbuf_add(text, STR("["));
    textbuf_add(text, step->name.text);
    if (step->kind == POLICY_STEP_MATCH) {
        textbuf_add(text, STR("="));
        scan_print_word(text, &step->value);
    }
    textbuf_add(text, STR("]"));
}

void policy_print_line(struct textbuf *text, const struct policy_line *line)
{
    textbuf_printf(text, "%s", verbs[line->verb]);
    if (line->verb == POLICY_EXPECT) {
        textbuf_add(text, STR(" "));
        for (unsigned int i = 0; i < line->n_steps; i++)
            print_step(text, &line->steps[i], i == 0);
        textbuf_printf(text, " %s ", operators[line->op]);
        scan_print_word(text, &line->value);
    }
    if (line->id.column > 0) {
        textbuf_add(text, STR(" "));
        scan_print_word(text, &line->id);
    }
    if (line->level.column > 0) {
        textbuf_add(text, STR(" "));
        scan_print_word(text, &line->level);
    }
    textbuf_add(text, STR("\n"));
}
