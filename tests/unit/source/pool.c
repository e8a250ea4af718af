/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/pool.h"

#include "../rows.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ITEMS = 5000 };

/* What came of each piece: its answers, and how often it was told of. */
static struct {
    unsigned int n_done, n_timeout, n_death;
} told[MAX_ITEMS];
static unsigned int n_wrong;

enum trouble { NONE_AT_ALL, HANGS, DIES, EXITS };

struct plan {
    const char *name;
    uint32_t n_items;
    unsigned int n_workers;
    size_t result_bytes;
    enum trouble trouble;
    uint32_t each; /* so many pieces one is in trouble */
};

static bool is_in_trouble(const struct plan *plan, uint32_t item)
{
    return plan->trouble != NONE_AT_ALL && item % plan->each == plan->each - 1;
}

static void work(void *context, uint32_t item, struct textbuf *result)
{
    const struct plan *plan = context;

    textbuf_printf(result, "%u:", item);
    for (size_t i = 0; i < plan->result_bytes; i++)
        textbuf_add(result, STR("x"));
    if (!is_in_trouble(plan, item))
        return;
    if (plan->trouble == HANGS)
        for (;;)
            pause();
    if (plan->trouble == DIES)
        raise(SIGKILL);
    _exit(3);
}

static void done(void *context, uint32_t item, struct str result)
{
    const struct plan *plan = context;
    char wanted[16];
    int n = snprintf(wanted, sizeof(wanted), "%u:", item);

    told[item].n_done++;
    n_wrong +=
        result.n != (size_t)n + plan->result_bytes || memcmp(result.p, wanted, (size_t)n) != 0;
}

static void lost(void *context, uint32_t item, enum pool_loss loss)
{
    (void)context;
    told[item].n_timeout += loss == POOL_TIMEOUT;
    told[item].n_death += loss == POOL_DEATH;
}

static const struct plan plans[] = {
    {"nothing to do", 0, 2, 0, NONE_AT_ALL, 0},
    {"one piece, many workers", 1, 64, 10, NONE_AT_ALL, 0},
    {"many pieces, one worker", 5000, 1, 10, NONE_AT_ALL, 0},
    {"many pieces, two workers", 5000, 2, 200, NONE_AT_ALL, 0},
    {"more workers than there can be", 100, 1000, 10, NONE_AT_ALL, 0},
    {"no worker", 100, 0, 10, NONE_AT_ALL, 0},
    {"empty results", 1000, 2, 0, NONE_AT_ALL, 0},
    {"large results", 20, 2, 1 << 20, NONE_AT_ALL, 0},
    {"some die", 1000, 2, 100, DIES, 50},
    {"all die", 50, 3, 100, DIES, 1},
    {"some exit", 1000, 4, 100, EXITS, 100},
    {"some hang", 1000, 2, 100, HANGS, 250},
    {"the last hangs", 100, 2, 100, HANGS, 100},
    {"all hang", 4, 2, 10, HANGS, 1},
};

START_TEST(test_each_piece_is_told_of_once)
{
    const struct plan *plan = &plans[_i];
    const struct pool_spec spec = {.n_items = plan->n_items,
                                   .n_workers = plan->n_workers,
                                   /* on a busy machine a worker is slow, but does not hang */
                                   .timeout_ms = plan->trouble == HANGS ? 300 : 60000,
                                   .context = (void *)plan,
                                   .work = work,
                                   .done = done,
                                   .lost = lost};
    struct err err;

    memset(told, 0, sizeof(told));
    n_wrong = 0;
    ck_assert_msg(pool_run(&spec, &err), "%s: %s", plan->name, err.text);
    for (uint32_t i = 0; i < plan->n_items; i++) {
        bool bad = is_in_trouble(plan, i);

        ck_assert_msg(told[i].n_done == !bad &&
                          told[i].n_timeout == (bad && plan->trouble == HANGS) &&
                          told[i].n_death == (bad && plan->trouble != HANGS),
                      "%s: piece %u: done %u, timeout %u, death %u", plan->name, i, told[i].n_done,
                      told[i].n_timeout, told[i].n_death);
    }
    ROW_NUMBER(plan, n_wrong, 0);
    ck_assert_msg(waitpid(-1, NULL, WNOHANG) < 0, "%s: a worker is left", plan->name);
}
END_TEST

static unsigned int n_alone;

static void note_alone(void *context, int error)
{
    (void)context;
    n_alone += error == EMFILE;
}

/* From now on no worker gets a pipe; returns the limit before. */
static rlim_t forbid_workers(void)
{
    struct rlimit limit;
    rlim_t before;

    getrlimit(RLIMIT_NOFILE, &limit);
    before = limit.rlim_cur;
    limit.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &limit);
    return before;
}

static void allow_workers(rlim_t n)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = n;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* The caller does all, and is told once. */
START_TEST(test_no_worker_at_all)
{
    static const struct plan plan = {"", 100, 2, 10, NONE_AT_ALL, 0};
    const struct pool_spec spec = {.n_items = 100,
                                   .n_workers = 2,
                                   .timeout_ms = 300,
                                   .context = (void *)&plan,
                                   .work = work,
                                   .done = done,
                                   .lost = lost,
                                   .alone = note_alone};
    rlim_t n = forbid_workers();
    struct err err;
    bool ok;

    memset(told, 0, sizeof(told));
    n_wrong = n_alone = 0;
    ok = pool_run(&spec, &err);
    allow_workers(n);
    ck_assert(ok);
    for (uint32_t i = 0; i < 100; i++)
        ck_assert_uint_eq(told[i].n_done, 1);
    ck_assert_uint_eq(n_wrong, 0);
    ck_assert_uint_eq(n_alone, 1);
}
END_TEST

