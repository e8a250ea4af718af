/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * idle PROCESSES - starts that many processes that are as small as can be, for scripts/bench.
 *
 * Linked statically. Prints a PID a line, then "ready", and ends with its standard input; each
 * process asks to be ended with it.
 */
#include <err.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int wait_for_ever(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == 1)
        return EXIT_FAILURE;
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    char *child[] = {argv[0], NULL}, c;
    unsigned long n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    pid_t *pids = calloc(n + 1, sizeof(*pids));

    if (argc == 1)
        return wait_for_ever();
    if (!pids)
        err(EXIT_FAILURE, "calloc");
    for (unsigned long i = 0; i < n; i++) {
        int error = posix_spawn(&pids[i], "/proc/self/exe", NULL, NULL, child, environ);

        if (error)
            errx(EXIT_FAILURE, "cannot start process %lu (see ulimit -u): %s", i, strerror(error));
        printf("%d\n", (int)pids[i]);
    }
    puts("ready");
    fflush(stdout);
    while (read(STDIN_FILENO, &c, 1) > 0)
        ;
    for (unsigned long i = 0; i < n; i++)
        kill(pids[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}
