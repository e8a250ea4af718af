/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts a program and looks at it at a moment of its life. */
#include "cmd/command.h"
#include "cmd/inspect.h"
#include "parse/auxv.h"
#include "render/safe.h"
#include "source/launch.h"
#include "source/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
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

/* Whether the file would have given rights; the kernel does not, traced by an ordinary user. */
static bool is_without_rights_of_file(pid_t pid)
{
    char path[32];
    struct stat st;
    struct statvfs fs;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    if (privilege_traces_all() || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
        stat(path, &st) != 0 || statvfs(path, &fs) != 0 || fs.f_flag & ST_NOSUID)
        return false;
    return (st.st_mode & S_ISUID && st.st_uid != geteuid()) ||
           (st.st_mode & S_ISGID && st.st_mode & S_IXGRP && st.st_gid != getegid()) ||
           getxattr(path, "security.capability", NULL, 0) > 0;
}

/* What a run needs beside its options. */
struct run {
    const struct options *options;
    struct launch_spec spec;
    struct launch launch;
    struct inspection inspection;
    struct document document;
};

/* Reads the process as it stands, lets it go on, and prints what was read. */
static int look(struct run *run)
{
    const struct launch *launch = &run->launch;
    struct inspection *inspection = &run->inspection;
    const struct moment moment = {
        .point = run->options->at ? run->options->at : points[0].name,
        .command = run->options->arguments,
        .has_brk = run->spec.point == LAUNCH_BRK_FAILURE,
        .brk_asked = launch->brk_asked,
        .brk_kept = launch->brk_kept,
    };
    char target[16];
    int status;

    if (is_without_rights_of_file(launch->pid))
        complain("PID %d executes a file that is set-user-ID, set-group-ID or has capabilities, "
                 "which has no effect when an ordinary user traces it: run layoutcheck as root",
                 (int)launch->pid);
    snprintf(target, sizeof(target), "%d", (int)launch->pid);
    if (!inspection_begin(inspection, target, run->options)) {
        launch_release(&run->launch, run->options->kill);
        inspection_fail(inspection, &run->document);
        return EXIT_TROUBLE;
    }
    launch_release(&run->launch, run->options->kill);
    inspection->report.moment = &moment;
    document_report(&run->document, &inspection->report);
    status = inspection_status(inspection, run->options);
    inspection_end(inspection);
    return status;
}

static void fail(struct run *run, const struct err *err)
{
    complain("%s", err->text);
    document_failure(&run->document, &(struct failure){NULL, run->spec.argv[0], err->text});
}

static int unstarted(struct run *run)
{
    int error = run->launch.exec_error;
    struct err err;

    err_format(&err, "cannot execute %s: %s", run->spec.argv[0], strerror(error));
    fail(run, &err);
    return error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/* How the child ended, for a sentence. */
static void end_text(const struct launch *launch, char *text, size_t size)
{
    int status = launch->wait_status;

    if (WIFSIGNALED(status))
        snprintf(text, size, "it was ended by signal %d", WTERMSIG(status));
    else
        snprintf(text, size, "it ended with exit status %d", WEXITSTATUS(status));
}

static int missed(struct run *run)
{
    const char *program = run->spec.program;
    char end[64];
    struct err err;

    if (run->spec.point == LAUNCH_BRK_FAILURE && (run->launch.pid || !program)) {
        complain("brk() was never refused");
        return EXIT_CLEAN;
    }
    end_text(&run->launch, end, sizeof(end));
    if (program && !run->launch.pid)
        err_format(&err, "%s: nothing executed %s; %s", run->spec.argv[0], program, end);
    else
        err_format(&err, "%s was not looked at: %s before", run->spec.argv[0], end);
    fail(run, &err);
    return EXIT_TROUBLE;
}

/* Once the program has ended: what it ended with, unless there is something to tell. */
static int outcome(struct run *run, int status)
{
    if (run->launch.state == LAUNCH_UNSTARTED)
        return unstarted(run);
    if (run->launch.state != LAUNCH_REACHED)
        status = missed(run);
    if (status != EXIT_CLEAN || run->options->kill)
        return status;
    return EXIT_PROGRAM | run->launch.wait_status;
}

static int run_once(struct run *run)
{
    int status = EXIT_CLEAN;
    struct err err;

    if (!launch_begin(&run->launch, &run->spec, &err)) {
        fail(run, &err);
        return EXIT_TROUBLE;
    }
    if (run->launch.state == LAUNCH_REACHED)
        status = look(run);
    launch_finish(&run->launch);
    return outcome(run, status);
}

static int run(const struct options *options, FILE *out)
{
    struct run run = {
        .options = options,
        .spec = {.argv = options->arguments,
                 .program = options->program,
                 .point = LAUNCH_ENTRY,
                 .find_entry = find_entry},
    };
    struct err err;
    int status;

    if (options->n_arguments == 0) {
        complain_usage("no command: give a program to start, for example: layoutcheck run -- true");
        return trouble_status(options, "no command", out);
    }
    if (!parse_point(options->at, &run.spec, &err)) {
        complain_usage(err.text);
        return trouble_status(options, err.text, out);
    }
    inspection_init(&run.inspection);
    document_begin(&run.document, options->format, &options->style, 1, out);
    status = run_once(&run);
    inspection_deinit(&run.inspection);
    return document_end(&run.document, status);
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
