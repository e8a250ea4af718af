/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Not a fixture: runs a command as its child and waits. Built as a 32-bit program it is a 32-bit
 * ancestor.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    pid_t child;

    if (argc < 2)
        return 2;
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(argv[1], argv + 1);
        _exit(127);
    }
    return child < 0 || waitpid(child, NULL, 0) != child;
}
