/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/status.h"

#include "../rows.h"

START_TEST(test_process)
{
    static const char text[] = "Name:\tcat\n"
                               "Umask:\t0022\n"
                               "State:\tR (running)\n"
                               "Tgid:\t2719\n"
                               "Ngid:\t0\n"
                               "Pid:\t2720\n"
                               "PPid:\t2714\n"
                               "Uid:\t1000\t1001\t1002\t1003\n"
                               "Gid:\t1\t2\t3\t4\n"
                               "NStgid:\t2719\t9\t1\n"
                               "NSpid:\t2720\t10\t2\n"
                               "VmPeak:\t    9999 kB\n"
                               "VmSize:\t    3060 kB\n"
                               "VmLck:\t       8 kB\n"
                               "VmPin:\t       0 kB\n"
                               "VmRSS:\t    1748 kB\n"
                               "RssAnon:\t     364 kB\n"
                               "VmSwap:\t      12 kB\n"
                               "VmData:\t     360 kB\n"
                               "VmStk:\t     132 kB\n"
                               "Threads:\t3\n"
                               "CapPrm:\t000001ffffffffff\n"
                               "CapEff:\t0000000000084000\n";
    struct status_record status;

    ck_assert(status_parse(STR(text), &status, NULL));
    ck_assert_uint_eq(status.tgid, 2719);
    ck_assert_uint_eq(status.uid, 1001);
    ck_assert_uint_eq(status.ns_pid, 2);
    ck_assert_uint_eq(status.n_threads, 3);
    ck_assert_uint_eq(status.cap_effective, UINT64_C(1) << 14 | UINT64_C(1) << 19);
    ck_assert(status.has_vm);
    ck_assert_uint_eq(status.vm_size_bytes, 3060 * 1024);
    ck_assert_uint_eq(status.vm_data_bytes, 360 * 1024);
    ck_assert_uint_eq(status.vm_stack_bytes, 132 * 1024);
    ck_assert_uint_eq(status.vm_locked_bytes, 8 * 1024);
    ck_assert(status.has_anonymous);
    ck_assert_uint_eq(status.anonymous_bytes, 364 * 1024);
    ck_assert_uint_eq(status.swap_bytes, 12 * 1024);
}
END_TEST

/* A name is escaped by the kernel, so that it cannot bring lines of its own. */
START_TEST(test_hostile_name)
{
    struct status_record status;

    ck_assert(status_parse(STR("Name:\tx\\nTgid:\\t1\nTgid:\t5\nPid:\t5\n"), &status, NULL));
    ck_assert_uint_eq(status.tgid, 5);
}
END_TEST

START_TEST(test_kernel_thread)
{
    struct status_record status;

    ck_assert(
        status_parse(STR("Name:\tkthreadd\nTgid:\t2\nPid:\t2\nThreads:\t1\n"), &status, NULL));
    ck_assert(!status.has_vm && !status.has_anonymous);
    ck_assert_uint_eq(status.ns_pid, 0);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    const char *says;
} bad[] = {
    {"empty", "", "Pid:"},
    {"another file", "Max stack size 8388608\n", "Pid:"},
    {"PPid is not Pid", "PPid:\t1\n", "Pid:"},
    {"capabilities", "Pid:\t1\nCapEff:\tall\n", "CapEff:"},
};

START_TEST(test_bad)
{
    struct status_record status;
    struct err err = {""};

    ROW_TRUE(&bad[_i], !status_parse(str_of(bad[_i].text), &status, &err));
    ROW_SAYS(&bad[_i], err.text, bad[_i].says);
}
END_TEST

Suite *status_suite(void)
{
    Suite *suite = suite_create("status");
    TCase *tcase = tcase_create("parse");

    tcase_add_test(tcase, test_process);
    tcase_add_test(tcase, test_hostile_name);
    tcase_add_test(tcase, test_kernel_thread);
    ROWS_ADD(tcase, test_bad, bad);
    suite_add_tcase(suite, tcase);
    return suite;
}
