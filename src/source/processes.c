/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Seven numbers of 64 bits at most. */
enum { STATM_BYTES = 256 };

static int open_file(int directory, pid_t pid, const char *name)
{
    char path[32];

    snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
    return openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
}

/* False when there is no such process any more. */
static bool read_statm(int directory, pid_t pid, char buf[static STATM_BYTES], size_t *n)
{
    int fd = open_file(directory, pid, "statm");
    ssize_t got;

    *n = 0;
    if (fd < 0)
        return errno != ENOENT && errno != ESRCH;
    got = read(fd, buf, STATM_BYTES);
    close(fd);
    *n = got > 0 ? (size_t)got : 0;
    return got > 0;
}

void process_name(struct capture *host, pid_t pid, char name[static PROCESS_NAME])
{
    int fd = open_file(capture_directory(host), pid, "comm");
    ssize_t n;

    name[0] = '\0';
    if (fd < 0)
        return;
    n = read(fd, name, PROCESS_NAME); /* and a newline */
    close(fd);
    name[n > 0 ? n - 1 : 0] = '\0';
}

/* To whoever may not enter, the kernel says so of any name in it (fs/proc/base.c). */
bool process_is_closed(struct capture *host, pid_t pid, struct owner *owner)
{
    int directory = capture_directory(host);
    char path[32];
    struct stat st;

    snprintf(path, sizeof(path), "%d/stat", (int)pid);
    if (faccessat(directory, path, F_OK, 0) == 0 || (errno != EPERM && errno != EACCES))
        return false;
    snprintf(path, sizeof(path), "%d", (int)pid);
    if (fstatat(directory, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    *owner = (struct owner){.uids = {st.st_uid, st.st_uid, st.st_uid},
                            .gids = {st.st_gid, st.st_gid, st.st_gid},
                            .files_uid = st.st_uid};
    return true;
}

static bool pid_of(const char *name, pid_t *pid)
{
    uint64_t number;

    if (!str_to_u64(str_of(name), &number) || number == 0 || number > INT_MAX)
        return false;
    *pid = (pid_t)number;
    return true;
}

static DIR *open_list(struct capture *host, struct err *err)
{
    int directory = openat(capture_directory(host), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = directory >= 0 ? fdopendir(directory) : NULL;
    int error = errno;

    if (list)
        return list;
    if (directory >= 0)
        close(directory);
    err_set(err, "cannot list it: %s", strerror(error));
    return NULL;
}

bool processes_list(struct capture *host, void (*feed)(void *context, pid_t pid), void *context,
                    struct err *err)
{
    DIR *list = open_list(host, err);
    const struct dirent *entry;
    pid_t pid;

    if (!list)
        return false;
    while ((entry = readdir(list)))
        if (pid_of(entry->d_name, &pid))
            feed(context, pid);
    closedir(list);
    return true;
}

bool processes_each(struct capture *host, void (*feed)(void *context, struct process_row row),
                    void *context, struct err *err)
{
    DIR *list = open_list(host, err);
    const struct dirent *entry;
    char statm[STATM_BYTES];
    size_t n;

    if (!list)
        return false;
    while ((entry = readdir(list))) {
        struct process_row row = {0};

        if (!pid_of(entry->d_name, &row.pid) || !read_statm(dirfd(list), row.pid, statm, &n))
            continue;
        row.statm = (struct str){statm, n};
        feed(context, row);
    }
    closedir(list);
    return true;
}
