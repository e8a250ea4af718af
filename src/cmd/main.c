/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/output.h"
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

static int run_command(struct options *options, struct err *err)
{
    struct output output;
    int status;

    if (!output_open(&output, options->output, err))
        return -1;
    options_set_style(options, output.stream);
    status = options->command->run(options, output.stream);
    /* After trouble, a JSON document says why and is worth keeping; no text is no report. */
    if (!output_close(&output, status != EXIT_TROUBLE, err))
        return -1;
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct err err;
    int status;

    signal(SIGPIPE, SIG_DFL);
    if (!options_parse(&options, argc, argv, &err)) {
        complain_usage(err.text);
        return EXIT_TROUBLE;
    }
    if (options.help || options.version)
        return print_and_flush(&options);
    if (!privilege_drop(options.output || options.command->writes, &err)) {
        complain("%s", err.text);
        return EXIT_TROUBLE;
    }
    status = run_command(&options, &err);
    if (status < 0) {
        complain("%s", err.text);
        return EXIT_TROUBLE;
    }
    return status;
}
