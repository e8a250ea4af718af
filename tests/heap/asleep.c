/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waits for a child of vfork(), as no tracer can end; with an argument, over a chunk's head that it
 * has overwritten.  Prints `ready PID`; the child, and so both, end with their standard input.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char *volatile chunk = malloc(24);
    char *volatile next = malloc(24);
    char byte;

    (void)argv;
    if (!chunk || !next)
        return 1;
    if (argc > 1)
        memset(next - sizeof(size_t), 'A', sizeof(size_t));
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
    if (vfork() == 0) {
        while (read(STDIN_FILENO, &byte, 1) > 0)
            ;
        _exit(0);
    }
    _exit(0);
}
