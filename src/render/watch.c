/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/watch.h"

#include "render/paper.h"
#include "render/safe.h"

#include <inttypes.h>
#include <math.h>

enum { TIME_TEXT = 40, DURATION_TEXT = 40 };

const char *event_name(enum event_type type)
{
    static const char *const names[] = {
        [EVENT_BEGIN] = "begin",
        [EVENT_CHANGE] = "change",
        [EVENT_FINDING] = "finding",
        [EVENT_FINDING_GONE] = "finding-gone",
        [EVENT_EXEC] = "exec",
        [EVENT_END] = "end",
        [EVENT_DESELECTED] = "deselected",
        [EVENT_UNREADABLE] = "unreadable",
        [EVENT_READABLE] = "readable",
        [EVENT_FORECAST] = "forecast",
        [EVENT_FORECAST_WITHDRAWN] = "forecast-withdrawn",
        [EVENT_LATE] = "late",
        [EVENT_SUMMARY] = "summary",
        [EVENT_TOTAL] = "total",
    };

    return names[type];
}

/* A line that is put together. */
struct writer {
    struct arena *arena;
    const struct style *style;
    struct textbuf text;
};

static void put_separator(struct writer *writer, const char *separator)
{
    if (writer->text.n > 0)
        textbuf_add(&writer->text, str_of(separator));
}

static const char *amount_text(struct writer *writer, bool is_size, uint64_t value)
{
    char text[UNITS_TEXT];

    if (!is_size)
        return arena_printf(writer->arena, "%" PRIu64, value);
    if (value == LIMIT_INFINITY)
        return "unlimited";
    return arena_printf(writer->arena, "%s", paper_size(writer->style, value, text));
}

/* "45 s", "12 min", "3 h 10 min", "2 d 4 h" */
static const char *duration_text(double seconds, char buf[static DURATION_TEXT])
{
    uint64_t s = (uint64_t)llround(seconds), minutes = (s + 30) / 60, hours = (minutes + 30) / 60;

    if (seconds < 10)
        snprintf(buf, DURATION_TEXT, "%.3g s", seconds);
    else if (s < 100)
        snprintf(buf, DURATION_TEXT, "%" PRIu64 " s", s);
    else if (minutes < 60)
        snprintf(buf, DURATION_TEXT, "%" PRIu64 " min", minutes);
    else if (minutes < 24 * 60)
        snprintf(buf, DURATION_TEXT, "%" PRIu64 " h %" PRIu64 " min", minutes / 60, minutes % 60);
    else
        snprintf(buf, DURATION_TEXT, "%" PRIu64 " d %" PRIu64 " h", hours / 24, hours % 24);
    return buf;
}

/* In the local zone: "2026-11-22T12:40:01+01:00", the extended format of ISO 8601. */
static const char *moment_text(time_t seconds, char buf[static TIME_TEXT])
{
    struct tm local;
    size_t n = 0;

    if (localtime_r(&seconds, &local))
        n = strftime(buf, TIME_TEXT - 1, "%Y-%m-%dT%H:%M:%S%z", &local);
    buf[n] = '\0';
    if (n > 5) { /* "+0100" */
        memmove(buf + n - 1, buf + n - 2, 3);
        buf[n - 2] = ':';
    }
    return buf;
}

/* The same without the zone, and to the minute when it is more than an hour away. */
static const char *future_text(const struct event *event, char buf[static TIME_TEXT])
{
    double seconds = event->forecast->seconds;

    moment_text(event->time.tv_sec + (time_t)seconds, buf);
    buf[strlen(seconds < 3600 ? "2026-11-22T12:40:01" : "2026-11-22T12:40")] = '\0';
    return buf;
}

/* What comes in a second, a minute or an hour, so that there is something before the unit. */
static const char *rate_text(struct writer *writer, enum supply supply, double rate)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"day", 86400}};
    double least = supply == SUPPLY_MAPPINGS ? 1 : 1024;
    unsigned int i = 0;

    while (i < 3 && rate * units[i].seconds < least)
        i++;
    rate *= units[i].seconds;
    if (supply == SUPPLY_MAPPINGS)
        return arena_printf(writer->arena, "%.3g mappings/%s", rate, units[i].name);
    return arena_printf(writer->arena, "%s/%s", amount_text(writer, true, (uint64_t)rate),
                        units[i].name);
}

