/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/watched.h"

#include "base/units.h"

#include <stdlib.h>

/* Room that is larger than any memory ends otherwise, long before it is used up. */
#define SUPPLY_MOST TIB

void teller_tell(struct teller *teller, struct event *event, bool is_detail)
{
    const struct options *options = teller->options;

    if (is_detail && (teller->is_host ? !options->style.verbose : options->style.quiet))
        return;
    event->is_among_many = teller->is_host;
    clock_gettime(CLOCK_REALTIME, &event->time);
    options->format->event(event, &teller->style, teller->out);
}

static struct event event_of(const struct watched *watched, enum event_type type)
{
    return (struct event){.type = type, .pid = watched->pid, .comm = watched->comm};
}

/* Notes are details, unless they make a failure. */
static bool is_note(const struct teller *teller, enum severity severity)
{
    const struct options *options = teller->options;

    return severity == SEVERITY_INFO && !options->style.verbose &&
           (options->never_fail || severity < options->fail_on);
}

/* Something is wrong with it or will be: its end matters on a whole host, too. */
static bool has_news(const struct watched *watched, const struct teller *teller)
{
    for (int i = 0; i < N_SUPPLIES; i++)
        if (watched->outlooks[i].is_told)
            return true;
    for (int i = 0; i < MAX_RULES && rules[i]; i++)
        if (watched->found[i].is_there && !is_note(teller, watched->found[i].severity))
            return true;
    return false;
}

/* A detail of many processes, but not of the few that were asked for. */
static void tell_of_life(const struct watched *watched, struct teller *teller, struct event *event)
{
    teller_tell(teller, event, teller->is_host && !has_news(watched, teller));
}

static void copy_name(struct watched *watched, const struct scan_row *row)
{
    snprintf(watched->comm, sizeof(watched->comm), "%s", row->comm ? row->comm : "?");
    free(watched->exe);
    watched->exe = row->exe ? strdup(row->exe) : NULL;
}

/* The title of the first finding of a rule, and the worst severity of all of them. */
static bool find_of_rule(const struct scan_row *row, const struct rule *rule,
                         struct scan_finding *found)
{
    bool is_there = false;

    for (uint32_t i = 0; i < row->n_findings; i++) {
        const struct scan_finding *finding = &row->findings[i];

        if (finding->rule != rule)
            continue;
        if (!is_there || finding->severity > found->severity)
            *found = *finding;
        is_there = true;
    }
    return is_there;
}

static void tell_finding(struct watched *watched, int i, const struct scan_finding *found,
                         struct teller *teller)
{
    struct event event = event_of(watched, EVENT_FINDING);

    event.finding = found;
    event.has_former = watched->found[i].is_there;
    event.former = watched->found[i].severity;
    if (is_note(teller, found->severity) && (!event.has_former || is_note(teller, event.former)))
        return;
    teller->n_findings += !event.has_former;
    teller_tell(teller, &event, false);
}

static void tell_gone(struct watched *watched, int i, struct teller *teller)
{
    struct event event = event_of(watched, EVENT_FINDING_GONE);

    event.rule = rules[i];
    if (!is_note(teller, watched->found[i].severity))
        teller_tell(teller, &event, false);
}

static void update_findings(struct watched *watched, const struct scan_row *row,
                            struct teller *teller)
{
    for (int i = 0; i < MAX_RULES && rules[i]; i++) {
        struct scan_finding found = {0};
        bool is_there = find_of_rule(row, rules[i], &found);

        if (is_there &&
            (!watched->found[i].is_there || found.severity != watched->found[i].severity))
            tell_finding(watched, i, &found, teller);
        if (!is_there && watched->found[i].is_there)
            tell_gone(watched, i, teller);
        watched->found[i].is_there = is_there;
        watched->found[i].severity = found.severity;
    }
}

static void withdraw(struct watched *watched, enum supply supply, const char *reason,
                     struct teller *teller)
{
    struct event event = event_of(watched, EVENT_FORECAST_WITHDRAWN);

    event.supply = supply;
    event.reason = reason;
    teller_tell(teller, &event, false);
}

static void forget_trend(struct watched *watched, enum supply supply)
{
    free(watched->trends[supply]);
    watched->trends[supply] = NULL;
    watched->outlooks[supply] = (struct outlook){0};
}

