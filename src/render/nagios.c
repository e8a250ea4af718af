/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plugin of Nagios, Icinga, Naemon: by the Monitoring Plugins Development Guidelines one line of
 * text, '|' and performance data; then more lines.  The exit status is a state.
 */
#include "check/thresholds.h"
#include "render/safe.h"
#include "render/testcases.h"
#include "render/who.h"

#include <jansson.h>
#include <stdlib.h>

enum state { STATE_OK, STATE_WARNING, STATE_CRITICAL, STATE_UNKNOWN };

struct nagios_state {
    unsigned int n[STATE_UNKNOWN + 1];
    enum state worst;
    const char *first; /* what the only target's line says; NULL: none was there */
    FILE *lines, *data;
    char *lines_text, *data_text;
    size_t n_lines, n_data;
    json_t *names; /* how often each had performance data */
};

static const char *state_name(enum state state)
{
    static const char *const names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

    return names[state];
}

/* What is not known may be bad, what is critical is. */
static enum state worse_of(enum state a, enum state b)
{
    static const int order[] = {
        [STATE_OK] = 0, [STATE_WARNING] = 1, [STATE_UNKNOWN] = 2, [STATE_CRITICAL] = 3};

    return order[a] >= order[b] ? a : b;
}

static FILE *open_text(char **text, size_t *n)
{
    FILE *stream = open_memstream(text, n);

    if (!stream)
        abort();
    return stream;
}

static void begin(struct document *document)
{
    struct nagios_state *state = document->state;

    state->lines = open_text(&state->lines_text, &state->n_lines);
    state->data = open_text(&state->data_text, &state->n_data);
    state->names = json_object();
}

/* '|' begins performance data. */
static void print_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            fputs("\\x7c", out);
        else
            putc(*text, out);
    }
}

static void print_line(FILE *out, const char *text)
{
    print_text(out, text);
    putc('\n', out);
}

/* --fail-on never: nothing is bad; info: notes are, too; else what they are called says it all. */
static enum state state_of_finding(const struct report *report, const struct finding *finding)
{
    if (report->never_fail)
        return STATE_OK;
    if (finding->severity == SEVERITY_INFO)
        return report->fail_on == SEVERITY_INFO ? STATE_WARNING : STATE_OK;
    return finding->severity == SEVERITY_ERROR ? STATE_CRITICAL : STATE_WARNING;
}

static enum state state_of_assertion(const struct report *report, const struct assertion *assertion)
{
    if (report->never_fail || assertion->outcome == OUTCOME_PASSED)
        return STATE_OK;
    return assertion->outcome == OUTCOME_UNKNOWN ? STATE_UNKNOWN : STATE_CRITICAL;
}

/* Of one target: its state, what made it so, and all else. */
struct summary {
    enum state state;
    const char *text; /* of the first of the worst; NULL: nothing */
    unsigned int n;   /* texts */
};

static void tell(struct summary *summary, FILE *lines, enum state state, const char *text)
{
    enum state worse = worse_of(summary->state, state);

    if (!summary->text || worse != summary->state)
        summary->text = text;
    summary->state = worse;
    summary->n++;
    print_line(lines, text);
}

static void tell_findings(struct summary *summary, FILE *lines, const struct report *report)
{
    struct arena *arena = &report->image->arena;

    for (uint32_t i = 0; i < report->n_findings; i++) {
        const struct finding *finding = &report->findings[i];
        enum state state = state_of_finding(report, finding);

        if (finding->severity > SEVERITY_INFO || state != STATE_OK)
            tell(summary, lines, state,
                 arena_printf(arena, "%s: %s: %s", severity_name(finding->severity),
                              finding->rule->id, safe_text(arena, str_of(finding->title))));
    }
}

static void tell_assertions(struct summary *summary, FILE *lines, const struct report *report)
{
    struct arena *arena = &report->image->arena;
    const struct verdict *verdict = report->verdict;

    for (uint32_t i = 0; verdict && i < verdict->n_assertions; i++) {
        const struct assertion *assertion = &verdict->assertions[i];

        if (assertion->outcome != OUTCOME_PASSED)
            tell(summary, lines, state_of_assertion(report, assertion),
                 arena_printf(arena, "%s: %s: %s", assertion_place(assertion, arena),
                              assertion->text, assertion_message(assertion, arena)));
    }
}

