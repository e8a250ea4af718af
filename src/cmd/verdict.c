/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/verdict.h"

#include "cmd/policyvalue.h"
#include "cmd/unknown.h"
#include "render/safe.h"

/* One demand while it is judged. */
struct trial {
    const struct demand *demand;
    const struct report *report;
    const json_t *document;
    struct arena *arena;
    const json_t *value;  /* what the path leads to; NULL: nothing is there */
    const json_t *around; /* the object that has it, or that has what is null above it */
    const char *path;     /* as far as there is something: "brk", when that is null */
    size_t n_picked;      /* elements, by the last [key=value] */
    struct assertion *assertion;
};

/* Following the path. */

/* The first that has the value; n_picked is how many there are. */
static const json_t *pick_match(struct trial *trial, const json_t *list, unsigned int i)
{
    const struct policy_step *step = &trial->demand->line->steps[i];
    const char *name = arena_strndup(trial->arena, step->name.text.p, step->name.text.n);
    enum key_type type = trial->demand->picks[i]->type;
    const json_t *found = NULL;

    trial->n_picked = 0;
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *element = json_array_get(list, k);

        if (!value_is(json_object_get(element, name), type, &step->value))
            continue;
        found = found ? found : element;
        trial->n_picked++;
    }
    return found;
}

static const json_t *take_step(struct trial *trial, const json_t *value, unsigned int i)
{
    const struct policy_step *step = &trial->demand->line->steps[i];

    switch (step->kind) {
    case POLICY_STEP_INDEX:
        return json_array_get(value, step->index);
    case POLICY_STEP_MATCH:
        return pick_match(trial, value, i);
    default:
        return json_object_get(value,
                               arena_strndup(trial->arena, step->name.text.p, step->name.text.n));
    }
}

static const char *path_add(struct trial *trial, unsigned int i)
{
    const struct policy_step *step = &trial->demand->line->steps[i];

    if (step->kind != POLICY_STEP_KEY)
        return arena_printf(trial->arena, "%s[]", trial->path);
    return arena_printf(trial->arena, "%s%s%.*s", trial->path, i > 0 ? "." : "",
                        (int)step->name.text.n, step->name.text.p);
}

/* Stops where something is null or is not there. */
static void follow(struct trial *trial)
{
    const struct policy_line *line = trial->demand->line;
    unsigned int n = line->n_steps - trial->demand->is_length;

    trial->value = trial->document;
    trial->path = "";
    for (unsigned int i = 0; i < n && trial->value && !json_is_null(trial->value); i++) {
        if (json_is_object(trial->value))
            trial->around = trial->value;
        trial->value = take_step(trial, trial->value, i);
        trial->path = path_add(trial, i);
    }
}

/* A finding's check that was not made. */
static const char *not_run_reason(const struct trial *trial, struct str id)
{
    for (uint32_t i = 0; i < trial->report->n_not_run; i++)
        if (str_eq(str_of(trial->report->not_run[i].rule->id), id))
            return arena_printf(trial->arena, "it was not looked for: %s",
                                safe_text(trial->arena, str_of(trial->report->not_run[i].reason)));
    return NULL;
}

/* Judging. */

static void set_outcome(struct trial *trial, enum outcome outcome, const char *found,
                        const char *reason)
{
    struct assertion *assertion = trial->assertion;

    assertion->outcome = outcome;
    assertion->found = found;
    /* The document that it may be of goes away. */
    assertion->reason =
        outcome == OUTCOME_PASSED ? NULL : arena_strndup(trial->arena, reason, strlen(reason));
}

/* What a report has beside some values, to say why they are what they are. */
static const char *because(const struct trial *trial)
{
    const char *limit = unknown_text(trial->around, "limit"), *detail = NULL;
    const json_t *limits = json_object_get(trial->around, "limits");

    if (strcmp(trial->demand->path, "layout.mode") == 0)
        return arena_printf(trial->arena, ": %s", unknown_text(trial->around, "reason"));
    if (!limit || !limits || !str_eq(unknown_last_key(trial->demand->path), STR("room")))
        return "";
    for (size_t i = 0; !detail && i < json_array_size(limits); i++)
        if (strcmp(unknown_text(json_array_get(limits, i), "name"), limit) == 0)
            detail = unknown_text(json_array_get(limits, i), "detail");
    return arena_printf(trial->arena, "; %s binds%s%s%s", limit, detail ? " (" : "",
                        detail ? detail : "", detail ? ")" : "");
}

static const char *failed_reason(const struct trial *trial)
{
    static const char *const negations[] = {
        [POLICY_EQUAL] = "is not",
        [POLICY_UNEQUAL] = "is",
        [POLICY_LESS] = "is not less than",
        [POLICY_AT_MOST] = "is more than",
        [POLICY_MORE] = "is not more than",
        [POLICY_AT_LEAST] = "is less than",
        [POLICY_CONTAINS] = "does not contain",
        [POLICY_MATCHES] = "does not match",
    };
    const struct policy_line *line = trial->demand->line;

    return arena_printf(trial->arena, "it %s %s%s", negations[line->op],
                        safe_text(trial->arena, line->value.text), because(trial));
}

