/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/tally.h"

#include "render/safe.h"

#include <stdlib.h>

void tally_init(struct tally *tally, uint32_t n_asked)
{
    *tally = (struct tally){.repetition = {.n_asked = n_asked}};
    arena_init(&tally->arena);
}

void tally_deinit(struct tally *tally)
{
    for (int i = 0; i < N_SERIES; i++)
        sample_deinit(&tally->samples[i]);
    free(tally->endings);
    arena_deinit(&tally->arena);
}

/* Which report is the worst. */

struct badness badness_of(const struct inspection *inspection, const struct options *options,
                          bool ended_ill)
{
    const struct report *report = &inspection->report;
    const struct brk_facts *brk = &report->facts->brk;

    return (struct badness){
        .status = inspection_status(inspection, options),
        .ended_ill = ended_ill,
        .severity = report->n_findings > 0 ? (int)report->findings[0].story_severity : -1,
        .unmet = report->verdict ? report->verdict->n_failed : 0,
        .room = brk->known && brk->growth.known ? brk->growth.room_in_steps : UINT64_MAX,
    };
}

bool badness_exceeds(const struct badness *a, const struct badness *b)
{
    if (a->status != b->status)
        return a->status > b->status;
    if (a->ended_ill != b->ended_ill)
        return a->ended_ill;
    if (a->severity != b->severity)
        return a->severity > b->severity;
    if (a->unmet != b->unmet)
        return a->unmet > b->unmet;
    return a->room < b->room;
}

/* Figures. */

static const char *const series_names[] = {"brk.room",  "brk.room_in_steps", "brk.gap",
                                           "mmap.room", "stack.room",        "layout.mmap_base"};

/* An empty heap has a start, too. */
static void add_starts(struct tally *tally, const struct facts *facts)
{
    bool seen[REGION_VSYSCALL] = {false};

    if (facts->brk.known && facts->brk.is_start_known) {
        seen[REGION_BRK] = true;
        sample_add(&tally->samples[FIRST_START + REGION_BRK], facts->brk.start);
    }
    for (uint32_t i = 0; i < facts->n_regions; i++) {
        const struct region *region = &facts->regions[i];

        if (region->role >= REGION_VSYSCALL || seen[region->role])
            continue;
        seen[region->role] = true;
        sample_add(&tally->samples[FIRST_START + region->role], region->range.start);
    }
}

static void add_figures(struct tally *tally, const struct report *report)
{
    const struct facts *facts = report->facts;
    const struct growth *brk = &facts->brk.growth;
    const struct layout *layout = &report->image->layout;
    const struct {
        bool known;
        uint64_t value;
    } figures[] = {
        {facts->brk.known && brk->known, brk->room},
        {facts->brk.known && brk->known, brk->room_in_steps},
        {facts->brk.known, facts->brk.gap},
        {facts->mmap.growth.known, facts->mmap.growth.room},
        {facts->has_stack && facts->stack_growth.growth.known, facts->stack_growth.growth.room},
        {layout->has_base, layout->base},
    };

    for (int i = 0; i < FIRST_START; i++)
        if (figures[i].known)
            sample_add(&tally->samples[i], figures[i].value);
    add_starts(tally, facts);
}

static const char *series_name(struct tally *tally, int i)
{
    if (i < FIRST_START)
        return series_names[i];
    return arena_printf(&tally->arena, "%s.start",
                        region_name((enum region_role)(i - FIRST_START)));
}

static void sum_up_figures(struct tally *tally)
{
    struct series *list = arena_alloc(&tally->arena, N_SERIES * sizeof(*list));
    uint32_t n = 0;

    for (int i = 0; i < N_SERIES; i++)
        if (tally->samples[i].n > 0)
            list[n++] = (struct series){series_name(tally, i), i >= N_SIZES,
                                        sample_summarize(&tally->samples[i])};
    tally->repetition.series = list;
    tally->repetition.n_series = n;
}

/* Findings. */

/* Of the report that is added. */
static uint32_t run_number(const struct tally *tally)
{
    return tally->repetition.n_runs + 1;
}

/* What stands before a text of one run, which may be another than the one that is reported. */
static const char *how_often(struct tally *tally, uint32_t n_runs, uint32_t run)
{
    const struct repetition *repetition = &tally->repetition;
    struct arena *arena = &tally->arena;
    const char *text = arena_printf(arena, "in %u of %u run%s", n_runs, repetition->n_runs,
                                    repetition->n_runs == 1 ? "" : "s");

    if (repetition->n_missed > 0)
        text = arena_printf(arena, "%s (%u not looked at)", text, repetition->n_missed);
    if (run != repetition->worst)
        text = arena_printf(arena, "%s, here of run %u", text, run);
    return text;
}

