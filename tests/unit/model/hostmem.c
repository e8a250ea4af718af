/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/hostmem.h"

#include "../fake.h"
#include "../rows.h"

#include <stdio.h>
#include <unistd.h>

static struct fake fake;
static struct image image;
static struct host_memory memory;

static bool has_line(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at && (at == text || at[-1] == '\n');
}

/* A kernel's, with the lines that differ. */
static void write_meminfo(const char *others)
{
    static const char *const lines[] = {
        "MemTotal",      "MemFree",      "MemAvailable", "Buffers",     "Cached",
        "SwapCached",    "SwapTotal",    "SwapFree",     "AnonPages",   "Shmem",
        "Slab",          "SReclaimable", "SUnreclaim",   "KernelStack", "PageTables",
        "SecPageTables", "CommitLimit",  "Committed_AS", "VmallocUsed", "Percpu",
    };
    char text[1024];
    size_t n = (size_t)snprintf(text, sizeof(text), "%s", others);

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (!has_line(others, lines[i]))
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s: %d kB\n", lines[i],
                                  i == 0 ? 1 << 20 : 0);
    fake_write(&fake, "meminfo", "%s", text);
}

static void setup(void)
{
    fake_init(&fake);
    write_meminfo("");
    fake_write(&fake, "vmstat", "nr_free_pages 5\nnr_zspages 3\nnr_zspages_x 9\n");
    fake_write(&fake, "zoneinfo", "Node 0, zone DMA\n  pagesets\n    cpu: 0\n count: 7\n");
    fake_write(&fake, "self/mountinfo", "\n");
    fake_write(&fake, "sys/vm/mmap_rnd_bits", "28\n");
    fake_write(&fake, "sys/vm/mmap_rnd_compat_bits", "8\n");
    fake_write(&fake, "sys/vm/overcommit_ratio", "50\n");
    fake_write(&fake, "sys/vm/overcommit_kbytes", "0\n");
    fake_write(&fake, "sys/fs/dentry-state", "100\t90\t45\t0\t80\t0\n");
    fake_write(&fake, "slabinfo",
               "slabinfo - version: 2.1\n"
               "dentry 1 2 3 4 5 : tunables 0 0 0 : slabdata 1 1 0\n");
}

static void teardown(void)
{
    image_deinit(&image);
    fake_deinit(&fake);
}

static void read_all(void)
{
    image_init_host(&image, fake.host);
    hostmem_read(&memory, &image);
}

START_TEST(test_numbers)
{
    read_all();
    ck_assert_uint_eq(image.n_missing, 0);
    ck_assert_uint_eq(memory.meminfo.bytes[MEMINFO_TOTAL], 1 << 30);
    ck_assert_uint_eq(memory.host->max_map_count, 65530);
    ck_assert(memory.has_zspages);
    ck_assert_uint_eq(memory.zspage_bytes, 3 * 4096);
    ck_assert(memory.has_cpu_lists && memory.cpu_lists_bytes == 7 * 4096);
    ck_assert(memory.has_mmap_rnd_bits && memory.mmap_rnd_bits == 28);
    ck_assert(memory.has_mmap_rnd_compat_bits && memory.mmap_rnd_compat_bits == 8);
    ck_assert(memory.has_overcommit_ratio && memory.overcommit_ratio == 50);
    ck_assert(memory.has_overcommit_kbytes && memory.overcommit_kbytes == 0);
}
END_TEST

/* What is not there is named, and changes nothing else. */
static const struct {
    const char *name; /* the file */
    const char *what;
} files[] = {
    {"vmstat", "vmstat"},
    {"zoneinfo", "zoneinfo"},
    {"self/mountinfo", "self/mountinfo"},
    {"sys/vm/mmap_rnd_bits", "vm.mmap_rnd_bits"},
    {"sys/vm/mmap_rnd_compat_bits", "vm.mmap_rnd_compat_bits"},
    {"sys/vm/overcommit_ratio", "vm.overcommit_ratio"},
    {"sys/vm/overcommit_kbytes", "vm.overcommit_kbytes"},
    {"sys/fs/dentry-state", "fs.dentry-state"},
    {"slabinfo", "slabinfo"},
    {"meminfo", "meminfo"},
};