/* A finding that was picked by its id, is not there, and was not looked for; else NULL. */
static const char *unlooked_reason(const struct trial *trial)
{
    const struct policy_line *line = trial->demand->line;
    const char *reason = NULL;

    for (unsigned int i = 0; !reason && !trial->value && i < line->n_steps; i++)
        if (trial->demand->picks[i] && strcmp(trial->demand->picks[i]->path, "findings[].id") == 0)
            reason = not_run_reason(trial, line->steps[i].value.text);
    return reason;
}

/* The element that was picked, or a key that this report has not. */
static const char *absent_reason(const struct trial *trial)
{
    struct str path = str_of(trial->path);

    if (str_ends(path, STR("[]")))
        return arena_printf(trial->arena, "%.*s has no such element", (int)path.n - 2, path.p);
    return arena_printf(trial->arena, "this report has no %s", path.p);
}

/* Nothing can be said of what is null, but that it is. */
static void judge_null(struct trial *trial)
{
    const struct policy_line *line = trial->demand->line;
    bool about_null = policy_word_is_null(&line->value);
    struct unknown unknown = {trial->report, trial->document, trial->around, trial->path,
                              trial->arena};
    const char *reason = unknown_nothing(&unknown), *unlooked = unlooked_reason(trial);

    if (unlooked)
        set_outcome(trial, OUTCOME_UNKNOWN, NULL, unlooked);
    else if (about_null && line->op == POLICY_EQUAL)
        set_outcome(trial, OUTCOME_PASSED, "null", NULL);
    else if (reason)
        set_outcome(trial, OUTCOME_FAILED, "null", reason);
    else if (!trial->value)
        set_outcome(trial, OUTCOME_FAILED, NULL, absent_reason(trial));
    else
        set_outcome(trial, OUTCOME_UNKNOWN, "null", unknown_reason(&unknown));
}

static void judge_value(struct trial *trial, const json_t *value, enum key_type type)
{
    const char *found = value_text(value, type, trial->arena);

    if (value_holds(value, type, trial->demand->line, trial->arena))
        set_outcome(trial, OUTCOME_PASSED, found, NULL);
    else
        set_outcome(trial, OUTCOME_FAILED, found, failed_reason(trial));
}

/* Behind [key=value] as many as it picks, behind a list all. */
static void judge_length(struct trial *trial)
{
    const struct policy_line *line = trial->demand->line;
    bool picks = line->steps[line->n_steps - 2].kind == POLICY_STEP_MATCH;
    bool is_element = str_ends(str_of(trial->path), STR("[]"));
    json_t *length;

    /* Nothing picked is a number too, if the list is there. */
    if (unlooked_reason(trial) ||
        (!json_is_array(trial->value) && !(picks && is_element && !json_is_null(trial->value)))) {
        judge_null(trial);
        return;
    }
    length = json_integer((json_int_t)(picks ? trial->n_picked : json_array_size(trial->value)));
    judge_value(trial, length, KEY_COUNT);
    json_decref(length);
}

static void judge_expect(struct trial *trial)
{
    follow(trial);
    if (trial->demand->is_length)
        judge_length(trial);
    else if (!trial->value || json_is_null(trial->value))
        judge_null(trial);
    else
        judge_value(trial, trial->value, trial->demand->key->type);
}

static void judge_forbid(struct trial *trial)
{
    const struct rule *rule = trial->demand->rule;
    const char *reason;

    for (uint32_t i = 0; i < trial->report->n_findings; i++) {
        const struct finding *finding = &trial->report->findings[i];

        if (finding->rule != rule)
            continue;
        set_outcome(trial, OUTCOME_FAILED, safe_text(trial->arena, str_of(finding->title)),
                    arena_printf(trial->arena, "it was found, with the severity %s",
                                 severity_name(finding->severity)));
        return;
    }
    reason = not_run_reason(trial, str_of(rule->id));
    set_outcome(trial, reason ? OUTCOME_UNKNOWN : OUTCOME_PASSED, NULL, reason);
}

const struct verdict *verdict_reach(const struct demands *demands, const struct report *report,
                                    const json_t *document)
{
    struct arena *arena = &report->image->arena;
    struct verdict *verdict = arena_alloc(arena, sizeof(*verdict));
    struct assertion *assertions = arena_alloc(arena, (demands->n + 1) * sizeof(*assertions));

    for (uint32_t i = 0; i < demands->n; i++) {
        const struct demand *demand = &demands->list[i];
        struct trial trial = {.demand = demand,
                              .report = report,
                              .document = document,
                              .arena = arena,
                              .assertion = &assertions[i]};

        assertions[i] = (struct assertion){.file = demand->file,
                                           .line = demand->line->number,
                                           .column = demand->line->column,
                                           .text = demand->text};
        if (demand->rule)
            judge_forbid(&trial);
        else
            judge_expect(&trial);
        verdict->n_failed += assertions[i].outcome != OUTCOME_PASSED;
    }
    verdict->assertions = assertions;
    verdict->n_assertions = demands->n;
    return verdict;
}