static const char *copy(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

static void take(struct tally *tally, struct found *found, const struct report *report,
                 const struct rule *rule, uint32_t n, uint32_t run)
{
    found->run = run;
    found->findings = arena_alloc(&tally->arena, n * sizeof(*found->findings));
    found->n = 0;
    for (uint32_t i = 0; i < report->n_findings; i++)
        if (report->findings[i].rule == rule)
            found->findings[found->n++] = finding_copy(&tally->arena, &report->findings[i]);
}

/* How many findings of the rule there are, and the worst severity of them. */
static uint32_t count_found(const struct report *report, const struct rule *rule,
                            enum severity *severity)
{
    uint32_t n = 0;

    *severity = SEVERITY_INFO;
    for (uint32_t i = 0; i < report->n_findings; i++) {
        const struct finding *finding = &report->findings[i];

        if (finding->rule != rule)
            continue;
        n++;
        if (finding->severity > *severity)
            *severity = finding->severity;
    }
    return n;
}

static void add_found(struct tally *tally, const struct report *report, uint32_t i)
{
    struct found *found = &tally->found[i];
    enum severity severity;
    uint32_t n = count_found(report, rules[i], &severity);

    if (n == 0)
        return;
    if (found->n_runs++ == 0 || severity > found->severity) {
        found->severity = severity;
        take(tally, found, report, rules[i], n, run_number(tally));
    }
}

/* The report has the figures of the worst run, and so have its findings where it has them. */
static void prefer(struct tally *tally, const struct report *worst)
{
    for (uint32_t i = 0; rules[i]; i++) {
        enum severity severity;
        uint32_t n = count_found(worst, rules[i], &severity);

        if (n > 0 && severity == tally->found[i].severity)
            take(tally, &tally->found[i], worst, rules[i], n, tally->repetition.worst);
    }
}

/* In how many runs, which a title of one run cannot tell. */
static void join(struct tally *tally, struct checker *checker)
{
    struct arena *arena = &tally->arena;
    uint32_t n = 0;

    for (uint32_t i = 0; rules[i]; i++)
        n += tally->found[i].n;
    *checker = (struct checker){.arena = arena};
    checker->findings = arena_alloc(arena, n * sizeof(*checker->findings));
    for (uint32_t i = 0; rules[i]; i++)
        for (uint32_t k = 0; k < tally->found[i].n; k++) {
            struct finding *finding = &checker->findings[checker->n_findings];

            *finding = tally->found[i].findings[k];
            finding->number = checker->n_findings++;
            finding->title = arena_printf(
                arena, "%s: %s", how_often(tally, tally->found[i].n_runs, tally->found[i].run),
                finding->title);
        }
    stories_join(checker);
}

static int by_severity(const void *a, const void *b)
{
    const struct recurrence *x = a, *y = b;

    if (x->severity != y->severity)
        return (x->severity < y->severity) - (x->severity > y->severity);
    return (x->n_runs < y->n_runs) - (x->n_runs > y->n_runs);
}

static void sum_up_recurrences(struct tally *tally)
{
    struct recurrence *list = arena_alloc(&tally->arena, MAX_RULES * sizeof(*list));
    uint32_t n = 0;

    for (uint32_t i = 0; rules[i]; i++)
        if (tally->found[i].n_runs > 0)
            list[n++] = (struct recurrence){rules[i], tally->found[i].severity,
                                            tally->found[i].n_runs, tally->found[i].run};
    qsort(list, n, sizeof(*list), by_severity);
    tally->repetition.recurrences = list;
    tally->repetition.n_recurrences = n;
}

/* The policy. */

static void set_outcome(struct tally *tally, uint32_t i, const struct assertion *seen, uint32_t run)
{
    struct assertion *assertion = &tally->assertions[i];

    tally->unmet_run[i] = run;
    assertion->outcome = seen->outcome;
    assertion->found = copy(&tally->arena, seen->found);
    assertion->reason = copy(&tally->arena, seen->reason);
}

static void add_assertion(struct tally *tally, uint32_t i, const struct assertion *seen)
{
    if (seen->outcome == OUTCOME_PASSED)
        return;
    if (tally->n_unmet[i]++ == 0)
        set_outcome(tally, i, seen, run_number(tally));
}

/* What the lines are is the same in every run. */
static void begin_assertions(struct tally *tally, const struct verdict *verdict)
{
    struct arena *arena = &tally->arena;

    tally->n_assertions = verdict->n_assertions;
    tally->assertions = arena_alloc(arena, verdict->n_assertions * sizeof(*tally->assertions));
    tally->n_unmet = arena_alloc(arena, verdict->n_assertions * sizeof(*tally->n_unmet));
    tally->unmet_run = arena_alloc(arena, verdict->n_assertions * sizeof(*tally->unmet_run));
    for (uint32_t i = 0; i < verdict->n_assertions; i++) {
        tally->assertions[i] = verdict->assertions[i];
        tally->assertions[i].file = copy(arena, verdict->assertions[i].file);
        tally->assertions[i].text = copy(arena, verdict->assertions[i].text);
        tally->assertions[i].outcome = OUTCOME_PASSED;
        tally->assertions[i].found = NULL;
        tally->assertions[i].reason = NULL;
    }
}

static void add_verdict(struct tally *tally, const struct verdict *verdict)
{
    if (!verdict)
        return;
    if (!tally->assertions)
        begin_assertions(tally, verdict);
    for (uint32_t i = 0; i < verdict->n_assertions; i++)
        add_assertion(tally, i, &verdict->assertions[i]);
}

static const struct verdict *sum_up_verdict(struct tally *tally, const struct verdict *worst)
{
    struct verdict *verdict = arena_alloc(&tally->arena, sizeof(*verdict));

    verdict->assertions = tally->assertions;
    verdict->n_assertions = tally->n_assertions;
    for (uint32_t i = 0; i < tally->n_assertions; i++) {
        struct assertion *assertion = &tally->assertions[i];

        if (worst->assertions[i].outcome != OUTCOME_PASSED)
            set_outcome(tally, i, &worst->assertions[i], tally->repetition.worst);
        if (assertion->outcome == OUTCOME_PASSED)
            continue;
        verdict->n_failed++;
        assertion->reason = arena_printf(
            &tally->arena, "%s: %s", how_often(tally, tally->n_unmet[i], tally->unmet_run[i]),
            assertion->reason ? assertion->reason : "it does not hold");
    }
    tally->repetition.n_unmet = tally->n_unmet;
    return verdict;
}

/* Runs. */

void tally_report(struct tally *tally, const struct report *report)
{
    tally->repetition.n_reports++;
    add_figures(tally, report);
    for (uint32_t i = 0; rules[i]; i++)
        add_found(tally, report, i);
    add_verdict(tally, report->verdict);
}

void tally_miss(struct tally *tally, const char *reason)
{
    if (tally->repetition.n_missed++ > 0)
        return;
    tally->missed_reason = copy(&tally->arena, reason);
    tally->repetition.missed_reason = safe_text(&tally->arena, str_of(reason));
}

static void add_ending(struct tally *tally, int wait_status)
{
    struct repetition *repetition = &tally->repetition;

    for (uint32_t i = 0; i < repetition->n_endings; i++)
        if (tally->endings[i].wait_status == wait_status) {
            tally->endings[i].n_runs++;
            return;
        }
    tally->endings =
        xreallocarray(tally->endings, repetition->n_endings + 1, sizeof(*tally->endings));
    tally->endings[repetition->n_endings++] = (struct ending){wait_status, 1};
}

void tally_run(struct tally *tally, int wait_status, bool has_ended, bool has_failed)
{
    tally->repetition.n_runs++;
    tally->repetition.n_failed += has_failed;
    if (has_ended)
        add_ending(tally, wait_status);
}

void tally_worst(struct tally *tally, bool has_failed)
{
    tally->repetition.worst = tally->repetition.n_runs;
    tally->repetition.has_worst_failed = has_failed;
}

struct report tally_sum_up(struct tally *tally, const struct report *worst, struct moment *moment)
{
    struct repetition *repetition = &tally->repetition;
    struct report report = *worst;
    struct checker checker;

    repetition->failed = share_interval(repetition->n_failed, repetition->n_runs);
    repetition->endings = tally->endings;
    sum_up_figures(tally);
    prefer(tally, worst);
    sum_up_recurrences(tally);
    join(tally, &checker);
    report.findings = checker.findings;
    report.n_findings = checker.n_findings;
    if (tally->assertions)
        report.verdict = sum_up_verdict(tally, worst->verdict);
    moment->repetition = repetition;
    report.moment = moment;
    return report;
}