START_TEST(test_missing)
{
    fake_remove(&fake, files[_i].name);
    read_all();
    ROW_NUMBER(&files[_i], image.n_missing, 1);
    ROW_TRUE(&files[_i], fake_missing(&image, files[_i].what) != NULL);
    ROW_NUMBER(&files[_i], memory.slab_missing != NULL, strcmp(files[_i].name, "slabinfo") == 0);
}
END_TEST

static const struct {
    const char *name; /* the file's text */
    const char *kernel;
    bool known, has_negative;
    uint64_t n_negative;
} states[] = {
    {"100\t90\t45\t0\t80\t0", "6.1.0", true, true, 80},
    {"100\t90\t45\t0\t0\t0", "6.1.0", true, true, 0},
    {"100\t90\t45\t0\t0\t0", "4.18.0", true, false, 0},
    {"100\t90\t45\t0\t80\t0", "3.10.0-1160.el7", true, true, 80},
    {"100 90", "6.1.0", true, false, 0},
    {"100", "6.1.0", false, false, 0},
    {"", "6.1.0", false, false, 0},
    {"-1 90 45 0 80 0", "6.1.0", false, false, 0},
};

START_TEST(test_dentries)
{
    fake_write(&fake, "sys/fs/dentry-state", "%s\n", states[_i].name);
    fake_write(&fake, "sys/kernel/osrelease", "%s\n", states[_i].kernel);
    read_all();
    ROW_NUMBER(&states[_i], memory.dentries.known, states[_i].known);
    ROW_NUMBER(&states[_i], memory.dentries.has_negative, states[_i].has_negative);
    ROW_NUMBER(&states[_i], memory.dentries.n_negative, states[_i].n_negative);
    if (states[_i].known) {
        ROW_NUMBER(&states[_i], memory.dentries.n, 100);
        ROW_NUMBER(&states[_i], memory.dentries.n_unused, 90);
    }
}
END_TEST

START_TEST(test_caches)
{
    fake_write(&fake, "slabinfo",
               "slabinfo - version: 2.1\n# name\n"
               "small 1 2 3 4 1 : tunables 0 0 0 : slabdata 5 5 0\n"
               "dentry 100 168 192 21 1 : tunables 0 0 0 : slabdata 70 80 0\n"
               "wide 1 2 1024 4 8 : tunables 0 0 0 : slabdata 5 6 0\n"
               "absurd 1 2 3 4 5 : tunables 0 0 0 : slabdata 9 9999999999999999999 0\n");
    read_all();
    ck_assert_uint_eq(memory.n_caches, 3);
    ck_assert_uint_eq(memory.n_caches_not_understood, 1);
    ck_assert_str_eq(memory.caches[0].name, "dentry");
    ck_assert_str_eq(memory.caches[0].meaning, "names of files looked up");
    ck_assert_uint_eq(memory.caches[0].bytes, 80 * 4096);
    ck_assert_uint_eq(memory.caches[0].n_active, 100);
    ck_assert_uint_eq(memory.caches[0].n_objects, 168);
    ck_assert_uint_eq(memory.caches[0].object_bytes, 192);
    ck_assert_str_eq(memory.caches[1].name, "wide");
    ck_assert_uint_eq(memory.caches[1].bytes, 48 * 4096);
    ck_assert_ptr_null(memory.caches[1].meaning);
    ck_assert_str_eq(memory.caches[2].name, "small");
}
END_TEST

/* More than the first allocation has room for. */
START_TEST(test_many_caches)
{
    char text[200 * 64];
    size_t n = 0;

    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n,
                              "c%d 1 1 1 1 1 : tunables 0 0 0 : slabdata 1 %d 0\n", i, i + 1);
    fake_write_bytes(&fake, "slabinfo", text, n);
    read_all();
    ck_assert_uint_eq(memory.n_caches, 200);
    for (uint32_t i = 0; i < 200; i++)
        ck_assert_uint_eq(memory.caches[i].bytes, (200 - i) * 4096);
}
END_TEST

