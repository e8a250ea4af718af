/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the thresholds come from.
 *
 * Slab that can be reclaimed is a cache as good as the page cache, and a file server, a backup or
 * updatedb fills most of the memory with it: its size alone is no fault.  But there each name has
 * an inode, and an inode (600 bytes to 1.2 KiB) is larger than a dentry (192 bytes), so the largest
 * cache is one of inodes.  Only names without inodes, which are those of files that do not exist,
 * or that were removed, bring the dentry cache to the top.  (Many hard links do it, too: then most
 * names are not negative, which the kernel tells since 5.0.)  From a third of the memory on, such
 * names are more than any set of paths that programs look for again and again: 110 million of them
 * in 64 GiB.
 *
 * Slab that cannot be reclaimed is a few percent of the memory of a large machine.  A small one
 * has the kernel's fixed needs, 30 to 100 MiB: 60 MiB are an eighth of 512 MiB.  Busy hosts of
 * containers come near to 15 %.  A quarter, and no less than 256 MiB, is none of these.
 */
#include "check/rules.h"

#include "analyze/account.h"
#include "base/units.h"

#include <inttypes.h>

#define LEAST_BYTES (256 * MIB)
enum { DENTRY_BYTES = 192 }; /* of 64-bit kernels, in 21 to a page */

static bool is_much(uint64_t bytes, uint64_t total_bytes, unsigned int parts)
{
    return bytes >= LEAST_BYTES && bytes >= total_bytes / parts;
}

static bool is_dentry(const struct slab_cache *cache)
{
    return strcmp(cache->name, "dentry") == 0;
}

static bool is_zfs(const struct slab_cache *cache)
{
    return cache->meaning && strcmp(cache->meaning, "cache of ZFS") == 0;
}

static const struct slab_cache *largest(const struct host_memory *memory, bool reclaimable)
{
    for (uint32_t i = 0; i < memory->n_caches; i++)
        if (memory->caches[i].reclaimable == reclaimable)
            return &memory->caches[i];
    return NULL;
}

/* Names of 300 bytes are possible, and none is needed. */
static const char *name_of(struct checker *checker, const struct slab_cache *cache)
{
    enum { MOST = 24 };

    return strlen(cache->name) <= MOST ? cache->name
                                       : arena_printf(checker->arena, "%.*s...", MOST, cache->name);
}

/* "inodes of tmpfs"; nothing for what repeats a name that was cut. */
static const char *meaning_of(const struct slab_cache *cache)
{
    return cache->meaning && strlen(cache->meaning) <= 64 ? cache->meaning : NULL;
}

/* "dentry 34.7G, ext4_inode_cache 1.2G and kmalloc-64 60M" */
static const char *caches_text(struct checker *checker)
{
    const struct host_memory *memory = checker->host_memory;
    uint32_t n = memory->n_caches < 3 ? memory->n_caches : 3;
    const char *text = "";
    char size[UNITS_TEXT];

    for (uint32_t i = 0; i < n; i++)
        text = arena_printf(checker->arena, "%s%s%s %s", text,
                            i == 0       ? ""
                            : i + 1 == n ? " and "
                                         : ", ",
                            name_of(checker, &memory->caches[i]),
                            size_text(memory->caches[i].bytes, size));
    return text;
}

static void add_evidence(struct checker *checker, struct finding *finding)
{
    const struct host_memory *memory = checker->host_memory;
    const uint64_t *bytes = memory->meminfo.bytes;

    evidence_bytes(finding, "memory", bytes[MEMINFO_TOTAL]);
    evidence_bytes(finding, "slab", bytes[MEMINFO_SLAB]);
    evidence_bytes(finding, "slab_reclaimable", bytes[MEMINFO_SLAB_RECLAIMABLE]);
    evidence_bytes(finding, "slab_unreclaimable", bytes[MEMINFO_SLAB_UNRECLAIMABLE]);
    if (memory->n_caches > 0)
        evidence_text(finding, "caches", caches_text(checker));
    if (memory->dentries.known)
        evidence_count(finding, "dentries", memory->dentries.n);
    if (memory->dentries.has_negative)
        evidence_count(finding, "negative_dentries", memory->dentries.n_negative);
}

/* dentry-state of another moment or namespace than slabinfo judges nothing. */
static bool figures_agree(const struct dentry_state *dentries, const struct slab_cache *cache)
{
    return !cache || (dentries->n >= cache->n_active / 2 && dentries->n / 2 <= cache->n_objects);
}

enum names { NAMES_UNKNOWN, NAMES_MISSING, NAMES_EXIST };

