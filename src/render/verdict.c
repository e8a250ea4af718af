/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy on paper: the lines that do not hold, and how many do. */
#include "render/paper.h"

/* "server.policy:3: expect brk.room >= 64M", "--expect brk.room >= 64M" */
static const char *line_text(struct arena *arena, const struct assertion *assertion)
{
    if (!assertion->file)
        return arena_printf(arena, "--expect %s", assertion->text);
    return arena_printf(arena, "%s:%u: %s", assertion->file, assertion->line, assertion->text);
}

/* "found 897024 (876K): it is less than 64M" */
static const char *found_text(struct arena *arena, const struct assertion *assertion)
{
    if (!assertion->found)
        return assertion->reason;
    return arena_printf(arena, "found %s: %s", assertion->found, assertion->reason);
}

static const char *outcome_text(const struct assertion *assertion)
{
    return assertion->outcome == OUTCOME_UNKNOWN ? "unknown" : "failed";
}

static void print_failed(const struct assertion *assertion, struct arena *arena,
                         const struct style *style, FILE *out)
{
    const char *outcome = outcome_text(assertion);

    fprintf(out, "%s%s%s ", paper_severity_on(style, SEVERITY_ERROR), outcome, paper_off(style));
    paper_wrap_from(out, style, strlen(outcome) + 1, 6, line_text(arena, assertion));
    paper_wrap(out, style, 6, "", found_text(arena, assertion));
}

void render_verdict(const struct report *report, const struct style *style, FILE *out)
{
    const struct verdict *verdict = report->verdict;
    struct arena *arena = &report->image->arena;

    if (!verdict || verdict->n_assertions == 0)
        return;
    putc('\n', out);
    for (uint32_t i = 0; i < verdict->n_assertions; i++)
        if (verdict->assertions[i].outcome != OUTCOME_PASSED)
            print_failed(&verdict->assertions[i], arena, style, out);
    fprintf(out, "policy: %u of %u lines hold\n", verdict->n_assertions - verdict->n_failed,
            verdict->n_assertions);
}

void render_verdict_quiet(const struct report *report, const char *who, FILE *out)
{
    const struct verdict *verdict = report->verdict;
    struct arena *arena = &report->image->arena;

    for (uint32_t i = 0; verdict && i < verdict->n_assertions; i++) {
        const struct assertion *assertion = &verdict->assertions[i];

        if (assertion->outcome != OUTCOME_PASSED)
            fprintf(out, "%s: %s: %s: %s\n", who, outcome_text(assertion),
                    line_text(arena, assertion), found_text(arena, assertion));
    }
}
