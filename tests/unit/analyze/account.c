/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/account.h"

#include "../rows.h"

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

/* One percent of the memory. */
#define PERCENT ((uint64_t)10 << 30)

/* A host by percentages of its memory; zero is the ordinary value. */
static const struct {
    const char *name;
    unsigned int processes, shared, cache, reclaimable, unreclaimable, huge, tables, stacks,
        vmalloc, compressed, free;
    int unaccounted;
    const char *summary;
} hosts[] = {
    {.name = "slab",
     .processes = 12,
     .cache = 10,
     .reclaimable = 58,
     .unreclaimable = 2,
     .free = 18,
     .summary = "60 % of memory is kernel slab, nearly all of it reclaimable; processes hold 12 %, "
                "free 18 %, page cache 10 %"},
    {.name = "slab that stays",
     .processes = 20,
     .unreclaimable = 40,
     .reclaimable = 10,
     .free = 30,
     .summary = "50 % of memory is kernel slab, only 20 % of it reclaimable; processes hold 20 %, "
                "free 30 %"},
    {.name = "slab, half and half",
     .unreclaimable = 30,
     .reclaimable = 30,
     .free = 40,
     .summary = "60 % of memory is kernel slab, 50 % of it reclaimable; processes hold 0 %, free "
                "40 %"},
    {.name = "processes",
     .processes = 70,
     .cache = 16,
     .reclaimable = 1,
     .free = 13,
     .summary = "processes hold 70 % of memory, page cache 16 %, free 13 %"},
    {.name = "processes alone",
     .processes = 96,
     .free = 4,
     .summary = "processes hold 96 % of memory"},
    {.name = "cache, shared memory in it",
     .processes = 5,
     .shared = 15,
     .cache = 75,
     .free = 5,
     .summary = "75 % of memory is page cache; processes hold 5 %, shared memory 15 %, free 5 %"},
    {.name = "tmpfs",
     .shared = 80,
     .free = 20,
     .summary = "80 % of memory is shared memory and tmpfs; processes hold 0 %, free 20 %"},
    {.name = "huge pages",
     .huge = 60,
     .processes = 40,
     .summary = "60 % of memory is set aside for huge pages; processes hold 40 %"},
    {.name = "page tables",
     .tables = 50,
     .stacks = 10,
     .vmalloc = 5,
     .free = 35,
     .summary = "65 % of memory is the kernel's own (page tables, stacks, vmalloc, per-CPU); "
                "processes hold 0 %, free 35 %"},
    {.name = "zram",
     .compressed = 60,
     .processes = 40,
     .summary = "60 % of memory is compressed swap (zram, zswap); processes hold 40 %"},
    {.name = "driver",
     .unaccounted = 55,
     .processes = 40,
     .free = 5,
     .summary =
         "55 % of memory is in no figure of the kernel (drivers, ZFS, ballooning); processes "
         "hold 40 %, free 5 %"},
    {.name = "counted twice",
     .unaccounted = -10,
     .processes = 30,
     .free = 80,
     .summary = "80 % of memory is free; processes hold 30 %"},
};

static void set(struct meminfo *meminfo, enum meminfo_key key, unsigned int percent)
{
    meminfo->has[key] = true;
    meminfo->bytes[key] = percent * PERCENT;
}

/* All figures of a new kernel, zero. */
static void tell_all(struct host_memory *memory)
{
    for (int i = 0; i < N_MEMINFO; i++)
        memory->meminfo.has[i] = true;
    memory->meminfo.has[MEMINFO_BALLOON] = false;
    memory->has_vmstat = memory->has_zspages = memory->has_cpu_lists = true;
}

