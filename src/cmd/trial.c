/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/trial.h"

#include "cmd/policyvalue.h"
#include "cmd/unknown.h"

/* Whether null there says that the value is not known. */
static bool can_be_unknown(const struct trial *trial, const char *path)
{
    struct unknown unknown = {trial->report, trial->document, NULL, path, trial->arena};

    return !unknown_nothing(&unknown);
}

/* The first that has the value; counts all. */
static const json_t *pick_match(struct trial *trial, const json_t *list, unsigned int i)
{
    const struct policy_step *step = &trial->demand->line->steps[i];
    const struct report_key *key = trial->demand->picks[i];
    const char *name = arena_strndup(trial->arena, step->name.text.p, step->name.text.n);
    bool can_be_unsure = can_be_unknown(trial, key->path);
    const json_t *found = NULL;

    trial->n_picked = 0;
    trial->unsure_path = key->path;
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *element = json_array_get(list, k), *value = json_object_get(element, name);

        if (can_be_unsure && value_is_unknown(value, key, &step->value)) {
            trial->unsure = trial->n_unsure++ > 0 ? trial->unsure : element;
        } else if (value_is(value, key->type, &step->value)) {
            found = found ? found : element;
            trial->n_picked++;
        }
    }
    return found;
}

static const json_t *take_step(struct trial *trial, const json_t *value, unsigned int i)
{
    const struct policy_step *step = &trial->demand->line->steps[i];

    trial->n_unsure = 0;
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

void trial_follow(struct trial *trial)
{
    const struct policy_line *line = trial->demand->line;
    unsigned int n = line->n_steps - trial->demand->is_length, i;

    trial->value = trial->document;
    trial->path = "";
    for (i = 0; i < n && trial->value && !json_is_null(trial->value); i++) {
        if (json_is_object(trial->value))
            trial->around = trial->value;
        trial->value = take_step(trial, trial->value, i);
        trial->path = path_add(trial, i);
    }
    trial->is_reached = i == n;
}
