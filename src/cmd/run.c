/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts a program and looks at it at a moment of its life. */
#include "cmd/command.h"
#include "cmd/look.h"
#include "cmd/repeat.h"
#include "cmd/saving.h"
#include "parse/auxv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* AT_ENTRY of a process. */
static bool find_entry(pid_t pid, uint64_t *address, struct err *err)
{
    struct auxv_record auxv;
    char path[32], bytes[4096];
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/auxv", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return err_set(err, "cannot read %s: %s", path, strerror(errno));
    auxv_parse((struct str){bytes, (size_t)n}, &auxv);
    if (!auxv.known || !auxv.entry)
        return err_set(err, "%s does not tell the entry point of the program", path);
    *address = auxv.entry;
    return true;
}

static const struct {
    const char *name;
    enum launch_point point;
} points[] = {
    {"entry", LAUNCH_ENTRY},
    {"exec", LAUNCH_EXEC},
    {"exit", LAUNCH_EXIT},
    {"brk-failure", LAUNCH_BRK_FAILURE},
};

static bool parse_time(const char *text, uint64_t *ms)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}};
    const char *unit = text + strspn(text, "0123456789");

    if (unit == text || unit - text > 6)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(unit, units[i].unit) == 0) {
            *ms = strtoul(text, NULL, 10) * units[i].ms;
            return true;
        }
    return false;
}

static bool parse_point(const char *text, struct launch_spec *spec, struct err *err)
{
    if (!text)
        return true;
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
        if (strcmp(text, points[i].name) == 0) {
            spec->point = points[i].point;
            return true;
        }
    spec->point = LAUNCH_AFTER;
    return parse_time(text, &spec->after_ms) ||
           err_set(err,
                   "unknown --at \"%s\": exec, entry, exit, brk-failure, or a time such as 500ms, "
                   "2s, 1m",
                   text);
}

/* A program that is looked at once. */
struct run {
    const struct options *options;
    struct look look;
    struct document document;
};

/* While the program runs on. */
static int report(struct run *run)
{
    struct inspection *inspection = &run->look.inspection;

    document_report(&run->document, &inspection->report);
    return inspection_status(inspection, run->options);
}

static int fail(struct run *run)
{
    const char *reason = look_reason(&run->look);

    complain("%s", reason);
    document_failure(&run->document, &(struct failure){NULL, run->options->arguments[0], reason});
    return look_status(&run->look);
}

/* Once the program has ended: what it ended with, unless there is something to tell. */
static int outcome(struct run *run, int status)
{
    if (run->look.result == LOOK_NEVER_REFUSED)
        complain("%s", look_reason(&run->look));
    else if (run->look.result != LOOK_REPORT)
        return fail(run);
    if (status != EXIT_CLEAN || run->options->kill)
        return status;
    return EXIT_PROGRAM | run->look.launch.wait_status;
}

static int run_once(struct run *run)
{
    int status = EXIT_CLEAN;

    if (look_begin(&run->look) == LOOK_BROKEN)
        return fail(run);
    if (run->look.result == LOOK_REPORT)
        status = report(run);
    look_finish(&run->look);
    return outcome(run, status);
}

/* Whether it could be made is said before anything is started. */
static int run_and_save(struct run *run)
{
    struct snapshot snapshot;
    struct image *image;
    struct err err;
    int status;

    if (!snapshot_begin(&snapshot, run->options->save, &err)) {
        complain("%s", err.text);
        document_failure(&run->document,
                         &(struct failure){NULL, run->options->arguments[0], err.text});
        return EXIT_TROUBLE;
    }
    status = run_once(run);
    image = run->look.result == LOOK_REPORT ? &run->look.inspection.image : NULL;
    return saving_end(&snapshot, image, run->options->is_private) ? status : EXIT_TROUBLE;
}

static int single(const struct options *options, const struct launch_spec *spec, FILE *out)
{
    struct run run = {.options = options};
    int status;

    look_init(&run.look, options, spec);
    document_begin(&run.document, options->format, &options->style, 1, out);
    status = options->save ? run_and_save(&run) : run_once(&run);
    look_deinit(&run.look);
    return document_end(&run.document, status);
}

static int run(const struct options *given, FILE *out)
{
    struct options options = *given;
    struct launch_spec spec = {
        .argv = options.arguments,
        .program = options.program,
        .point = LAUNCH_ENTRY,
        .find_entry = find_entry,
    };
    struct err err;

    if (options.n_arguments == 0) {
        complain_usage("no command: give a program to start, for example: layoutcheck run -- true");
        return trouble_status(given, "no command", out);
    }
    if (!parse_point(options.at, &spec, &err)) {
        complain_usage(err.text);
        return trouble_status(given, err.text, out);
    }
    options.keep = options.save != NULL;
    return options.repeat ? repeat(&options, &spec, out) : single(&options, &spec, out);
}

static void print_details(FILE *out)
{
    fputs("\nPOINT is exec (nothing but the kernel's own mappings), entry (libraries are loaded,\n"
          "main() has not begun), exit (as it ends), brk-failure (the first brk() that the kernel\n"
          "refuses, of the program or what it starts), or a time such as 500ms, 2s, 1m.\n"
          "The report goes to standard error, for the program has standard output.\n",
          out);
}

const struct command command_run = {
    .name = "run",
    .options = FOR_RUN,
    .usage = "[--] COMMAND...",
    .summary = "Start a program and look at it at a moment of its life",
    .run = run,
    .print_details = print_details,
    .starts = true,
};