START_TEST(test_summary)
{
    const struct host host = {.kernel_version = KERNEL(6, 1)};
    struct host_memory memory = {.host = &host};
    struct meminfo *meminfo = &memory.meminfo;
    struct account account;
    int64_t sum = 0;

    tell_all(&memory);
    set(meminfo, MEMINFO_TOTAL, 100);
    set(meminfo, MEMINFO_FREE, hosts[_i].free);
    set(meminfo, MEMINFO_ANON_PAGES, hosts[_i].processes);
    set(meminfo, MEMINFO_SHMEM, hosts[_i].shared);
    set(meminfo, MEMINFO_CACHED, hosts[_i].shared + hosts[_i].cache / 2);
    set(meminfo, MEMINFO_BUFFERS, hosts[_i].cache - hosts[_i].cache / 2);
    set(meminfo, MEMINFO_SLAB, hosts[_i].reclaimable + hosts[_i].unreclaimable);
    set(meminfo, MEMINFO_SLAB_RECLAIMABLE, hosts[_i].reclaimable);
    set(meminfo, MEMINFO_HUGETLB, hosts[_i].huge);
    set(meminfo, MEMINFO_PAGE_TABLES, hosts[_i].tables);
    set(meminfo, MEMINFO_KERNEL_STACK, hosts[_i].stacks);
    set(meminfo, MEMINFO_VMALLOC_USED, hosts[_i].vmalloc + hosts[_i].stacks);
    memory.zspage_bytes = hosts[_i].compressed * PERCENT;
    account_compute(&account, &memory, &arena);
    ROW_TEXT(&hosts[_i], account.summary, hosts[_i].summary);
    for (int i = 0; i < N_ACCOUNT; i++)
        sum += account.bytes[i];
    ROW_NUMBER(&hosts[_i], sum, 100 * PERCENT);
    ROW_NUMBER(&hosts[_i], account.bytes[ACCOUNT_UNACCOUNTED],
               hosts[_i].unaccounted * (int64_t)PERCENT);
    ROW_NUMBER(&hosts[_i], account.bytes[ACCOUNT_VMALLOC], hosts[_i].vmalloc * PERCENT);
}
END_TEST

START_TEST(test_nothing_known)
{
    const struct host host = {.kernel = NULL};
    struct host_memory memory = {.host = &host};
    struct account account;

    account_compute(&account, &memory, &arena);
    ck_assert(!account.known);
    ck_assert_str_eq(account.summary, "where the memory is could not be read");
}
END_TEST

/* Before 5.3 the figure was 0, or a size of addresses. */
static const struct {
    const char *name;
    unsigned int kernel;
    uint64_t bytes;
} kernels[] = {
    {"5.3", KERNEL(5, 3), 900},
    {"5.2", KERNEL(5, 2), 0},
    {"2.6", KERNEL(2, 6), 0},
    {"unknown", 0, 0},
};

START_TEST(test_vmalloc)
{
    const struct host host = {.kernel_version = kernels[_i].kernel};
    struct host_memory memory = {.host = &host};
    struct account account;

    tell_all(&memory);
    memory.meminfo.bytes[MEMINFO_TOTAL] = 10000;
    memory.meminfo.bytes[MEMINFO_VMALLOC_USED] = 1000;
    memory.meminfo.bytes[MEMINFO_KERNEL_STACK] = 100;
    account_compute(&account, &memory, &arena);
    ROW_NUMBER(&kernels[_i], account.bytes[ACCOUNT_VMALLOC], kernels[_i].bytes);
    ROW_NUMBER(&kernels[_i], account.has[ACCOUNT_VMALLOC], kernels[_i].bytes > 0);
    ROW_NUMBER(&kernels[_i], strstr(account.rest, "vmalloc") != NULL, kernels[_i].bytes == 0);
    ROW_TRUE(&kernels[_i], account.has[ACCOUNT_UNACCOUNTED]);
}
END_TEST

