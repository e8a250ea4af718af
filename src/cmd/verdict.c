/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/verdict.h"

#include "cmd/policyvalue.h"
#include "cmd/trial.h"
#include "cmd/unknown.h"
#include "render/safe.h"

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
    const char *mark = line->value.quoted ? "\"" : "";

    return arena_printf(trial->arena, "it %s %s%s%s%s", negations[line->op], mark,
                        safe_text(trial->arena, line->value.text), mark, because(trial));
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

/* Elements that may be among those that [key=value] picks. */
static const char *unsure_reason(const struct trial *trial)
{
    struct unknown unknown = {trial->report, trial->document, trial->unsure, trial->unsure_path,
                              trial->arena};

    return arena_printf(trial->arena, "%s is not known of %zu: %s", trial->unsure_path,
                        trial->n_unsure, unknown_reason(&unknown));
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
    else if (!trial->value && trial->n_unsure > 0)
        set_outcome(trial, OUTCOME_UNKNOWN, NULL, unsure_reason(trial));
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

/* A number from `low` to `high`, which is found in these words. */
static void judge_between(struct trial *trial, const json_t *low, const json_t *high,
                          const char *found, const char *unknown_reason)
{
    enum outcome outcome = value_between(low, high, trial->demand->line);

    set_outcome(trial, outcome, found,
                outcome == OUTCOME_UNKNOWN ? unknown_reason : failed_reason(trial));
}

static void judge_count(struct trial *trial, size_t n)
{
    size_t most = n + trial->n_unsure;
    json_t *low = json_integer((json_int_t)n), *high = json_integer((json_int_t)most);

    if (trial->n_unsure > 0 && !policy_word_is_null(&trial->demand->line->value))
        judge_between(trial, low, high, arena_printf(trial->arena, "%zu to %zu", n, most),
                      unsure_reason(trial));
    else
        judge_value(trial, low, KEY_COUNT);
    json_decref(low);
    json_decref(high);
}

/* Behind [key=value] as many as it picks, behind a list all. */
static void judge_length(struct trial *trial)
{
    const struct policy_line *line = trial->demand->line;
    bool picks = line->steps[line->n_steps - 2].kind == POLICY_STEP_MATCH;

    /* Nothing picked is a number too, if the list is there. */
    if (unlooked_reason(trial) ||
        !(picks ? trial->is_reached && !json_is_null(trial->value) : json_is_array(trial->value)))
        judge_null(trial);
    else
        judge_count(trial, picks ? trial->n_picked : json_array_size(trial->value));
}

/* The limits that may leave less than those that are known; NULL when none can. */
static const json_t *unknown_limits(const struct trial *trial)
{
    const json_t *limits = json_object_get(trial->around, "unknown_limits");

    return json_array_size(limits) > 0 ? limits : NULL;
}

static const char *unknown_limits_reason(const struct trial *trial)
{
    const json_t *limits = unknown_limits(trial);

    return arena_printf(trial->arena, "%s %s not known and may leave less",
                        value_text(limits, KEY_LIST, trial->arena),
                        json_array_size(limits) > 1 ? "are" : "is");
}

/* What can be added at most. */
static bool is_bound(const struct trial *trial)
{
    struct str key = unknown_last_key(trial->demand->path);

    return unknown_limits(trial) && (str_eq(key, STR("room")) || str_eq(key, STR("max")) ||
                                     str_eq(key, STR("room_in_steps")));
}

static void judge_bound(struct trial *trial)
{
    json_t *nothing = json_integer(0);

    judge_between(trial, nothing, trial->value,
                  arena_printf(trial->arena, "at most %s",
                               value_text(trial->value, trial->demand->key->type, trial->arena)),
                  unknown_limits_reason(trial));
    json_decref(nothing);
}

/* The limit that binds, and those that may instead of it; of another one all is known. */
static bool may_bind(const struct trial *trial)
{
    const struct policy_line *line = trial->demand->line;
    const json_t *limits = unknown_limits(trial);
    bool may = line->op == POLICY_CONTAINS || line->op == POLICY_MATCHES ||
               value_is(trial->value, KEY_TEXT, &line->value);

    for (size_t i = 0; i < json_array_size(limits); i++)
        may |= value_is(json_array_get(limits, i), KEY_TEXT, &line->value);
    return limits && may && str_eq(unknown_last_key(trial->demand->path), STR("limit"));
}

/* A role that no mapping has does not stand there. */
static bool is_role_of_nothing(const struct trial *trial)
{
    return !trial->value && trial->demand->key->type == KEY_BYTES &&
           str_starts(str_of(trial->path), STR("memory.by_role."));
}

static const char *reason_of_unknown(const struct trial *trial)
{
    struct unknown unknown = {trial->report, trial->document, trial->around, trial->path,
                              trial->arena};

    return unknown_reason(&unknown);
}

static void judge_found(struct trial *trial)
{
    const struct policy_word *word = &trial->demand->line->value;
    bool about_null = policy_word_is_null(word);

    if (value_is_unknown(trial->value, trial->demand->key, word))
        set_outcome(trial, OUTCOME_UNKNOWN, "unknown", reason_of_unknown(trial));
    else if (!about_null && is_bound(trial))
        judge_bound(trial);
    else if (!about_null && may_bind(trial))
        set_outcome(trial, OUTCOME_UNKNOWN, value_text(trial->value, KEY_TEXT, trial->arena),
                    unknown_limits_reason(trial));
    else
        judge_value(trial, trial->value, trial->demand->key->type);
}

static void judge_expect(struct trial *trial)
{
    trial_follow(trial);
    if (trial->demand->is_length) {
        judge_length(trial);
    } else if (is_role_of_nothing(trial)) {
        json_t *nothing = json_integer(0);

        judge_value(trial, nothing, KEY_BYTES);
        json_decref(nothing);
    } else if (!trial->value || json_is_null(trial->value)) {
        judge_null(trial);
    } else {
        judge_found(trial);
    }
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
