/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/filecache.h"

#include "source/cgrouptree.h"

#include <search.h>
#include <stdlib.h>

enum { MAX_FILES = 1 << 16 };

struct node {
    struct str namespace, path;
    uint64_t inode;
    uint32_t dev_major, dev_minor;
    bool is_exe; /* was opened as the executed file */
    struct cached_file file;
};

struct filecache {
    struct arena arena;
    void *nodes;
    uint32_t n;
    bool has_host;
    struct host host;
    void *cgroups;
    bool has_survey;
    struct cgroup_survey survey;
};

struct cgroup_node {
    const char *path;
    struct cached_cgroup cgroup;
};

struct filecache *filecache_new(void)
{
    struct filecache *cache = xreallocarray(NULL, 1, sizeof(*cache));

    *cache = (struct filecache){.nodes = NULL};
    arena_init(&cache->arena);
    return cache;
}

static void keep(void *node)
{
    (void)node; /* it is the arena's */
}

void filecache_free(struct filecache *cache)
{
    if (!cache)
        return;
    tdestroy(cache->nodes, keep);
    tdestroy(cache->cgroups, keep);
    if (cache->has_survey)
        cgroup_survey_deinit(&cache->survey);
    arena_deinit(&cache->arena);
    free(cache);
}

struct arena *filecache_arena(struct filecache *cache)
{
    return &cache->arena;
}

const struct host *filecache_host(const struct filecache *cache)
{
    return cache->has_host ? &cache->host : NULL;
}

void filecache_keep_host(struct filecache *cache, const struct host *host)
{
    struct str kernel = str_of(host->kernel), machine = str_of(host->machine);

    cache->host = *host;
    cache->host.kernel = arena_strndup(&cache->arena, kernel.p, kernel.n);
    cache->host.machine = arena_strndup(&cache->arena, machine.p, machine.n);
    cache->has_host = true;
}

static int by_path(const void *a, const void *b)
{
    const struct cgroup_node *x = a, *y = b;

    return strcmp(x->path, y->path);
}

struct cached_cgroup *filecache_find_cgroup(struct filecache *cache, const char *path, bool *is_new)
{
    struct cgroup_node key = {.path = path}, **found = tfind(&key, &cache->cgroups, by_path), *node;

    *is_new = false;
    if (found)
        return &(*found)->cgroup;
    if (cache->n == MAX_FILES)
        return NULL;
    node = arena_alloc(&cache->arena, sizeof(*node));
    node->path = arena_strndup(&cache->arena, path, strlen(path));
    if (!tsearch(node, &cache->cgroups, by_path))
        return NULL;
    cache->n++;
    *is_new = true;
    return &node->cgroup;
}

void filecache_survey_cgroups(struct filecache *cache, const char *mount_point,
                              const char *limit_file, uint32_t max_cgroups)
{
    if (!cache->has_survey)
        cache->has_survey =
            cgroup_survey_init(&cache->survey, mount_point, limit_file, max_cgroups);
}

bool filecache_is_unlimited(const struct filecache *cache, pid_t pid)
{
    return cache->has_survey && !cgroup_survey_has(&cache->survey, pid);
}

static int by_number(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_text(struct str a, struct str b)
{
    int order = by_number(a.n, b.n);

    return order || a.n == 0 ? order : memcmp(a.p, b.p, a.n);
}

static int by_file(const void *a, const void *b)
{
    const struct node *x = a, *y = b;
    int order = by_number(x->inode, y->inode);

    order = order ? order : by_number(x->dev_major, y->dev_major);
    order = order ? order : by_number(x->dev_minor, y->dev_minor);
    order = order ? order : by_number(x->is_exe, y->is_exe);
    order = order ? order : by_text(x->path, y->path);
    return order ? order : by_text(x->namespace, y->namespace);
}

static struct str copy(struct arena *arena, struct str s)
{
    return (struct str){arena_strndup(arena, s.p, s.n), s.n};
}

static struct cached_file *add(struct filecache *cache, const struct node *key)
{
    struct node *node;

    if (cache->n == MAX_FILES)
        return NULL;
    node = arena_alloc(&cache->arena, sizeof(*node));
    *node = *key;
    node->namespace = copy(&cache->arena, key->namespace);
    node->path = copy(&cache->arena, key->path);
    if (!tsearch(node, &cache->nodes, by_file))
        return NULL;
    cache->n++;
    return &node->file;
}

struct cached_file *filecache_find(struct filecache *cache, struct image *image,
                                   const struct object *object, bool *is_new)
{
    const struct blob *namespace = capture_get(image->capture, CAPTURE_MOUNT_NS);
    struct node key =
                    {
                        .namespace = namespace->bytes,
                        .path = object->path,
                        .inode = object->inode,
                        .dev_major = object->dev_major,
                        .dev_minor = object->dev_minor,
                        .is_exe = object->is_exe,
                    },
                **found;

    *is_new = false;
    if (namespace->missing || object->inode == 0)
        return NULL;
    found = tfind(&key, &cache->nodes, by_file);
    if (found)
        return &(*found)->file;
    *is_new = true;
    return add(cache, &key);
}
