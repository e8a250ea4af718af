/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/inspect.h"
#include "render/json.h"
#include "render/safe.h"

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

static int report_failure(struct sink *sink, const char *target, const struct err *err)
{
    struct arena arena;

    arena_init(&arena);
    complain("%s", safe_text(&arena, str_of(err->text)));
    if (sink->options->json)
        emit_json(sink, json_failure(safe_text(&arena, str_of(target)),
                                     safe_text(&arena, str_of(err->text))));
    arena_deinit(&arena);
    return EXIT_TROUBLE;
}

static int check_target(struct sink *sink, struct inspection *inspection, const char *target)
{
    struct err err;
    int status;

    if (!inspection_begin(inspection, target, sink->options, &err))
        return report_failure(sink, target, &err);
    if (sink->options->json) {
        emit_json(sink, json_report(&inspection->report));
    } else {
        if (sink->n_printed++ > 0 && !sink->options->style.quiet)
            putc('\n', sink->out);
        render_text(&inspection->report, &sink->options->style, sink->out);
    }
    status = inspection_status(inspection, sink->options);
    inspection_end(inspection);
    return status;
}

static int run(const struct options *options, FILE *out)
{
    struct sink sink = {.options = options, .out = out};
    struct inspection inspection;
    struct err err;
    int worst = EXIT_CLEAN;

    if (options->n_arguments == 0) {
        complain_usage("no target: give a PID, for example: layoutcheck $$");
        return EXIT_TROUBLE;
    }
    if (!inspection_init(&inspection, &err)) {
        complain("%s", err.text);
        return EXIT_TROUBLE;
    }
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
    .usage = "PID...",
    .summary = "Show the memory layout of a process, how far its heap can grow, and what is wrong",
    .run = run,
};
