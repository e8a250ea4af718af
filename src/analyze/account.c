/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/account.h"

#include "base/units.h"

const char *account_name(enum account_part part)
{
    static const char *const names[N_ACCOUNT] = {
#define ACCOUNT(symbol, name) [ACCOUNT_##symbol] = (name),
#include "analyze/account.list"
#undef ACCOUNT
    };

    return names[part];
}

unsigned int percent_of(uint64_t part, uint64_t whole)
{
    while (whole > UINT64_MAX / 256 || part > UINT64_MAX / 256) {
        whole >>= 8;
        part >>= 8;
    }
    return whole ? (unsigned int)((part * 100 + whole / 2) / whole) : 0;
}

static uint64_t above(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static uint64_t default_size_bytes(const struct meminfo *meminfo, uint64_t n_pages)
{
    uint64_t bytes;

    if (__builtin_mul_overflow(n_pages, meminfo->bytes[MEMINFO_HUGE_PAGE], &bytes))
        return 0;
    return bytes < meminfo->bytes[MEMINFO_TOTAL] ? bytes : meminfo->bytes[MEMINFO_TOTAL];
}

/* "Hugetlb" is newer than HugePages_Total, which only counts pages of the default size. */
static uint64_t huge_bytes(const struct meminfo *meminfo)
{
    if (meminfo->has[MEMINFO_HUGETLB])
        return meminfo->bytes[MEMINFO_HUGETLB];
    return default_size_bytes(meminfo, meminfo->n_huge_pages);
}

/*
 * Pages that vmalloc holds, since 97105f0ab7b8 ("mm: vmalloc: show number of vmalloc pages in
 * /proc/meminfo"), v5.3; before, 0 or a size of address space.  Kernel stacks are among them where
 * they are mapped so (CONFIG_VMAP_STACK: nearly everywhere since 4.14).
 */
static uint64_t vmalloc_bytes(const struct host_memory *memory)
{
    const uint64_t *bytes = memory->meminfo.bytes;

    if (memory->host->kernel_version < KERNEL(5, 3))
        return 0;
    return above(bytes[MEMINFO_VMALLOC_USED], bytes[MEMINFO_KERNEL_STACK]);
}

/* zswap that uses zsmalloc counts in both figures. */
static uint64_t compressed_bytes(const struct host_memory *memory)
{
    uint64_t zswap = memory->meminfo.bytes[MEMINFO_ZSWAP];

    return memory->zspage_bytes > zswap ? memory->zspage_bytes : zswap;
}

/*
 * By fs/proc/meminfo.c: "Cached" has shared memory in it and no swap cache.  Pages of the swap
 * cache count as anonymous while they are mapped, and here as unaccounted when they are not.  A
 * balloon's pages are mostly taken off MemTotal, not always (adjust_managed_page_count()).
 */
static void add_parts(struct account *account, const struct host_memory *memory)
{
    const uint64_t *from = memory->meminfo.bytes;
    int64_t *to = account->bytes, sum = 0;

    to[ACCOUNT_PROCESSES] = (int64_t)from[MEMINFO_ANON_PAGES];
    to[ACCOUNT_SHARED] = (int64_t)from[MEMINFO_SHMEM];
    to[ACCOUNT_PAGE_CACHE] =
        (int64_t)(above(from[MEMINFO_CACHED], from[MEMINFO_SHMEM]) + from[MEMINFO_BUFFERS]);
    to[ACCOUNT_SLAB_RECLAIMABLE] = (int64_t)from[MEMINFO_SLAB_RECLAIMABLE];
    to[ACCOUNT_SLAB_UNRECLAIMABLE] =
        (int64_t)above(from[MEMINFO_SLAB], from[MEMINFO_SLAB_RECLAIMABLE]);
    to[ACCOUNT_HUGE_PAGES] = (int64_t)huge_bytes(&memory->meminfo);
    to[ACCOUNT_PAGE_TABLES] =
        (int64_t)(from[MEMINFO_PAGE_TABLES] + from[MEMINFO_SECONDARY_PAGE_TABLES]);
    to[ACCOUNT_KERNEL_STACKS] = (int64_t)from[MEMINFO_KERNEL_STACK];
    to[ACCOUNT_VMALLOC] = (int64_t)vmalloc_bytes(memory);
    to[ACCOUNT_PERCPU] = (int64_t)from[MEMINFO_PERCPU];
    to[ACCOUNT_COMPRESSED] = (int64_t)compressed_bytes(memory);
    to[ACCOUNT_FREE_OF_CPUS] = (int64_t)memory->cpu_lists_bytes;
    to[ACCOUNT_FREE] = (int64_t)from[MEMINFO_FREE];
    for (int i = 0; i < N_ACCOUNT; i++)
        sum += to[i];
    to[ACCOUNT_UNACCOUNTED] = (int64_t)account->total_bytes - sum;
}

static enum account_group group_of(enum account_part part)
{
    static const enum account_group groups[N_ACCOUNT] = {
        [ACCOUNT_PROCESSES] = GROUP_PROCESSES,     [ACCOUNT_SHARED] = GROUP_SHARED,
        [ACCOUNT_PAGE_CACHE] = GROUP_PAGE_CACHE,   [ACCOUNT_SLAB_RECLAIMABLE] = GROUP_SLAB,
        [ACCOUNT_SLAB_UNRECLAIMABLE] = GROUP_SLAB, [ACCOUNT_HUGE_PAGES] = GROUP_HUGE_PAGES,
        [ACCOUNT_PAGE_TABLES] = GROUP_KERNEL,      [ACCOUNT_KERNEL_STACKS] = GROUP_KERNEL,
        [ACCOUNT_VMALLOC] = GROUP_KERNEL,          [ACCOUNT_PERCPU] = GROUP_KERNEL,
        [ACCOUNT_COMPRESSED] = GROUP_COMPRESSED,   [ACCOUNT_UNACCOUNTED] = GROUP_UNACCOUNTED,
        [ACCOUNT_FREE_OF_CPUS] = GROUP_FREE,       [ACCOUNT_FREE] = GROUP_FREE,
    };

    return groups[part];
}

/* ", up to 1.2G of swap cache": no more of a figure than the rest has room for. */
static const char *up_to(struct arena *arena, uint64_t bytes, int64_t rest, const char *what)
{
    char size[UNITS_TEXT];

    if (bytes == 0 || rest <= 0)
        return "";
    if (bytes > (uint64_t)rest)
        bytes = (uint64_t)rest;
    return arena_printf(arena, ", up to %s of %s", size_text(bytes, size), what);
}

/* What UNACCOUNTED may be. */
static const char *rest_text(const struct account *account, const struct host_memory *memory,
                             struct arena *arena)
{
    const struct meminfo *meminfo = &memory->meminfo;
    int64_t rest = account->bytes[ACCOUNT_UNACCOUNTED];
    const char *balloon = ", ballooning";

    if (meminfo->has[MEMINFO_BALLOON])
        balloon = up_to(arena, meminfo->bytes[MEMINFO_BALLOON], rest, "a balloon");
    return arena_printf(arena, "drivers, ZFS%s%s", balloon,
                        up_to(arena, meminfo->bytes[MEMINFO_SWAP_CACHED], rest, "swap cache"));
}

static unsigned int group_percent(const struct account *account, enum account_group group)
{
    int64_t bytes = account->group_bytes[group];

    return bytes > 0 ? percent_of((uint64_t)bytes, account->total_bytes) : 0;
}

/* The largest but those that are passed over, or N_GROUPS. */
static enum account_group largest_but(const struct account *account, const bool passed[N_GROUPS])
{
    enum account_group largest = N_GROUPS;

    for (int i = 0; i < N_GROUPS; i++)
        if (!passed[i] &&
            (largest == N_GROUPS || account->group_bytes[i] > account->group_bytes[largest]))
            largest = (enum account_group)i;
    return largest;
}

static const char *slab_text(const struct account *account, struct arena *arena)
{
    unsigned int percent = percent_of((uint64_t)account->bytes[ACCOUNT_SLAB_RECLAIMABLE],
                                      (uint64_t)account->group_bytes[GROUP_SLAB]);

    if (percent >= 95)
        return "kernel slab, nearly all of it reclaimable";
    if (percent >= 50)
        return arena_printf(arena, "kernel slab, %u %% of it reclaimable", percent);
    return arena_printf(arena, "kernel slab, only %u %% of it reclaimable", percent);
}

/* What comes after "60 % of memory is ". */
static const char *group_text(const struct account *account, enum account_group group,
                              struct arena *arena)
{
    static const char *const texts[N_GROUPS] = {
        [GROUP_SHARED] = "shared memory and tmpfs",
        [GROUP_PAGE_CACHE] = "page cache",
        [GROUP_HUGE_PAGES] = "set aside for huge pages",
        [GROUP_KERNEL] = "the kernel's own (page tables, stacks, vmalloc, per-CPU)",
        [GROUP_COMPRESSED] = "compressed swap (zram, zswap)",
        [GROUP_FREE] = "free",
    };

    if (group == GROUP_SLAB)
        return slab_text(account, arena);
    if (group == GROUP_UNACCOUNTED)
        return arena_printf(arena, "in no figure of the kernel (%s)", account->rest);
    return texts[group];
}

/* Too little to be worth a word. */
enum { LEAST_PERCENT = 5, MAX_OTHERS = 2 };

/* ", page cache 20 %, free 9 %": the largest of those that were not named. */
static const char *others_text(const struct account *account, bool passed[N_GROUPS],
                               struct arena *arena)
{
    static const char *const names[N_GROUPS] = {
        [GROUP_SHARED] = "shared memory",    [GROUP_PAGE_CACHE] = "page cache",
        [GROUP_SLAB] = "kernel slab",        [GROUP_HUGE_PAGES] = "huge pages",
        [GROUP_KERNEL] = "the kernel",       [GROUP_COMPRESSED] = "compressed swap",
        [GROUP_UNACCOUNTED] = "unaccounted", [GROUP_FREE] = "free",
    };
    const char *text = "";

    for (int i = 0; i < MAX_OTHERS; i++) {
        enum account_group group = largest_but(account, passed);
        unsigned int percent = group_percent(account, group);

        if (percent < LEAST_PERCENT)
            break;
        passed[group] = true;
        text = arena_printf(arena, "%s, %s %u %%", text, names[group], percent);
    }
    return text;
}

static const char *summary_text(const struct account *account, struct arena *arena)
{
    bool passed[N_GROUPS] = {false};
    enum account_group first = largest_but(account, passed);
    const char *head = "";

    passed[first] = passed[GROUP_PROCESSES] = true;
    if (first != GROUP_PROCESSES)
        head = arena_printf(arena, "%u %% of memory is %s; ", group_percent(account, first),
                            group_text(account, first, arena));
    return arena_printf(arena, "%sprocesses hold %u %%%s%s", head,
                        group_percent(account, GROUP_PROCESSES), *head ? "" : " of memory",
                        others_text(account, passed, arena));
}

/*
 * On x86-64, 28 bits are the default and 32 the most; several distributions set 32 since 2023.  Up
 * to 2^32 pages of shift move a PIE program or the mmap area into what these runtimes have for
 * themselves.  AddressSanitizer: LLVM fb77ca05ffb4, in 17.0; ThreadSanitizer: 0784b1eefa36 and
 * 7d039effc493, in 18.1.0; MemorySanitizer: 58f7251820b1, backported to 18.1.  The last two start
 * themselves again without ASLR, which some containers forbid.
 */
static const char *sanitizers_text(const struct host_memory *memory, struct arena *arena)
{
    const char *machine = memory->host->machine;

    if (!memory->has_mmap_rnd_bits || memory->mmap_rnd_bits <= 28 || memory->mmap_rnd_bits > 64 ||
        !machine || strcmp(machine, "x86_64") != 0)
        return NULL;
    return arena_printf(arena,
                        "vm.mmap_rnd_bits=%u: programs built with the sanitizers of older "
                        "compilers fail at random (\"unexpected memory mapping\", endless "
                        "DEADLYSIGNAL). Clang copes since 17 (address) and 18.1 (thread, memory; "
                        "needs personality(2)); for others: sysctl vm.mmap_rnd_bits=28, or "
                        "setarch -R COMMAND",
                        (unsigned int)memory->mmap_rnd_bits);
}

void account_compute(struct account *account, const struct host_memory *memory, struct arena *arena)
{
    const struct meminfo *meminfo = &memory->meminfo;

    *account = (struct account){
        .known = meminfo->has[MEMINFO_TOTAL] && meminfo->bytes[MEMINFO_TOTAL] > 0,
        .total_bytes = meminfo->bytes[MEMINFO_TOTAL],
        .huge_free_bytes = default_size_bytes(meminfo, meminfo->n_huge_pages_free),
        .summary = "where the memory is could not be read",
        .sanitizers = sanitizers_text(memory, arena),
    };
    if (!account->known)
        return;
    add_parts(account, memory);
    for (int i = 0; i < N_ACCOUNT; i++)
        account->group_bytes[group_of((enum account_part)i)] += account->bytes[i];
    account->rest = rest_text(account, memory, arena);
    account->summary = summary_text(account, arena);
}
