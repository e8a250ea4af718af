/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/launch.h"

#include "source/breakpoint.h"
#include "source/brkfilter.h"
#include "source/privilege.h"
#include "source/program.h"
#include "source/threadexit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Signals. */

/* Those of which the program itself needs another action than it may have inherited. */
static struct {
    int number;
    void (*inherited)(int);
} noted[] = {{SIGPIPE, SIG_DFL}, {SIGCHLD, SIG_DFL}};

enum { N_NOTED = sizeof(noted) / sizeof(noted[0]) };

void launch_note_signals(void)
{
    for (int i = 0; i < N_NOTED; i++)
        noted[i].inherited = signal(noted[i].number, SIG_DFL);
}

static void restore_inherited(void)
{
    for (int i = 0; i < N_NOTED; i++)
        signal(noted[i].number, noted[i].inherited);
}

static const int passed_on[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

enum { N_PASSED_ON = sizeof(passed_on) / sizeof(passed_on[0]) };

static struct sigaction former[N_PASSED_ON];
static volatile pid_t receiver;
static volatile sig_atomic_t first_signal;
static bool in_series;

/* A signal came as the child was gone, but not what it has started. */
static volatile sig_atomic_t is_to_end;

/*
 * What the terminal sends, the child gets from it as well where both are in its foreground group;
 * setsid(1) is not.
 */
static void pass_on(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (!first_signal)
        first_signal = number;
    if (receiver <= 0)
        is_to_end = 1;
    else if (info->si_code <= 0 || getpgid(receiver) != getpgrp())
        kill(receiver, number);
}

/* The caller was stopped and goes on. */
static volatile sig_atomic_t is_continued;
static struct sigaction former_continue, former_suspend;

static void note_continue(int number)
{
    (void)number;
    is_continued = 1;
}

/*
 * The caller stops once the child has: stopped before, it could not let the child's handler of
 * SIGTSTP run, which would stop the child when the caller goes on.  What comes of another process
 * group may be for the caller alone.
 */
static void suspend(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (receiver <= 0 || (info->si_code > 0 && getpgid(receiver) != getpgrp()))
        raise(SIGSTOP);
    else if (info->si_code <= 0 && getpgid(info->si_pid) != getpgrp())
        kill(receiver, number);
}

/* What the caller ignores, as nohup(1) has it ignore SIGHUP, goes on to be ignored. */
static void set_pass_on(int flags)
{
    struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | flags};

    for (int i = 0; i < N_PASSED_ON; i++)
        if (former[i].sa_handler != SIG_IGN)
            sigaction(passed_on[i], &action, NULL);
}

static void set_handlers(void)
{
    struct sigaction on_continue = {.sa_handler = note_continue};
    struct sigaction on_suspend = {.sa_sigaction = suspend, .sa_flags = SA_SIGINFO | SA_RESTART};

    sigaction(SIGCONT, &on_continue, &former_continue);
    sigaction(SIGTSTP, &on_suspend, &former_suspend);
    for (int i = 0; i < N_PASSED_ON; i++)
        sigaction(passed_on[i], NULL, &former[i]);
    set_pass_on(SA_RESTART);
}

static void restore_handlers(void)
{
    sigaction(SIGCONT, &former_continue, NULL);
    sigaction(SIGTSTP, &former_suspend, NULL);
    for (int i = 0; i < N_PASSED_ON; i++)
        sigaction(passed_on[i], &former[i], NULL);
}

static void catch_signals(pid_t child)
{
    is_to_end = 0;
    receiver = child;
    if (in_series)
        set_pass_on(SA_RESTART);
    else
        set_handlers();
}

/* The child is gone: what comes now interrupts the wait for others. */
static void forget_receiver(void)
{
    receiver = 0;
    set_pass_on(0);
}

static void uncatch_signals(void)
{
    receiver = 0;
    if (!in_series)
        restore_handlers();
}

void launch_series_begin(void)
{
    first_signal = 0;
    in_series = true;
    set_handlers();
}

int launch_series_signal(void)
{
    return first_signal;
}