static struct trend_point point_of(const struct watched *watched, const struct vitals *vitals,
                                   struct figure left)
{
    return (struct trend_point){((double)vitals->seen_ns - (double)watched->begin_ns) / 1e9,
                                (double)left.value};
}

static void tell_outlook(struct watched *watched, enum supply supply, struct teller *teller)
{
    struct forecast forecast;
    struct event event = event_of(watched, EVENT_FORECAST);

    switch (outlook_update(&watched->outlooks[supply], watched->trends[supply], &forecast)) {
    case OUTLOOK_FORECAST:
        event.supply = supply;
        event.forecast = &forecast;
        teller_tell(teller, &event, false);
        break;
    case OUTLOOK_STOPPED:
        withdraw(watched, supply, "it does not grow any more", teller);
        break;
    case OUTLOOK_UNSTEADY:
        withdraw(watched, supply, "it does not grow steadily any more", teller);
        break;
    case OUTLOOK_FULL:
        withdraw(watched, supply, "it is", teller);
        break;
    default:
        break;
    }
}

/* A trend is kept from the first change on. */
static void update_supply(struct watched *watched, enum supply supply, const struct vitals *now,
                          struct teller *teller)
{
    struct figure before = supply_left(&watched->last, supply), left = supply_left(now, supply);

    if (!left.known || !before.known || left.value > SUPPLY_MOST ||
        !supply_is_comparable(supply, &watched->last, now)) {
        if (watched->outlooks[supply].is_told)
            withdraw(watched, supply, "another limit binds now", teller);
        forget_trend(watched, supply);
        return;
    }
    if (now->seen_ns <= watched->last.seen_ns)
        return;
    if (!watched->trends[supply]) {
        if (left.value == before.value)
            return;
        watched->trends[supply] = xreallocarray(NULL, 1, sizeof(struct trend));
        *watched->trends[supply] = (struct trend){0};
        trend_add(watched->trends[supply], point_of(watched, &watched->last, before));
    }
    trend_add(watched->trends[supply], point_of(watched, now, left));
    tell_outlook(watched, supply, teller);
}

/* On a host each of its settings is one event, not one for each process. */
static unsigned int drop_host_settings(struct change *changes, unsigned int n)
{
    unsigned int n_kept = 0;

    for (unsigned int i = 0; i < n; i++)
        if (!changes[i].is_setting || (changes[i].setting != SETTING_MAX_MAP_COUNT &&
                                       changes[i].setting != SETTING_OVERCOMMIT))
            changes[n_kept++] = changes[i];
    return n_kept;
}

static void tell_changes(struct watched *watched, const struct vitals *now, struct teller *teller)
{
    struct event event = event_of(watched, EVENT_CHANGE);
    struct change changes[MAX_CHANGES];
    bool is_detail = true;

    event.n_changes = vitals_compare(&watched->last, now, changes);
    if (teller->is_host)
        event.n_changes = drop_host_settings(changes, event.n_changes);
    for (unsigned int i = 0; i < event.n_changes; i++)
        is_detail &= !changes[i].is_setting;
    event.changes = changes;
    if (event.n_changes > 0)
        teller_tell(teller, &event, is_detail);
}

static void add_to_summary(struct watched *watched, const struct vitals *now)
{
    struct watch_summary *summary = &watched->summary;

    summary->n_looks++;
    summary->seconds = ((double)now->seen_ns - (double)watched->begin_ns) / 1e9;
    for (int i = 0; i < N_VITALS; i++)
        extremes_add(&summary->figures[i], now->figures[i]);
}

static void forget_program(struct watched *watched)
{
    for (int i = 0; i < N_SUPPLIES; i++)
        forget_trend(watched, (enum supply)i);
    memset(watched->found, 0, sizeof(watched->found));
    watched->summary = (struct watch_summary){0};
}

/* What was seen first of a process or of another program in it. */
static void begin(struct watched *watched, const struct scan_row *row, struct teller *teller)
{
    struct event event = event_of(watched, EVENT_BEGIN);
    bool has_news = false;

    copy_name(watched, row);
    watched->is_known = true;
    watched->begin_ns = row->vitals->seen_ns;
    for (uint32_t i = 0; i < row->n_findings; i++)
        has_news |= !is_note(teller, row->findings[i].severity);
    event.exe = watched->exe;
    event.vitals = row->vitals;
    teller_tell(teller, &event, teller->is_host && !has_news);
}

