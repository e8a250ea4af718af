/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into layoutcheck: when it first opens pagemap, so that the process's maps are known and
 * its heap is not, it says so by a file HALFWAY and waits until that is removed.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void wait_once(const char *path)
{
    static int is_done;
    int fd;

    if (is_done++)
        return;
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        abort();
    close(fd);
    while (access(path, F_OK) == 0)
        usleep(1000);
}

int openat(int directory, const char *path, int flags, ...)
{
    va_list list;
    int mode;

    va_start(list, flags);
    mode = flags & O_CREAT ? va_arg(list, int) : 0;
    va_end(list);
    if (strcmp(path, "pagemap") == 0)
        wait_once(getenv("HALFWAY"));
    return (int)syscall(SYS_openat, directory, path, flags, mode);
}
