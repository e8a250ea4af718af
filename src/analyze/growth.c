/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/growth.h"

#include "base/units.h"

#include <inttypes.h>

/* include/uapi/linux/capability.h */
enum { CAPABILITY_IPC_LOCK = 14, CAPABILITY_SYS_ADMIN = 21 };

static const struct {
    const char *name;
    const char *remedy;
} kinds[N_LIMIT_KINDS] = {
    [LIMIT_NEXT_MAPPING] = {"next-mapping", "who maps it; it has to go elsewhere"},
    [LIMIT_LARGEST_GAP] = {"largest-gap", "what is mapped; a 64-bit program has more"},
    [LIMIT_RLIMIT_STACK] = {"rlimit-stack", "ulimit -s, prlimit --stack, LimitSTACK="},
    [LIMIT_RLIMIT_DATA] = {"rlimit-data", "ulimit -d, prlimit --data, LimitDATA="},
    [LIMIT_RLIMIT_AS] = {"rlimit-as", "ulimit -v, prlimit --as, LimitAS="},
    [LIMIT_RLIMIT_MEMLOCK] = {"rlimit-memlock", "ulimit -l, prlimit --memlock, LimitMEMLOCK="},
    [LIMIT_MAX_MAP_COUNT] = {"max-map-count", "sysctl vm.max_map_count"},
    [LIMIT_OVERCOMMIT] = {"overcommit", "sysctl vm.overcommit_memory, more memory or swap"},
    [LIMIT_MMAP_MIN_ADDR] = {"mmap-min-addr", "sysctl vm.mmap_min_addr"},
    [LIMIT_TASK_SIZE] = {"task-size", "the word size; a 64-bit program has more"},
};

const char *limit_name(enum limit_kind kind)
{
    return kinds[kind].name;
}

const char *limit_remedy(enum limit_kind kind)
{
    return kinds[kind].remedy;
}

struct limit_fact *growth_limit(struct growth *growth, const struct image *image,
                                enum limit_kind kind, uint64_t room)
{
    struct limit_fact *limit = &growth->limits[growth->n_limits++];

    *limit = (struct limit_fact){
        .kind = kind,
        .room = align_down(room, image->page_size),
        .room_in_steps = align_down(room, image->page_size),
        .value = "",
        .detail = "",
    };
    return limit;
}

struct limit_fact *growth_find(struct growth *growth, enum limit_kind kind)
{
    for (unsigned int i = 0; i < growth->n_limits; i++)
        if (growth->limits[i].kind == kind)
            return &growth->limits[i];
    return NULL;
}

void growth_doubt(struct growth *growth, const char *sentence)
{
    if (!growth->uncertain)
        growth->uncertain = sentence;
}

void growth_unknown(struct growth *growth, enum limit_kind kind)
{
    growth->unknown |= 1U << kind;
}

const char *growth_unknown_text(const struct growth *growth, struct image *image)
{
    unsigned int left = growth->unknown;
    const char *text = NULL;

    for (int kind = 0; kind < N_LIMIT_KINDS; kind++) {
        if (!(left & 1U << kind))
            continue;
        left &= ~(1U << kind);
        text = text ? arena_printf(&image->arena, "%s%s%s", text, left ? ", " : " and ",
                                   kinds[kind].name)
                    : kinds[kind].name;
    }
    return text;
}

static void doubt_holes(struct growth *growth, struct image *image)
{
    const char *reason = image_incomplete(image);

    if (reason)
        growth->uncertain = arena_printf(
            &image->arena, "%s%sthe %s may not show every mapping, so that one can be nearer: %s",
            growth->uncertain ? growth->uncertain : "", growth->uncertain ? "; " : "",
            image->core ? "core" : "map", reason);
}

void growth_doubt_unknown(struct growth *growth, struct image *image)
{
    const char *names = growth_unknown_text(growth, image);
    bool is_one = (growth->unknown & (growth->unknown - 1)) == 0;

    if (names)
        growth->uncertain =
            arena_printf(&image->arena, "%s%s%s %s not known and may leave less",
                         growth->uncertain ? growth->uncertain : "", growth->uncertain ? "; " : "",
                         names, is_one ? "is" : "are");
    doubt_holes(growth, image);
}

/* What a limit in bytes leaves: the kernel compares whole pages, each side rounded down. */
static uint64_t pages_left(const struct image *image, uint64_t limit_bytes, uint64_t used_bytes)
{
    uint64_t limit = align_down(limit_bytes, image->page_size);

    return limit > used_bytes ? limit - used_bytes : 0;
}

