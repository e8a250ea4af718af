/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is found on made-up hosts; thresholds to the kilobyte. */
#include "check/finding.h"

#include "../rows.h"
#include "base/units.h"

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

enum first { FIRST_DENTRY, FIRST_INODE, FIRST_ZFS, NO_SLABINFO };

/* Names: all of files that are there, or how many (of a hundred) are of files that are not. */
static const struct {
    const char *name;
    uint64_t total_mib, reclaimable_kib, unreclaimable_kib;
    enum first first;
    unsigned int negative_percent; /* 0: the kernel does not tell */
    const char *found;
} slabs[] = {
    {"64 GB, 60 %", 64378, 38506072, 736144, FIRST_DENTRY, 99, "warning"},
    {"the same, not told", 64378, 38506072, 736144, FIRST_DENTRY, 0, "warning"},
    {"names that exist", 64378, 38506072, 736144, FIRST_DENTRY, 49, "info"},
    {"half of the names exist", 64378, 38506072, 736144, FIRST_DENTRY, 50, "warning"},
    {"file server", 64378, 38506072, 736144, FIRST_INODE, 10, "info"},
    {"no slabinfo, names enough", 64378, 38506072, 736144, NO_SLABINFO, 99, "warning"},
    {"a third", 30000, 10240000, 0, FIRST_DENTRY, 99, "warning"},
    {"just less", 30000, 10239999, 0, FIRST_DENTRY, 99, ""},
    {"small, a third of it", 600, 204800, 0, FIRST_DENTRY, 99, ""},
    {"small, enough", 600, 262144, 0, FIRST_DENTRY, 99, "warning"},
    {"small, just less", 600, 262143, 0, FIRST_DENTRY, 99, ""},
    {"unreclaimable, a quarter", 40000, 1000, 10240000, FIRST_DENTRY, 99, "warning"},
    {"just less", 40000, 1000, 10239999, FIRST_DENTRY, 99, ""},
    {"512 MB with 60", 512, 40000, 61440, FIRST_DENTRY, 99, ""},
    {"512 MB with 255", 512, 4000, 262143, FIRST_DENTRY, 99, ""},
    {"512 MB with 256", 512, 4000, 262144, FIRST_DENTRY, 99, "warning"},
    {"both", 40000, 20240000, 10240000, FIRST_DENTRY, 99, "warning warning"},
    {"ZFS", 40000, 1000, 20240000, FIRST_ZFS, 99, "info"},
    {"empty", 64378, 0, 0, FIRST_DENTRY, 99, ""},
};

static const char *severities(const struct checker *checker)
{
    const char *text = "";

    for (uint32_t i = 0; i < checker->n_findings; i++)
        text = arena_printf(&arena, "%s%s%s", text, i ? " " : "",
                            severity_name(checker->findings[i].severity));
    return text;
}

static void set(struct meminfo *meminfo, enum meminfo_key key, uint64_t bytes)
{
    meminfo->has[key] = true;
    meminfo->bytes[key] = bytes;
}

static void set_slab(struct meminfo *meminfo, uint64_t reclaimable, uint64_t unreclaimable)
{
    set(meminfo, MEMINFO_SLAB, reclaimable + unreclaimable);
    set(meminfo, MEMINFO_SLAB_RECLAIMABLE, reclaimable);
    set(meminfo, MEMINFO_SLAB_UNRECLAIMABLE, unreclaimable);
}

START_TEST(test_slab)
{
    uint64_t reclaimable = slabs[_i].reclaimable_kib * KIB;
    uint64_t unreclaimable = slabs[_i].unreclaimable_kib * KIB, n = reclaimable / 192;
    struct slab_cache dentry = {"dentry", NULL, true, reclaimable, n, n, 192};
    struct slab_cache inode = {"xfs_inode", "inodes of xfs", true, reclaimable, n / 5, n / 5, 960};
    struct slab_cache zfs = {"dnode_t", "cache of ZFS", false, unreclaimable, 1, 1, 1};
    struct slab_cache caches[] = {slabs[_i].first == FIRST_INODE ? inode : dentry, zfs};
    const struct host host = {.has_overcommit = true};
    struct host_memory memory = {
        .host = &host,
        .caches = caches,
        .n_caches = slabs[_i].first == NO_SLABINFO ? 0
                    : slabs[_i].first == FIRST_ZFS ? 2
                                                   : 1,
        .dentries = {true, n, n, slabs[_i].negative_percent > 0,
                     n * slabs[_i].negative_percent / 100 + 1},
    };
    struct checker checker;

    set(&memory.meminfo, MEMINFO_TOTAL, slabs[_i].total_mib * MIB);
    set_slab(&memory.meminfo, reclaimable, unreclaimable);
    check_run_host(&checker, &arena, &memory, NULL);
    ROW_TEXT(&slabs[_i], severities(&checker), slabs[_i].found);
    ROW_NUMBER(&slabs[_i], checker.n_not_run, 0);
}
END_TEST