void launch_series_end(void)
{
    if (!in_series)
        return;
    in_series = false;
    restore_handlers();
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Traced threads, by their numbers. */

struct tracee {
    pid_t tid;
    uint64_t brk_asked; /* by the brk() that it is inside of */
    bool is_awaited;    /* it shall stop for LAUNCH_HOLDS */
    int status;         /* the stop that is dealt with later; 0: none */
    struct tracee *next_held;
};

static int by_tid(const void *a, const void *b)
{
    const struct tracee *x = a, *y = b;

    return (x->tid > y->tid) - (x->tid < y->tid);
}

static struct tracee *tracee_find(const struct launch *launch, pid_t tid)
{
    struct tracee key = {.tid = tid}, **found = tfind(&key, &launch->tracees, by_tid);

    return found ? *found : NULL;
}

/* The tracee of that number, which is new if need be; NULL: out of memory. */
static struct tracee *tracee_get(struct launch *launch, pid_t tid)
{
    struct tracee *new = tracee_find(launch, tid), **found;

    if (new)
        return new;
    new = calloc(1, sizeof(*new));
    if (!new)
        return NULL;
    new->tid = tid;
    found = tsearch(new, &launch->tracees, by_tid);
    if (!found) {
        free(new);
        return NULL;
    }
    launch->n_tracees++;
    return new;
}

static void tracee_unawait(struct launch *launch, struct tracee *tracee)
{
    launch->n_awaited -= tracee->is_awaited;
    tracee->is_awaited = false;
}

static void tracee_unhold(struct launch *launch, struct tracee *tracee)
{
    struct tracee *before = launch->held;

    tracee->status = 0;
    if (before == tracee) {
        launch->held = tracee->next_held;
        return;
    }
    while (before->next_held != tracee)
        before = before->next_held;
    before->next_held = tracee->next_held;
}

static void tracee_hold(struct launch *launch, struct tracee *tracee, int status)
{
    tracee_unawait(launch, tracee);
    if (tracee->status)
        tracee_unhold(launch, tracee); /* a thread that executed has taken its number */
    tracee->status = status;
    tracee->next_held = launch->held;
    launch->held = tracee;
}

static void tracee_drop(struct launch *launch, pid_t tid)
{
    struct tracee *tracee = tracee_find(launch, tid);

    if (!tracee)
        return;
    tracee_unawait(launch, tracee);
    if (tracee->status)
        tracee_unhold(launch, tracee);
    tdelete(tracee, &launch->tracees, by_tid);
    free(tracee);
    launch->n_tracees--;
}

/* A thread that was killed meanwhile cannot be told anything; its end comes as an event. */
static void go_on(pid_t tid, int signal_number)
{
    ptrace(PTRACE_CONT, tid, NULL, (void *)(intptr_t)signal_number);
}

/* Whether all that the program starts is traced, too. */
static bool follows(const struct launch_spec *spec)
{
    return spec->program || spec->point == LAUNCH_BRK_FAILURE;
}

static uintptr_t trace_options(const struct launch_spec *spec)
{
    uintptr_t options = PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC;

    if (follows(spec))
        options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    /* Of a process in which another thread than the first executes something, that one stays. */
    if (spec->point == LAUNCH_EXIT)
        options |= PTRACE_O_TRACEEXIT | PTRACE_O_TRACECLONE;
    if (spec->point == LAUNCH_BRK_FAILURE)
        options |= PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD;
    return options;
}

/* The child before it is the program. */

enum step { STEP_FILTER, STEP_EXEC };

struct complaint {
    enum step step;
    int error;
};

static void become_program(const struct launch_spec *spec, int go_pipe, int exec_pipe)
{
    struct complaint complaint = {.step = STEP_FILTER};
    char go;
    ssize_t ignored;

    if (in_series)
        restore_handlers();
    if (read(go_pipe, &go, 1) != 1)
        _exit(127); /* who started it is gone */
    restore_inherited();
    privilege_return();
    if (spec->point != LAUNCH_BRK_FAILURE || brkfilter_install()) {
        complaint.step = STEP_EXEC;
        program_execute(spec->argv);
    }
    complaint.error = errno;
    ignored = write(exec_pipe, &complaint, sizeof(complaint));
    (void)ignored; /* who does not read it is gone */
    _exit(127);
}

/* Its end before it was executed: why, the pipe says. */
static void note_complaint(struct launch *launch)
{
    struct complaint complaint;

    if (read(launch->exec_pipe, &complaint, sizeof(complaint)) != sizeof(complaint))
        return;
    if (complaint.step == STEP_EXEC) {
        launch->state = LAUNCH_UNSTARTED;
        launch->exec_error = complaint.error;
        return;
    }
    launch->failed = true;
    err_format(&launch->err, "cannot watch brk(): no filter of system calls can be set: %s",
               strerror(complaint.error));
}

/* Events. */

static bool has_name(pid_t pid, const char *what, const char *name)
{
    char path[64], text[PATH_MAX];
    const char *base;
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
    n = readlink(path, text, sizeof(text) - 1);
    if (n <= 0)
        return false;
    text[n] = '\0';
    base = strrchr(text, '/');
    return strcmp(base ? base + 1 : text, name) == 0;
}

/* The executed file's name, or what the kernel calls the process: the name of a script. */
static bool executes(pid_t pid, const char *program)
{
    enum { COMM_BYTES = 15 };
    char path[64], comm[COMM_BYTES + 2] = "";
    ssize_t n;
    int fd;

    if (!program || has_name(pid, "exe", program))
        return true;
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = read(fd, comm, sizeof(comm));
    close(fd);
    return n > 0 && (size_t)n - 1 == strnlen(program, COMM_BYTES) &&
           strncmp(comm, program, (size_t)n - 1) == 0;
}

/* The PID in a line of a thread's status; 0: it is gone. */
static pid_t status_pid(pid_t tid, const char *key)
{
    size_t n_key = strlen(key);
    char path[64], line[128];
    pid_t pid = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    while (pid == 0 && fgets(line, sizeof(line), file))
        if (strncmp(line, key, n_key) == 0)
            pid = (pid_t)strtol(line + n_key, NULL, 10);
    fclose(file);
    return pid;
}

static bool stop_at_entry(struct launch *launch, pid_t pid)
{
    uint64_t address;

    return launch->spec->find_entry(pid, &address, &launch->err) &&
           breakpoint_set(pid, address, &launch->err);
}

static void reach(struct launch *launch, pid_t tid)
{
    launch->state = LAUNCH_REACHED;
    launch->tid = tid;
}

/* Another thread than the first has taken its number. */
static void drop_former(struct launch *launch, pid_t pid)
{
    unsigned long former_tid;

    if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &former_tid) == 0 && (pid_t)former_tid != pid)
        tracee_drop(launch, (pid_t)former_tid);
}