#define GOOD "dentry 1 2 3 4 5 : tunables 0 0 0 : slabdata 1 1 0\n"

/* One line more or less leaves the others. */
static const struct {
    const char *name;
    const char *text;
    uint32_t n_caches, n_bad;
    const char *why; /* missing */
    bool none;       /* and that is why there are no caches */
} slabinfos[] = {
    {"bad line", GOOD "not a cache\n" GOOD, 2, 1, "1 of its lines are not understood", false},
    {"more than memory", GOOD "big 1 1 1 1 1 : tunables 0 0 0 : slabdata 1 262145 0\n" GOOD, 2, 1,
     "1 of its lines are not understood", false},
    {"all of memory", GOOD "big 1 1 1 1 1 : tunables 0 0 0 : slabdata 1 262144 0\n" GOOD, 3, 0,
     NULL, false},
    {"bad lines only", "a\nb\n", 0, 2, "2 of its lines are not understood", true},
    {"no caches", "slabinfo - version: 2.1\n", 0, 0, "it tells of no cache", true},
    {"empty", "", 0, 0, "it tells of no cache", true},
};

START_TEST(test_bad_slabinfo)
{
    fake_write(&fake, "slabinfo", "%s", slabinfos[_i].text);
    read_all();
    ROW_NUMBER(&slabinfos[_i], memory.n_caches, slabinfos[_i].n_caches);
    ROW_NUMBER(&slabinfos[_i], memory.n_caches_not_understood, slabinfos[_i].n_bad);
    ROW_TEXT(&slabinfos[_i], fake_missing(&image, "slabinfo"), slabinfos[_i].why);
    ROW_TEXT(&slabinfos[_i], memory.slab_missing, slabinfos[_i].none ? slabinfos[_i].why : NULL);
}
END_TEST

/* What is there but not understood is missing, too. */
static const struct {
    const char *name; /* the file */
    const char *text;
    const char *what;
    const char *why;
} unclear[] = {
    {"vmstat", "nr_zspages many\n", "vmstat", "it is not understood"},
    {"vmstat", "nr_free_pages 5\nrubbish\n", "vmstat", "it is not understood"},
    {"vmstat", "", "vmstat", "it is not understood"},
    {"zoneinfo", "Node 0, zone DMA\n", "zoneinfo", "it is not understood"},
    {"sys/fs/dentry-state", "-1 x\n", "fs.dentry-state", "it is not understood"},
    {"sys/fs/dentry-state", "", "fs.dentry-state", "it is not understood"},
    {"meminfo", "", "meminfo", "it is empty"},
};

START_TEST(test_unclear)
{
    fake_write(&fake, unclear[_i].name, "%s", unclear[_i].text);
    read_all();
    ROW_NUMBER(&unclear[_i], image.n_missing, 1);
    ROW_TEXT(&unclear[_i], fake_missing(&image, unclear[_i].what), unclear[_i].why);
}
END_TEST

static const struct {
    const char *name;
    const char *kernel;
    const char *lines; /* instead of the ordinary ones */
    const char *why;
} meminfos[] = {
    {"all", "6.1.0", "", NULL},
    {"a line is bad", "6.1.0", "Cached: many kB\n", "lines are missing, or not understood: Cached"},
    {"two lines", "6.1.0", "AnonPages: -1 kB\nSlab:\n",
     "lines are missing, or not understood: AnonPages, Slab"},
    {"new line, new kernel", "6.0.0", "SecPageTables:\n",
     "lines are missing, or not understood: SecPageTables"},
    {"new line, old kernel", "5.19.0", "SecPageTables:\n", NULL},
    {"4.20", "4.20.0", "Percpu:\n", "lines are missing, or not understood: Percpu"},
    {"4.19", "4.19.0", "Percpu:\n", NULL},
    {"3.10", "3.10.0-1160.el7", "MemAvailable:\nPercpu:\nSecPageTables:\n", NULL},
};

