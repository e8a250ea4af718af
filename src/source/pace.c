/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/pace.h"

#include "base/arena.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ULL

enum { TIMER, SIGNAL, OUTPUT, N_FIXED };

static const int signals[] = {SIGINT, SIGTERM};

enum { N_SIGNALS = sizeof(signals) / sizeof(signals[0]) };

static struct sigaction former[N_SIGNALS];
static int awakened = -1; /* an eventfd, for a signal that comes just before the waiting */
static volatile sig_atomic_t is_stopped;

static void note_signal(int number)
{
    const uint64_t one = 1;
    int error = errno;

    (void)number;
    is_stopped = 1;
    if (write(awakened, &one, sizeof(one)) < 0) /* it is awake already */
        errno = error;
}

/* Writing goes on for whoever reads slowly; poll() is never restarted. */
static void set_handlers(void)
{
    struct sigaction action = {.sa_handler = note_signal,
                               .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};

    for (int i = 0; i < N_SIGNALS; i++) {
        sigaction(signals[i], NULL, &former[i]);
        if (former[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
}

uint64_t pace_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static bool set_timer(struct pace *pace, uint64_t interval_ns)
{
    struct itimerspec spec = {timespec_of(interval_ns), timespec_of(interval_ns)};

    pace->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return pace->timer >= 0 && timerfd_settime(pace->timer, 0, &spec, NULL) == 0;
}

bool pace_init(struct pace *pace, uint64_t interval_ns, int out, struct err *err)
{
    *pace = (struct pace){.timer = -1};
    pace->polled = xreallocarray(NULL, N_FIXED, sizeof(*pace->polled));
    is_stopped = 0;
    awakened = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (awakened < 0 || !set_timer(pace, interval_ns))
        return err_set(err, "cannot set a timer: %s", strerror(errno));
    set_handlers();
    pace->polled[TIMER] = (struct pollfd){.fd = pace->timer, .events = POLLIN};
    pace->polled[SIGNAL] = (struct pollfd){.fd = awakened, .events = POLLIN};
    pace->polled[OUTPUT] = (struct pollfd){.fd = out}; /* errors alone */
    pace->n_polled = N_FIXED;
    return true;
}

/* A look needs some; it goes before knowing of an end at once. */
static bool leaves_descriptors(int fd)
{
    enum { FOR_A_LOOK = 64 };
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)fd + FOR_A_LOOK < limit.rlim_cur;
}

void pace_watch(struct pace *pace, pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    if (fd < 0)
        return;
    if (!leaves_descriptors(fd)) {
        close(fd);
        return;
    }
    pace->polled = xreallocarray(pace->polled, pace->n_polled + 1, sizeof(*pace->polled));
    pace->polled[pace->n_polled++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* True when one of the watched has ended; it is not watched any more. */
static bool take_end(struct pace *pace)
{
    for (unsigned int i = N_FIXED; i < pace->n_polled; i++)
        if (pace->polled[i].revents) {
            close(pace->polled[i].fd);
            pace->polled[i] = pace->polled[--pace->n_polled];
            return true;
        }
    return false;
}

static void forget_ends(struct pace *pace)
{
    while (pace->n_polled > N_FIXED)
        close(pace->polled[--pace->n_polled].fd);
}

/* The limit can be lowered at any time, prlimit(1). */
static void keep_descriptors(struct pace *pace)
{
    int highest = -1;

    for (unsigned int i = N_FIXED; i < pace->n_polled; i++)
        if (pace->polled[i].fd > highest)
            highest = pace->polled[i].fd;
    if (highest >= 0 && !leaves_descriptors(highest))
        forget_ends(pace);
}

/* It refuses more descriptors than RLIMIT_NOFILE, and goes on refusing (fs/select.c). */
static bool wait_for_any(struct pace *pace)
{
    static const struct timespec a_moment = {.tv_nsec = 10000000};

    if (poll(pace->polled, pace->n_polled, -1) >= 0)
        return true;
    if (errno != EINTR) {
        forget_ends(pace);
        nanosleep(&a_moment, NULL);
    }
    return false;
}

enum pace_news pace_wait(struct pace *pace)
{
    for (;;) {
        bool is_news = wait_for_any(pace);
        bool has_ended = is_news && take_end(pace);

        keep_descriptors(pace);
        if (pace_is_stopped())
            return PACE_STOPPED;
        if (!is_news)
            continue;
        if (pace->polled[OUTPUT].revents)
            return PACE_NO_READER;
        if (has_ended)
            return PACE_END;
        if (read(pace->timer, &pace->n_ticks, sizeof(pace->n_ticks)) == sizeof(pace->n_ticks))
            return PACE_TICK;
    }
}

bool pace_is_stopped(void)
{
    return is_stopped != 0;
}

void pace_deinit(struct pace *pace)
{
    for (int i = 0; pace->n_polled > 0 && i < N_SIGNALS; i++)
        sigaction(signals[i], &former[i], NULL);
    for (unsigned int i = N_FIXED; i < pace->n_polled; i++)
        close(pace->polled[i].fd);
    if (pace->timer >= 0)
        close(pace->timer);
    if (awakened >= 0)
        close(awakened);
    awakened = -1;
    free(pace->polled);
}