static void on_executed(struct launch *launch, pid_t pid)
{
    if (launch->pid == pid)
        launch->is_held = launch->is_group_exit = false;
    if (launch->pid == 0 && executes(pid, launch->spec->program))
        launch->pid = pid;
    if (launch->state != LAUNCH_RUNS || launch->pid != pid) {
        go_on(pid, 0);
        return;
    }
    switch (launch->spec->point) {
    case LAUNCH_EXEC:
    case LAUNCH_AFTER:
        reach(launch, pid);
        return;
    case LAUNCH_ENTRY:
        launch->failed = !stop_at_entry(launch, pid);
        if (launch->failed)
            return; /* it is to be ended as it stands */
        break;
    default:
        break;
    }
    go_on(pid, 0);
}

/*
 * It has started another, of which no event may have come yet, or all: whoever lets go of the
 * tracees has to know of each.
 */
static void on_started(struct launch *launch, pid_t tid)
{
    unsigned long started;

    if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &started) == 0 &&
        status_pid((pid_t)started, "TracerPid:") == getpid())
        tracee_get(launch, (pid_t)started);
}

/* Whether the process ends with its main thread, which is stopped, as far as that can be told. */
static bool is_ending(const struct launch *launch)
{
    unsigned long status = 0;

    ptrace(PTRACE_GETEVENTMSG, launch->pid, NULL, &status);
    return status != 0 || launch->is_group_exit || threadexit_call(launch->pid) != THREADEXIT_NONE;
}