static void put_begin(struct writer *writer, const struct event *event)
{
    const struct vitals *vitals = event->vitals;
    struct figure maps = vitals->settings[SETTING_MAX_MAP_COUNT];

    textbuf_add(&writer->text, str_of(event->exe ? safe_text(writer->arena, str_of(event->exe))
                                                 : "unknown executable"));
    for (int i = 0; i < N_VITALS; i++) {
        const char *amount;

        if (!vitals->figures[i].known || (i == VITAL_ARENA_HEAPS && vitals->figures[i].value == 0))
            continue;
        amount = amount_text(writer, vital_is_size((enum vital)i), vitals->figures[i].value);
        textbuf_printf(&writer->text, ", %s %s", vital_name((enum vital)i), amount);
        if (i == VITAL_BRK_ROOM)
            textbuf_printf(&writer->text, " (%s)", limit_name(vitals->brk_limit));
        if (i == VITAL_MAPPINGS && maps.known)
            textbuf_printf(&writer->text, " of %" PRIu64, maps.value);
    }
}

/* "heap 868K -> 1000K (+132K)" */
static void put_change(struct writer *writer, const struct change *change)
{
    bool is_size =
        change->is_setting ? setting_is_size(change->setting) : vital_is_size(change->vital);
    const char *name =
        change->is_setting ? setting_name(change->setting) : vital_name(change->vital);
    bool is_down = change->to < change->from;
    uint64_t difference = is_down ? change->from - change->to : change->to - change->from;

    put_separator(writer, ", ");
    textbuf_printf(&writer->text, "%s %s -> %s", name, amount_text(writer, is_size, change->from),
                   amount_text(writer, is_size, change->to));
    if (!change->is_setting)
        textbuf_printf(&writer->text, " (%c%s)", is_down ? '-' : '+',
                       amount_text(writer, is_size, difference));
}

static void put_finding(struct writer *writer, const struct event *event)
{
    const struct scan_finding *finding = event->finding;

    textbuf_printf(&writer->text, "%s%s%s: %s: %s",
                   paper_severity_on(writer->style, finding->severity),
                   severity_name(finding->severity), paper_off(writer->style), finding->rule->id,
                   safe_text(writer->arena, str_of(finding->title)));
    if (event->has_former)
        textbuf_printf(&writer->text, " (was %s)", severity_name(event->former));
}

static const char *const full_texts[] = {
    [SUPPLY_BRK] = "brk is full",
    [SUPPLY_MAPPINGS] = "the map table is full",
    [SUPPLY_MMAP] = "mmap has no room left",
};

static void put_forecast(struct writer *writer, const struct event *event)
{
    const struct forecast *forecast = event->forecast;
    char in[DURATION_TEXT], least[DURATION_TEXT], most[DURATION_TEXT], at[TIME_TEXT];

    textbuf_printf(&writer->text, "forecast: %s in %s (%s to %s) at %s, at about %s",
                   full_texts[event->supply], duration_text(forecast->seconds, in),
                   duration_text(forecast->least, least), duration_text(forecast->most, most),
                   rate_text(writer, event->supply, forecast->rate), future_text(event, at));
}

static void put_extremes(struct writer *writer, enum vital vital, const struct extremes *extremes)
{
    bool is_size = vital_is_size(vital);

    if (extremes->n == 0 || (vital == VITAL_ARENA_HEAPS && extremes->most == 0))
        return;
    textbuf_printf(&writer->text, ", %s ", vital_name(vital));
    if (extremes->least == extremes->most) {
        textbuf_add(&writer->text, str_of(amount_text(writer, is_size, extremes->last)));
        return;
    }
    textbuf_printf(
        &writer->text, "%s -> %s (%s to %s)", amount_text(writer, is_size, extremes->first),
        amount_text(writer, is_size, extremes->last), amount_text(writer, is_size, extremes->least),
        amount_text(writer, is_size, extremes->most));
}

static void put_summary(struct writer *writer, const struct watch_summary *summary)
{
    char text[DURATION_TEXT];

    textbuf_printf(&writer->text, "summary: %" PRIu64 " look%s in %s", summary->n_looks,
                   summary->n_looks == 1 ? "" : "s", duration_text(summary->seconds, text));
    for (int i = 0; i < N_VITALS; i++)
        put_extremes(writer, (enum vital)i, &summary->figures[i]);
}