/* Kernels without "Hugetlb" tell the number of pages of one size. */
static const struct {
    const char *name;
    bool has_counts, has_all;
    uint64_t all_mib, n, n_free, n_reserved; /* pages of 2 MiB */
    uint64_t bytes_mib;
    bool has_free;
    uint64_t free_mib;
} pools[] = {
    {"old kernel", true, false, 0, 12, 5, 0, 24, true, 10},
    {"new kernel", true, true, 24, 12, 5, 0, 24, true, 10},
    {"all free", true, true, 24, 12, 12, 0, 24, true, 24},
    {"reserved", true, true, 24, 12, 5, 2, 24, true, 6},
    {"none", true, true, 0, 0, 0, 0, 0, true, 0},
    {"of another size", true, true, 64, 0, 0, 0, 64, false, 0},
    {"of two sizes", true, true, 64, 12, 5, 0, 64, false, 0},
    {"more free than there are", true, true, 24, 12, 13, 0, 24, false, 0},
    {"more reserved than free", true, true, 24, 12, 5, 6, 24, false, 0},
    {"no counts", false, true, 24, 0, 0, 0, 24, false, 0},
    {"no huge pages", false, false, 0, 0, 0, 0, 0, false, 0},
};

START_TEST(test_huge_pages)
{
    const struct host host = {.kernel = NULL};
    struct host_memory memory = {.host = &host};
    struct meminfo *meminfo = &memory.meminfo;
    struct account account;

    tell_all(&memory);
    meminfo->bytes[MEMINFO_TOTAL] = 100 << 20;
    meminfo->bytes[MEMINFO_HUGE_PAGE] = 2 << 20;
    meminfo->has[MEMINFO_HUGETLB] = pools[_i].has_all;
    meminfo->bytes[MEMINFO_HUGETLB] = pools[_i].all_mib << 20;
    meminfo->has_huge_pages = pools[_i].has_counts;
    meminfo->n_huge_pages = pools[_i].n;
    meminfo->n_huge_pages_free = pools[_i].n_free;
    meminfo->n_huge_pages_reserved = pools[_i].n_reserved;
    account_compute(&account, &memory, &arena);
    ROW_NUMBER(&pools[_i], account.bytes[ACCOUNT_HUGE_PAGES], pools[_i].bytes_mib << 20);
    ROW_NUMBER(&pools[_i], account.has_huge_free, pools[_i].has_free);
    ROW_NUMBER(&pools[_i], account.huge_free_bytes, pools[_i].free_mib << 20);
}
END_TEST

/* What is not there is not nothing. */
static const struct {
    const char *name;
    enum meminfo_key key;
    enum account_part part;
} absent[] = {
    {"AnonPages", MEMINFO_ANON_PAGES, ACCOUNT_PROCESSES},
    {"Shmem", MEMINFO_SHMEM, ACCOUNT_SHARED},
    {"Cached", MEMINFO_CACHED, ACCOUNT_PAGE_CACHE},
    {"Buffers", MEMINFO_BUFFERS, ACCOUNT_PAGE_CACHE},
    {"Slab", MEMINFO_SLAB, ACCOUNT_SLAB_UNRECLAIMABLE},
    {"SReclaimable", MEMINFO_SLAB_RECLAIMABLE, ACCOUNT_SLAB_RECLAIMABLE},
    {"KernelStack", MEMINFO_KERNEL_STACK, ACCOUNT_KERNEL_STACKS},
    {"PageTables", MEMINFO_PAGE_TABLES, ACCOUNT_PAGE_TABLES},
    {"VmallocUsed", MEMINFO_VMALLOC_USED, ACCOUNT_VMALLOC},
    {"Percpu", MEMINFO_PERCPU, ACCOUNT_PERCPU},
    {"MemFree", MEMINFO_FREE, ACCOUNT_FREE},
};

