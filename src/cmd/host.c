/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/host.h"
#include "cmd/command.h"
#include "cmd/inspect.h"
#include "render/paper.h"
#include "render/safe.h"

static void print(const struct host_report *report, const struct inspection *inspection,
                  const struct options *options, FILE *out)
{
    const char *access;

    if (options->json) {
        json_print(json_host_report(report), out);
        return;
    }
    render_host(report, &options->style, out);
    if (!options->style.verbose || options->style.quiet)
        return;
    access = inspection_access(inspection);
    if (access)
        paper_wrap(out, &options->style, 2, "", access);
}

static int fail(const struct inspection *inspection, const struct options *options, FILE *out)
{
    struct arena arena;

    complain("%s", inspection->failure);
    arena_init(&arena);
    if (options->json)
        json_print(
            json_host_failure(inspection->path, safe_text(&arena, str_of(inspection->failure))),
            out);
    arena_deinit(&arena);
    return EXIT_TROUBLE;
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
        return EXIT_TROUBLE;
    }
    inspection_init(&inspection);
    if (inspection_begin_host(&inspection, &memory, options)) {
        account_compute(&account, &memory, &inspection.image.arena);
        report = (struct host_report){inspection.report, &memory, &account};
        print(&report, &inspection, options, out);
        status = inspection_status(&inspection, options);
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
