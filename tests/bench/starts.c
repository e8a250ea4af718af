/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts a program so many times, one after the other, as cheaply as can be: starts N COMMAND... */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: starts N COMMAND...\n", stderr);
        return 2;
    }
    for (long n = strtol(argv[1], NULL, 10); n > 0; n--) {
        pid_t pid;
        int status;

        if (posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0 ||
            waitpid(pid, &status, 0) != pid || status != 0) {
            fprintf(stderr, "starts: %s fails\n", argv[2]);
            return 1;
        }
    }
    return 0;
}