void watched_sum_up(struct watched *watched, struct teller *teller)
{
    struct event event = event_of(watched, EVENT_SUMMARY);

    if (!watched->is_known)
        return;
    event.summary = &watched->summary;
    teller_tell(teller, &event, teller->is_host);
}

static void become(struct watched *watched, const struct scan_row *row, struct teller *teller)
{
    struct event event = event_of(watched, EVENT_EXEC);

    watched_sum_up(watched, teller);
    event.exe = row->exe;
    event.former_exe = watched->exe;
    tell_of_life(watched, teller, &event);
    forget_program(watched);
    begin(watched, row, teller);
}

static void go_on(struct watched *watched, const struct scan_row *row, struct teller *teller)
{
    copy_name(watched, row);
    tell_changes(watched, row->vitals, teller);
    for (int i = 0; i < N_SUPPLIES; i++)
        update_supply(watched, (enum supply)i, row->vitals, teller);
}

void watched_end(struct watched *watched, struct teller *teller)
{
    struct event event = event_of(watched, EVENT_END);

    if (!watched->is_known)
        return;
    watched_sum_up(watched, teller);
    tell_of_life(watched, teller, &event);
    watched->is_known = false;
}

/* It goes on, but what was asked for is not true of it any more. */
static void leave(struct watched *watched, struct teller *teller)
{
    struct event event = event_of(watched, EVENT_DESELECTED);

    if (!watched->is_known)
        return;
    watched_sum_up(watched, teller);
    tell_of_life(watched, teller, &event);
    watched->is_known = false;
}

static void take_row(struct watched *watched, const struct scan_row *row, struct teller *teller)
{
    bool is_first = !watched->is_known;

    if (is_first)
        begin(watched, row, teller);
    else if (vitals_is_other_program(&watched->last, row->vitals))
        become(watched, row, teller);
    else
        go_on(watched, row, teller);
    add_to_summary(watched, row->vitals);
    /* What was read while it moved can show what never was at the same time. */
    if (row->vitals->is_consistent || is_first) {
        update_findings(watched, row, teller);
        watched->fails = row->fails;
    }
    watched->last = *row->vitals;
}

static void tell_unreadable(struct watched *watched, const struct scan_row *row,
                            struct teller *teller)
{
    struct event event;

    if (watched->is_unreadable)
        return;
    if (!watched->is_known)
        snprintf(watched->comm, sizeof(watched->comm), "%s", row->comm ? row->comm : "?");
    watched->is_unreadable = true;
    watched->is_denied = row->state == SCAN_DENIED;
    event = event_of(watched, EVENT_UNREADABLE);
    event.reason = row->reason ? row->reason : "it has no memory";
    teller_tell(teller, &event, teller->is_host && watched->is_denied);
}

static void tell_readable(struct watched *watched, const struct scan_row *row,
                          struct teller *teller)
{
    struct event event = event_of(watched, EVENT_READABLE);

    if (!watched->is_unreadable)
        return;
    watched->is_unreadable = false;
    snprintf(watched->comm, sizeof(watched->comm), "%s", row->comm ? row->comm : "?");
    teller_tell(teller, &event, teller->is_host && watched->is_denied);
}

bool watched_update(struct watched *watched, const struct scan_row *row, struct teller *teller)
{
    if (row->state == SCAN_ENDED || row->state == SCAN_KERNEL_THREAD) {
        watched_end(watched, teller);
        return false;
    }
    if (row->state != SCAN_READ) {
        tell_unreadable(watched, row, teller);
        return true;
    }
    if (row->vitals->is_mixed)
        return true;
    if (watched->is_known && vitals_is_other_process(&watched->last, row->vitals)) {
        watched_end(watched, teller);
        return false;
    }
    if (teller->is_host && row->is_filtered) {
        leave(watched, teller);
        return false;
    }
    tell_readable(watched, row, teller);
    take_row(watched, row, teller);
    return true;
}

void watched_deinit(struct watched *watched)
{
    for (int i = 0; i < N_SUPPLIES; i++)
        free(watched->trends[i]);
    free(watched->exe);
}