START_TEST(test_absent)
{
    const struct host host = {.kernel_version = KERNEL(6, 1)};
    struct host_memory memory = {.host = &host};
    struct account account;

    tell_all(&memory);
    set(&memory.meminfo, MEMINFO_TOTAL, 100);
    set(&memory.meminfo, MEMINFO_FREE, 60);
    memory.meminfo.has[absent[_i].key] = false;
    memory.meminfo.bytes[absent[_i].key] = 0;
    account_compute(&account, &memory, &arena);
    ROW_TRUE(&absent[_i], !account.has[absent[_i].part]);
    ROW_TRUE(&absent[_i], !account.has[ACCOUNT_UNACCOUNTED]);
    ROW_TRUE(&absent[_i], !account.group_has[GROUP_UNACCOUNTED]);
    ROW_NUMBER(&absent[_i], account.bytes[ACCOUNT_UNACCOUNTED], 0);
    ROW_TEXT(&absent[_i], account.summary, "where the memory is could not be read in full");
}
END_TEST

/* Other files than meminfo leave the rest a rest, with one more thing in it. */
START_TEST(test_absent_files)
{
    const struct host host = {.kernel_version = KERNEL(6, 1)};
    struct host_memory memory = {.host = &host};
    struct account account;

    tell_all(&memory);
    set(&memory.meminfo, MEMINFO_TOTAL, 100);
    set(&memory.meminfo, MEMINFO_FREE, 80);
    memory.has_vmstat = memory.has_zspages = memory.has_cpu_lists = false;
    account_compute(&account, &memory, &arena);
    ck_assert(!account.has[ACCOUNT_COMPRESSED] && !account.has[ACCOUNT_FREE_OF_CPUS]);
    ck_assert(account.group_has[GROUP_FREE] && account.group_has[GROUP_UNACCOUNTED]);
    ck_assert_int_eq(account.bytes[ACCOUNT_UNACCOUNTED], 20 * (int64_t)PERCENT);
    ck_assert_str_eq(account.rest,
                     "drivers, ZFS, ballooning, compressed swap, free pages of single CPUs");
    ck_assert_str_eq(account.summary,
                     "80 % of memory is free; processes hold 0 %, unaccounted 20 %");
}
END_TEST

START_TEST(test_contradictory)
{
    const struct host host = {.kernel_version = KERNEL(6, 1)};
    struct host_memory memory = {.host = &host};
    struct account account;

    tell_all(&memory);
    set(&memory.meminfo, MEMINFO_TOTAL, 100);
    set(&memory.meminfo, MEMINFO_FREE, 80);
    set(&memory.meminfo, MEMINFO_ANON_PAGES, 70);
    account_compute(&account, &memory, &arena);
    ck_assert(!account.is_contradictory);
    set(&memory.meminfo, MEMINFO_ANON_PAGES, 71);
    account_compute(&account, &memory, &arena);
    ck_assert(account.is_contradictory);
    ck_assert_str_eq(account.summary, "the figures of /proc/meminfo contradict each other: they "
                                      "add up to much more than MemTotal");
    memory.contradiction = "Slab is more than MemTotal";
    account_compute(&account, &memory, &arena);
    ck_assert_str_eq(account.summary, "the figures of /proc/meminfo contradict each other: Slab is "
                                      "more than MemTotal");
}
END_TEST

/* What is only a part of the rest is no more than its own figure, and no more than the rest. */
static const struct {
    const char *name;
    bool has_balloon;
    uint64_t balloon, swap_cached, free_of_cpus;
    int64_t unaccounted;
    const char *rest;
} rests[] = {
    {"old kernel", false, 0, 0, 0, 1000 << 20, "drivers, ZFS, ballooning"},
    {"no balloon", true, 0, 0, 0, 1000 << 20, "drivers, ZFS"},
    {"balloon", true, 300 << 20, 0, 0, 1000 << 20, "drivers, ZFS, up to 300M of a balloon"},
    {"balloon off MemTotal", true, (uint64_t)9000 << 20, 0, 0, 1000 << 20,
     "drivers, ZFS, up to 1000M of a balloon"},
    {"swap cache", true, 0, 70 << 20, 0, 1000 << 20, "drivers, ZFS, up to 70M of swap cache"},
    {"lists of CPUs", true, 0, 0, 600 << 20, 400 << 20, "drivers, ZFS"},
    {"nothing is left", true, 5, 70 << 20, 1000 << 20, 0, "drivers, ZFS"},
};

