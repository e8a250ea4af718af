/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/snapshot.h"

#include "base/arena.h"
#include "source/privilege.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *duplicate(const char *s, size_t n)
{
    char *copy = xreallocarray(NULL, n + 1, 1);

    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

/* Splits "a/b/" into the directory "a", which is opened, and the name "b". */
static bool open_parent(struct snapshot *snapshot)
{
    size_t n = strlen(snapshot->path), n_parent;
    char *parent;
    int error;

    while (n > 1 && snapshot->path[n - 1] == '/')
        n--;
    for (n_parent = n; n_parent > 0 && snapshot->path[n_parent - 1] != '/';)
        n_parent--;
    snapshot->name = duplicate(snapshot->path + n_parent, n - n_parent);
    parent = n_parent > 0 ? duplicate(snapshot->path, n_parent) : duplicate(".", 1);
    snapshot->parent = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    error = errno;
    free(parent);
    errno = error;
    return snapshot->parent >= 0;
}

/* 0, or the errno that says why it cannot become the snapshot. */
static int why_not_empty(int fd)
{
    DIR *directory = fdopendir(fd);
    const struct dirent *entry;
    int error = 0;

    if (!directory) {
        error = errno;
        close(fd);
        return error;
    }
    errno = 0;
    while (error == 0 && (entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            error = ENOTEMPTY;
    error = error ? error : errno;
    closedir(directory);
    return error;
}

/* That rename() would refuse too, but only after all the work. */
static bool is_free(const struct snapshot *snapshot)
{
    int fd;

    if (!*snapshot->name || strcmp(snapshot->name, ".") == 0 || strcmp(snapshot->name, "..") == 0) {
        errno = EEXIST;
        return false;
    }
    fd = openat(snapshot->parent, snapshot->name,
                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    errno = why_not_empty(fd);
    return errno == 0;
}

/* Where others may rename, another directory can be in its place by now. */
static bool is_own(int fd)
{
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return false;
    errno = EPERM;
    return st.st_uid == geteuid() && (st.st_mode & 077) == 0;
}

static bool make_temporary(struct snapshot *snapshot)
{
    size_t room = strlen(snapshot->name) + 32;

    snapshot->temporary = xreallocarray(NULL, room, 1);
    snprintf(snapshot->temporary, room, "%s.incomplete-%d", snapshot->name, (int)getpid());
    if (mkdirat(snapshot->parent, snapshot->temporary, 0700) < 0)
        return false;
    snapshot->directory = openat(snapshot->parent, snapshot->temporary,
                                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return is_own(snapshot->directory);
}

static void forget(struct snapshot *snapshot)
{
    if (snapshot->directory >= 0)
        close(snapshot->directory);
    if (snapshot->parent >= 0)
        close(snapshot->parent);
    for (size_t i = 0; i < snapshot->n_made; i++)
        free(snapshot->made[i]);
    free(snapshot->made);
    free(snapshot->temporary);
    free(snapshot->name);
}

bool snapshot_begin(struct snapshot *snapshot, const char *path, struct err *err)
{
    bool ok;

    *snapshot = (struct snapshot){.path = path, .parent = -1, .directory = -1};
    privilege_write_begin();
    ok = open_parent(snapshot) && is_free(snapshot);
    if (!ok)
        err_format(err, "cannot make %s: %s", path, strerror(errno));
    else if (!make_temporary(snapshot))
        ok = err_set(err, "cannot make %s beside %s: %s", snapshot->temporary, path,
                     strerror(errno));
    privilege_write_end();
    if (!ok)
        forget(snapshot);
    return ok;
}

static void note_made(struct snapshot *snapshot, const char *file, size_t n)
{
    snapshot->made = xreallocarray(snapshot->made, snapshot->n_made + 1, sizeof(*snapshot->made));
    snapshot->made[snapshot->n_made++] = duplicate(file, n);
}

/* Below a directory that nobody else can write to; made names are its own. */
static bool make_folders(struct snapshot *snapshot, const char *file)
{
    for (const char *slash = strchr(file, '/'); slash; slash = strchr(slash + 1, '/')) {
        char *folder = duplicate(file, (size_t)(slash - file));
        bool made = mkdirat(snapshot->directory, folder, 0700) == 0;
        bool ok = made || errno == EEXIST;

        free(folder);
        if (made)
            note_made(snapshot, file, (size_t)(slash - file));
        if (!ok)
            return false;
    }
    return true;
}

static bool write_all(int fd, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes.p += n;
        bytes.n -= (size_t)n;
    }
    return true;
}

static bool write_file(struct snapshot *snapshot, const char *file, struct str bytes)
{
    int fd = openat(snapshot->directory, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
    bool ok;
    int error;

    if (fd < 0)
        return false;
    note_made(snapshot, file, strlen(file));
    ok = write_all(fd, bytes);
    error = errno;
    if (close(fd) < 0 && ok)
        return false;
    errno = error;
    return ok;
}

/* The names of cgroups come from others: no name leads out, or to a folder's own. */
static bool is_inside(const char *file)
{
    struct str rest = str_of(file), part;

    while (str_next_field(&rest, '/', &part))
        if (part.n == 0 || str_eq(part, STR(".")) || str_eq(part, STR("..")))
            return false;
    return *file && file[strlen(file) - 1] != '/';
}

bool snapshot_add(struct snapshot *snapshot, const char *file, struct str bytes, struct err *err)
{
    errno = EINVAL;
    return (is_inside(file) && make_folders(snapshot, file) && write_file(snapshot, file, bytes)) ||
           err_set(err, "cannot write %s/%s: %s", snapshot->path, file, strerror(errno));
}

static void remove_made(const struct snapshot *snapshot)
{
    for (size_t i = snapshot->n_made; i-- > 0;)
        if (unlinkat(snapshot->directory, snapshot->made[i], 0) < 0 && errno == EISDIR)
            (void)unlinkat(snapshot->directory, snapshot->made[i], AT_REMOVEDIR);
    (void)unlinkat(snapshot->parent, snapshot->temporary, AT_REMOVEDIR);
}

bool snapshot_end(struct snapshot *snapshot, bool keep, struct err *err)
{
    privilege_write_begin();
    if (keep &&
        renameat(snapshot->parent, snapshot->temporary, snapshot->parent, snapshot->name) < 0)
        keep = err_set(err, "cannot rename %s to %s: %s", snapshot->temporary, snapshot->path,
                       strerror(errno));
    if (!keep)
        remove_made(snapshot);
    privilege_write_end();
    forget(snapshot);
    return keep;
}
