/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/hserr.h"

#include "../rows.h"

#include <stdio.h>

static struct arena arena;
static struct hserr hs;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

/* In the form of JDK 25. */
static const char recent[] =
    "#\n"
    "# A fatal error has been detected by the Java Runtime Environment:\n"
    "#\n"
    "#  SIGSEGV (0xb) at pc=0x00007f3c244d7f14 (sent by kill), pid=4711, tid=4712\n"
    "#\n"
    "# JRE version: OpenJDK Runtime Environment (25.0.3+9) (build 25.0.3+9-LTS)\n"
    "\n"
    "uname: Linux 6.12.0-1 #1 SMP PREEMPT_DYNAMIC Debian 6.12.1-1 aarch64\n"
    "libc: glibc 2.36 NPTL 2.36 \n"
    "rlimit (soft/hard): STACK 8192k/infinity , CORE 0k/infinity , NPROC 96365/96365 , "
    "NOFILE 20000/20000 , AS 4194304k/infinity , CPU infinity/infinity , DATA infinity/infinity , "
    "FSIZE infinity/infinity , MEMLOCK 64k/8192k\n"
    "\n"
    "/proc/meminfo:\n"
    "MemTotal:       24684096 kB\n"
    "CommitLimit:    12342048 kB\n"
    "\n"
    "MemTotal:              1 kB\n"
    "Process Memory:\n"
    "Virtual Size: 2645772K (peak: 2701684K)\n"
    "\n"
    "/proc/sys/vm/max_map_count (maximum number of memory map areas a process may have): 65530\n"
    "/proc/sys/vm/swappiness (control to define how ...): 60\n"
    "Memory: 64k page, physical 24684096k(22264976k free), swap 0k(0k free)\n";

START_TEST(test_recent)
{
    ck_assert(hserr_parse(STR(recent), &arena, &hs));
    ck_assert(hs.pid.known && hs.pid.value == 4711);
    ck_assert(hs.page_bytes.known && hs.page_bytes.value == 65536);
    ck_assert(hs.max_map_count.known && hs.max_map_count.value == 65530);
    ck_assert(!hs.overcommit_memory.known);
    ck_assert_uint_eq(hs.virtual_bytes.value, UINT64_C(2645772) << 10);
    ck_assert(str_eq(hs.release, STR("6.12.0-1")));
    ck_assert(str_eq(hs.machine, STR("aarch64")));
    ck_assert(str_eq(hs.libc, STR("glibc 2.36 NPTL 2.36")));
}
END_TEST

START_TEST(test_limits)
{
    ck_assert(hserr_parse(STR(recent), &arena, &hs) && hs.has_hard_limits);
    ck_assert(hs.limits.stack.known && hs.limits.stack.soft == 8 << 20);
    ck_assert_uint_eq(hs.limits.stack.hard, LIMIT_INFINITY);
    ck_assert(hs.limits.data.known && hs.limits.data.soft == LIMIT_INFINITY);
    ck_assert_uint_eq(hs.limits.address_space.soft, UINT64_C(4) << 30);
    ck_assert_uint_eq(hs.limits.locked.soft, 64 << 10);
    ck_assert_uint_eq(hs.limits.locked.hard, 8 << 20);
}
END_TEST

/* The section ends at the blank line: what follows it is of somebody else. */
START_TEST(test_meminfo)
{
    ck_assert(hserr_parse(STR(recent), &arena, &hs) && hs.has_meminfo);
    ck_assert(hs.meminfo.has[MEMINFO_TOTAL]);
    ck_assert_uint_eq(hs.meminfo.bytes[MEMINFO_TOTAL], UINT64_C(24684096) << 10);
    ck_assert_uint_eq(hs.meminfo.bytes[MEMINFO_COMMIT_LIMIT], UINT64_C(12342048) << 10);
}
END_TEST

/* In the form of JDK 8 and 11: no blank behind "uname:", no hard limits, values on lines below;
 * quoted in a mail. */
static const char old[] =
    "> #  Out of Memory Error (os_linux.cpp:2677), pid=1, tid=140339567539968\r\n"
    "> # JRE version: OpenJDK Runtime Environment (8.0_45-b13) (build 1.8.0_45-b13)\r\n"
    "> uname:Linux 4.18.0-425.el8.x86_64 #1 SMP x86_64\r\n"
    "> libc:glibc 2.28 NPTL 2.28 \r\n"
    "> rlimit: STACK infinity, CORE 0k, NPROC 4096, NOFILE 65536, AS infinity\r\n"
    "> /proc/sys/vm/max_map_count (maximum number of memory map areas a process may have):\r\n"
    "> 262144\r\n"
    "> /proc/meminfo:\r\n"
    "> MemTotal:       1024 kB\r\n";

