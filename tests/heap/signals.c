/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into layoutcheck: each thread that it seizes gets a signal before it is interrupted,
 * and time to meet it, so that it stops with a signal to deliver.  That moment else lasts
 * microseconds.  A byte for each signal goes to the file SIGNALS_SENT.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

static void signal_send(pid_t tid)
{
    int fd = open(getenv("SIGNALS_SENT"), O_WRONLY | O_APPEND | O_CLOEXEC);

    if (fd < 0 || syscall(SYS_tkill, tid, SIGRTMIN) != 0 || write(fd, "s", 1) != 1)
        abort();
    close(fd);
    usleep(20000);
}

long ptrace(enum __ptrace_request request, ...)
{
    void *address, *data;
    va_list list;
    pid_t pid;

    va_start(list, request);
    pid = va_arg(list, pid_t);
    address = va_arg(list, void *);
    data = va_arg(list, void *);
    va_end(list);
    if (request == PTRACE_INTERRUPT)
        signal_send(pid);
    return syscall(SYS_ptrace, request, pid, address, data);
}