static const char *limit_text(struct image *image, uint64_t bytes)
{
    char text[UNITS_TEXT];

    return arena_printf(&image->arena, "%s", size_text(bytes, text));
}

static void add_address_space(struct growth *growth, struct image *image)
{
    const struct limit *rlimit = &image->limits.address_space;
    struct limit_fact *limit;

    if (!rlimit->known)
        growth_unknown(growth, LIMIT_RLIMIT_AS);
    if (!rlimit->known || rlimit->soft == LIMIT_INFINITY)
        return;
    limit = growth_limit(growth, image, LIMIT_RLIMIT_AS,
                         pages_left(image, rlimit->soft, image->size_bytes));
    limit->value = limit_text(image, rlimit->soft);
    limit->detail = arena_printf(&image->arena, "%s of address space are in use",
                                 limit_text(image, image->size_bytes));
}

/* data_vm: private writable memory that is no stack. */
static uint64_t data_bytes(const struct image *image)
{
    uint64_t stacks = 0;

    for (uint32_t i = 0; i < image->n_mappings; i++)
        if (image->mappings[i].grows_down)
            stacks += range_size(image->mappings[i].range);
    return image->data_and_stack_bytes > stacks ? image->data_and_stack_bytes - stacks : 0;
}

/*
 * With a soft limit of 0 the hard one counts: f4fcd55841fc left that way out for valgrind.  brk's
 * own, older test (analyze/brk.c) has none.
 */
static void add_data(struct growth *growth, struct image *image)
{
    const struct limit *rlimit = &image->limits.data;
    uint64_t bytes = rlimit->soft == 0 ? rlimit->hard : rlimit->soft;
    struct limit_fact *limit;

    if (!rlimit->known)
        growth_unknown(growth, LIMIT_RLIMIT_DATA);
    if (!rlimit->known || bytes == LIMIT_INFINITY)
        return;
    if (image->host.kernel_version < KERNEL(4, 7)) {
        growth_doubt(growth, "whether this kernel counts all private memory against RLIMIT_DATA "
                             "(since 4.7) is not known");
        return;
    }
    if (image_ignores_rlimit_data(image))
        return;
    limit =
        growth_limit(growth, image, LIMIT_RLIMIT_DATA, pages_left(image, bytes, data_bytes(image)));
    limit->value = limit_text(image, bytes);
    limit->detail = arena_printf(&image->arena, "%s of private writable memory are in use",
                                 limit_text(image, data_bytes(image)));
}

/* The kernel refuses once the count is above the limit: at the limit a mapping can still grow. */
static void add_map_count(struct growth *growth, struct image *image)
{
    struct limit_fact *limit;

    if (!image->host.has_max_map_count)
        growth_unknown(growth, LIMIT_MAX_MAP_COUNT);
    if (!image->host.has_max_map_count || image->n_counted <= image->host.max_map_count)
        return;
    limit = growth_limit(growth, image, LIMIT_MAX_MAP_COUNT, 0);
    limit->value = arena_printf(&image->arena, "%" PRIu64, image->host.max_map_count);
    limit->detail = arena_printf(&image->arena, "%u mappings are in use", image->n_counted);
}

/* Mode 0: one request may not exceed all of memory and swap (since 5.2, 8c7829b04c52). */
static void add_heuristic(struct growth *growth, struct image *image)
{
    const struct host *host = &image->host;
    struct limit_fact *limit;

    if (!host->has_memory || !host->has_swap) {
        growth_unknown(growth, LIMIT_OVERCOMMIT);
        return;
    }
    if (host->kernel_version < KERNEL(5, 2))
        growth_doubt(growth, "before Linux 5.2 the heuristic overcommit went by free memory, which "
                             "cannot be told to the page");
    limit = growth_limit(growth, image, LIMIT_OVERCOMMIT, host->memory_bytes + host->swap_bytes);
    limit->room_in_steps = UINT64_MAX;
    limit->value = "heuristic";
    limit->detail = "one call can ask for all of memory and swap at most";
}

/* The error of the committed sum that the kernel reads: a batch a CPU (mm_compute_batch()). */
static uint64_t commit_tolerance(const struct image *image, const struct commit *commit)
{
    uint64_t batch = image->host.memory_bytes / image->page_size / commit->n_cpus / 256;
    uint64_t least = 2ULL * commit->n_cpus > 32 ? 2ULL * commit->n_cpus : 32;

    return commit->n_cpus * (batch > least ? batch : least) * image->page_size;
}

