/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protocol and the life of a fixture; see fixture.h. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGAIN "again"

static const char *scenario_name;
static bool is_again;

/*
 * snprintf and not dprintf: the latter allocates its stream buffer. One write, so that two
 * processes never mix lines.
 */
void say(const char *fmt, ...)
{
    char line[1024];
    va_list ap;
    size_t len;

    va_start(ap, fmt);
    len = (size_t)vsnprintf(line, sizeof(line) - 1, fmt, ap);
    va_end(ap);
    if (len > sizeof(line) - 2)
        len = sizeof(line) - 2;
    line[len++] = '\n';
    if (write(STDOUT_FILENO, line, len) != (ssize_t)len)
        _exit(2);
}

void skip(const char *fmt, ...)
{
    char reason[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(reason, sizeof(reason), fmt, ap);
    va_end(ap);
    say("skip %s", reason);
    _exit(0);
}

void broken(const char *what)
{
    say("broken %s: %s", what, strerror(errno));
    _exit(2);
}

static void wait_for_end(void)
{
    char c;

    while (read(STDIN_FILENO, &c, 1) > 0)
        ;
}

bool fixture_is_again(void)
{
    return is_again;
}

const char *fixture_self(void)
{
    static char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (len < 0)
        broken("readlink /proc/self/exe");
    path[len] = '\0';
    return path;
}

void fixture_again_via(const char *const *argv)
{
    const char *all[16];
    size_t n = 0;

    while (n < 12 && argv[n] != NULL) {
        all[n] = argv[n];
        n++;
    }
    all[n++] = fixture_self();
    all[n++] = scenario_name;
    all[n++] = AGAIN;
    all[n] = NULL;
    execv(all[0], (char *const *)all);
    broken(all[0]);
}

void fixture_again_as(const char *path)
{
    execl(path, path, scenario_name, AGAIN, (char *)NULL);
    broken(path);
}

void fixture_again(void)
{
    fixture_again_as(fixture_self());
}

void fixture_again_in_child(void)
{
    pid_t child = fork();

    if (child < 0)
        broken("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        fixture_again();
    }
    waitpid(child, NULL, 0);
    _exit(0);
}

const char *fixture_sibling(const char *name)
{
    static char path[PATH_MAX];
    char *slash;

    snprintf(path, sizeof(path), "%s", fixture_self());
    slash = strrchr(path, '/');
    snprintf(slash + 1, sizeof(path) - (size_t)(slash + 1 - path), "%s", name);
    if (access(path, X_OK) != 0)
        skip("%s could not be built here", name);
    return path;
}

long sysctl_read(const char *name)
{
    char path[128], text[32];
    ssize_t len;
    int fd;

    snprintf(path, sizeof(path), "/proc/sys/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    len = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (len <= 0)
        return -1;
    text[len] = '\0';
    return strtol(text, NULL, 10);
}

static int scenarios_list(const struct scenario *table)
{
    for (; table->name != NULL; table++)
        say("%s%s", table->name, table->root ? " root" : "");
    return 0;
}

int fixture_main(int argc, char **argv, const struct scenario *table)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return scenarios_list(table);
    for (; argc > 1 && table->name != NULL; table++) {
        if (strcmp(argv[1], table->name) != 0)
            continue;
        scenario_name = table->name;
        is_again = argc > 2 && strcmp(argv[2], AGAIN) == 0;
        table->build(table->arg);
        say("ready %d", (int)getpid());
        wait_for_end();
        return 0;
    }
    say("broken no such scenario");
    return 2;
}