/* Neither slabinfo nor enough names to tell by them. */
START_TEST(test_slab_not_told)
{
    const struct host host = {.has_overcommit = true};
    struct host_memory memory = {.host = &host, .dentries = {.known = true, .n = 1000}};
    struct checker checker;

    check_run_host(&checker, &arena, &memory, NULL);
    ck_assert_uint_eq(checker.n_not_run, 1);
    ck_assert_str_eq(checker.not_run[0].reason, "meminfo could not be read");
    set_slab(&memory.meminfo, 4 * GIB, 0);
    set(&memory.meminfo, MEMINFO_TOTAL, 8 * GIB);
    check_run_host(&checker, &arena, &memory, NULL);
    ck_assert_uint_eq(checker.n_findings, 0);
    ck_assert_uint_eq(checker.n_not_run, 1);
    ck_assert_str_eq(checker.not_run[0].reason, "slabinfo could not be read");
    memory.contradiction = "Slab is more than MemTotal";
    check_run_host(&checker, &arena, &memory, NULL);
    ck_assert_str_eq(checker.not_run[0].reason, "the figures of meminfo contradict each other");
    memory.contradiction = NULL;
    memory.meminfo.has[MEMINFO_SLAB_UNRECLAIMABLE] = false;
    check_run_host(&checker, &arena, &memory, NULL);
    ck_assert_str_eq(checker.not_run[0].reason, "meminfo could not be read");
}
END_TEST

static const struct {
    const char *name;
    uint64_t mode, limit, left;
    bool found;
} commits[] = {
    {"a twentieth", 2, 20 * GIB, GIB, false},
    {"just less", 2, 20 * GIB, GIB - 1, true},
    {"nothing", 2, 20 * GIB, 0, true},
    {"mode 0", 0, 20 * GIB, 0, false},
    {"mode 1", 1, 20 * GIB, 0, false},
    {"large, 4 GiB", 2, 400 * GIB, 4 * GIB, false},
    {"large, just less", 2, 400 * GIB, 4 * GIB - 1, true},
    {"small", 2, 200 * MIB, 9 * MIB, true},
    {"small, more", 2, 200 * MIB, 11 * MIB, false},
};

START_TEST(test_overcommit)
{
    const struct host host = {.has_overcommit = true, .overcommit_memory = commits[_i].mode};
    struct host_memory memory = {.host = &host};
    struct checker checker;

    set(&memory.meminfo, MEMINFO_TOTAL, 64 * GIB);
    set_slab(&memory.meminfo, 0, 0);
    set(&memory.meminfo, MEMINFO_COMMIT_LIMIT, commits[_i].limit);
    set(&memory.meminfo, MEMINFO_COMMITTED, commits[_i].limit - commits[_i].left);
    check_run_host(&checker, &arena, &memory, NULL);
    ROW_TEXT(&commits[_i], severities(&checker), commits[_i].found ? "warning" : "");
    ROW_NUMBER(&commits[_i], checker.n_not_run, 0);
}
END_TEST

START_TEST(test_overcommit_unknown)
{
    const struct host unknown = {.has_overcommit = false};
    const struct host strict = {.has_overcommit = true, .overcommit_memory = 2};
    struct host_memory memory = {.host = &unknown};
    struct checker checker;

    set(&memory.meminfo, MEMINFO_TOTAL, 64 * GIB);
    set_slab(&memory.meminfo, 0, 0);
    check_run_host(&checker, &arena, &memory, NULL);
    ck_assert_uint_eq(checker.n_not_run, 1);
    ck_assert_str_eq(checker.not_run[0].reason, "vm.overcommit_memory could not be read");
    memory.host = &strict;
    check_run_host(&checker, &arena, &memory, NULL);
    ck_assert_uint_eq(checker.n_not_run, 1);
    ck_assert_str_eq(checker.not_run[0].reason, "meminfo could not be read");
}
END_TEST

Suite *host_findings_suite(void)
{
    Suite *suite = suite_create("host-findings");
    TCase *tcase = tcase_create("thresholds");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_slab, slabs);
    tcase_add_test(tcase, test_slab_not_told);
    ROWS_ADD(tcase, test_overcommit, commits);
    tcase_add_test(tcase, test_overcommit_unknown);
    suite_add_tcase(suite, tcase);
    return suite;
}