static uint64_t above(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/*
 * Mode 2.  A part of the limit is kept: a thirty-second of the process's own size, up to
 * vm.user_reserve_kbytes.  As that grows with the process, many steps end before one would.  The
 * kernel reads the committed sum without what each CPU has not added yet; /proc shows the exact
 * one.
 */
static void add_strict(struct growth *growth, struct image *image)
{
    uint64_t page = image->page_size, left, reserve, most;
    struct limit_fact *limit;
    struct commit commit;

    if (!image_read_commit(image, &commit)) {
        growth_doubt(growth, "what strict overcommit leaves could not be read");
        return;
    }
    left = above(commit.limit_bytes, commit.committed_bytes + page);
    if (!image_has_capability(image, CAPABILITY_SYS_ADMIN))
        left = above(left, commit.admin_reserve_bytes);
    most = commit.user_reserve_bytes;
    reserve = align_down(image->size_bytes / 32, page);
    limit =
        growth_limit(growth, image, LIMIT_OVERCOMMIT, above(left, reserve < most ? reserve : most));
    limit->room_in_steps = above(32 * (left / 33), image->size_bytes / 33);
    if (limit->room_in_steps < above(left, most))
        limit->room_in_steps = above(left, most);
    limit->room_in_steps = align_down(limit->room_in_steps, page);
    limit->tolerance = commit_tolerance(image, &commit);
    limit->value = limit_text(image, commit.limit_bytes);
    limit->detail = arena_printf(&image->arena, "%s of it are committed",
                                 limit_text(image, commit.committed_bytes));
}

static void add_overcommit(struct growth *growth, struct image *image)
{
    if (!image->host.has_overcommit)
        growth_unknown(growth, LIMIT_OVERCOMMIT);
    else if (image->host.overcommit_memory == 0)
        add_heuristic(growth, image);
    else if (image->host.overcommit_memory == 2)
        add_strict(growth, image);
}

void growth_add_common(struct growth *growth, struct image *image, bool data)
{
    add_address_space(growth, image);
    if (data) {
        add_data(growth, image);
        add_map_count(growth, image);
    }
    add_overcommit(growth, image);
}

bool may_lock_anything(struct image *image)
{
    return (image->limits.locked.known && image->limits.locked.soft == LIMIT_INFINITY) ||
           image_has_capability(image, CAPABILITY_IPC_LOCK);
}

bool only_doubts_lock(const struct image *image)
{
    return image->in_passing && image->limits.locked.known;
}

void growth_add_memlock(struct growth *growth, struct image *image)
{
    struct limit_fact *limit;

    if (may_lock_anything(image) || !image->limits.locked.known)
        return;
    limit =
        growth_limit(growth, image, LIMIT_RLIMIT_MEMLOCK,
                     pages_left(image, image->limits.locked.soft, image->status.vm_locked_bytes));
    limit->value = limit_text(image, image->limits.locked.soft);
    limit->detail = arena_printf(&image->arena, "new memory is locked at once; %s are locked",
                                 limit_text(image, image->status.vm_locked_bytes));
}

void growth_decide(struct growth *growth)
{
    growth->known = growth->n_limits > 0;
    growth->room = UINT64_MAX;
    growth->room_in_steps = UINT64_MAX;
    for (unsigned int i = 0; i < growth->n_limits; i++) {
        const struct limit_fact *limit = &growth->limits[i];

        if (limit->room < growth->room) {
            growth->room = limit->room;
            growth->limit = limit->kind;
        }
        if (limit->room_in_steps < growth->room_in_steps)
            growth->room_in_steps = limit->room_in_steps;
    }
    if (growth->room_in_steps == UINT64_MAX)
        growth->room_in_steps = growth->room;
}

const struct limit_fact *growth_binding(const struct growth *growth)
{
    for (unsigned int i = 0; i < growth->n_limits; i++)
        if (growth->limits[i].kind == growth->limit)
            return &growth->limits[i];
    return NULL;
}

const struct limit_fact *growth_binding_in_steps(const struct growth *growth)
{
    for (unsigned int i = 0; i < growth->n_limits; i++)
        if (growth->limits[i].room_in_steps == growth->room_in_steps)
            return &growth->limits[i];
    return growth_binding(growth);
}
