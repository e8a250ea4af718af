/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints what a program gets from whoever executes it, and that is compared with and without
 * layoutcheck.  Nothing in it depends on the process's own number.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

static void print_status(void)
{
    static const char *const keys[] = {
        "Umask:",      "TracerPid:", "Uid:",    "Gid:",         "Groups:",     "Threads:",
        "SigPnd:",     "ShdPnd:",    "SigBlk:", "SigIgn:",      "SigCgt:",     "CapInh:",
        "CapPrm:",     "CapEff:",    "CapBnd:", "CapAmb:",      "NoNewPrivs:", "Seccomp:",
        "CoreDumping", "Seccomp_",   "Specula", "Cpus_allowed:"};
    char line[4096];
    FILE *file = fopen("/proc/self/status", "r");

    while (file && fgets(line, sizeof(line), file))
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
            if (strncmp(line, keys[i], strlen(keys[i])) == 0)
                fputs(line, stdout);
    if (file)
        fclose(file);
}

static void print_descriptors(void)
{
    for (int fd = 0; fd < 1024; fd++) {
        char path[64], target[4096];
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        n = readlink(path, target, sizeof(target) - 1);
        if (n < 0)
            continue;
        target[n] = '\0';
        printf("fd %d: %s flags %o %o\n", fd, target, (unsigned)fcntl(fd, F_GETFL),
               (unsigned)fcntl(fd, F_GETFD));
    }
}

static void print_limits(void)
{
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        struct rlimit limit;

        if (getrlimit(i, &limit) == 0)
            printf("limit %d: %llu %llu\n", i, (unsigned long long)limit.rlim_cur,
                   (unsigned long long)limit.rlim_max);
    }
}

static void print_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    struct termios mode;

    printf("terminal: %s\n", fd < 0 ? "none" : "there");
    if (fd < 0)
        return;
    printf("in its foreground: %d\n", tcgetpgrp(fd) == getpgrp());
    if (tcgetattr(fd, &mode) == 0)
        printf("its mode: %x %x %x %x\n", mode.c_iflag, mode.c_oflag, mode.c_cflag, mode.c_lflag);
    close(fd);
}

int main(int argc, char **argv)
{
    struct itimerval timer;
    char cwd[4096];
    int death = -1;

    for (int i = 0; i < argc; i++)
        printf("argument: %s\n", argv[i]);
    for (char **e = environ; *e; e++)
        printf("environment: %s\n", *e);
    print_status();
    print_descriptors();
    print_limits();
    print_terminal();
    prctl(PR_GET_PDEATHSIG, &death);
    getitimer(ITIMER_REAL, &timer);
    printf("cwd: %s\n", getcwd(cwd, sizeof(cwd)));
    printf("group: %d, session: %d\n", getpgrp() == getpid() ? 0 : (int)getpgrp(),
           getsid(0) == getpid() ? 0 : (int)getsid(0));
    printf("personality: %x, dumpable: %d, death signal: %d, keeps capabilities: %d, bits: %x\n",
           (unsigned)personality(0xffffffff), prctl(PR_GET_DUMPABLE), death, prctl(PR_GET_KEEPCAPS),
           (unsigned)prctl(PR_GET_SECUREBITS));
    printf("subreaper: %d, slack: %d, priority: %d, scheduler: %d, timer: %d\n",
           prctl(PR_GET_CHILD_SUBREAPER, &death) == 0 ? death : -1, prctl(PR_GET_TIMERSLACK),
           getpriority(PRIO_PROCESS, 0), sched_getscheduler(0), timer.it_value.tv_sec != 0);
    return 0;
}
