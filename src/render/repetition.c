/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many runs on paper: how often something was wrong, then a table of what was different. */
#include "render/paper.h"
#include "render/safe.h"

#include <string.h>
#include <sys/wait.h>

/* One of a thousand runs is seen in a percentage with one digit behind the point. */
static int share_digits(uint32_t n_runs)
{
    int digits = 1;

    for (uint32_t n = 1000; n < n_runs; n *= 10)
        digits++;
    return digits;
}

static const char *failed_text(const struct repetition *repetition, struct arena *arena)
{
    uint32_t n = repetition->n_runs;
    int digits = share_digits(n);
    const char *text = arena_printf(
        arena, "%u of %u run%s failed, %.*f %%; 95 %% confidence interval %.*f to %.*f %%",
        repetition->n_failed, n, n == 1 ? "" : "s", digits, 100.0 * repetition->n_failed / n,
        digits, 100 * repetition->failed.low, digits, 100 * repetition->failed.high);

    if (n == repetition->n_asked)
        return text;
    if (!repetition->is_interrupted)
        return arena_printf(arena, "%s (ended after run %u of %u)", text, n, repetition->n_asked);
    return arena_printf(arena, "%s (a signal ended it before run %u of %u)", text, n + 1,
                        repetition->n_asked);
}

/* "    37  error brk-room-low" */
static void print_count(uint32_t n, const char *what, const struct style *style, FILE *out)
{
    char count[16];

    snprintf(count, sizeof(count), "%6u  ", n);
    paper_wrap(out, style, (unsigned int)strlen(count), count, what);
}

static void print_recurrences(const struct report *report, const struct style *style, FILE *out)
{
    const struct repetition *repetition = report->moment->repetition;
    struct arena *arena = &report->image->arena;

    for (uint32_t i = 0; i < repetition->n_recurrences; i++) {
        const struct recurrence *recurrence = &repetition->recurrences[i];

        if (recurrence->severity > SEVERITY_INFO || style->verbose)
            print_count(recurrence->n_runs,
                        arena_printf(arena, "%s %s", severity_name(recurrence->severity),
                                     recurrence->rule->id),
                        style, out);
    }
}

static void print_unmet(const struct report *report, const struct style *style, FILE *out)
{
    const struct verdict *verdict = report->verdict;
    const uint32_t *n_unmet = report->moment->repetition->n_unmet;

    for (uint32_t i = 0; verdict && i < verdict->n_assertions; i++)
        if (n_unmet[i] > 0)
            print_count(
                n_unmet[i],
                arena_printf(&report->image->arena, "policy: %s", verdict->assertions[i].text),
                style, out);
}

static const char *ending_text(const struct ending *ending, struct arena *arena)
{
    int status = ending->wait_status;
    const char *name;

    if (!WIFSIGNALED(status))
        return arena_printf(arena, "ended with exit status %d", WEXITSTATUS(status));
    name = sigabbrev_np(WTERMSIG(status));
    return name ? arena_printf(arena, "ended by SIG%s", name)
                : arena_printf(arena, "ended by signal %d", WTERMSIG(status));
}

/* A program that ends well is not worth a line. */
static void print_endings(const struct report *report, const struct style *style, FILE *out)
{
    const struct repetition *repetition = report->moment->repetition;

    if (report->moment->has_brk)
        print_count(repetition->n_reports, "brk() was refused", style, out);
    for (uint32_t i = 0; i < repetition->n_endings; i++)
        if (repetition->endings[i].wait_status != 0)
            print_count(repetition->endings[i].n_runs,
                        ending_text(&repetition->endings[i], &report->image->arena), style, out);
    if (repetition->n_missed > 0)
        print_count(
            repetition->n_missed,
            arena_printf(&report->image->arena, "not looked at: %s", repetition->missed_reason),
            style, out);
}

static const char *value_text(const struct series *series, uint64_t value,
                              const struct style *style, char buf[static UNITS_TEXT])
{
    return series->is_address ? address_text(value, buf) : paper_size(style, value, buf);
}

static const char *bits_text(const struct sample_summary *summary, struct arena *arena)
{
    return summary->has_bits ? arena_printf(arena, "%.1f", summary->bits) : "?";
}

static void print_series(const struct report *report, const struct style *style, FILE *out)
{
    const struct repetition *repetition = report->moment->repetition;
    char min[UNITS_TEXT], median[UNITS_TEXT], max[UNITS_TEXT];

    fprintf(out, "%-20s %16s %16s %16s  %5s\n", "", "minimum", "median", "maximum", "bits");
    for (uint32_t i = 0; i < repetition->n_series; i++) {
        const struct series *series = &repetition->series[i];
        const struct sample_summary *summary = &series->summary;

        fprintf(out, "%-20s %16s %16s %16s  %5s\n", series->name,
                value_text(series, summary->min, style, min),
                value_text(series, summary->median, style, median),
                value_text(series, summary->max, style, max),
                bits_text(summary, &report->image->arena));
        if (summary->n < repetition->n_reports)
            fprintf(out, "    in %u of %u runs\n", summary->n, repetition->n_reports);
    }
}

void render_repetition(const struct report *report, const struct style *style, FILE *out)
{
    const struct repetition *repetition = report->moment->repetition;
    struct arena *arena = &report->image->arena;

    paper_wrap(out, style, 0, "", failed_text(repetition, arena));
    print_recurrences(report, style, out);
    print_unmet(report, style, out);
    print_endings(report, style, out);
    putc('\n', out);
    print_series(report, style, out);
    fprintf(out, "\nThe %s run was number %u:\n\n",
            repetition->has_worst_failed ? "worst" : "tightest", repetition->worst);
}

void render_repetition_quiet(const struct report *report, const char *who, FILE *out)
{
    const struct repetition *repetition = report->moment->repetition;

    if (repetition->n_failed > 0)
        fprintf(out, "%s: %s\n", who, failed_text(repetition, &report->image->arena));
}
