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
 * The numbers of pages are those of the default size: of pools of another one they say nothing.
 * Who reserved pages will take them.
 */
static bool find_huge_free(const struct meminfo *meminfo, uint64_t *bytes)
{
    uint64_t n_free = meminfo->n_huge_pages_free, n_reserved = meminfo->n_huge_pages_reserved;

    if (!meminfo->has_huge_pages || !meminfo->has[MEMINFO_HUGE_PAGE] ||
        n_free > meminfo->n_huge_pages || n_reserved > n_free ||
        huge_bytes(meminfo) != default_size_bytes(meminfo, meminfo->n_huge_pages))
        return false;
    *bytes = default_size_bytes(meminfo, n_free - n_reserved);
    return true;
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

static bool has_all(const struct meminfo *meminfo, const enum meminfo_key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!meminfo->has[keys[i]])
            return false;
    return true;
}

/* Of "Hugetlb" and the like there is nothing where the kernel has no line for it. */
static bool has_part(const struct host_memory *memory, enum account_part part)
{
    enum { MOST = 3 };
    static const struct {
        size_t n;
        enum meminfo_key keys[MOST];
    } needed[N_ACCOUNT] = {
        [ACCOUNT_PROCESSES] = {1, {MEMINFO_ANON_PAGES}},
        [ACCOUNT_SHARED] = {1, {MEMINFO_SHMEM}},
        [ACCOUNT_PAGE_CACHE] = {3, {MEMINFO_CACHED, MEMINFO_SHMEM, MEMINFO_BUFFERS}},
        [ACCOUNT_SLAB_RECLAIMABLE] = {1, {MEMINFO_SLAB_RECLAIMABLE}},
        [ACCOUNT_SLAB_UNRECLAIMABLE] = {2, {MEMINFO_SLAB, MEMINFO_SLAB_RECLAIMABLE}},
        [ACCOUNT_PAGE_TABLES] = {1, {MEMINFO_PAGE_TABLES}},
        [ACCOUNT_KERNEL_STACKS] = {1, {MEMINFO_KERNEL_STACK}},
        [ACCOUNT_VMALLOC] = {2, {MEMINFO_VMALLOC_USED, MEMINFO_KERNEL_STACK}},
        [ACCOUNT_PERCPU] = {1, {MEMINFO_PERCPU}},
        [ACCOUNT_FREE] = {1, {MEMINFO_FREE}},
    };
    unsigned int version = memory->host->kernel_version;

    if (part == ACCOUNT_COMPRESSED)
        return memory->has_vmstat && (memory->has_zspages || version >= KERNEL(4, 9));
    if (part == ACCOUNT_FREE_OF_CPUS)
        return memory->has_cpu_lists;
    if (part == ACCOUNT_VMALLOC && version < KERNEL(5, 3))
        return false;
    return has_all(&memory->meminfo, needed[part].keys, needed[part].n);
}

/* Whether the rest can still be named without it. */
static bool is_dispensable(const struct host_memory *memory, enum account_part part)
{
    unsigned int version = memory->host->kernel_version;

    return part == ACCOUNT_COMPRESSED || part == ACCOUNT_FREE_OF_CPUS ||
           (part == ACCOUNT_VMALLOC && version < KERNEL(5, 3)) ||
           (part == ACCOUNT_PERCPU && version < KERNEL(4, 20));
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
    account->has[ACCOUNT_UNACCOUNTED] = true;
    for (int i = 0; i < N_ACCOUNT; i++) {
        if (i == ACCOUNT_UNACCOUNTED)
            continue;
        account->has[i] = has_part(memory, (enum account_part)i);
        if (!account->has[i])
            to[i] = 0;
        if (!account->has[i] && !is_dispensable(memory, (enum account_part)i))
            account->has[ACCOUNT_UNACCOUNTED] = false;
        sum += to[i];
    }
    if (account->has[ACCOUNT_UNACCOUNTED])
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
    return arena_printf(arena, "drivers, ZFS%s%s%s%s%s%s", balloon,
                        up_to(arena, meminfo->bytes[MEMINFO_SWAP_CACHED], rest, "swap cache"),
                        account->has[ACCOUNT_VMALLOC] ? "" : ", vmalloc",
                        account->has[ACCOUNT_PERCPU] ? "" : ", per-CPU data",
                        account->has[ACCOUNT_COMPRESSED] ? "" : ", compressed swap",
                        account->has[ACCOUNT_FREE_OF_CPUS] ? "" : ", free pages of single CPUs");
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

static void add_groups(struct account *account, const struct host_memory *memory)
{
    for (int i = 0; i < N_GROUPS; i++)
        account->group_has[i] = true;
    for (int i = 0; i < N_ACCOUNT; i++) {
        enum account_part part = (enum account_part)i;

        account->group_bytes[group_of(part)] += account->bytes[part];
        if (!account->has[part] && !is_dispensable(memory, part))
            account->group_has[group_of(part)] = false;
    }
}

/* Up to a half more than there is may be double counting. */
static const char *contradiction_of(const struct account *account, const struct host_memory *memory)
{
    if (memory->contradiction)
        return memory->contradiction;
    if (account->bytes[ACCOUNT_UNACCOUNTED] < -(int64_t)(account->total_bytes / 2))
        return "they add up to much more than MemTotal";
    return NULL;
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
    const char *contradiction;

    *account = (struct account){
        .known = meminfo->has[MEMINFO_TOTAL] && meminfo->bytes[MEMINFO_TOTAL] > 0,
        .total_bytes = meminfo->bytes[MEMINFO_TOTAL],
        .summary = "where the memory is could not be read",
        .sanitizers = sanitizers_text(memory, arena),
    };
    if (!account->known)
        return;
    add_parts(account, memory);
    add_groups(account, memory);
    account->has_huge_free = find_huge_free(meminfo, &account->huge_free_bytes);
    account->rest = rest_text(account, memory, arena);
    contradiction = contradiction_of(account, memory);
    account->is_contradictory = contradiction != NULL;
    if (contradiction)
        account->summary = arena_printf(
            arena, "the figures of /proc/meminfo contradict each other: %s", contradiction);
    else if (account->has[ACCOUNT_UNACCOUNTED])
        account->summary = summary_text(account, arena);
    else
        account->summary = "where the memory is could not be read in full";
}