/* A label of performance data: no blank, quote or '='. */
static const char *label_of(struct nagios_state *state, const struct report *report)
{
    struct arena *arena = &report->image->arena;
    struct str name = who_full_name(report->image);
    char *label = arena_strndup(arena, name.p, name.n);
    json_int_t n;

    for (char *c = label; *c; c++)
        if (!(*c >= '0' && *c <= '9') && !(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') &&
            *c != '-' && *c != '.')
            *c = '_';
    n = json_integer_value(json_object_get(state->names, label)) + 1;
    json_object_set_new(state->names, label, json_integer(n));
    return n > 1 ? arena_printf(arena, "%s.%d.", label, (int)n) : arena_printf(arena, "%s.", label);
}

/* Alarms are outside of a range: "64:" is at least 64. */
static void print_room(FILE *out, const char *prefix, const char *name, const struct growth *growth,
                       uint64_t warning, uint64_t error)
{
    if (growth->known)
        fprintf(out, " %s%s=%lluB;%llu:;%llu:;0", prefix, name, (unsigned long long)growth->room,
                (unsigned long long)warning, (unsigned long long)error);
}

static void print_mappings(FILE *out, const char *prefix, const struct image *image)
{
    uint64_t max = image->host.max_map_count;

    fprintf(out, " %smappings=%u", prefix, image->n_counted);
    if (image->host.has_max_map_count && max > 0 && max <= UINT64_MAX / 100)
        fprintf(out, ";%llu;%llu;0;%llu",
                (unsigned long long)map_count_at(max, MAP_COUNT_WARNING_PERCENT) - 1,
                (unsigned long long)map_count_at(max, MAP_COUNT_ERROR_PERCENT) - 1,
                (unsigned long long)max);
}

/* What is not known is left out: many readers take "U" for an error. */
static void add_data(struct document *document, const struct report *report)
{
    struct nagios_state *state = document->state;
    const struct facts *facts = report->facts;
    const char *prefix = "";

    if (!facts)
        return;
    if (document->n_targets > 1)
        prefix = label_of(state, report);
    if (facts->brk.known)
        print_room(state->data, prefix, "brk_room", &facts->brk.growth, BRK_ROOM_WARNING,
                   BRK_ROOM_ERROR);
    print_room(state->data, prefix, "mmap_room", &facts->mmap.growth, MMAP_ROOM_WARNING,
               MMAP_ROOM_ERROR);
    if (facts->has_stack)
        print_room(state->data, prefix, "stack_room", &facts->stack_growth.growth,
                   STACK_ROOM_WARNING, STACK_ROOM_ERROR);
    print_mappings(state->data, prefix, report->image);
}

/* Once for each target: the state, and its line where there are several. */
static void conclude(struct document *document, const struct summary *summary, const char *who,
                     const char *more)
{
    struct nagios_state *state = document->state;
    struct arena *arena = &document->arena;
    const char *text = arena_printf(arena, "%s: %s", who, summary->text);

    if (summary->n > 1)
        text = arena_printf(arena, "%s (and %u more)", text, summary->n - 1);
    state->n[summary->state]++;
    state->worst = worse_of(state->worst, summary->state);
    state->first = text;
    if (document->n_targets > 1) {
        fprintf(state->lines, "%s - ", state_name(summary->state));
        print_line(state->lines, text);
    }
    if (summary->n > 1)
        fputs(more, state->lines);
}

static void add_report(struct document *document, const struct report *report)
{
    struct summary summary = {.state = STATE_OK};
    char *more;
    size_t n_more;
    FILE *lines = open_text(&more, &n_more);

    tell_assertions(&summary, lines, report);
    tell_findings(&summary, lines, report);
    if (report->strict && report_is_incomplete(report))
        tell(&summary, lines, STATE_UNKNOWN,
             arena_printf(&report->image->arena,
                          "%u inputs could not be read, %u checks could not be made",
                          report->image->n_missing, report->n_not_run));
    if (!summary.text)
        summary.text = report->n_ignored > 0
                           ? arena_printf(&report->image->arena, "nothing wrong found, %u ignored",
                                          report->n_ignored)
                           : "nothing wrong found";
    fclose(lines);
    conclude(document, &summary, who_text(report), more);
    free(more);
    add_data(document, report);
}

static void add_failure(struct document *document, const struct failure *failure)
{
    struct arena *arena = &document->arena;
    const struct summary summary = {
        .state = STATE_UNKNOWN, .text = safe_text(arena, str_of(failure->reason)), .n = 1};

    conclude(document, &summary, safe_text(arena, str_of(failure->path)), "");
}

/* "3 targets: 1 critical, 2 ok" */
static void print_counts(const struct nagios_state *state, unsigned int n_targets, FILE *out)
{
    static const enum state order[] = {STATE_CRITICAL, STATE_UNKNOWN, STATE_WARNING, STATE_OK};
    static const char *const names[] = {"ok", "warning", "critical", "unknown"};
    const char *separator = ": ";

    fprintf(out, "%u targets", n_targets);
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (state->n[order[i]] == 0)
            continue;
        fprintf(out, "%s%u %s", separator, state->n[order[i]], names[order[i]]);
        separator = ", ";
    }
}

static int end(struct document *document, int status)
{
    struct nagios_state *state = document->state;
    FILE *out = document->out;

    (void)status;
    fclose(state->lines);
    fclose(state->data);
    fprintf(out, "LAYOUTCHECK %s - ", state_name(state->worst));
    if (document->n_targets > 1)
        print_counts(state, document->n_targets, out);
    else
        print_text(out, state->first ? state->first : "there was nothing to look at");
    if (state->n_data > 0)
        fprintf(out, " |%s", state->data_text);
    fprintf(out, "\n%s", state->lines_text);
    free(state->lines_text);
    free(state->data_text);
    json_decref(state->names);
    return state->worst;
}

const struct format format_nagios = {
    .name = "nagios",
    .has_own_status = true,
    .state_size = sizeof(struct nagios_state),
    .begin = begin,
    .report = add_report,
    .failure = add_failure,
    .end = end,
};
