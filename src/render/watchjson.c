/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/jsonparts.h"
#include "render/safe.h"
#include "render/watch.h"

static json_t *json_text(struct arena *arena, const char *text)
{
    return text ? json_string(safe_text(arena, str_of(text))) : json_null();
}

/* "2026-11-22T11:40:01.123Z" */
static json_t *json_time(struct timespec time)
{
    char day[32] = "", text[48];
    struct tm utc;

    if (gmtime_r(&time.tv_sec, &utc))
        strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, sizeof(text), "%s.%03dZ", day, (int)(time.tv_nsec / 1000000));
    return json_string(text);
}

static json_t *json_figure(struct figure figure)
{
    return json_known(figure.known, figure.value);
}

/* A limit of infinity is null, as elsewhere; that one is not known either. */
static json_t *json_amount(uint64_t value)
{
    return value == LIMIT_INFINITY ? json_null() : json_bytes(value);
}

static json_t *json_vitals(const struct vitals *vitals)
{
    json_t *object = json_object();

    for (int i = 0; i < N_VITALS; i++)
        json_object_set_new(object, vital_key((enum vital)i), json_figure(vitals->figures[i]));
    for (int i = 0; i < N_SETTINGS; i++)
        json_object_set_new(object, setting_key((enum setting)i),
                            vitals->settings[i].known ? json_amount(vitals->settings[i].value)
                                                      : json_null());
    json_object_set_new(object, "brk_limit",
                        vitals->figures[VITAL_BRK_ROOM].known
                            ? json_string(limit_name(vitals->brk_limit))
                            : json_null());
    return object;
}

static json_t *json_changes(const struct event *event)
{
    json_t *list = json_array();

    for (unsigned int i = 0; i < event->n_changes; i++) {
        const struct change *change = &event->changes[i];

        json_array_append_new(
            list,
            json_pack("{s:s, s:o, s:o}", "what",
                      change->is_setting ? setting_key(change->setting) : vital_key(change->vital),
                      "from", json_amount(change->from), "to", json_amount(change->to)));
    }
    return list;
}

static void add_finding(json_t *object, const struct event *event, struct arena *arena)
{
    const struct scan_finding *finding = event->finding;

    json_object_update_new(object,
                           json_pack("{s:s, s:s, s:s?, s:o}", "id", finding->rule->id, "severity",
                                     severity_name(finding->severity), "former_severity",
                                     event->has_former ? severity_name(event->former) : NULL,
                                     "title", json_text(arena, finding->title)));
}

static void add_forecast(json_t *object, const struct event *event)
{
    const struct forecast *forecast = event->forecast;
    struct timespec at = event->time;

    at.tv_sec += (time_t)forecast->seconds;
    json_object_update_new(
        object, json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:o}", "what", supply_key(event->supply),
                          "per_second", forecast->rate, "seconds", forecast->seconds, "least",
                          forecast->least, "most", forecast->most, "learned_seconds",
                          forecast->window, "at", json_time(at)));
}

static json_t *json_extremes(const struct watch_summary *summary)
{
    json_t *list = json_array();

    for (int i = 0; i < N_VITALS; i++) {
        const struct extremes *extremes = &summary->figures[i];

        if (extremes->n > 0)
            json_array_append_new(
                list,
                json_pack("{s:s, s:o, s:o, s:o, s:o}", "what", vital_key((enum vital)i), "first",
                          json_bytes(extremes->first), "last", json_bytes(extremes->last), "min",
                          json_bytes(extremes->least), "max", json_bytes(extremes->most)));
    }
    return list;
}

static void add_summary(json_t *object, const struct watch_summary *summary)
{
    json_object_update_new(object, json_pack("{s:f, s:I, s:o}", "seconds", summary->seconds,
                                             "looks", (json_int_t)summary->n_looks, "figures",
                                             json_extremes(summary)));
}

static void add_total(json_t *object, const struct watch_total *total)
{
    json_object_update_new(
        object,
        json_pack("{s:s, s:f, s:I, s:I, s:I, s:I, s:I, s:I}", "reason", total->reason, "seconds",
                  total->seconds, "looks", (json_int_t)total->n_looks, "left_out",
                  (json_int_t)total->n_late, "processes", (json_int_t)total->n_processes, "seen",
                  (json_int_t)total->n_seen, "findings", (json_int_t)total->n_findings, "failing",
                  (json_int_t)total->n_failing));
}

static void add_begin(json_t *object, const struct event *event, struct arena *arena)
{
    json_object_set_new(object, "exe", json_text(arena, event->exe));
    json_object_set_new(object, "figures", json_vitals(event->vitals));
}

static void add_exec(json_t *object, const struct event *event, struct arena *arena)
{
    json_object_set_new(object, "exe", json_text(arena, event->exe));
    json_object_set_new(object, "former_exe", json_text(arena, event->former_exe));
}

static void add_rest(json_t *object, const struct event *event, struct arena *arena)
{
    switch (event->type) {
    case EVENT_BEGIN:
        add_begin(object, event, arena);
        break;
    case EVENT_CHANGE:
        json_object_set_new(object, "changes", json_changes(event));
        break;
    case EVENT_FINDING:
        add_finding(object, event, arena);
        break;
    case EVENT_FINDING_GONE:
        json_object_set_new(object, "id", json_string(event->rule->id));
        break;
    case EVENT_EXEC:
        add_exec(object, event, arena);
        break;
    case EVENT_FORECAST_WITHDRAWN:
        json_object_set_new(object, "what", json_string(supply_key(event->supply)));
        json_object_set_new(object, "reason", json_text(arena, event->reason));
        break;
    case EVENT_UNREADABLE:
        json_object_set_new(object, "reason", json_text(arena, event->reason));
        break;
    case EVENT_FORECAST:
        add_forecast(object, event);
        break;
    case EVENT_LATE:
        json_object_set_new(object, "took", json_real(event->took));
        json_object_set_new(object, "interval", json_real(event->interval));
        break;
    case EVENT_SUMMARY:
        add_summary(object, event->summary);
        break;
    case EVENT_TOTAL:
        add_total(object, event->total);
        break;
    default:
        break; /* END, DESELECTED and READABLE say it all by their names */
    }
}

void json_event(const struct event *event, const struct style *style, FILE *out)
{
    struct arena arena;
    json_t *object;

    (void)style;
    arena_init(&arena);
    object = json_pack("{s:o, s:s, s:o, s:o}", "time", json_time(event->time), "type",
                       event_name(event->type), "pid",
                       event->pid ? json_integer(event->pid) : json_null(), "comm",
                       json_text(&arena, event->comm));
    add_rest(object, event, &arena);
    json_dumpf(object, out, JSON_COMPACT | JSON_ENSURE_ASCII);
    putc('\n', out);
    json_decref(object);
    arena_deinit(&arena);
}
