/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* Seven numbers of 64 bits at most. */
enum { STATM_BYTES = 256 };

/* False when there is no such process any more. */
static bool read_statm(int directory, pid_t pid, char buf[static STATM_BYTES], size_t *n)
{
    char path[32];
    ssize_t got;
    int fd;

    *n = 0;
    snprintf(path, sizeof(path), "%d/statm", (int)pid);
    fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return errno != ENOENT && errno != ESRCH;
    got = read(fd, buf, STATM_BYTES);
    close(fd);
    *n = got > 0 ? (size_t)got : 0;
    return got > 0;
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
