/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/output.h"
#include "cmd/policy.h"
#include "source/privilege.h"

#include <errno.h>
#include <signal.h>

/* Help and version, which can meet a full disk as well. */
static int print_and_flush(const struct options *options)
{
    if (options->help)
        options_print_help(options, stdout);
    else
        printf("layoutcheck %s\n", LAYOUTCHECK_VERSION);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_CLEAN;
    complain("cannot write to standard output: %s", strerror(errno));
    return EXIT_TROUBLE;
}

static int fail(const struct options *options, const struct err *err)
{
    complain("%s", err->text);
    return trouble_status(options, err->text, stdout);
}

static int print_report(struct options *options)
{
    struct output output;
    struct err err;
    int status;

    if (!output_open(&output, options->output, &err))
        return fail(options, &err);
    options_set_style(options, output.stream);
    status = options->command->run(options, output.stream);
    /* After trouble, a JSON document says why and is worth keeping; no text is no report. */
    if (!output_close(&output, status != EXIT_TROUBLE, &err))
        return fail(options, &err);
    return status;
}

/* A policy that is wrong is told before anything is looked at. */
static int run_command(struct options *options)
{
    struct demands demands;
    int status;

    if (demands_init(&demands, options))
        status = print_report(options);
    else
        status = trouble_status(options, "the policy has mistakes", stdout);
    demands_deinit(&demands);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct err err;

    signal(SIGPIPE, SIG_DFL);
    if (!options_parse(&options, argc, argv, &err)) {
        complain_usage(err.text);
        return trouble_status(&options, err.text, stdout);
    }
    if (options.help || options.version)
        return print_and_flush(&options);
    if (!privilege_drop(options.output || options.command->writes, &err))
        return fail(&options, &err);
    return run_command(&options);
}
