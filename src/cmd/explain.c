/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"

static int run(const struct options *options, FILE *out)
{
    int status = EXIT_CLEAN;

    if (options->all && options->n_arguments > 0) {
        complain_usage("explain takes either --all or the findings to explain");
        return EXIT_TROUBLE;
    }
    if (options->all)
        render_rules_in_full(&options->style, out);
    else if (options->n_arguments == 0)
        render_rules(&options->style, out);
    for (int i = 0; i < options->n_arguments; i++) {
        const struct rule *rule = rule_find(str_of(options->arguments[i]));

        if (!rule) {
            complain("there is no finding \"%s\": \"layoutcheck explain\" lists them",
                     options->arguments[i]);
            status = EXIT_TROUBLE;
            continue;
        }
        if (i > 0)
            putc('\n', out);
        render_rule(rule, &options->style, out);
    }
    return status;
}

const struct command command_explain = {
    .name = "explain",
    .options = FOR_EXPLAIN,
    .usage = "[ID...]",
    .summary = "Say what a finding means and what to do; without ID, list all",
    .run = run,
};