START_TEST(test_meminfo)
{
    write_meminfo(meminfos[_i].lines);
    fake_write(&fake, "sys/kernel/osrelease", "%s\n", meminfos[_i].kernel);
    read_all();
    ROW_TEXT(&meminfos[_i], fake_missing(&image, "meminfo"), meminfos[_i].why);
    ROW_NUMBER(&meminfos[_i], image.n_missing, meminfos[_i].why ? 1 : 0);
}
END_TEST

static const struct {
    const char *name;
    const char *lines;
    const char *found;
} contradictions[] = {
    {"none", "", NULL},
    {"as much as there is", "AnonPages: 1048576 kB\n", NULL},
    {"one more", "AnonPages: 1048577 kB\n", "AnonPages is more than MemTotal"},
    {"slab", "Slab: 9 kB\nSReclaimable: 10 kB\n", "SReclaimable is more than Slab"},
    {"swap", "SwapFree: 1 kB\n", "SwapFree is more than SwapTotal"},
    {"pools", "Hugetlb: 2000000 kB\n", "Hugetlb is more than MemTotal"},
    {"promised", "Committed_AS: 99999999 kB\nCommitLimit: 9999999 kB\n", NULL},
    {"balloon", "Balloon: 99999999 kB\n", NULL},
};

START_TEST(test_contradiction)
{
    write_meminfo(contradictions[_i].lines);
    read_all();
    ROW_TEXT(&contradictions[_i], memory.contradiction, contradictions[_i].found);
    ROW_NUMBER(&contradictions[_i], fake_missing(&image, "figures of meminfo") != NULL,
               contradictions[_i].found != NULL);
}
END_TEST

static void add_process(pid_t pid, unsigned int resident, unsigned int shared, unsigned int anon_kb,
                        unsigned int swap_kb)
{
    char path[64];

    snprintf(path, sizeof(path), "%d/statm", (int)pid);
    fake_write(&fake, path, "9000 %u %u 2 0 100 0\n", resident, shared);
    snprintf(path, sizeof(path), "%d/status", (int)pid);
    fake_write(&fake, path,
               "Name:\tp%d\nTgid:\t%d\nPid:\t%d\nUid:\t7\t8\t7\t7\nVmSize:\t9000 kB\n"
               "RssAnon:\t%u kB\nVmSwap:\t%u kB\n",
               (int)pid, (int)pid, (int)pid, anon_kb, swap_kb);
}

/* The largest are told whatever their order; only MAX_HOLDERS of them. */
START_TEST(test_largest)
{
    for (pid_t pid = 1; pid <= 40; pid++) {
        unsigned int pages = (unsigned int)(pid * 7 % 41);

        add_process(pid, 50 + pages, 50, 4 * pages, 0);
    }
    fake_write(&fake, "41/statm", "0 0 0 0 0 0 0\n"); /* a kernel thread */
    fake_write(&fake, "42/statm", "nothing\n");
    fake_write(&fake, "self/statm", "9000 8000 0 0 0 0 0\n");
    read_all();
    ck_assert_uint_eq(memory.n_processes, 40);
    ck_assert_uint_eq(memory.n_holders, MAX_HOLDERS);
    for (uint32_t i = 0; i < MAX_HOLDERS; i++)
        ck_assert_uint_eq(memory.holders[i].anonymous_bytes, (40 - i) * 4096);
    ck_assert_uint_eq(memory.holders[0].uid, 8);
    ck_assert_int_eq(memory.holders[0].pid * 7 % 41, 40);
    ck_assert_uint_eq(image.n_missing, 0);
}
END_TEST

/* One that is swapped out is found when swap space is in use at all: statm does not show it. */
static const struct {
    const char *name;
    unsigned int swap_free_kb;
    pid_t first;
} swaps[] = {
    {"swap in use", 500, 99},
    {"no swap in use", 1000, 1},
};