static void put_total(struct writer *writer, const struct watch_total *total)
{
    char text[DURATION_TEXT];

    textbuf_printf(&writer->text,
                   "%s: %" PRIu64 " look%s in %s, %" PRIu64 " left out, %u process%s of %u seen, "
                   "%" PRIu64 " finding%s, %u process%s failing",
                   total->reason, total->n_looks, total->n_looks == 1 ? "" : "s",
                   duration_text(total->seconds, text), total->n_late, total->n_processes,
                   total->n_processes == 1 ? "" : "es", total->n_seen, total->n_findings,
                   total->n_findings == 1 ? "" : "s", total->n_failing,
                   total->n_failing == 1 ? "" : "es");
}

static const char *path_text(struct writer *writer, const char *path)
{
    return path ? safe_text(writer->arena, str_of(path)) : "an unknown executable";
}

static void put_late(struct writer *writer, const struct event *event)
{
    char took[DURATION_TEXT], interval[DURATION_TEXT];

    textbuf_printf(&writer->text,
                   "no look for %s, longer than the interval of %s: some are left out",
                   duration_text(event->took, took), duration_text(event->interval, interval));
}

static void put_event(struct writer *writer, const struct event *event)
{
    switch (event->type) {
    case EVENT_BEGIN:
        put_begin(writer, event);
        break;
    case EVENT_CHANGE:
        for (unsigned int i = 0; i < event->n_changes; i++)
            put_change(writer, &event->changes[i]);
        break;
    case EVENT_FINDING:
        put_finding(writer, event);
        break;
    case EVENT_FINDING_GONE:
        textbuf_printf(&writer->text, "gone: %s", event->rule->id);
        break;
    case EVENT_EXEC:
        textbuf_printf(&writer->text, "executed %s, was %s", path_text(writer, event->exe),
                       path_text(writer, event->former_exe));
        break;
    case EVENT_END:
        textbuf_add(&writer->text, STR("ended"));
        break;
    case EVENT_DESELECTED:
        textbuf_add(&writer->text,
                    STR("is not watched any more: the filters do not choose it now"));
        break;
    case EVENT_UNREADABLE:
        textbuf_printf(&writer->text, "not read: %s",
                       safe_text(writer->arena, str_of(event->reason)));
        break;
    case EVENT_READABLE:
        textbuf_add(&writer->text, STR("can be read again"));
        break;
    case EVENT_FORECAST:
        put_forecast(writer, event);
        break;
    case EVENT_FORECAST_WITHDRAWN:
        textbuf_printf(&writer->text, "no forecast that %s any more: %s", full_texts[event->supply],
                       event->reason);
        break;
    case EVENT_LATE:
        put_late(writer, event);
        break;
    case EVENT_SUMMARY:
        put_summary(writer, event->summary);
        break;
    default:
        put_total(writer, event->total);
    }
}

/* "2026-11-22T12:40:01+00:00 4242 nginx:" */
static const char *head_text(struct writer *writer, const struct event *event)
{
    const char *comm = event->comm ? safe_text(writer->arena, str_of(event->comm)) : "?";
    bool has_comm = event->pid && (event->is_among_many || event->type == EVENT_BEGIN);
    char time[TIME_TEXT];

    moment_text(event->time.tv_sec, time);
    if (!event->pid)
        return arena_printf(writer->arena, "%s ", time);
    return arena_printf(writer->arena, "%s %d%s%s: ", time, (int)event->pid, has_comm ? " " : "",
                        has_comm ? comm : "");
}

void render_event(const struct event *event, const struct style *style, FILE *out)
{
    enum { INDENT = 4 };
    struct arena arena;
    struct writer writer = {.arena = &arena, .style = style};
    const char *head;

    arena_init(&arena);
    head = head_text(&writer, event);
    put_event(&writer, event);
    textbuf_add(&writer.text, (struct str){"", 1});
    fputs(head, out);
    paper_wrap_from(out, style, safe_width(str_of(head)), INDENT, writer.text.bytes);
    textbuf_deinit(&writer.text);
    arena_deinit(&arena);
}
