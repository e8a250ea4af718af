/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the memory cgroups of a process leave, from its own up to the root.  They never refuse brk
 * or mmap: they kill when memory is touched that no reclaim can make room for.
 */
#include "model/filecache.h"
#include "parse/keyed.h"
#include "source/cgroupfs.h"

enum { MAX_LEVELS = 32 };

/* The names of one thing in both versions. */
struct files {
    const char *limit, *usage;
    struct str reclaimable[3]; /* keys of memory.stat */
};

static const struct files files_v1 = {
    .limit = "memory.limit_in_bytes",
    .usage = "memory.usage_in_bytes",
    .reclaimable = {{"total_inactive_file", 19}, {"total_active_file", 17}, {NULL, 0}},
};

static const struct files files_v2 = {
    .limit = "memory.max",
    .usage = "memory.current",
    .reclaimable = {{"inactive_file", 13}, {"active_file", 11}, {"slab_reclaimable", 16}},
};

static bool read_number(struct image *image, const char *mount, struct str path, const char *file,
                        uint64_t *value)
{
    const char *text = cgroupfs_read(image->capture, &image->arena, mount, path, file);

    return text && str_to_u64(str_trim(str_of(text)), value);
}

/* memory.stat: "key value" lines. */
static uint64_t stat_value(struct str text, struct str key)
{
    struct str line, word;
    uint64_t value;

    while (str_next_line(&text, &line))
        if (str_next_word(&line, &word) && str_eq(word, key) && str_next_word(&line, &word) &&
            str_to_u64(word, &value))
            return value;
    return 0;
}

static uint64_t reclaimable_bytes(struct image *image, const char *mount, struct str path,
                                  const struct files *files)
{
    const char *text = cgroupfs_read(image->capture, &image->arena, mount, path, "memory.stat");
    uint64_t bytes = 0;

    for (int i = 0; text && i < 3 && files->reclaimable[i].n > 0; i++)
        bytes += stat_value(str_of(text), files->reclaimable[i]);
    return bytes;
}

/* Without a limit: "max", or in version 1 a number beyond any memory. */
static bool read_level(struct image *image, const char *mount, struct str path,
                       const struct files *files, struct cgroup_level *level)
{
    struct arena *arena = &image->arena;
    uint64_t limit, used;

    if (!read_number(image, mount, path, files->limit, &limit) || limit >= (uint64_t)1 << 62 ||
        !read_number(image, mount, path, files->usage, &used))
        return false;
    *level = (struct cgroup_level){
        .path = path.n > 0 ? arena_strndup(arena, path.p, path.n) : "/",
        .limit_bytes = limit,
        .used_bytes = used,
        .reclaimable_bytes = reclaimable_bytes(image, mount, path, files),
    };
    return true;
}

uint64_t cgroup_room(const struct cgroup_level *level)
{
    uint64_t kept = level->used_bytes > level->reclaimable_bytes
                        ? level->used_bytes - level->reclaimable_bytes
                        : 0;

    return level->limit_bytes > kept ? level->limit_bytes - kept : 0;
}

static struct str parent_of(struct str path)
{
    while (path.n > 0 && path.p[path.n - 1] != '/')
        path.n--;
    while (path.n > 0 && path.p[path.n - 1] == '/')
        path.n--;
    return path;
}

/* From the image's cgroup up to the root. */
static void read_levels(struct image *image)
{
    const char *mount = NULL;
    enum cgroup_version version = cgroupfs_find(image->capture, &image->arena, &mount);
    struct str path = str_of(image->cgroup);

    if (path.n == 1)
        path.n = 0; /* the root */
    for (int i = 0; version != CGROUP_NONE && i < MAX_LEVELS; i++) {
        struct cgroup_level level;

        if (read_level(image, mount, path, version == CGROUP_V1 ? &files_v1 : &files_v2, &level) &&
            (!image->cgroup_limit || cgroup_room(&level) < cgroup_room(image->cgroup_limit))) {
            image->cgroup_limit = arena_alloc(&image->arena, sizeof(level));
            *image->cgroup_limit = level;
        }
        if (path.n == 0)
            return;
        path = parent_of(path);
    }
}

/* Once for all processes of the cgroup. */
static bool take_shared(struct image *image)
{
    struct arena *arena = filecache_arena(image->files);
    bool is_new;
    struct cached_cgroup *shared = filecache_find_cgroup(image->files, image->cgroup, &is_new);

    if (!shared)
        return false;
    if (is_new) {
        read_levels(image);
        shared->is_limited = image->cgroup_limit != NULL;
        if (shared->is_limited) {
            shared->level = *image->cgroup_limit;
            shared->level.path =
                arena_strndup(arena, shared->level.path, strlen(shared->level.path));
        }
    }
    image->cgroup_limit = shared->is_limited ? &shared->level : NULL;
    return true;
}

void image_read_cgroup_limits(struct image *image)
{
    if (image->has_cgroup_limits ||
        (image->in_passing && filecache_is_unlimited(image->files, image->pid)))
        return;
    image_read_cgroup(image);
    if (!image->cgroup)
        return;
    image->has_cgroup_limits = true;
    if (!image->in_passing || !take_shared(image))
        read_levels(image);
}

void cgroups_survey(struct filecache *files, struct capture *host, uint32_t n_processes)
{
    struct arena *arena = filecache_arena(files);
    const char *mount;
    enum cgroup_version version;

    if (!capture_has_own_pids(host))
        return;
    version = cgroupfs_find(host, arena, &mount);
    /* To look at a cgroup costs about three times as much as to ask a process for its own. */
    if (version != CGROUP_NONE)
        filecache_survey_cgroups(
            files, mount, version == CGROUP_V1 ? files_v1.limit : files_v2.limit, n_processes / 3);
}
