/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/output.h"
#include "cmd/policy.h"
#include "source/launch.h"
#include "source/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

/* Standard output is that of the program that is started. */
static FILE *stream_of(const struct options *options)
{
    return options->command->starts ? stderr : stdout;
}

static int fail(const struct options *options, const struct err *err)
{
    complain("%s", err->text);
    return trouble_status(options, err->text, stream_of(options));
}

static bool is_trouble(int status)
{
    return status == EXIT_TROUBLE || status == EXIT_NOT_EXECUTABLE || status == EXIT_NOT_FOUND;
}

static int print_report(struct options *options)
{
    struct output output;
    struct err err;
    int status;
    bool ok;

    if (!output_open(&output, options->output, stream_of(options),
                     options->format->is_for_all_users, &err))
        return fail(options, &err);
    options_set_style(options, output.stream);
    status = options->command->run(options, output.stream);
    /* After trouble, a JSON document says why and is worth keeping; no text is no report. */
    ok = output_close(&output, !is_trouble(status), &err);
    launch_series_end();
    if (!ok)
        return fail(options, &err);
    return status & EXIT_PROGRAM ? launch_end_like(status & ~EXIT_PROGRAM) : status;
}

/* A policy that is wrong is told before anything is looked at. */
static int run_command(struct options *options)
{
    struct demands demands;
    int status;

    if (demands_init(&demands, options))
        status = print_report(options);
    else
        status = trouble_status(options, "the policy has mistakes", stream_of(options));
    demands_deinit(&demands);
    return status;
}

static bool lower_rights(const struct options *options, struct err *err)
{
    if (options->command->starts)
        return privilege_put_aside(err);
    return privilege_drop(options->output || options->command->writes, err);
}

/*
 * What is opened next has the number of a stream that is closed, and would get its text.  These are
 * open the wrong way round, so that their use fails as before, and closed again for a program that
 * is started.
 */
static void keep_streams_free(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

int main(int argc, char **argv)
{
    struct options options;
    struct err err;

    keep_streams_free();
    launch_note_signals();
    if (!options_parse(&options, argc, argv, &err)) {
        complain_usage(err.text);
        return trouble_status(&options, err.text, stream_of(&options));
    }
    if (options.help || options.version)
        return print_and_flush(&options);
    if (!lower_rights(&options, &err))
        return fail(&options, &err);
    return run_command(&options);
}