/* The memory of a process is shown only as long as its main thread has it. */
static void on_exiting(struct launch *launch, pid_t tid)
{
    if (launch->state != LAUNCH_RUNS) {
        go_on(tid, 0);
    } else if (tid != launch->pid) {
        if (threadexit_call(tid) == THREADEXIT_GROUP && status_pid(tid, "Tgid:") == launch->pid) {
            launch->is_group_exit = true;
            if (launch->is_held)
                reach(launch, launch->pid);
        }
        go_on(tid, 0);
    } else if (is_ending(launch)) {
        reach(launch, tid);
    } else {
        launch->is_held = true;
    }
}

/* The main thread is held back until it is clear why it ends. */
static void look_at_held(struct launch *launch)
{
    static const struct timespec a_while = {.tv_nsec = 1000000};
    enum threadexit_others others = threadexit_others(launch->pid);

    if (others == THREADEXIT_UNCLEAR) {
        nanosleep(&a_while, NULL);
        return;
    }
    launch->is_held = false;
    if (others == THREADEXIT_GONE)
        reach(launch, launch->pid);
    else
        go_on(launch->pid, 0);
}

/* What a stopped thread has called; false: it is gone, or the kernel does not tell. */
static bool ask_call(struct launch *launch, pid_t tid, struct __ptrace_syscall_info *info)
{
    if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof(*info), info) > 0)
        return true;
    if (errno != ESRCH && launch->state == LAUNCH_RUNS && !launch->failed) {
        launch->failed = true;
        err_format(&launch->err,
                   "cannot watch brk(): the kernel does not tell what a traced program calls (%s); "
                   "Linux does since 5.3",
                   strerror(errno));
    }
    return false;
}

/* A call of brk() begins. */
static void on_filter(struct launch *launch, struct tracee *tracee)
{
    struct __ptrace_syscall_info info;

    if (ask_call(launch, tracee->tid, &info) && info.op == PTRACE_SYSCALL_INFO_SECCOMP &&
        info.seccomp.args[0] != 0) {
        tracee->brk_asked = info.seccomp.args[0];
        ptrace(PTRACE_SYSCALL, tracee->tid, NULL, NULL);
    } else if (!launch->failed) {
        go_on(tracee->tid, 0);
    }
}

/* A call of brk() ends: it returns the break as it is then, and was refused when that is lower. */
static void on_return(struct launch *launch, struct tracee *tracee)
{
    struct __ptrace_syscall_info info;

    if (launch->state == LAUNCH_RUNS && ask_call(launch, tracee->tid, &info) &&
        info.op == PTRACE_SYSCALL_INFO_EXIT && (uint64_t)info.exit.rval < tracee->brk_asked &&
        executes(tracee->tid, launch->spec->program)) {
        reach(launch, tracee->tid);
        launch->pid = status_pid(tracee->tid, "Tgid:");
        launch->brk_asked = tracee->brk_asked;
        launch->brk_kept = (uint64_t)info.exit.rval;
    } else if (!launch->failed) {
        go_on(tracee->tid, 0);
    }
}

static bool is_breakpoint(const struct launch *launch, pid_t tid)
{
    siginfo_t info;

    return launch->state == LAUNCH_RUNS && launch->spec->point == LAUNCH_ENTRY &&
           launch->pid == tid && ptrace(PTRACE_GETSIGINFO, tid, NULL, &info) == 0 &&
           info.si_code == TRAP_HWBKPT;
}

static void on_signal(struct launch *launch, pid_t tid, int number)
{
    if (number != SIGTRAP || !is_breakpoint(launch, tid)) {
        go_on(tid, number);
        return;
    }
    reach(launch, tid);
    launch->failed = !breakpoint_clear(tid, &launch->err);
}

/*
 * The child has stopped itself as for Ctrl-Z: whoever waits for the caller shall see the same.
 * Where a read or a write of the terminal stopped the whole group, the caller has been so as well
 * before it comes here.
 */
static void stop_along(int number)
{
    if (number == SIGTSTP || (!is_continued && (number == SIGTTIN || number == SIGTTOU))) {
        struct sigaction stop = {.sa_handler = SIG_DFL}, former_action;

        sigaction(number, &stop, &former_action);
        raise(number);
        sigaction(number, &former_action, NULL);
    }
}