START_TEST(test_rest)
{
    const struct host host = {.kernel_version = KERNEL(6, 16)};
    struct host_memory memory = {.host = &host, .cpu_lists_bytes = rests[_i].free_of_cpus};
    struct meminfo *meminfo = &memory.meminfo;
    struct account account;

    tell_all(&memory);
    meminfo->bytes[MEMINFO_TOTAL] = (uint64_t)4000 << 20;
    meminfo->bytes[MEMINFO_FREE] = (uint64_t)3000 << 20;
    meminfo->has[MEMINFO_BALLOON] = rests[_i].has_balloon;
    meminfo->bytes[MEMINFO_BALLOON] = rests[_i].balloon;
    meminfo->bytes[MEMINFO_SWAP_CACHED] = rests[_i].swap_cached;
    account_compute(&account, &memory, &arena);
    ROW_NUMBER(&rests[_i], account.bytes[ACCOUNT_UNACCOUNTED], rests[_i].unaccounted);
    ROW_NUMBER(&rests[_i], account.group_bytes[GROUP_FREE],
               ((uint64_t)3000 << 20) + rests[_i].free_of_cpus);
    ROW_TEXT(&rests[_i], account.rest, rests[_i].rest);
}
END_TEST

static const struct {
    const char *name;
    uint64_t part, whole;
    unsigned int percent;
} percents[] = {
    {"half", 1, 2, 50},
    {"rounded up", 595, 1000, 60},
    {"rounded down", 594, 1000, 59},
    {"of nothing", 5, 0, 0},
    {"more than all", 3, 2, 150},
    {"large", UINT64_MAX / 4, UINT64_MAX, 25},
    {"largest", UINT64_MAX, UINT64_MAX, 100},
};

START_TEST(test_percent)
{
    ROW_NUMBER(&percents[_i], percent_of(percents[_i].part, percents[_i].whole),
               percents[_i].percent);
}
END_TEST

static const struct {
    const char *name;
    const char *machine;
    uint64_t bits;
    bool known, said;
} randomness[] = {
    {"default", "x86_64", 28, true, false},
    {"more", "x86_64", 29, true, true},
    {"most", "x86_64", 32, true, true},
    {"not read", "x86_64", 32, false, false},
    {"another machine", "aarch64", 33, true, false},
    {"no machine", NULL, 32, true, false},
};

START_TEST(test_sanitizers)
{
    const struct host host = {.machine = randomness[_i].machine};
    struct host_memory memory = {.host = &host,
                                 .has_mmap_rnd_bits = randomness[_i].known,
                                 .mmap_rnd_bits = randomness[_i].bits};
    struct account account;

    account_compute(&account, &memory, &arena);
    ROW_NUMBER(&randomness[_i], account.sanitizers != NULL, randomness[_i].said);
}
END_TEST

Suite *account_suite(void)
{
    Suite *suite = suite_create("account");
    TCase *tcase = tcase_create("facts");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_summary, hosts);
    tcase_add_test(tcase, test_nothing_known);
    ROWS_ADD(tcase, test_vmalloc, kernels);
    ROWS_ADD(tcase, test_huge_pages, pools);
    ROWS_ADD(tcase, test_absent, absent);
    tcase_add_test(tcase, test_absent_files);
    tcase_add_test(tcase, test_contradictory);
    ROWS_ADD(tcase, test_rest, rests);
    ROWS_ADD(tcase, test_percent, percents);
    ROWS_ADD(tcase, test_sanitizers, randomness);
    suite_add_tcase(suite, tcase);
    return suite;
}
