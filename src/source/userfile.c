/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/userfile.h"

#include "source/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool read_all(int fd, char *bytes, size_t room, size_t *n)
{
    ssize_t got;

    *n = 0;
    do {
        got = read(fd, bytes + *n, room - *n);
        *n += got > 0 ? (size_t)got : 0;
    } while (got > 0 || (got < 0 && errno == EINTR));
    return got == 0;
}

static bool open_as_user(const char *path, int *fd, struct err *err)
{
    if (!privilege_lower(err))
        return false;
    *fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (*fd < 0)
        err_format(err, "cannot open %s: %s", path, strerror(errno));
    privilege_raise();
    return *fd >= 0;
}

bool userfile_read(struct arena *arena, const char *path, struct str *text, struct err *err)
{
    char *bytes = arena_alloc(arena, USERFILE_MAX_BYTES + 1);
    int fd;
    bool ok;

    if (!open_as_user(path, &fd, err))
        return false;
    ok = read_all(fd, bytes, USERFILE_MAX_BYTES + 1, &text->n) ||
         err_set(err, "cannot read %s: %s", path, strerror(errno));
    close(fd);
    text->p = bytes;
    if (ok && text->n > USERFILE_MAX_BYTES)
        return err_set(err, "%s is larger than 1M: that is no policy", path);
    return ok;
}
