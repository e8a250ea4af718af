/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/inspect.h"
#include "render/json.h"
#include "render/safe.h"

#include <strings.h>

static bool wants_usage(const char *columns)
{
    return columns && (strcasestr(columns, "RSS") || strcasestr(columns, "PSS") ||
                       strcasestr(columns, "SWAP"));
}

static int show(const struct options *options, struct inspection *inspection, FILE *out)
{
    struct err err;

    if (options->json) {
        json_print(json_report(&inspection->report), out);
    } else if (!render_map(&inspection->report, &options->style, out, &err)) {
        complain("%s", err.text);
        return EXIT_TROUBLE;
    }
    return inspection_status(inspection, options);
}

static int run(const struct options *given, FILE *out)
{
    struct options options = *given;
    struct inspection inspection;
    struct err err;
    int status = EXIT_TROUBLE;

    if (options.n_arguments != 1) {
        complain_usage("map takes one target: a PID");
        return EXIT_TROUBLE;
    }
    options.with_mappings = true;
    options.with_memory = options.with_memory || wants_usage(options.style.columns);
    if (options.with_memory && !options.style.columns)
        options.style.columns = "+RSS,PSS,SWAP";
    if (!inspection_init(&inspection, &err)) {
        complain("%s", err.text);
        return EXIT_TROUBLE;
    }
    if (inspection_begin(&inspection, options.arguments[0], &options, &err)) {
        status = show(&options, &inspection, out);
        inspection_end(&inspection);
    } else {
        complain("%s", err.text);
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
    .usage = "PID",
    .summary = "Show every mapping with its role, and the gaps",
    .run = run,
    .print_details = print_details,
};
