/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/target.h"

#include "base/arena.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A map of a million lines has 100 MB, and smaps of it a gigabyte. */
#define TEXT_MAX_BYTES ((size_t)2 << 30)

static bool is_number(const char *name)
{
    return *name && strspn(name, "0123456789") == strlen(name);
}

static bool take_pid(struct target *target, struct str digits, const char *name, struct err *err)
{
    uint64_t number;

    if (!str_to_u64(digits, &number) || number == 0 || number > INT_MAX)
        return err_set(err, "\"%s\" is no PID: it is too large, or 0", name);
    target->kind = TARGET_PID;
    target->pid = (pid_t)number;
    return true;
}

/* /proc/1234 is the process, and so is a path that leads there. */
static bool take_directory(struct target *target, int fd, const char *name, struct err *err)
{
    struct statfs fs;
    char *path;
    bool ok;

    target->kind = TARGET_SNAPSHOT;
    if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
        return true;
    path = realpath(name, NULL);
    if (!path)
        return err_set(err, "cannot follow %s: %s", name, strerror(errno));
    ok = is_number(str_basename(str_of(path)).p)
             ? take_pid(target, str_basename(str_of(path)), name, err)
             : err_set(err, "%s is no process: give its PID, or /proc/PID", name);
    free(path);
    return ok;
}

static bool take_text(struct target *target, int fd, const char *name, struct err *err)
{
    size_t room = 0;
    ssize_t got;

    target->kind = TARGET_TEXT;
    do {
        if (room - target->n_text < 65536) {
            room = room ? room * 2 : 131072;
            target->text = xreallocarray(target->text, room, 1);
        }
        got = read(fd, target->text + target->n_text, room - target->n_text);
        if (got > 0)
            target->n_text += (size_t)got;
    } while ((got > 0 && target->n_text < TEXT_MAX_BYTES) || (got < 0 && errno == EINTR));
    if (got == 0)
        return true;
    err_set(err, "cannot read %s: %s", name, strerror(got < 0 ? errno : EFBIG));
    free(target->text);
    target->text = NULL;
    return false;
}

/* A pipe is waited for, as whoever names one expects; a device is none that holds text. */
static bool take_path(struct target *target, int fd, const char *name, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_set(err, "cannot look at %s: %s", name, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return take_directory(target, fd, name, err);
    if (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || fd == STDIN_FILENO)
        return take_text(target, fd, name, err);
    return err_set(err, "%s is neither a directory nor a file", name);
}

bool target_look(struct target *target, const char *name, struct err *err)
{
    bool ok;
    int fd;

    *target = (struct target){.kind = TARGET_SELF};
    if (strcmp(name, "self") == 0)
        return true;
    if (is_number(name))
        return take_pid(target, str_of(name), name, err);
    if (strcmp(name, "-") == 0)
        return take_path(target, STDIN_FILENO, "standard input", err);
    fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return err_set(err,
                       "\"%s\" is no target: there is no such file, and it is no PID (a command "
                       "comes first)",
                       name);
    if (fd < 0)
        return err_set(err, "cannot open %s: %s", name, strerror(errno));
    ok = take_path(target, fd, name, err);
    close(fd);
    return ok;
}
