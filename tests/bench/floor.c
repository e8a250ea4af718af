/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor PID... - reads what a check of these processes reads, and does nothing with it.
 *
 * The least that any such tool can cost, for scripts/bench to divide by; the list is to follow
 * what layoutcheck reads of every process, or the ratio says nothing. stat and status are read
 * before and after maps, as that is how a torn read of maps is noticed. Every file is read until
 * read() says 0: /proc gives no sizes, and maps comes a page at a time whatever the buffer.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char *const files[] = {
    "stat", "status", "maps", "stat", "status", "limits", "auxv", "personality",
};

static char buf[64 * 1024];

/* What a user may not read (personality under Yama, say) costs the tool the attempt, too. */
static void file_read(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    while (read(fd, buf, sizeof(buf)) > 0)
        ;
    close(fd);
}

static void process_read(int proc, const char *pid)
{
    int dir = openat(proc, pid, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        err(EXIT_FAILURE, "/proc/%s", pid);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        file_read(dir, files[i]);
    if (readlinkat(dir, "exe", buf, sizeof(buf)) < 0)
        err(EXIT_FAILURE, "/proc/%s/exe", pid);
    close(dir);
}

int main(int argc, char **argv)
{
    int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (proc < 0)
        err(EXIT_FAILURE, "/proc");
    for (int i = 1; i < argc; i++)
        process_read(proc, argv[i]);
    return EXIT_SUCCESS;
}
