/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host says about its memory as a whole.  Read for the host's own report only; lives in
 * the arena of the image that stands for the host.
 */
#ifndef MODEL_HOSTMEM_H
#define MODEL_HOSTMEM_H

#include "model/image.h"
#include "parse/meminfo.h"

/* One of the kernel's caches of small objects. */
struct slab_cache {
    const char *name;
    const char *meaning; /* what its objects are, or NULL */
    bool reclaimable;    /* given back when memory runs short: a part of SReclaimable */
    uint64_t bytes;
    uint64_t n_objects;
    uint64_t n_active; /* objects in use */
    uint64_t object_bytes;
};

/* /proc/sys/fs/dentry-state. */
struct dentry_state {
    bool known;
    uint64_t n;
    uint64_t n_unused; /* could be given back */
    bool has_negative;
    uint64_t n_negative; /* of names that no file has; since 5.0 */
};

struct tmpfs_usage {
    const char *path; /* escaped as in mountinfo */
    uint64_t bytes;   /* in memory or swapped out */
};

/* A process by what goes away with it: anonymous memory, but for what a fork still shares. */
struct holder {
    pid_t pid;
    const char *comm;
    uint64_t uid;
    uint64_t anonymous_bytes; /* resident */
    uint64_t swap_bytes;
};

enum { MAX_HOLDERS = 10 };

struct host_memory {
    const struct host *host;
    struct meminfo meminfo;
    const char *contradiction; /* "Slab is more than MemTotal": figures that cannot be; or NULL */
    bool has_vmstat;
    bool has_zspages;
    uint64_t zspage_bytes; /* zsmalloc: zram, and zswap where it uses that */
    bool has_cpu_lists;
    uint64_t cpu_lists_bytes; /* free, on the lists that each CPU has; not in MemFree */
    bool has_mmap_rnd_bits, has_mmap_rnd_compat_bits;
    uint64_t mmap_rnd_bits;
    uint64_t mmap_rnd_compat_bits;
    bool has_overcommit_ratio, has_overcommit_kbytes;
    uint64_t overcommit_ratio; /* percent; 0 when the next one counts */
    uint64_t overcommit_kbytes;
    struct dentry_state dentries;
    const char *slab_missing;  /* why there are no caches, or NULL */
    struct slab_cache *caches; /* largest first */
    uint32_t n_caches;
    uint32_t n_caches_not_understood;
    struct tmpfs_usage *tmpfs; /* largest first */
    uint32_t n_tmpfs;
    uint32_t n_processes;               /* with memory of their own */
    uint32_t n_hidden;                  /* processes that may not be looked at */
    const char *unseen;                 /* why there may be others still, or NULL */
    struct holder holders[MAX_HOLDERS]; /* largest first */
    uint32_t n_holders;
};

/*
 * An image of no process: only what is known of the host, and what could not be read of it.  The
 * caller calls image_deinit().
 */
void image_init_host(struct image *image, struct capture *host);

/* Reads everything; what cannot be read stands among the image's missing inputs. */
void hostmem_read(struct host_memory *memory, struct image *image);

/* What the objects of a slab cache are, in the arena or static; NULL when it is not known. */
const char *slab_meaning(struct arena *arena, struct str name);

/* Whether a slab cache can be reclaimed, for where sysfs does not tell: by its name. */
bool slab_is_reclaimable(struct str name);

#endif
