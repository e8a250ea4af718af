/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/host.h"
#include "cmd/command.h"
#include "cmd/inspect.h"

/* Formats that tell what passed and what failed know the findings alone. */
static int print(const struct host_report *report, const struct options *options, int status,
                 FILE *out)
{
    struct document document;

    if (!options->format->is_full) {
        document_begin(&document, options->format, &options->style, 1, out);
        document_report(&document, &report->report);
        return document_end(&document, status);
    }
    if (options->json)
        json_print(json_host_report(report), out);
    else
        render_host(report, &options->style, out);
    return status;
}

static int fail(struct inspection *inspection, const struct options *options, FILE *out)
{
    struct document document;

    document_begin(&document, options->format, &options->style, 1, out);
    inspection->kind = "host";
    inspection_fail(inspection, &document);
    return document_end(&document, EXIT_TROUBLE);
}

static int run(const struct options *options, FILE *out)
{
    struct inspection inspection;
    struct host_memory memory;
    struct host_report report;
    struct account account;
    int status;

    if (options->n_arguments > 0) {
        complain_usage(
            "host takes no target: it looks at the whole system, which no snapshot holds");
        return trouble_status(options, "host takes no target", out);
    }
    inspection_init(&inspection);
    if (inspection_begin_host(&inspection, &memory, options)) {
        account_compute(&account, &memory, &inspection.image.arena);
        report = (struct host_report){inspection.report, &memory, &account};
        if (options->demands)
            inspection_judge(&inspection, options, json_host_report(&report));
        report.report = inspection.report;
        status = print(&report, options, inspection_status(&inspection, options), out);
        inspection_end(&inspection);
    } else {
        status = fail(&inspection, options, out);
    }
    inspection_deinit(&inspection);
    return status;
}

const struct command command_host = {
    .name = "host",
    .options = FOR_HOST,
    .usage = "",
    .summary = "Show what holds the host's memory, and what bounds it",
    .run = run,
};
