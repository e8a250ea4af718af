/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/output.h"

#include "base/str.h"
#include "source/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path of an open file without symbolic links, which the kernel has followed by its rules. */
static char *path_of(int fd)
{
    char link[32], path[PATH_MAX];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path));
    return n > 0 && n < (ssize_t)sizeof(path) ? strndup(path, (size_t)n) : NULL;
}

/* What it has open by that name, or -1. */
static int own_descriptor(const char *path)
{
    static const char directory[] = "/dev/fd/";
    uint64_t number;

    if (strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    if (strncmp(path, directory, strlen(directory)) != 0 ||
        !str_to_u64(str_of(path + strlen(directory)), &number) || number > INT_MAX)
        return -1;
    return (int)number;
}

/* Opened anew, a file would lose what it has, and replaced, what others go on to write to it. */
static bool open_own(struct output *output, int descriptor)
{
    int fd = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    if (fd >= 0)
        output->stream = fdopen(fd, "w");
    return output->stream != NULL;
}

/*
 * Sets output->target when a file is to be made or replaced there, and leaves it NULL when what is
 * there is to be written to.  False with errno.  The kernel follows symbolic links, not realpath():
 * fs.protected_symlinks keeps root from being led astray in /tmp.
 */
static bool choose_target(struct output *output)
{
    int fd = open(output->path, O_PATH | O_CLOEXEC);
    struct stat st;

    if (fd < 0) {
        if (errno != ENOENT || lstat(output->path, &st) == 0) /* a link to nothing */
            return false;
        output->target = strdup(output->path);
        return output->target != NULL;
    }
    if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
        close(fd);
        errno = EISDIR;
        return false;
    }
    if (S_ISREG(st.st_mode) && st.st_nlink > 0)
        output->target = path_of(fd);
    close(fd);
    return output->target || !S_ISREG(st.st_mode) || st.st_nlink == 0;
}

/* O_CREAT only so that the kernel's fs.protected_fifos applies. */
static bool open_there(struct output *output)
{
    int fd = open(output->path, O_WRONLY | O_CREAT | O_NOCTTY | O_CLOEXEC, 0666);

    if (fd >= 0)
        output->stream = fdopen(fd, "w");
    return output->stream != NULL;
}

static mode_t mode_by_umask(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

/* What is to be removed when a signal ends the process that made it. */
static const char *volatile unfinished;
static volatile pid_t maker;

static const int deadly[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

enum { N_DEADLY = sizeof(deadly) / sizeof(deadly[0]) };

/* Not in helper processes, which inherit it, and are ended so. */
static void remove_unfinished(int number)
{
    if (unfinished && maker == getpid()) {
        privilege_write_begin();
        unlink((const char *)unfinished);
    }
    raise(number); /* once more, when the handler is done: now with the usual effect */
}

static void set_deadly(sigset_t *set)
{
    sigemptyset(set);
    for (int i = 0; i < N_DEADLY; i++)
        sigaddset(set, deadly[i]);
}

/* What is ignored, as by nohup(1), stays so; `run` sets others while its program runs. */
static void catch_deadly(void)
{
    struct sigaction action = {.sa_handler = remove_unfinished, .sa_flags = (int)SA_RESETHAND};
    struct sigaction former;

    set_deadly(&action.sa_mask);
    for (int i = 0; i < N_DEADLY; i++)
        if (sigaction(deadly[i], NULL, &former) == 0 && former.sa_handler == SIG_DFL)
            sigaction(deadly[i], &action, NULL);
}

/* There is no moment at which the file is there and a signal does not know of it. */
static int make_temporary(struct output *output)
{
    sigset_t set, former;
    int fd;

    set_deadly(&set);
    sigprocmask(SIG_BLOCK, &set, &former);
    fd = mkostemp(output->temporary, O_CLOEXEC);
    if (fd >= 0) {
        maker = getpid();
        unfinished = output->temporary;
        catch_deadly();
    }
    sigprocmask(SIG_SETMASK, &former, NULL);
    return fd;
}

static bool open_temporary(struct output *output, mode_t mode)
{
    int fd;

    if (asprintf(&output->temporary, "%s.XXXXXX", output->target) < 0)
        return false;
    fd = make_temporary(output);
    if (fd >= 0 && fchmod(fd, mode) == 0)
        output->stream = fdopen(fd, "w");
    return output->stream != NULL;
}

static bool open_path(struct output *output, mode_t mode, struct err *err)
{
    int own = own_descriptor(output->path);

    if (own >= 0)
        return open_own(output, own) ||
               err_set(err, "cannot write to %s: %s", output->path, strerror(errno));
    if (!choose_target(output) || (!output->target && !open_there(output)))
        return err_set(err, "cannot write to %s: %s", output->path, strerror(errno));
    if (output->target && !open_temporary(output, mode))
        return err_set(err, "cannot write beside %s: %s", output->target, strerror(errno));
    return true;
}

/* Once it is renamed, its name may be another's. */
static void forget(struct output *output)
{
    unfinished = NULL;
    free(output->temporary);
    free(output->target);
}

bool output_open(struct output *output, const char *path, FILE *otherwise, bool is_for_all_users,
                 struct err *err)
{
    bool ok;

    *output = (struct output){.path = path};
    if (!path) {
        output->stream = otherwise;
        return true;
    }
    privilege_write_begin();
    ok = open_path(output, is_for_all_users ? 0644 : mode_by_umask(), err);
    privilege_write_end();
    if (!ok)
        forget(output);
    return ok;
}

/* *empty: nothing was written. */
static bool flush(struct output *output, bool *empty, struct err *err)
{
    const char *name = output->path               ? output->path
                       : output->stream == stderr ? "standard error"
                                                  : "standard output";
    bool failed = ferror(output->stream) || fflush(output->stream) != 0;
    int error = errno;

    *empty = ftello(output->stream) <= 0;
    if (output->path && fclose(output->stream) != 0) {
        error = failed ? error : errno;
        failed = true;
    }
    return !failed || err_set(err, "cannot write to %s: %s", name, strerror(error));
}

bool output_close(struct output *output, bool empty_is_report, struct err *err)
{
    bool empty, keep, ok = flush(output, &empty, err);

    if (output->target) {
        keep = ok && (!empty || empty_is_report);
        privilege_write_begin();
        if (keep && rename(output->temporary, output->target) < 0)
            ok = keep = err_set(err, "cannot rename to %s: %s", output->target, strerror(errno));
        if (!keep)
            unlink(output->temporary);
        privilege_write_end();
    }
    forget(output);
    return ok;
}
