/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/jsonparts.h"

#include <sys/wait.h>

static json_t *json_share(uint32_t n, uint32_t n_all)
{
    return json_real((double)n / n_all);
}

static json_t *json_value(const struct series *series, uint64_t value)
{
    return series->is_address ? json_address(value) : json_bytes(value);
}

static json_t *json_series(const struct series *series)
{
    const struct sample_summary *summary = &series->summary;

    return json_pack("{s:s, s:i, s:o, s:o, s:o, s:o}", "name", series->name, "runs",
                     (int)summary->n, "min", json_value(series, summary->min), "median",
                     json_value(series, summary->median), "max", json_value(series, summary->max),
                     "bits", summary->has_bits ? json_real(summary->bits) : json_null());
}

static json_t *json_all_series(const struct repetition *repetition)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < repetition->n_series; i++)
        json_array_append_new(list, json_series(&repetition->series[i]));
    return list;
}

/* What a run would have shown that could not be looked at is not known. */
static json_t *json_recurrences(const struct repetition *repetition)
{
    uint32_t n_known = repetition->n_runs - repetition->n_missed;
    json_t *list = json_array();

    for (uint32_t i = 0; i < repetition->n_recurrences; i++) {
        const struct recurrence *recurrence = &repetition->recurrences[i];
        struct interval interval = share_interval(recurrence->n_runs, n_known);

        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:i, s:o, s:[ff], s:i}", "id", recurrence->rule->id, "severity",
                      severity_name(recurrence->severity), "runs", (int)recurrence->n_runs, "share",
                      json_share(recurrence->n_runs, n_known), "interval", interval.low,
                      interval.high, "run", (int)recurrence->run));
    }
    return list;
}

static json_t *json_unmet(const struct report *report)
{
    const struct repetition *repetition = report->moment->repetition;
    const struct verdict *verdict = report->verdict;
    json_t *list;

    if (!verdict)
        return json_null();
    list = json_array();
    for (uint32_t i = 0; i < verdict->n_assertions; i++)
        json_array_append_new(list, json_integer(repetition->n_unmet[i]));
    return list;
}

static json_t *json_endings(const struct repetition *repetition)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < repetition->n_endings; i++) {
        const struct ending *ending = &repetition->endings[i];
        bool killed = WIFSIGNALED(ending->wait_status);

        json_array_append_new(
            list, json_pack("{s:o, s:o, s:i}", "status",
                            json_known(!killed, (uint64_t)WEXITSTATUS(ending->wait_status)),
                            "signal", json_known(killed, (uint64_t)WTERMSIG(ending->wait_status)),
                            "runs", (int)ending->n_runs));
    }
    return list;
}

json_t *json_repetition(const struct report *report)
{
    const struct repetition *repetition = report->moment->repetition;

    if (!repetition)
        return json_null();
    return json_pack("{s:i, s:i, s:i, s:i, s:o, s:[ff], s:i, s:s?, s:i, s:o, s:o, s:o, s:o}",
                     "asked", (int)repetition->n_asked, "runs", (int)repetition->n_runs, "reports",
                     (int)repetition->n_reports, "failed", (int)repetition->n_failed, "share",
                     json_share(repetition->n_failed, repetition->n_runs), "interval",
                     repetition->failed.low, repetition->failed.high, "missed",
                     (int)repetition->n_missed, "missed_reason", repetition->missed_reason, "worst",
                     (int)repetition->worst, "series", json_all_series(repetition), "findings",
                     json_recurrences(repetition), "unmet", json_unmet(report), "endings",
                     json_endings(repetition));
}