/* Of what most of the names are. */
static enum names judge_names(const struct dentry_state *dentries, const struct slab_cache *cache)
{
    if (!dentries->known || !dentries->has_negative || !figures_agree(dentries, cache))
        return NAMES_UNKNOWN;
    return dentries->n_negative >= dentries->n / 2 ? NAMES_MISSING : NAMES_EXIST;
}

static const char *names_text(struct checker *checker, enum names names)
{
    const struct dentry_state *dentries = &checker->host_memory->dentries;

    if (names == NAMES_UNKNOWN)
        return "";
    return arena_printf(checker->arena,
                        " Of %" PRIu64 " names, %" PRIu64 " are of files that do not exist "
                        "(fs.dentry-state).",
                        dentries->n, dentries->n_negative);
}

/* The class holds a '%': no part of a format. */
#define COUNT_LOOKUPS  "strace -f -c -e trace=%file COMMAND"
#define WATCH_DENTRIES "cat /proc/sys/fs/dentry-state"

static const char dentries_remedy[] =
    "\"sysctl vm.drop_caches=2\" returns it at once, which only buys time. The cause is who "
    "creates or looks up so many names: often a short-lived program that runs again and again, "
    "such as a "
    "probe whose TLS library looks for missing files. Run \"" WATCH_DENTRIES "\" before and "
    "after each suspect; \"" COUNT_LOOKUPS "\" counts its look-ups, and as errors those of "
    "missing files.";

static void add_dentries(struct checker *checker, const struct slab_cache *cache)
{
    const struct host_memory *memory = checker->host_memory;
    const uint64_t *bytes = memory->meminfo.bytes;
    enum names names = judge_names(&memory->dentries, cache);
    struct finding *finding =
        finding_add(checker, names == NAMES_EXIST ? SEVERITY_INFO : SEVERITY_WARNING,
                    "%u %% of memory is kernel slab, %u %% of it reclaimable; dentry is the "
                    "largest cache",
                    percent_of(bytes[MEMINFO_SLAB], bytes[MEMINFO_TOTAL]),
                    percent_of(bytes[MEMINFO_SLAB_RECLAIMABLE], bytes[MEMINFO_SLAB]));

    finding_detail(checker, finding,
                   "No process holds it. The kernel keeps each file name that was looked up "
                   "(dentry), also names that no file has.%s It gives them up when memory runs "
                   "short; until then it grows into all that is free, and tools that do not know "
                   "MemAvailable count it as used.",
                   names_text(checker, names));
    finding_remedy(checker, finding, "%s", dentries_remedy);
    add_evidence(checker, finding);
}

/* The caches of a file server or a backup: worth knowing, no fault. */
static void add_other_caches(struct checker *checker, const struct slab_cache *cache)
{
    const uint64_t *bytes = checker->host_memory->meminfo.bytes;
    struct finding *finding = finding_add(
        checker, SEVERITY_INFO,
        "%u %% of memory is kernel slab, %u %% of it reclaimable; %s is the largest "
        "cache",
        percent_of(bytes[MEMINFO_SLAB], bytes[MEMINFO_TOTAL]),
        percent_of(bytes[MEMINFO_SLAB_RECLAIMABLE], bytes[MEMINFO_SLAB]), name_of(checker, cache));

    finding_detail(checker, finding,
                   "No process holds it. %s%s%s: what the kernel keeps of files that were in use, "
                   "as on file servers and after backups. It gives them up when memory runs "
                   "short.",
                   name_of(checker, cache), meaning_of(cache) ? " has " : "",
                   meaning_of(cache) ? meaning_of(cache) : "");
    finding_remedy(checker, finding,
                   "Nothing, as long as MemAvailable is large. \"sysctl vm.drop_caches=2\" "
                   "returns it at once and makes the next accesses slow.");
    add_evidence(checker, finding);
}

/* Without slabinfo the number of dentries, which all may read, tells their size. */
static void judge_reclaimable(struct checker *checker)
{
    const struct host_memory *memory = checker->host_memory;
    const struct slab_cache *cache = largest(memory, true);
    uint64_t reclaimable = memory->meminfo.bytes[MEMINFO_SLAB_RECLAIMABLE];

    if (!is_much(reclaimable, memory->meminfo.bytes[MEMINFO_TOTAL], 3))
        return;
    if (cache && is_dentry(cache))
        add_dentries(checker, cache);
    else if (cache)
        add_other_caches(checker, cache);
    else if (memory->dentries.known && memory->dentries.n >= reclaimable / 2 / DENTRY_BYTES)
        add_dentries(checker, NULL);
    else
        rule_not_run(checker, "slabinfo could not be read");
}

