/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold COMM [KIND NAME]...: calls itself COMM, makes a mapping of one page for each NAME, prints a
 * line and waits for ever.  KIND is
 *   read, exec   NAME is a file
 *   memfd        NAME is that of a file without a path; exec-memfd: executable
 *   anon         NAME is that of anonymous memory, where the kernel has such names
 *   many         NAME is a number: so many mappings of files without a path, each with another name
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA           0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

enum { PAGE = 4096, LONG_NAME = 200 };

static void map(int fd, int protection, const char *name)
{
    if (fd < 0 || mmap(NULL, PAGE, protection, MAP_PRIVATE, fd, 0) == MAP_FAILED)
        err(EXIT_FAILURE, "%s", name);
    close(fd);
}

static void map_memfd(const char *name, int protection)
{
    int fd = memfd_create(name, MFD_CLOEXEC);

    if (fd >= 0 && ftruncate(fd, PAGE) < 0)
        err(EXIT_FAILURE, "%s", name);
    map(fd, protection, name);
}

static void map_anon(const char *name)
{
    void *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
    prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, PAGE, name);
}

static void map_many(int n)
{
    for (int i = 0; i < n; i++) {
        char name[LONG_NAME + 1];

        memset(name, 'x', LONG_NAME);
        snprintf(name, 8, "%07d", i);
        name[7] = '\033';
        name[LONG_NAME] = '\0';
        map_memfd(name, PROT_READ);
    }
}

static void map_one(const char *kind, const char *name)
{
    int fd = strcmp(kind, "read") == 0 || strcmp(kind, "exec") == 0
                 ? open(name, O_RDONLY | O_CLOEXEC)
                 : -1;

    if (strcmp(kind, "read") == 0)
        map(fd, PROT_READ, name);
    else if (strcmp(kind, "exec") == 0)
        map(fd, PROT_READ | PROT_EXEC, name);
    else if (strcmp(kind, "memfd") == 0)
        map_memfd(name, PROT_READ);
    else if (strcmp(kind, "exec-memfd") == 0)
        map_memfd(name, PROT_READ | PROT_EXEC);
    else if (strcmp(kind, "anon") == 0)
        map_anon(name);
    else if (strcmp(kind, "many") == 0)
        map_many(atoi(name));
    else
        errx(EXIT_FAILURE, "%s?", kind);
}

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (argc < 2)
        errx(EXIT_FAILURE, "no name");
    prctl(PR_SET_NAME, argv[1]);
    for (int i = 2; i + 1 < argc; i += 2)
        map_one(argv[i], argv[i + 1]);
    if (write(STDOUT_FILENO, "ready\n", 6) != 6)
        return EXIT_FAILURE;
    for (;;)
        pause();
}