START_TEST(test_swapped_out)
{
    for (pid_t pid = 1; pid <= 12; pid++)
        add_process(pid, 100 - (unsigned int)pid, 0, 4 * (100 - (unsigned int)pid), 0);
    add_process(99, 1, 1, 0, 700);
    fake_write(&fake, "meminfo", "MemTotal: 99999 kB\nSwapTotal: 1000 kB\nSwapFree: %u kB\n",
               swaps[_i].swap_free_kb);
    read_all();
    ROW_NUMBER(&swaps[_i], memory.holders[0].pid, swaps[_i].first);
    if (swaps[_i].first == 99)
        ROW_NUMBER(&swaps[_i], memory.holders[0].swap_bytes, 700 << 10);
}
END_TEST

/* Ended between one file and the other; and a kernel before 4.5, which has no RssAnon. */
START_TEST(test_odd_processes)
{
    add_process(1, 30, 10, 0, 0);
    add_process(2, 40, 10, 0, 0);
    fake_remove(&fake, "1/status");
    fake_write(&fake, "2/status", "Name:\ta b\nTgid:\t2\nPid:\t2\nVmSize:\t9 kB\n");
    read_all();
    ck_assert_uint_eq(memory.n_processes, 2);
    ck_assert_uint_eq(memory.n_holders, 1);
    ck_assert_str_eq(memory.holders[0].comm, "a b");
    ck_assert_uint_eq(memory.holders[0].anonymous_bytes, 30 * 4096);
}
END_TEST

/* As the kernel escapes them there. */
static const struct {
    const char *name;
    const char *status;
    const char *comm;
} comms[] = {
    {"plain", "a", "a"},
    {"newline and backslash", "a\\nb\\\\n", "a\nb\\n"},
    {"backslash at the end", "a\\\\", "a\\"},
    {"blanks at both ends", " a ", " a "},
    {"nothing else is an escape", "a\\x1b\\", "a\\x1b\\"},
    {"empty", "", ""},
};

START_TEST(test_comm)
{
    add_process(1, 30, 10, 0, 0);
    fake_write(&fake, "1/status", "Name:\t%s\nTgid:\t1\nPid:\t1\nVmSize:\t9 kB\n",
               comms[_i].status);
    read_all();
    ck_assert_uint_eq(memory.n_holders, 1);
    ROW_TEXT(&comms[_i], memory.holders[0].comm, comms[_i].comm);
}
END_TEST

static void write_link(const char *path, const char *target)
{
    char full[512];

    fake_write(&fake, path, "\n"); /* makes the folders */
    fake_remove(&fake, path);
    snprintf(full, sizeof(full), "%s/%s", fake.root, path);
    ck_assert_int_eq(symlink(target, full), 0);
}

/* What the listing cannot show. */
static const struct {
    const char *name;
    const char *own;    /* PID namespace */
    const char *second; /* the name of process 2, or NULL */
    const char *mounts;
    bool has_first; /* process 1 is listed */
    const char *what;
} listings[] = {
    {"host", "pid:[4026531836]", "kthreadd", "", true, NULL},
    {"user of the host", "pid:[4026531836]", NULL, "", true, NULL},
    {"container", "pid:[4026532201]", "bash", "", true, "processes of the host"},
    {"container of one", "pid:[4026532201]", NULL, "", true, "processes of the host"},
    {"new namespace, old proc", "pid:[4026532201]", "kthreadd", "", true, NULL},
    {"hidepid", "pid:[4026531836]", NULL, "9 1 0:5 / /proc rw - proc proc rw,hidepid=invisible\n",
     false, "processes of other users"},
    {"hidepid as a number", "pid:[4026531836]", NULL,
     "9 1 0:5 / /proc rw - proc proc rw,hidepid=2\n", false, "processes of other users"},
    {"hidepid, but root", "pid:[4026531836]", NULL,
     "9 1 0:5 / /proc rw - proc proc rw,hidepid=invisible\n", true, NULL},
    {"hidepid below another proc", "pid:[4026531836]", NULL,
     "9 1 0:5 / /proc rw - proc proc rw,hidepid=2\n8 9 0:6 / /proc rw - proc proc rw\n", false,
     NULL},
    {"hidepid elsewhere", "pid:[4026531836]", NULL,
     "9 1 0:5 / /jail/proc rw - proc proc rw,hidepid=2\n", false, NULL},
};

