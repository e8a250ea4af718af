/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/pace.h"

#include "../rows.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_NS 50000000ULL

static struct pace pace;

static void begin(void)
{
    struct err err;

    ck_assert_msg(pace_init(&pace, INTERVAL_NS, STDOUT_FILENO, &err), "%s", err.text);
}

START_TEST(test_ticks)
{
    uint64_t start_ns = pace_now_ns(), n = 0;

    begin();
    while (n < 5) {
        ck_assert_int_eq(pace_wait(&pace), PACE_TICK);
        n += pace.n_ticks;
    }
    ck_assert_uint_ge(pace_now_ns() - start_ns, n * INTERVAL_NS);
    pace_deinit(&pace);
}
END_TEST

START_TEST(test_end_of_a_process)
{
    pid_t pid = fork();

    if (pid == 0) {
        alarm(60);
        for (;;)
            pause();
    }
    begin();
    pace_watch(&pace, pid);
    ck_assert_int_eq(pace_wait(&pace), PACE_TICK);
    kill(pid, SIGKILL);
    if (pace.n_polled > 3) /* the kernel can tell */
        while (pace_wait(&pace) == PACE_TICK)
            ;
    ck_assert_uint_eq(pace.n_polled, 3);
    waitpid(pid, NULL, 0);
    pace_deinit(&pace);
}
END_TEST

START_TEST(test_signal)
{
    begin();
    raise(SIGTERM);
    ck_assert_int_eq(pace_wait(&pace), PACE_STOPPED);
    ck_assert(pace_is_stopped());
    pace_deinit(&pace);
}
END_TEST

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* As prlimit(1) can do at any time: the kernel refuses to poll so many then. */
START_TEST(test_fewer_descriptors_than_there_are)
{
    enum { N = 20 };
    struct rlimit before, limit;
    double cpu;

    getrlimit(RLIMIT_NOFILE, &before);
    begin();
    for (int i = 0; i < N; i++)
        pace_watch(&pace, getpid());
    limit = (struct rlimit){10, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &limit);
    cpu = cpu_seconds();
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pace_wait(&pace), PACE_TICK);
    cpu = cpu_seconds() - cpu;
    setrlimit(RLIMIT_NOFILE, &before);
    ck_assert_uint_eq(pace.n_polled, 3);
    ck_assert_msg(cpu < 0.1, "%g s of CPU to wait", cpu);
    pace_deinit(&pace);
}
END_TEST

Suite *pace_suite(void)
{
    Suite *suite = suite_create("pace");
    TCase *tcase = tcase_create("pace");

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 10);
    tcase_add_test(tcase, test_ticks);
    tcase_add_test(tcase, test_end_of_a_process);
    tcase_add_test(tcase, test_signal);
    tcase_add_test(tcase, test_fewer_descriptors_than_there_are);
    return suite;
}