/* Stopped as a whole by a signal, it stays so until SIGCONT; else it was only attached. */
static void on_group_stop(struct launch *launch, pid_t tid, int number)
{
    if (number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU) {
        ptrace(PTRACE_LISTEN, tid, NULL, NULL);
        if (tid == launch->child)
            stop_along(number);
    } else {
        go_on(tid, 0);
    }
}

/* One that is stopped because it is ending anyway takes no signal. */
static void end_tracee(pid_t tid)
{
    kill(tid, SIGKILL);
    go_on(tid, 0);
}

static void on_end(struct launch *launch, pid_t tid, int status)
{
    tracee_drop(launch, tid);
    if (tid != launch->child)
        return;
    forget_receiver();
    launch->has_ended = true;
    launch->wait_status = status;
    if (launch->state == LAUNCH_RUNS)
        note_complaint(launch);
}

static void on_stop(struct launch *launch, struct tracee *tracee, int status)
{
    int number = WSTOPSIG(status), event = status >> 16;
    pid_t tid = tracee->tid;

    if (launch->ending == LAUNCH_HOLDS) {
        tracee_hold(launch, tracee, status);
        return;
    }
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE)
        on_started(launch, tid);
    else if (event == PTRACE_EVENT_EXEC)
        drop_former(launch, tid);
    if (launch->ending == LAUNCH_KILLS) {
        end_tracee(tid);
    } else if (launch->ending == LAUNCH_DETACHES) {
        bool is_signal = event == 0 && !(number & 0x80);

        ptrace(PTRACE_DETACH, tid, NULL, (void *)(intptr_t)(is_signal ? number : 0));
        tracee_drop(launch, tid);
    } else if (event == PTRACE_EVENT_EXEC) {
        on_executed(launch, tid);
    } else if (event == PTRACE_EVENT_EXIT) {
        on_exiting(launch, tid);
    } else if (event == PTRACE_EVENT_SECCOMP) {
        on_filter(launch, tracee);
    } else if (event == PTRACE_EVENT_STOP) {
        on_group_stop(launch, tid, number);
    } else if (event != 0) {
        go_on(tid, 0);
    } else if (number == (SIGTRAP | 0x80)) {
        on_return(launch, tracee);
    } else {
        on_signal(launch, tid, number);
    }
}

/*
 * As waitpid(); it fails for is_to_end.  After SIGCONT an event that is there already tells of a
 * stop that is over: only that there is none forgets the signal.
 */
static pid_t event_wait(int *status, int options)
{
    pid_t tid;

    do {
        tid = waitpid(-1, status, __WALL | WUNTRACED | options | (is_continued ? WNOHANG : 0));
        if (tid == 0)
            is_continued = 0;
        if (tid <= 0 && is_to_end)
            return -1;
    } while ((tid < 0 && errno == EINTR) || (tid == 0 && !(options & WNOHANG)));
    return tid;
}

static void on_event(struct launch *launch, pid_t tid, int status)
{
    struct tracee *tracee;

    if (!WIFSTOPPED(status)) {
        on_end(launch, tid, status);
        return;
    }
    /* The first event of a tracee is another: this is a child that is none. */
    if (status >> 16 == 0 && !tracee_find(launch, tid)) {
        if (tid == launch->child)
            stop_along(WSTOPSIG(status));
        return;
    }
    tracee = tracee_get(launch, tid);
    if (tracee)
        on_stop(launch, tracee, status);
    else
        kill(tid, SIGKILL); /* out of memory: nothing can go on right */
}

/* Waits for one event; false: there is nobody left to wait for. */
static bool step(struct launch *launch)
{
    int status;
    pid_t tid = event_wait(&status, launch->is_held ? WNOHANG : 0);

    if (tid > 0)
        on_event(launch, tid, status);
    else if (tid == 0)
        look_at_held(launch);
    return tid >= 0;
}

/*
 * LAUNCH_BRK_FAILURE: the other threads could change what is in the way.  One that waits in the
 * kernel and cannot be interrupted changes nothing, and is not waited for.
 */

static void await_thread(const void *node, VISIT visit, void *data)
{
    struct tracee *tracee = *(struct tracee *const *)node;
    struct launch *launch = data;

    if ((visit != preorder && visit != leaf) || tracee->tid == launch->tid ||
        status_pid(tracee->tid, "Tgid:") != launch->pid ||
        ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL) != 0)
        return;
    tracee->is_awaited = true;
    launch->n_awaited++;
}

