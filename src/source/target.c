/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/target.h"

#include "base/arena.h"
#include "base/str.h"

#include <elf.h>
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

static bool take_core(struct target *target, int fd, const char *name, struct err *err)
{
    struct err why;

    target->kind = TARGET_CORE;
    return corefile_take(&target->core, fd, &why) || err_set(err, "%s: %s", name, why.text);
}

/* What a file or a pipe begins with tells what it is. */
enum look { LOOK_TEXT, LOOK_CORE, LOOK_OTHER_ELF };

static enum look look_at(const void *head, size_t n)
{
    if (corefile_look(head, n) != COREFILE_NONE)
        return LOOK_CORE;
    return n >= SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0 ? LOOK_OTHER_ELF : LOOK_TEXT;
}

static bool refuse_elf(const char *name, struct err *err)
{
    return err_set(err, "%s is an ELF file, but no core: it shows no process", name);
}

/* A core is read here and there, which a pipe does not allow. */
static bool take_piped_core(struct target *target, int fd, struct str head, const char *name,
                            struct err *err)
{
    struct unpacked file;
    struct err why;

    return unpack_pipe(fd, head, &unpack_bounds, &file, &why)
               ? take_core(target, file.fd, name, err)
               : err_set(err, "%s: %s", name, why.text);
}

/* The bytes that are read at once, and the room that the next reading needs. */
enum { PIECE_BYTES = 65536 };

static ssize_t read_piece(struct target *target, size_t *room, int fd)
{
    ssize_t got;

    if (*room - target->n_text < PIECE_BYTES) {
        *room = *room ? *room * 2 : 2 * PIECE_BYTES;
        target->text = xreallocarray(target->text, *room, 1);
    }
    do
        got = read(fd, target->text + target->n_text, *room - target->n_text);
    while (got < 0 && errno == EINTR);
    target->n_text += got > 0 ? (size_t)got : 0;
    return got;
}

static void drop_text(struct target *target)
{
    free(target->text);
    target->text = NULL;
    target->n_text = 0;
}

static bool take_other(struct target *target, int fd, enum look look, const char *name,
                       struct err *err)
{
    struct str head = {target->text, target->n_text};
    bool ok =
        look == LOOK_CORE ? take_piped_core(target, fd, head, name, err) : refuse_elf(name, err);

    drop_text(target);
    return ok;
}

static bool take_stream(struct target *target, int fd, const char *name, struct err *err)
{
    size_t room = 0;
    ssize_t got = 1;

    target->kind = TARGET_TEXT;
    while (got > 0 && target->n_text < UNPACK_HEAD)
        got = read_piece(target, &room, fd);
    if (look_at(target->text, target->n_text) != LOOK_TEXT)
        return take_other(target, fd, look_at(target->text, target->n_text), name, err);
    while (got > 0 && target->n_text < TEXT_MAX_BYTES)
        got = read_piece(target, &room, fd);
    if (got == 0)
        return true;
    err_set(err, "cannot read %s: %s", name, strerror(got < 0 ? errno : EFBIG));
    drop_text(target);
    return false;
}

/* A core of a file is read where it is; the descriptor is the caller's. */
static bool take_file(struct target *target, int fd, const char *name, struct err *err)
{
    unsigned char head[UNPACK_HEAD];
    ssize_t n = pread(fd, head, sizeof(head), 0);
    int own;

    if (n < 0 || look_at(head, (size_t)n) != LOOK_CORE)
        return take_stream(target, fd, name, err);
    own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return own >= 0 ? take_core(target, own, name, err)
                    : err_set(err, "cannot read %s: %s", name, strerror(errno));
}

/* A pipe is waited for, as whoever names one expects; a device is none that holds text. */
static bool take_path(struct target *target, int fd, const char *name, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_set(err, "cannot look at %s: %s", name, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return take_directory(target, fd, name, err);
    if (S_ISREG(st.st_mode))
        return take_file(target, fd, name, err);
    if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || fd == STDIN_FILENO)
        return take_stream(target, fd, name, err);
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
        return err_set(
            err,
            "\"%s\" is no target: there is no such file, and it is no PID (commands come "
            "first: see --help)",
            name);
    if (fd < 0)
        return err_set(err, "cannot open %s: %s", name, strerror(errno));
    ok = take_path(target, fd, name, err);
    close(fd);
    return ok;
}
