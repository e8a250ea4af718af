/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ELF files say, read once for all processes that map them.  A file is one by the mount
 * namespace in which its path is looked up, the path, and device and inode as maps has them:
 * neither alone is enough, since the subvolumes of btrfs share inode and device numbers.  Only what
 * the files say is kept, nothing that a process shows of itself, which another could not trust.
 *
 * It is for a short time, such as one look at all processes: a file that is overwritten in place
 * meanwhile is the former one.
 */
#ifndef MODEL_FILECACHE_H
#define MODEL_FILECACHE_H

#include "model/image.h"

struct filecache;

/* Of a file that cannot be opened, memory may tell it. */
enum curbrk { CURBRK_UNKNOWN, CURBRK_UNREADABLE, CURBRK_NONE, CURBRK_FOUND };

struct cached_file {
    bool
        is_settled; /* there is a head, or a reason that does not lie in a process that has ended */
    bool has_head;
    struct elfhead head;
    const char *missing; /* why there is no head */
    enum curbrk curbrk;
    uint64_t curbrk_value;     /* address of __curbrk, without bias */
    enum curbrk static_curbrk; /* the same by the symbol table, of a static program */
    uint64_t static_curbrk_value;
};

/* What the memory cgroups from one up to the root leave. */
struct cached_cgroup {
    bool is_limited;
    struct cgroup_level level; /* the one that leaves least */
};

struct filecache *filecache_new(void);
void filecache_free(struct filecache *cache);

/*
 * The entry of an object's file, *is_new when the caller is to fill it, with texts and tables in
 * filecache_arena().  NULL when the cache is full or what the file is cannot be told.
 */
struct cached_file *filecache_find(struct filecache *cache, struct image *image,
                                   const struct object *object, bool *is_new);

struct arena *filecache_arena(struct filecache *cache);

/* What the first image read of the host, for the others; NULL: none has yet. */
const struct host *filecache_host(const struct filecache *cache);
void filecache_keep_host(struct filecache *cache, const struct host *host);

/* The entry of a cgroup by its path; as filecache_find(). */
struct cached_cgroup *filecache_find_cgroup(struct filecache *cache, const char *path,
                                            bool *is_new);

/* Finds out which processes a memory cgroup limits; as cgroup_survey_init(). */
void filecache_survey_cgroups(struct filecache *cache, const char *mount_point,
                              const char *limit_file, uint32_t max_cgroups);

/* Whether it was found that no memory cgroup limits the process. */
bool filecache_is_unlimited(const struct filecache *cache, pid_t pid);

#endif