static void hold_threads(struct launch *launch)
{
    enum { A_WHILE_MS = 200 };
    static const struct timespec a_moment = {.tv_nsec = 200000};
    uint64_t end = now_ms() + A_WHILE_MS;
    int status;
    pid_t tid;

    launch->ending = LAUNCH_HOLDS;
    twalk_r(launch->tracees, await_thread, launch);
    while (launch->n_awaited > 0 && now_ms() < end && (tid = event_wait(&status, WNOHANG)) >= 0)
        if (tid > 0)
            on_event(launch, tid, status);
        else
            nanosleep(&a_moment, NULL);
}

static void unhold_threads(struct launch *launch)
{
    struct tracee *tracee;

    launch->ending = LAUNCH_TRACES;
    while ((tracee = launch->held)) {
        int status = tracee->status;

        tracee_unhold(launch, tracee);
        on_stop(launch, tracee, status);
    }
}

/* Whether a moment can still come. */
static bool is_hopeful(const struct launch *launch)
{
    return launch->state == LAUNCH_RUNS && !launch->failed && !is_to_end &&
           (!launch->has_ended || (follows(launch->spec) && launch->n_tracees > 0));
}

static void kill_each(const void *node, VISIT visit, void *launch)
{
    const struct tracee *tracee = *(struct tracee *const *)node;

    (void)launch;
    if (visit == preorder || visit == leaf)
        end_tracee(tracee->tid);
}

/* What is stopped at the moment is let go at once; the others stop for it. */
static void interrupt_tracee(const void *node, VISIT visit, void *stopped)
{
    const struct tracee *tracee = *(struct tracee *const *)node;

    if ((visit == preorder || visit == leaf) && tracee->tid != *(const pid_t *)stopped)
        ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL);
}

static void detach_all(struct launch *launch, pid_t stopped)
{
    launch->ending = LAUNCH_DETACHES;
    twalk_r(launch->tracees, interrupt_tracee, &stopped);
    if (stopped) {
        ptrace(PTRACE_DETACH, stopped, NULL, NULL);
        tracee_drop(launch, stopped);
    }
    while (launch->n_tracees > 0 && step(launch))
        ;
}

static void kill_all(struct launch *launch)
{
    is_to_end = 0;
    launch->ending = LAUNCH_KILLS;
    if (!launch->has_ended)
        kill(launch->child, SIGKILL);
    twalk_r(launch->tracees, kill_each, launch);
    while ((launch->n_tracees > 0 || !launch->has_ended) && step(launch))
        ;
}

/* Meanwhile the child may stop itself, or end. */
static bool is_over(struct launch *launch)
{
    int status;
    pid_t pid;

    while ((pid = event_wait(&status, WNOHANG)) > 0)
        on_event(launch, pid, status);
    return is_to_end || (launch->has_ended && launch->pid == launch->child);
}

/* LAUNCH_AFTER: nothing is traced any more. */
static void wait_some_time(struct launch *launch)
{
    enum { A_WHILE_MS = 50 };
    /* It is stopped, and so it is there.  Before Linux 5.3 only the child's end is seen. */
    struct pollfd process = {.fd = (int)syscall(SYS_pidfd_open, launch->pid, 0), .events = POLLIN};
    uint64_t end = now_ms() + launch->spec->after_ms, now;
    bool over = false;

    detach_all(launch, launch->tid);
    while (!over && (now = now_ms()) < end) {
        over = poll(&process, 1, end - now > A_WHILE_MS ? A_WHILE_MS : (int)(end - now)) > 0;
        over = is_over(launch) || over;
    }
    if (over)
        launch->state = LAUNCH_MISSED;
    if (process.fd >= 0)
        close(process.fd);
}

/* Beginning and end. */

static bool seize(struct launch *launch, struct err *err)
{
    if (ptrace(PTRACE_SEIZE, launch->child, NULL, (void *)trace_options(launch->spec)) == 0)
        return true;
    return err_set(err,
                   "cannot trace the program: %s (a container may forbid ptrace(), and so does "
                   "kernel.yama.ptrace_scope=3)",
                   strerror(errno));
}