static const char *zfs_or_unknown(const struct slab_cache *cache)
{
    if (cache && is_zfs(cache))
        return "It is ZFS's own cache (ARC), which shrinks when memory runs short.";
    return "No process holds it, and no memory pressure returns it. Either something has very many "
           "objects of the kernel (files in tmpfs, sockets, connections, cgroups, namespaces, "
           "watched "
           "files), or the kernel or a driver leaks them.";
}

static void add_unreclaimable(struct checker *checker)
{
    const struct host_memory *memory = checker->host_memory;
    const uint64_t *bytes = memory->meminfo.bytes;
    const struct slab_cache *cache = largest(memory, false);
    bool zfs = cache && is_zfs(cache);
    const char *which = "";
    char size[UNITS_TEXT];
    struct finding *finding;

    if (cache)
        which =
            arena_printf(checker->arena, "; %s%s%s%s has %s", name_of(checker, cache),
                         meaning_of(cache) ? " (" : "", meaning_of(cache) ? meaning_of(cache) : "",
                         meaning_of(cache) ? ")" : "", size_text(cache->bytes, size));
    finding =
        finding_add(checker, zfs ? SEVERITY_INFO : SEVERITY_WARNING,
                    "%u %% of memory is kernel slab that cannot be reclaimed%s",
                    percent_of(bytes[MEMINFO_SLAB_UNRECLAIMABLE], bytes[MEMINFO_TOTAL]), which);
    finding_detail(checker, finding, "%s", zfs_or_unknown(cache));
    if (zfs)
        finding_remedy(checker, finding, "The module parameter zfs_arc_max bounds it.");
    else
        finding_remedy(checker, finding,
                       "See with \"slabtop -o -s c\", as root, which cache grows, and count its "
                       "users: \"df -i -t tmpfs\" for files in tmpfs, \"ss -s\" for sockets, "
                       "\"lsns\" for namespaces, \"find "
                       "/sys/fs/cgroup -type d\" for cgroups. If they do not grow with it, it is "
                       "a leak: update the kernel or the driver; a kernel booted with "
                       "slub_debug=U tells who allocates, in "
                       "/sys/kernel/debug/slab/CACHE/alloc_traces (before 5.14 "
                       "/sys/kernel/slab/CACHE/alloc_calls).");
    add_evidence(checker, finding);
}

static void run_host(struct checker *checker)
{
    const struct meminfo *meminfo = &checker->host_memory->meminfo;

    if (!meminfo->has[MEMINFO_TOTAL] || !meminfo->has[MEMINFO_SLAB] ||
        !meminfo->has[MEMINFO_SLAB_RECLAIMABLE] || !meminfo->has[MEMINFO_SLAB_UNRECLAIMABLE]) {
        rule_not_run(checker, "meminfo could not be read");
        return;
    }
    if (checker->host_memory->contradiction) {
        rule_not_run(checker, "the figures of meminfo contradict each other");
        return;
    }
    judge_reclaimable(checker);
    if (is_much(meminfo->bytes[MEMINFO_SLAB_UNRECLAIMABLE], meminfo->bytes[MEMINFO_TOTAL], 4))
        add_unreclaimable(checker);
}

const struct rule rule_host_slab = {
    .id = "host-slab",
    .severities = "warning; info where the caches are those of files in use",
    .when = "kernel slab, not processes, holds much of the host's memory",
    .meaning =
        "Found by \"layoutcheck host\". The kernel's caches of small objects (slab) take the "
        "memory that no process seems to hold. A warning is a third of memory or more in slab "
        "that can be reclaimed when the largest cache is dentry, the names of files that were "
        "looked up: with a file for each name, the cache of inodes would be larger, so most are "
        "names of files that do not exist, or were removed. They cost no process anything until "
        "memory runs short, then reclaiming millions of them is slow, and what measures free "
        "memory raises an alarm long before. Also a warning is a quarter of memory in slab that "
        "cannot be reclaimed: very many objects in the kernel, or a leak. Caches of inodes are "
        "what a file server or a backup leaves behind, and only worth a note.",
    .remedy =
        "\"sysctl vm.drop_caches=2\" returns reclaimable slab at once (\"sync\" first returns a "
        "little more), which only buys time. Find who looks up or creates the names: "
        "\"" WATCH_DENTRIES "\" before and after each suspect tells how many names it left (the "
        "first number; the fifth, since Linux 5.0, counts names without a file); "
        "\"" COUNT_LOOKUPS "\" tells how many files it asked for, and how many of these were "
        "missing. Where the kernel has kprobes, \"bpftrace -e 'kprobe:d_alloc { @[comm] = "
        "count(); }'\" counts new names by program for the whole host. For slab that cannot be "
        "reclaimed, \"slabtop -o -s c\" shows the caches; count their users.",
    .run_host = run_host,
};
