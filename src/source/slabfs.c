/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/slabfs.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The module that made a cache chose its name. */
static bool is_component(struct str name)
{
    return name.n > 0 && name.n <= NAME_MAX && name.p[0] != '.' && !memchr(name.p, '/', name.n) &&
           !memchr(name.p, '\0', name.n);
}

static bool is_regular(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

bool slabfs_reclaimable(const struct capture *host, struct str name, bool *reclaimable)
{
    char path[NAME_MAX + 64], answer = 0;
    ssize_t got = -1;
    int fd;

    if (!is_component(name))
        return false;
    snprintf(path, sizeof(path), "../sys/kernel/slab/%.*s/reclaim_account", (int)name.n, name.p);
    fd = openat(capture_directory(host), path,
                O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (fd < 0)
        return false;
    if (is_regular(fd))
        got = read(fd, &answer, 1);
    close(fd);
    *reclaimable = got == 1 && answer == '1';
    return got == 1 && (answer == '0' || answer == '1');
}
