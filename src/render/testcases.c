/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/testcases.h"

#include "render/evidence.h"
#include "render/safe.h"
#include "render/who.h"

#define OWN_GROUP "layoutcheck"

/* Sizes with units, as in a report without options. */
static const struct style plain = {.width = 80};

/* Growing lists, whose old places in the arena are left behind. */
static void *list_grow(struct arena *arena, void *list, uint32_t n, size_t size)
{
    void *bigger;

    if (n & (n - 1)) /* there is room up to the next power of two */
        return list;
    bigger = arena_alloc(arena, (n ? 2 * (size_t)n : 1) * size);
    if (n > 0)
        memcpy(bigger, list, n * size);
    return bigger;
}

static void line_add(struct testcase *testcase, struct arena *arena, const char *line)
{
    testcase->lines = list_grow(arena, testcase->lines, testcase->n_lines, sizeof(const char *));
    testcase->lines[testcase->n_lines++] = line;
}

static struct testcase *case_add(struct testcases *cases, struct arena *arena, const char *group,
                                 const char *name)
{
    struct testcase *testcase;

    cases->list = list_grow(arena, cases->list, cases->n, sizeof(struct testcase));
    testcase = &cases->list[cases->n++];
    *testcase = (struct testcase){.group = group, .name = name};
    return testcase;
}

bool report_is_incomplete(const struct report *report)
{
    return report->image->n_missing > 0 || !report->image->consistent || report->n_not_run > 0;
}

bool finding_fails(const struct report *report, const struct finding *finding)
{
    return !report->never_fail && finding->severity >= report->fail_on;
}

/* All that was not read or checked; it is a failure only if that was asked for. */
static void add_inspection(struct testcases *cases, const struct report *report)
{
    struct image *image = report->image;
    struct arena *arena = &image->arena;
    struct testcase *testcase = case_add(cases, arena, OWN_GROUP, "inspection");

    for (uint32_t i = 0; i < image->n_missing; i++)
        line_add(testcase, arena,
                 arena_printf(arena, "not read: %s: %s",
                              safe_text(arena, str_of(image->missing[i].what)),
                              safe_text(arena, str_of(image->missing[i].reason))));
    if (!image->consistent)
        line_add(testcase, arena,
                 arena_printf(arena, "not consistent: after %u readings, %s", image->n_reads,
                              image->inconsistency));
    if (!report->strict || !report_is_incomplete(report))
        return;
    testcase->state = TESTCASE_ERROR;
    testcase->severity = severity_name(SEVERITY_ERROR);
    testcase->message = testcase->n_lines > 0
                            ? testcase->lines[0]
                            : arena_printf(arena, "%u checks could not be made", report->n_not_run);
}

const char *assertion_place(const struct assertion *assertion, struct arena *arena)
{
    if (!assertion->file)
        return arena_printf(arena, "--expect %u", assertion->line);
    return arena_printf(arena, "%s:%u:%u", assertion->file, assertion->line, assertion->column);
}

const char *assertion_message(const struct assertion *assertion, struct arena *arena)
{
    const char *found = assertion->found, *reason = assertion->reason;

    if (!reason)
        return found ? arena_printf(arena, "found: %s", found) : "";
    return found ? arena_printf(arena, "found: %s; %s", found, reason) : reason;
}

/* A line that stands there twice has a number: of several tests of one name, viewers show one. */
static const char *line_name(const struct assertion *assertion, json_t *seen, struct arena *arena)
{
    const char *key =
        arena_printf(arena, "%s\n%s", assertion->file ? assertion->file : "", assertion->text);
    json_int_t n = json_integer_value(json_object_get(seen, key)) + 1;

    json_object_set_new(seen, key, json_integer(n));
    return n > 1 ? arena_printf(arena, "%s (%d)", assertion->text, (int)n) : assertion->text;
}

static void add_assertion(struct testcases *cases, const struct report *report,
                          const struct assertion *assertion, json_t *seen)
{
    struct arena *arena = &report->image->arena;
    struct testcase *testcase =
        case_add(cases, arena, assertion->file ? assertion->file : "--expect",
                 line_name(assertion, seen, arena));

    testcase->place = assertion_place(assertion, arena);
    if (assertion->outcome == OUTCOME_PASSED)
        return;
    testcase->state = report->never_fail ? TESTCASE_PASSED : TESTCASE_FAILED;
    testcase->severity = severity_name(SEVERITY_ERROR);
    testcase->message = assertion_message(assertion, arena);
    line_add(testcase, arena, arena_printf(arena, "%s: %s", testcase->place, assertion->text));
    if (assertion->found)
        line_add(testcase, arena, arena_printf(arena, "found: %s", assertion->found));
    if (assertion->reason)
        line_add(testcase, arena, assertion->reason);
}

