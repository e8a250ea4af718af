/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report on the host as JSON. */
#include "render/host.h"
#include "render/jsonparts.h"

static json_t *json_meminfo(const struct host_memory *memory, enum meminfo_key key)
{
    return json_known(memory->meminfo.has[key], memory->meminfo.bytes[key]);
}

static json_t *json_account(const struct account *account)
{
    json_t *list = json_array();

    for (int i = 0; account->known && i < N_ACCOUNT; i++)
        json_array_append_new(
            list,
            json_pack("{s:s, s:o}", "name", account_name((enum account_part)i), "bytes",
                      account->has[i] ? json_integer((json_int_t)account->bytes[i]) : json_null()));
    return list;
}

static json_t *json_swap(const struct host_memory *memory)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o}", "total", json_meminfo(memory, MEMINFO_SWAP_TOTAL), "free",
        json_meminfo(memory, MEMINFO_SWAP_FREE), "cached",
        json_meminfo(memory, MEMINFO_SWAP_CACHED), "zswap", json_meminfo(memory, MEMINFO_ZSWAP),
        "zswapped", json_meminfo(memory, MEMINFO_ZSWAPPED), "zsmalloc",
        json_known(memory->has_zspages, memory->zspage_bytes));
}

static json_t *json_caches(const struct host_memory *memory, struct image *image)
{
    json_t *list;

    if (memory->slab_missing)
        return json_null();
    list = json_array();
    for (uint32_t i = 0; i < memory->n_caches; i++) {
        const struct slab_cache *cache = &memory->caches[i];

        json_array_append_new(
            list,
            json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "name", json_safe(image, cache->name),
                      "bytes", json_bytes(cache->bytes), "objects", json_bytes(cache->n_objects),
                      "active", json_bytes(cache->n_active), "object_size",
                      json_bytes(cache->object_bytes), "reclaimable", (int)cache->reclaimable,
                      "meaning", json_safe(image, cache->meaning)));
    }
    return list;
}

static json_t *json_slab(const struct host_memory *memory, struct image *image)
{
    const struct dentry_state *dentries = &memory->dentries;

    return json_pack(
        "{s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o}}", "total", json_meminfo(memory, MEMINFO_SLAB),
        "reclaimable", json_meminfo(memory, MEMINFO_SLAB_RECLAIMABLE), "unreclaimable",
        json_meminfo(memory, MEMINFO_SLAB_UNRECLAIMABLE), "caches", json_caches(memory, image),
        "dentries", "total", json_known(dentries->known, dentries->n), "unused",
        json_known(dentries->known, dentries->n_unused), "negative",
        json_known(dentries->has_negative, dentries->n_negative));
}

static json_t *json_tmpfs(const struct host_memory *memory, struct image *image)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < memory->n_tmpfs; i++)
        json_array_append_new(list, json_pack("{s:o, s:o}", "path",
                                              json_safe(image, memory->tmpfs[i].path), "bytes",
                                              json_bytes(memory->tmpfs[i].bytes)));
    return list;
}

static json_t *json_overcommit(const struct host_memory *memory)
{
    const struct meminfo *meminfo = &memory->meminfo;
    uint64_t limit = meminfo->bytes[MEMINFO_COMMIT_LIMIT];
    uint64_t committed = meminfo->bytes[MEMINFO_COMMITTED];
    bool known = meminfo->has[MEMINFO_COMMIT_LIMIT] && meminfo->has[MEMINFO_COMMITTED];

    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "limit",
                     json_meminfo(memory, MEMINFO_COMMIT_LIMIT), "committed",
                     json_meminfo(memory, MEMINFO_COMMITTED), "left",
                     json_known(known, limit > committed ? limit - committed : 0), "ratio",
                     json_known(memory->has_overcommit_ratio, memory->overcommit_ratio), "kbytes",
                     json_known(memory->has_overcommit_kbytes, memory->overcommit_kbytes));
}

static json_t *json_holders(const struct host_memory *memory, struct image *image)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < memory->n_holders; i++) {
        const struct holder *holder = &memory->holders[i];

        json_array_append_new(list, json_pack("{s:i, s:o, s:o, s:o, s:o}", "pid", (int)holder->pid,
                                              "comm", json_safe(image, holder->comm), "uid",
                                              json_bytes(holder->uid), "anonymous",
                                              json_bytes(holder->anonymous_bytes), "swap",
                                              json_bytes(holder->swap_bytes)));
    }
    return list;
}

static json_t *json_huge_total(const struct host_report *report)
{
    const struct meminfo *meminfo = &report->memory->meminfo;

    return json_known(report->account->known &&
                          (meminfo->has_huge_pages || meminfo->has[MEMINFO_HUGETLB]),
                      (uint64_t)report->account->bytes[ACCOUNT_HUGE_PAGES]);
}

static json_t *json_host_memory(const struct host_report *report)
{
    const struct host_memory *memory = report->memory;
    const struct account *account = report->account;
    struct image *image = report->report.image;

    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:o, s:o}",
                     "summary", account->summary, "total", json_meminfo(memory, MEMINFO_TOTAL),
                     "free", json_meminfo(memory, MEMINFO_FREE), "available",
                     json_meminfo(memory, MEMINFO_AVAILABLE), "account", json_account(account),
                     "swap", json_swap(memory), "slab", json_slab(memory, image), "tmpfs",
                     json_tmpfs(memory, image), "huge_pages", "total", json_huge_total(report),
                     "free", json_known(account->has_huge_free, account->huge_free_bytes),
                     "overcommit", json_overcommit(memory), "balloon",
                     json_meminfo(memory, MEMINFO_BALLOON), "n_processes",
                     json_bytes(memory->n_processes), "processes", json_holders(memory, image));
}

static json_t *host_settings(const struct host_report *report)
{
    const struct host_memory *memory = report->memory;
    json_t *host = json_host(&report->report);

    json_object_set_new(host, "mmap_rnd_bits",
                        json_known(memory->has_mmap_rnd_bits, memory->mmap_rnd_bits));
    json_object_set_new(host, "mmap_rnd_compat_bits",
                        json_known(memory->has_mmap_rnd_compat_bits, memory->mmap_rnd_compat_bits));
    return host;
}

json_t *json_host_report(const struct host_report *report)
{
    struct image *image = report->report.image;

    return json_pack("{s:i, s:o, s:{s:s, s:s, s:b, s:o}, s:o, s:o, s:o, s:i, s:o, s:o}", "schema",
                     1, "tool", json_tool(), "source", "kind", "host", "path", report->report.path,
                     "complete", image->n_missing == 0, "missing", json_missing(image), "host",
                     host_settings(report), "host_memory", json_host_memory(report), "findings",
                     json_findings(&report->report), "ignored", (int)report->report.n_ignored,
                     "not_run", json_not_run(&report->report), "policy",
                     json_policy(&report->report));
}
