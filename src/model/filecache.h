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

struct cached_file {
    bool has_head;
    struct elfhead head;
    const char *missing; /* why there is no head */
    enum { CURBRK_UNKNOWN, CURBRK_NONE, CURBRK_FOUND } curbrk;
    uint64_t curbrk_value; /* address of __curbrk, without bias */
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

#endif
