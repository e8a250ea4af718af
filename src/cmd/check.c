/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/inspect.h"

static int check_target(struct document *document, struct inspection *inspection,
                        const char *target, const struct options *options)
{
    int status;

    if (!inspection_begin(inspection, target, options)) {
        inspection_fail(inspection, document);
        return EXIT_TROUBLE;
    }
    document_report(document, &inspection->report);
    status = inspection_status(inspection, options);
    inspection_end(inspection);
    return status;
}

static int run(const struct options *options, FILE *out)
{
    struct document document;
    struct inspection inspection;
    int worst = EXIT_CLEAN;

    if (options->n_arguments == 0) {
        complain_usage("no target: give a PID, for example: layoutcheck $$");
        return trouble_status(options, "no target", out);
    }
    inspection_init(&inspection);
    document_begin(&document, options->format, &options->style, (unsigned int)options->n_arguments,
                   out);
    for (int i = 0; i < options->n_arguments; i++) {
        int status = check_target(&document, &inspection, options->arguments[i], options);

        worst = status > worst ? status : worst;
    }
    inspection_deinit(&inspection);
    return document_end(&document, worst);
}

const struct command command_check = {
    .name = "check",
    .options = FOR_CHECK,
    .usage = "TARGET...",
    .summary = "Show the memory layout, how far the heap can grow, and what is wrong",
    .operands = OPERANDS_TARGET,
    .run = run,
};
