/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No <fcntl.h> here: with _FORTIFY_SOURCE it has an openat() of its own. */
#include "hook.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

int (*hook_openat)(const char *path);
const char *hook_machine = "x86_64";

int openat(int directory, const char *path, int flags, ...)
{
    unsigned int mode;
    va_list ap;

    va_start(ap, flags);
    mode = va_arg(ap, unsigned int);
    va_end(ap);
    if (hook_openat) {
        int error = hook_openat(path);

        if (error) {
            errno = error;
            return -1;
        }
    }
    return (int)syscall(SYS_openat, directory, path, flags, mode);
}

int uname(struct utsname *name)
{
    if (syscall(SYS_uname, name) < 0)
        return -1;
    snprintf(name->machine, sizeof(name->machine), "%s", hook_machine);
    return 0;
}