static bool let_go(struct launch *launch, int go_pipe, struct err *err)
{
    return (tracee_get(launch, launch->child) && write(go_pipe, "", 1) == 1) ||
           err_set(err, "cannot start a process: %s", strerror(errno));
}

static void forget(struct launch *launch)
{
    uncatch_signals();
    tdestroy(launch->tracees, free);
    launch->tracees = NULL;
}

static bool begin_child(struct launch *launch, int go_pipe[static 2], int exec_pipe[static 2],
                        struct err *err)
{
    launch->child = fork();
    if (launch->child < 0)
        return err_set(err, "cannot start a process: %s", strerror(errno));
    if (launch->child == 0) {
        close(go_pipe[1]);
        become_program(launch->spec, go_pipe[0], exec_pipe[1]);
    }
    catch_signals(launch->child);
    close(exec_pipe[1]);
    exec_pipe[1] = -1;
    if (seize(launch, err) && let_go(launch, go_pipe[1], err))
        return true;
    kill(launch->child, SIGKILL);
    waitpid(launch->child, NULL, __WALL);
    forget(launch);
    return false;
}

static void close_pipe(int ends[static 2])
{
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
}

static bool begin(struct launch *launch, struct err *err)
{
    int go_pipe[2] = {-1, -1}, exec_pipe[2] = {-1, -1};
    bool ok = (pipe2(go_pipe, O_CLOEXEC) == 0 && pipe2(exec_pipe, O_CLOEXEC) == 0) ||
              err_set(err, "cannot make a pipe: %s", strerror(errno));

    ok = ok && begin_child(launch, go_pipe, exec_pipe, err);
    launch->exec_pipe = exec_pipe[0];
    if (ok)
        exec_pipe[0] = -1;
    close_pipe(go_pipe);
    close_pipe(exec_pipe);
    return ok;
}

bool launch_begin(struct launch *launch, const struct launch_spec *spec, struct err *err)
{
    *launch = (struct launch){.spec = spec, .exec_pipe = -1};
    if (!begin(launch, err))
        return false;
    while (is_hopeful(launch) && step(launch))
        ;
    if (is_to_end)
        kill_all(launch);
    if (launch->failed) {
        *err = launch->err;
        launch_release(launch, true);
        launch_finish(launch);
        return false;
    }
    if (launch->state == LAUNCH_RUNS)
        launch->state = LAUNCH_MISSED;
    if (launch->state == LAUNCH_REACHED && spec->point == LAUNCH_AFTER)
        wait_some_time(launch);
    if (launch->state == LAUNCH_REACHED && spec->point == LAUNCH_BRK_FAILURE)
        hold_threads(launch);
    return true;
}

void launch_release(struct launch *launch, bool kill_it)
{
    enum launch_point point = launch->spec->point;

    if (kill_it) {
        if (point == LAUNCH_AFTER && launch->state == LAUNCH_REACHED)
            kill(launch->pid, SIGKILL); /* that can be another than the child */
        kill_all(launch);
    } else if (launch->state == LAUNCH_REACHED && point == LAUNCH_BRK_FAILURE) {
        go_on(launch->tid, 0); /* the filter has no use any more, but stays */
        unhold_threads(launch);
    } else if (launch->state == LAUNCH_REACHED && point != LAUNCH_AFTER) {
        detach_all(launch, launch->tid);
    }
}

void launch_finish(struct launch *launch)
{
    bool to_the_last = launch->spec->point == LAUNCH_BRK_FAILURE;

    if (!to_the_last && launch->n_tracees > 0)
        detach_all(launch, 0);
    while ((!launch->has_ended || (to_the_last && launch->n_tracees > 0)) && step(launch))
        ;
    if (is_to_end)
        kill_all(launch);
    forget(launch);
    close(launch->exec_pipe);
}

/* Its core is not to be replaced by one of the caller. */
static void die_by(int number)
{
    sigset_t set;

    prctl(PR_SET_DUMPABLE, 0);
    signal(number, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
}

int launch_end_like(int wait_status)
{
    if (!WIFSIGNALED(wait_status))
        return WEXITSTATUS(wait_status);
    die_by(WTERMSIG(wait_status));
    return 128 + WTERMSIG(wait_status);
}
