/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/look.h"

#include "cmd/command.h"
#include "cmd/saving.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

void look_init(struct look *look, const struct options *options, const struct launch_spec *spec)
{
    *look = (struct look){.options = options, .spec = spec, .result = LOOK_MISSED};
    inspection_init(&look->inspection);
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

static void warn_of_rights(const struct look *look)
{
    pid_t pid = look->launch.pid;

    if (is_without_rights_of_file(pid))
        complain("PID %d executes a file that is set-user-ID, set-group-ID or has capabilities, "
                 "which has no effect when an ordinary user traces it: run layoutcheck as root",
                 (int)pid);
}

/* What the host is like can change from one start to the next, and is read anew. */
static bool inspect(struct look *look)
{
    const struct launch *launch = &look->launch;
    char target[16];

    look->moment = (struct moment){
        .point = look->options->at ? look->options->at : "entry",
        .command = look->options->arguments,
        .has_brk = look->spec->point == LAUNCH_BRK_FAILURE,
        .brk_asked = launch->brk_asked,
        .brk_kept = launch->brk_kept,
    };
    inspection_deinit(&look->inspection);
    inspection_init(&look->inspection);
    look->inspection.moment = &look->moment;
    snprintf(target, sizeof(target), "%d", (int)launch->pid);
    return inspection_begin(&look->inspection, target, look->options);
}

static enum look_result look_at(struct look *look)
{
    bool ok;

    warn_of_rights(look);
    ok = inspect(look);
    if (ok && look->options->save)
        saving_complete(&look->inspection.image);
    launch_release(&look->launch, look->options->kill);
    return ok ? LOOK_REPORT : LOOK_UNREADABLE;
}

static bool was_never_refused(const struct look *look)
{
    return look->spec->point == LAUNCH_BRK_FAILURE && (look->launch.pid || !look->spec->program);
}

enum look_result look_begin(struct look *look)
{
    if (!launch_begin(&look->launch, look->spec, &look->err))
        look->result = LOOK_BROKEN;
    else if (look->launch.state == LAUNCH_REACHED)
        look->result = look_at(look);
    else if (look->launch.state == LAUNCH_UNSTARTED)
        look->result = LOOK_UNSTARTED;
    else
        look->result = was_never_refused(look) ? LOOK_NEVER_REFUSED : LOOK_MISSED;
    return look->result;
}

void look_finish(struct look *look)
{
    launch_finish(&look->launch);
}

/* How the child ended. */
static void end_text(const struct launch *launch, char *text, size_t size)
{
    int status = launch->wait_status;

    if (WIFSIGNALED(status))
        snprintf(text, size, "it was ended by signal %d", WTERMSIG(status));
    else
        snprintf(text, size, "it ended with exit status %d", WEXITSTATUS(status));
}

static void explain_miss(struct look *look)
{
    const char *command = look->spec->argv[0], *program = look->spec->program;
    char end[64];

    end_text(&look->launch, end, sizeof(end));
    if (program && !look->launch.pid)
        err_format(&look->err, "%s: nothing executed %s; %s", command, program, end);
    else
        err_format(&look->err, "%s was not looked at: %s before", command, end);
}

/* That the file is not there, and that what it names is not, are the same error. */
static void explain_refusal(struct look *look)
{
    const char *path = look->spec->argv[0];
    int error = look->launch.exec_error;

    if (error == ENOENT && strchr(path, '/') && access(path, F_OK) == 0)
        err_format(&look->err,
                   "cannot execute %s: the interpreter or loader that it names is not there", path);
    else
        err_format(&look->err, "cannot execute %s: %s", path, strerror(error));
}

const char *look_reason(struct look *look)
{
    switch (look->result) {
    case LOOK_UNREADABLE:
        return look->inspection.failure;
    case LOOK_MISSED:
        explain_miss(look);
        break;
    case LOOK_NEVER_REFUSED:
        err_format(&look->err, "brk() was never refused");
        break;
    case LOOK_UNSTARTED:
        explain_refusal(look);
        break;
    default:
        break;
    }
    return look->err.text;
}

int look_status(const struct look *look)
{
    if (look->result != LOOK_UNSTARTED)
        return EXIT_TROUBLE;
    return look->launch.exec_error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

void look_end(struct look *look)
{
    if (look->result == LOOK_REPORT)
        inspection_end(&look->inspection);
    look->result = LOOK_MISSED;
}

void look_deinit(struct look *look)
{
    look_end(look);
    inspection_deinit(&look->inspection);
}
