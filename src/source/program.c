/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether a shell can make something of it: its first line is text. */
static bool is_text(const char *path)
{
    char bytes[256];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes));
    char *end = n > 0 ? memchr(bytes, '\n', (size_t)n) : NULL;

    if (fd >= 0)
        close(fd);
    return n <= 0 || !memchr(bytes, '\0', end ? (size_t)(end - bytes) : (size_t)n);
}

/* ["sh", path, arguments...] */
static void execute_script(char *path, char **argv)
{
    size_t n = 1;
    char **args;

    while (argv[0] && argv[n])
        n++;
    args = calloc(n + 2, sizeof(*args));
    if (!args)
        return;
    args[0] = (char[]){"sh"};
    args[1] = path;
    memcpy(args + 2, argv + 1, (n - 1) * sizeof(*args));
    execv("/bin/sh", args);
    free(args);
}

static void execute_file(char *path, char **argv)
{
    execv(path, argv);
    if (errno != ENOEXEC)
        return;
    if (is_text(path))
        execute_script(path, argv);
    else
        errno = ENOEXEC;
}

/* Whether the next directory may have another file of the name that can be executed. */
static bool is_to_look_on(int error)
{
    return error == EACCES || error == ENOENT || error == ENOTDIR || error == ESTALE ||
           error == ENODEV || error == ETIMEDOUT || error == ENAMETOOLONG;
}

void program_execute(char **argv)
{
    const char *directory = getenv("PATH"), *end;
    int error = ENOENT;

    if (strchr(argv[0], '/')) {
        execute_file(argv[0], argv);
        return;
    }
    for (directory = directory ? directory : "/bin:/usr/bin"; argv[0][0]; directory = end + 1) {
        char path[PATH_MAX];
        int n_directory;

        end = strchrnul(directory, ':');
        n_directory = end - directory < PATH_MAX ? (int)(end - directory) : PATH_MAX;
        errno = ENAMETOOLONG;
        if (snprintf(path, sizeof(path), "%.*s%s%s", n_directory, directory, n_directory ? "/" : "",
                     argv[0]) < (int)sizeof(path))
            execute_file(path, argv);
        if (!is_to_look_on(errno))
            return;
        if (errno == EACCES)
            error = EACCES;
        if (!*end)
            break;
    }
    errno = error;
}
