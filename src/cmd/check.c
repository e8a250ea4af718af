/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/inspect.h"
#include "render/paper.h"

/* Where the documents of several targets go: a JSON array. */
struct sink {
    const struct options *options;
    FILE *out;
    json_t *array; /* NULL with one target */
    unsigned int n_printed;
};

static void emit_json(struct sink *sink, json_t *document)
{
    if (sink->array)
        json_array_append_new(sink->array, document);
    else
        json_print(document, sink->out);
}

static void print_text(struct sink *sink, const struct inspection *inspection)
{
    const struct style *style = &sink->options->style;
    const char *access;

    if (sink->n_printed++ > 0 && !style->quiet)
        putc('\n', sink->out);
    render_text(&inspection->report, style, sink->out);
    if (!style->verbose || style->quiet)
        return;
    access = inspection_access(inspection);
    if (access)
        paper_wrap(sink->out, style, 2, "", access);
}

static int check_target(struct sink *sink, struct inspection *inspection, const char *target)
{
    int status;

    if (!inspection_begin(inspection, target, sink->options)) {
        json_t *document = inspection_failure(inspection, sink->options);

        if (document)
            emit_json(sink, document);
        return EXIT_TROUBLE;
    }
    if (sink->options->json)
        emit_json(sink, json_report(&inspection->report));
    else
        print_text(sink, inspection);
    status = inspection_status(inspection, sink->options);
    inspection_end(inspection);
    return status;
}

static int run(const struct options *options, FILE *out)
{
    struct sink sink = {.options = options, .out = out};
    struct inspection inspection;
    int worst = EXIT_CLEAN;

    if (options->n_arguments == 0) {
        complain_usage("no target: give a PID, for example: layoutcheck $$");
        return EXIT_TROUBLE;
    }
    inspection_init(&inspection);
    if (options->json && options->n_arguments > 1)
        sink.array = json_array();
    for (int i = 0; i < options->n_arguments; i++) {
        int status = check_target(&sink, &inspection, options->arguments[i]);

        worst = status > worst ? status : worst;
    }
    if (sink.array)
        json_print(sink.array, out);
    inspection_deinit(&inspection);
    return worst;
}

const struct command command_check = {
    .name = "check",
    .options = FOR_CHECK,
    .usage = "TARGET...",
    .summary = "Show the memory layout, how far the heap can grow, and what is wrong",
    .operands = OPERANDS_TARGET,
    .run = run,
};
