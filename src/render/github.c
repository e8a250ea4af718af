/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workflow commands of GitHub Actions: a line that begins with "::" becomes an annotation.  What
 * bytes mean something there, and how they are written, is that of actions/toolkit's command.ts.
 */
#include "render/safe.h"
#include "render/testcases.h"
#include "render/who.h"

/* Between "::" and "::", ':' and ',' mean something, too. */
static void print_escaped(FILE *out, const char *text, bool is_property)
{
    for (; *text; text++) {
        bool is_special = *text == '%' || *text == '\r' || *text == '\n' ||
                          (is_property && (*text == ':' || *text == ','));

        if (is_special)
            fprintf(out, "%%%02X", (unsigned char)*text);
        else
            putc(*text, out);
    }
}

static void print_title(FILE *out, const char *title, const char *who)
{
    fputs("title=", out);
    print_escaped(out, title, true);
    fputs("::", out);
    print_escaped(out, who, false);
    fputs(": ", out);
}

static void print_assertion(FILE *out, const struct assertion *assertion, const char *who,
                            struct arena *arena)
{
    fputs("::error ", out);
    if (assertion->file) {
        fputs("file=", out);
        print_escaped(out, assertion->file, true);
        fprintf(out, ",line=%u,col=%u,", assertion->line, assertion->column);
    }
    print_title(out, arena_printf(arena, "layoutcheck: %s", assertion->text), who);
    print_escaped(out, assertion_message(assertion, arena), false);
    putc('\n', out);
}

static void print_finding(FILE *out, const struct finding *finding, const char *who,
                          struct arena *arena)
{
    static const char *const commands[] = {"notice", "warning", "error"};
    const char *text = arena_printf(
        arena, "%s\n%s\nWhat to do: %s", safe_text(arena, str_of(finding->title)),
        safe_text(arena, str_of(finding->detail)), safe_text(arena, str_of(finding->remedy)));

    fprintf(out, "::%s ", commands[finding->severity]);
    print_title(out, arena_printf(arena, "layoutcheck: %s", finding->rule->id), who);
    print_escaped(out, text, false);
    putc('\n', out);
}

static void print_incomplete(FILE *out, const struct report *report, const char *who)
{
    const struct image *image = report->image;

    fputs("::error ", out);
    print_title(out, "layoutcheck: --strict", who);
    fprintf(out, "%u inputs could not be read, %u checks could not be made%s\n", image->n_missing,
            report->n_not_run, image->consistent ? "" : ", and what was read is not consistent");
}

/*
 * A line of the log.  No bytes of others stand in it, for the runner looks for commands of an older
 * form, "##[error]", anywhere in lines that have none of the newer.
 */
static void print_summary(FILE *out, const struct report *report)
{
    uint32_t n[3] = {0, 0, 0};

    for (uint32_t i = 0; i < report->n_findings; i++)
        n[report->findings[i].severity]++;
    fprintf(out, "layoutcheck: %u error%s, %u warning%s, %u note%s", n[SEVERITY_ERROR],
            n[SEVERITY_ERROR] == 1 ? "" : "s", n[SEVERITY_WARNING],
            n[SEVERITY_WARNING] == 1 ? "" : "s", n[SEVERITY_INFO],
            n[SEVERITY_INFO] == 1 ? "" : "s");
    if (report->n_ignored > 0)
        fprintf(out, "; %u ignored", report->n_ignored);
    if (report->n_not_run > 0)
        fprintf(out, "; %u check%s could not be made", report->n_not_run,
                report->n_not_run == 1 ? "" : "s");
    if (report->verdict)
        fprintf(out, "; %u of %u lines of the policy hold",
                report->verdict->n_assertions - report->verdict->n_failed,
                report->verdict->n_assertions);
    putc('\n', out);
}

static void add_report(struct document *document, const struct report *report)
{
    const struct verdict *verdict = report->verdict;
    struct arena *arena = &report->image->arena;
    const char *who = who_text(report);

    for (uint32_t i = 0; verdict && i < verdict->n_assertions; i++)
        if (verdict->assertions[i].outcome != OUTCOME_PASSED)
            print_assertion(document->out, &verdict->assertions[i], who, arena);
    for (uint32_t i = 0; i < report->n_findings; i++)
        print_finding(document->out, &report->findings[i], who, arena);
    if (report->strict && report_is_incomplete(report))
        print_incomplete(document->out, report, who);
    print_summary(document->out, report);
}

static void add_failure(struct document *document, const struct failure *failure)
{
    struct arena *arena = &document->arena;

    fputs("::error ", document->out);
    print_title(document->out, "layoutcheck: it could not be inspected",
                safe_text(arena, str_of(failure->path)));
    print_escaped(document->out, safe_text(arena, str_of(failure->reason)), false);
    putc('\n', document->out);
}

const struct format format_github = {
    .name = "github",
    .report = add_report,
    .failure = add_failure,
};
