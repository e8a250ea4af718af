/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/inspect.h"

static int show(const struct options *options, struct inspection *inspection, FILE *out)
{
    if (options->json) {
        json_print(json_report(&inspection->report), out);
    } else {
        render_heap(&inspection->report, &options->style, out);
        render_findings(&inspection->report, &options->style, out);
        render_verdict(&inspection->report, &options->style, out);
    }
    return inspection_status(inspection, options);
}

static int run(const struct options *given, FILE *out)
{
    struct options options = *given;
    struct inspection inspection;
    int status = EXIT_TROUBLE;

    if (options.n_arguments != 1) {
        complain_usage("heap takes one target: a PID, an ELF core or a snapshot");
        return EXIT_TROUBLE;
    }
    options.with_heap = true;
    inspection_init(&inspection);
    if (inspection_begin(&inspection, options.arguments[0], &options)) {
        status = show(&options, &inspection, out);
        inspection_end(&inspection);
    } else {
        json_t *document = inspection_failure(&inspection, &options);

        if (document)
            json_print(document, out);
    }
    inspection_deinit(&inspection);
    return status;
}

const struct command command_heap = {
    .name = "heap",
    .options = FOR_HEAP,
    .usage = "TARGET",
    .summary = "Show what malloc holds: glibc's arenas, chunks, thresholds, limits",
    .operands = OPERANDS_TARGET,
    .run = run,
};