START_TEST(test_unseen)
{
    write_link("self/ns/pid", listings[_i].own);
    if (listings[_i].second)
        fake_write(&fake, "2/status", "Name:\t%s\nPid:\t2\nPPid:\t0\n", listings[_i].second);
    fake_write(&fake, "self/mountinfo", "%s\n", listings[_i].mounts);
    if (listings[_i].has_first)
        add_process(1, 5, 1, 16, 0);
    add_process(7, 9, 1, 32, 0);
    read_all();
    ROW_NUMBER(&listings[_i], image.n_missing, listings[_i].what ? 1 : 0);
    ROW_NUMBER(&listings[_i], memory.unseen != NULL, listings[_i].what != NULL);
    if (listings[_i].what)
        ROW_TEXT(&listings[_i], image.missing[0].what, listings[_i].what);
}
END_TEST

static const struct {
    const char *name; /* the cache */
    const char *meaning;
} meanings[] = {
    {"dentry", "names of files looked up"},
    {"ext4_inode_cache", "inodes of ext4"},
    {"proc_inode_cache", "inodes of proc"},
    {"inode_cache", "inodes of small file systems"},
    {"shmem_inode_cache", "inodes of tmpfs"},
    {"_inode_cache", NULL},
    {"kmalloc-512", "objects of any kind"},
    {"kmalloc-rcl-64", "reclaimable objects"},
    {"TCPv6", "TCP sockets"},
    {"dentry2", NULL},
    {"my_driver", NULL},
    {"", NULL},
};

START_TEST(test_meaning)
{
    struct arena arena;

    arena_init(&arena);
    ROW_TEXT(&meanings[_i], slab_meaning(&arena, str_of(meanings[_i].name)), meanings[_i].meaning);
    arena_deinit(&arena);
}
END_TEST

/* By the flags that the kernel's sources make the caches with. */
static const struct {
    const char *name;
    bool reclaimable;
} kinds[] = {
    {"dentry", true},
    {"ext4_inode_cache", true},
    {"extent_status", true},
    {"xfs_buf", true},
    {"xfs_ili", true},
    {"kmalloc-rcl-64", true},
    {"shmem_inode_cache", false},
    {"lsm_inode_cache", false},
    {"hugetlbfs_inode_cache", false},
    {"mqueue_inode_cache", false},
    {"selinux_inode_security", false},
    {"kmalloc-64", false},
    {"my_inode_cache", false},
    {"", false},
};

START_TEST(test_reclaimable)
{
    ROW_NUMBER(&kinds[_i], slab_is_reclaimable(str_of(kinds[_i].name)), kinds[_i].reclaimable);
}
END_TEST

Suite *hostmem_suite(void)
{
    Suite *suite = suite_create("hostmem");
    TCase *tcase = tcase_create("facts");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_numbers);
    ROWS_ADD(tcase, test_missing, files);
    ROWS_ADD(tcase, test_dentries, states);
    tcase_add_test(tcase, test_caches);
    tcase_add_test(tcase, test_many_caches);
    ROWS_ADD(tcase, test_bad_slabinfo, slabinfos);
    ROWS_ADD(tcase, test_unclear, unclear);
    ROWS_ADD(tcase, test_meminfo, meminfos);
    ROWS_ADD(tcase, test_contradiction, contradictions);
    tcase_add_test(tcase, test_largest);
    ROWS_ADD(tcase, test_swapped_out, swaps);
    tcase_add_test(tcase, test_odd_processes);
    ROWS_ADD(tcase, test_comm, comms);
    ROWS_ADD(tcase, test_unseen, listings);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("caches");
    ROWS_ADD(tcase, test_meaning, meanings);
    ROWS_ADD(tcase, test_reclaimable, kinds);
    suite_add_tcase(suite, tcase);
    return suite;
}