/* "follows from: legacy-layout, brk-page-guard" */
static const char *causes_text(const struct finding *finding, struct arena *arena)
{
    const char *text = "follows from:";

    for (unsigned int i = 0; i < finding->n_causes; i++)
        text = arena_printf(arena, "%s%s %s", text, i > 0 ? "," : "", finding->causes[i]->id);
    return text;
}

static void add_finding(struct testcase *testcase, const struct finding *finding,
                        struct arena *arena)
{
    line_add(testcase, arena,
             arena_printf(arena, "%s: %s", severity_name(finding->severity),
                          safe_text(arena, str_of(finding->title))));
    if (finding->n_causes > 0)
        line_add(testcase, arena, causes_text(finding, arena));
    if (*finding->detail)
        line_add(testcase, arena,
                 arena_printf(arena, "why: %s", safe_text(arena, str_of(finding->detail))));
    if (*finding->remedy)
        line_add(testcase, arena,
                 arena_printf(arena, "do: %s", safe_text(arena, str_of(finding->remedy))));
    for (unsigned int i = 0; i < finding->n_evidence; i++)
        for (uint32_t k = 0; k < evidence_n_lines(&finding->evidence[i]); k++)
            line_add(testcase, arena,
                     arena_printf(arena, "evidence: %s",
                                  evidence_line(&finding->evidence[i], k, &plain, arena)));
}

static const struct finding *worst_of(const struct report *report, const struct rule *rule)
{
    const struct finding *worst = NULL;

    for (uint32_t i = 0; i < report->n_findings; i++)
        if (report->findings[i].rule == rule &&
            (!worst || report->findings[i].severity > worst->severity))
            worst = &report->findings[i];
    return worst;
}

/* Why the rule says nothing, or NULL. */
static const char *silence_of(const struct report *report, const struct rule *rule)
{
    for (uint32_t i = 0; i < report->n_not_run; i++)
        if (report->not_run[i].rule == rule)
            return safe_text(&report->image->arena, str_of(report->not_run[i].reason));
    for (unsigned int i = 0; report->policy && i < report->policy->n_ignored; i++)
        if (report->policy->ignored[i] == rule)
            return "it is to be ignored";
    return NULL;
}

static void add_rule(struct testcases *cases, const struct report *report, const struct rule *rule)
{
    struct arena *arena = &report->image->arena;
    struct testcase *testcase = case_add(cases, arena, OWN_GROUP, rule->id);
    const struct finding *worst = worst_of(report, rule);

    if (!worst) {
        testcase->message = silence_of(report, rule);
        testcase->state = testcase->message ? TESTCASE_SKIPPED : TESTCASE_PASSED;
        return;
    }
    testcase->state = finding_fails(report, worst) ? TESTCASE_FAILED : TESTCASE_PASSED;
    testcase->severity = severity_name(worst->severity);
    testcase->message = safe_text(arena, str_of(worst->title));
    for (uint32_t i = 0; i < report->n_findings; i++)
        if (report->findings[i].rule == rule)
            add_finding(testcase, &report->findings[i], arena);
}

static void count(struct testcases *cases)
{
    for (uint32_t i = 0; i < cases->n; i++) {
        cases->n_failed += cases->list[i].state == TESTCASE_FAILED;
        cases->n_skipped += cases->list[i].state == TESTCASE_SKIPPED;
        cases->n_errors += cases->list[i].state == TESTCASE_ERROR;
    }
}

static void add_assertions(struct testcases *cases, const struct report *report)
{
    const struct verdict *verdict = report->verdict;
    json_t *seen = json_object();

    for (uint32_t i = 0; verdict && i < verdict->n_assertions; i++)
        add_assertion(cases, report, &verdict->assertions[i], seen);
    json_decref(seen);
}

static bool was_looked_for(const struct report *report, const struct rule *rule)
{
    if (!report->facts)
        return rule->run_host;
    return rule->run && (!rule->needs_heap || report->facts->heap.heap);
}

void testcases_of_report(struct testcases *cases, const struct report *report,
                         struct document *document)
{
    *cases = (struct testcases){.who = who_text(report),
                                .name = document_name(document, who_steady(report))};
    add_inspection(cases, report);
    add_assertions(cases, report);
    for (size_t i = 0; rules[i]; i++)
        if (was_looked_for(report, rules[i]))
            add_rule(cases, report, rules[i]);
    count(cases);
}

void testcases_of_failure(struct testcases *cases, const struct failure *failure,
                          struct document *document)
{
    struct arena *arena = &document->arena;
    struct testcase *testcase;

    *cases = (struct testcases){.who = safe_text(arena, str_of(failure->path))};
    cases->name = document_name(document, cases->who);
    testcase = case_add(cases, arena, OWN_GROUP, "inspection");
    testcase->state = TESTCASE_ERROR;
    testcase->severity = severity_name(SEVERITY_ERROR);
    testcase->message = safe_text(arena, str_of(failure->reason));
    count(cases);
}