START_TEST(test_old)
{
    ck_assert(hserr_parse(STR(old), &arena, &hs));
    ck_assert(hs.pid.known && hs.pid.value == 1);
    ck_assert(hs.max_map_count.known && hs.max_map_count.value == 262144);
    ck_assert(str_eq(hs.release, STR("4.18.0-425.el8.x86_64")));
    ck_assert(!hs.has_hard_limits && hs.limits.stack.known && !hs.limits.data.known);
    ck_assert_uint_eq(hs.limits.stack.soft, LIMIT_INFINITY);
    ck_assert(hs.has_meminfo && hs.meminfo.bytes[MEMINFO_TOTAL] == 1 << 20);
    ck_assert(!hs.page_bytes.known);
}
END_TEST

static const struct {
    const char *name;
    const char *line;
} unknown[] = {
    {"pid in another line than the header's", "Event: 0.1 Thread, pid=7, tid=8"},
    {"pid 0", "# SIGSEGV at pc=0, pid=0"},
    {"limit without a number", "rlimit (soft/hard): STACK k/infinity , AS 1k"},
    {"limit beyond 64 bits", "rlimit: STACK 18446744073709551615k"},
    {"limit with another unit", "rlimit: STACK 8M"},
    {"page that is no power of two", "Memory: 5k page, physical 1k"},
    {"page of 4 GiB", "Memory: 4194304k page, physical 1k"},
    {"another system", "uname: Darwin 22.1 arm64"},
    {"another sysctl", "/proc/sys/vm/max_map_counter: 7"},
    {"sysctl without a value", "/proc/sys/vm/max_map_count (x):\nMemory: 5k\n1234"},
    {"sysctl that cannot be read", "/proc/sys/vm/max_map_count (x): <Not Available>"},
};

START_TEST(test_unknown)
{
    ROW_TRUE(&unknown[_i], !hserr_parse(str_of(unknown[_i].line), &arena, &hs));
    ROW_TRUE(&unknown[_i], !hs.pid.known && !hs.page_bytes.known && !hs.max_map_count.known);
    ROW_TRUE(&unknown[_i], !hs.limits.stack.known && !hs.limits.address_space.known);
    ROW_TRUE(&unknown[_i], hs.release.n == 0 && hs.machine.n == 0 && !hs.has_meminfo);
}
END_TEST

/* The first counts: an environment variable further below may hold anything. */
START_TEST(test_first)
{
    struct str text = STR("# x, pid=1\n# y, pid=2\nrlimit: AS 1k\n"
                          "rlimit (soft/hard): AS 2k/3k , DATA 4k/5k\n"
                          "uname: Linux 1\nuname: Linux 2 b\n");

    hserr_parse(text, &arena, &hs);
    ck_assert_uint_eq(hs.pid.value, 1);
    ck_assert_uint_eq(hs.limits.address_space.soft, 1024);
    ck_assert(!hs.has_hard_limits && !hs.limits.data.known);
    ck_assert(str_eq(hs.release, STR("1")) && hs.machine.n == 0);
}
END_TEST

/* A section without an end is no reason to keep all of it. */
START_TEST(test_endless_meminfo)
{
    static char text[100000];
    size_t n = (size_t)snprintf(text, sizeof(text), "/proc/meminfo:\nMemTotal: 4 kB\n");

    while (n + 8 < sizeof(text)) {
        memcpy(text + n, "a: 1 kB\n", 8);
        n += 8;
    }
    hserr_parse((struct str){text, n}, &arena, &hs);
    ck_assert(hs.has_meminfo && hs.meminfo.bytes[MEMINFO_TOTAL] == 4096);
}
END_TEST

Suite *hserr_suite(void)
{
    Suite *suite = suite_create("hserr");
    TCase *tcase = tcase_create("parse");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_recent);
    tcase_add_test(tcase, test_limits);
    tcase_add_test(tcase, test_meminfo);
    tcase_add_test(tcase, test_old);
    ROWS_ADD(tcase, test_unknown, unknown);
    tcase_add_test(tcase, test_first);
    tcase_add_test(tcase, test_endless_meminfo);
    suite_add_tcase(suite, tcase);
    return suite;
}