static rlim_t n_before;

static void lose_and_forbid(void *context, uint32_t item, enum pool_loss loss)
{
    lost(context, item, loss);
    n_before = forbid_workers();
}

/* The only worker dies: the caller does the rest, but not the piece that it died of. */
START_TEST(test_worker_that_cannot_be_replaced)
{
    static const struct plan plan = {"", 100, 1, 10, DIES, 60};
    const struct pool_spec spec = {.n_items = 100,
                                   .n_workers = 1,
                                   .timeout_ms = 300,
                                   .context = (void *)&plan,
                                   .work = work,
                                   .done = done,
                                   .lost = lose_and_forbid,
                                   .alone = note_alone};
    struct err err;
    bool ok;

    memset(told, 0, sizeof(told));
    n_wrong = n_alone = 0;
    ok = pool_run(&spec, &err);
    allow_workers(n_before);
    ck_assert(ok);
    for (uint32_t i = 0; i < 100; i++) {
        ck_assert_uint_eq(told[i].n_done, i != 59);
        ck_assert_uint_eq(told[i].n_death, i == 59);
    }
    ck_assert_uint_eq(n_wrong, 0);
    ck_assert_uint_eq(n_alone, 1);
}
END_TEST

static void work_slowly(void *context, uint32_t item, struct textbuf *result)
{
    static const struct timespec a_while = {.tv_nsec = 100000000};

    nanosleep(&a_while, NULL);
    work(context, item, result);
}

/* A program of its own, with its helpers; its status is how many pieces were lost. */
static pid_t start_slow_tool(void)
{
    static const struct plan plan = {"", 20, 2, 10, NONE_AT_ALL, 0};
    const struct pool_spec spec = {.n_items = 20,
                                   .n_workers = 2,
                                   .timeout_ms = 600,
                                   .context = (void *)&plan,
                                   .work = work_slowly,
                                   .done = done,
                                   .lost = lost};
    pid_t pid = fork();
    unsigned int n_lost = 0;
    struct err err;

    if (pid != 0)
        return pid;
    setpgid(0, 0);
    memset(told, 0, sizeof(told));
    if (!pool_run(&spec, &err))
        _exit(100);
    for (uint32_t i = 0; i < 20; i++)
        n_lost += told[i].n_done == 0;
    _exit((int)n_lost);
}

/* Ctrl-Z and fg, or a freezer: longer than a piece may take, and no time of theirs. */
START_TEST(test_stopped_and_continued)
{
    static const struct timespec a_moment = {.tv_nsec = 250000000},
                                 a_pause = {.tv_sec = 1, .tv_nsec = 500000000};
    pid_t pid = start_slow_tool();
    int status;

    ck_assert(pid > 0);
    for (int i = 0; i < 3; i++) {
        nanosleep(&a_moment, NULL);
        ck_assert_int_eq(kill(-pid, SIGSTOP), 0);
        nanosleep(&a_pause, NULL);
        ck_assert_int_eq(kill(-pid, SIGCONT), 0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(status == 0, "wait status %#x: pieces are lost", (unsigned int)status);
}
END_TEST

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* One worker alone would wait for each that hangs, one after the other. */
START_TEST(test_more_workers_when_stuck)
{
    enum { N = 10, TIMEOUT_MS = 500 };
    static const struct plan plan = {"", N, 1, 10, HANGS, 1};
    const struct pool_spec spec = {.n_items = N,
                                   .n_workers = 1,
                                   .n_when_stuck = N,
                                   .timeout_ms = TIMEOUT_MS,
                                   .context = (void *)&plan,
                                   .work = work,
                                   .done = done,
                                   .lost = lost};
    double begin = seconds();
    struct err err;

    memset(told, 0, sizeof(told));
    ck_assert(pool_run(&spec, &err));
    ck_assert_double_lt(seconds() - begin, N * TIMEOUT_MS / 1e3);
    for (uint32_t i = 0; i < N; i++)
        ck_assert_uint_eq(told[i].n_timeout, 1);
    ck_assert_msg(waitpid(-1, NULL, WNOHANG) < 0, "a worker is left");
}
END_TEST

static unsigned int n_asked;

static bool stop_soon(void *context, uint32_t n_done)
{
    (void)context;
    (void)n_done;
    return ++n_asked < 3;
}

/* Also when every worker is stuck: it is asked ten times a second. */
START_TEST(test_caller_ends_it)
{
    static const struct plan stuck = {"", 100, 2, 10, HANGS, 1};
    const struct pool_spec spec = {.n_items = 100,
                                   .n_workers = 2,
                                   .timeout_ms = 1000000,
                                   .context = (void *)&stuck,
                                   .work = work,
                                   .done = done,
                                   .lost = lost,
                                   .goes_on = stop_soon};
    struct err err;

    memset(told, 0, sizeof(told));
    n_asked = 0;
    ck_assert(pool_run(&spec, &err));
    ck_assert_uint_eq(n_asked, 3);
    ck_assert_uint_eq(told[0].n_done + told[0].n_timeout + told[0].n_death, 0);
    ck_assert_msg(waitpid(-1, NULL, WNOHANG) < 0, "a worker is left");
}
END_TEST

Suite *pool_suite(void)
{
    Suite *suite = suite_create("pool");
    TCase *tcase = tcase_create("pool");

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    ROWS_ADD(tcase, test_each_piece_is_told_of_once, plans);
    tcase_add_test(tcase, test_more_workers_when_stuck);
    tcase_add_test(tcase, test_caller_ends_it);
    tcase_add_test(tcase, test_no_worker_at_all);
    tcase_add_test(tcase, test_worker_that_cannot_be_replaced);
    tcase_add_test(tcase, test_stopped_and_continued);
    return suite;
}
