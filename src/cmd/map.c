/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/map.h"
#include "cmd/command.h"
#include "cmd/inspect.h"

static int show(const struct options *options, struct inspection *inspection, FILE *out)
{
    struct err err;

    if (options->json) {
        json_print(json_report(&inspection->report), out);
    } else if (!render_map(&inspection->report, &options->style, out, &err)) {
        complain("%s", err.text);
        return EXIT_TROUBLE;
    } else {
        render_verdict(&inspection->report, &options->style, out);
    }
    return inspection_status(inspection, options);
}

static int run(const struct options *given, FILE *out)
{
    struct options options = *given;
    struct inspection inspection;
    struct err err;
    int status = EXIT_TROUBLE;
    bool reads_smaps;

    if (options.n_arguments != 1) {
        complain_usage("map takes one target: a PID, directory or file");
        return EXIT_TROUBLE;
    }
    if (!map_columns_check(options.style.columns, &reads_smaps, &err)) {
        complain_usage(err.text);
        return EXIT_TROUBLE;
    }
    options.with_mappings = true;
    options.with_memory = options.with_memory || reads_smaps;
    if (options.with_memory && !options.style.columns)
        options.style.columns = "+RSS,PSS,SWAP";
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

static void print_details(FILE *out)
{
    fputs("\nColumns:\n", out);
    render_map_columns(out);
}

const struct command command_map = {
    .name = "map",
    .options = FOR_MAP,
    .usage = "TARGET",
    .summary = "Show every mapping with its role, and the gaps",
    .operands = OPERANDS_TARGET,
    .run = run,
    .print_details = print_details,
};
