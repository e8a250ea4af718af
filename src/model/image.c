/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/build.h"

#include "model/filecache.h"
#include "parse/cgroup.h"

#include <stdlib.h>

enum { MAX_IMAGES = 8 }; /* of a process that executes one program after the other */

void mappings_add(struct image *image, const struct maps_line *line)
{
    struct mapping *mapping;

    if (image->n_mappings == image->n_mappings_room) {
        image->n_mappings_room = image->n_mappings_room ? image->n_mappings_room * 2 : 128;
        image->mappings =
            xreallocarray(image->mappings, image->n_mappings_room, sizeof(*image->mappings));
    }
    mapping = &image->mappings[image->n_mappings++];
    *mapping = (struct mapping){
        .range = line->range,
        .offset = line->offset,
        .inode = line->inode,
        .dev_major = line->dev_major,
        .dev_minor = line->dev_minor,
        .name = intern_add(&image->names, line->name),
        .instance = NONE,
        .perms = (uint8_t)line->perms,
        .is_file = line->inode != 0 || (line->name.n > 0 && line->name.p[0] == '/'),
        .grows_down = str_eq(line->name, STR("[stack]")),
    };
    if (!str_eq(line->name, STR("[vsyscall]")))
        image->n_counted++;
}

bool image_lacks(const struct image *image, const char *what)
{
    for (uint32_t i = 0; i < image->n_missing; i++)
        if (strcmp(image->missing[i].what, what) == 0)
            return true;
    return false;
}

void image_note_missing(struct image *image, const char *what, const char *reason)
{
    struct missing *rows;

    if (image_lacks(image, what))
        return;
    rows = arena_alloc(&image->arena, (image->n_missing + 1) * sizeof(*rows));
    if (image->n_missing > 0)
        memcpy(rows, image->missing, image->n_missing * sizeof(*rows));
    rows[image->n_missing] =
        (struct missing){what, arena_strndup(&image->arena, reason, strlen(reason))};
    image->missing = rows;
    image->n_missing++;
}

/* The bytes of a row, or an empty view and a note that they are missing. */
static struct str row_or_note(struct image *image, enum capture_row row)
{
    const struct blob *blob = capture_get(image->capture, row);

    if (blob->missing)
        image_note_missing(image, capture_row_name(row), blob->missing);
    return blob->bytes;
}

void image_read_cgroup(struct image *image)
{
    struct str path;

    if (!image->cgroup && cgroup_memory_path(row_or_note(image, CAPTURE_CGROUP), &path))
        image->cgroup = arena_strndup(&image->arena, path.p, path.n);
}

/*
 * Files that were copied out of /proc are often without the link "exe".  The kernel tells the
 * program where its code begins, and that is in the executed file.
 */
static const char *exe_by_entry(struct image *image)
{
    uint32_t i = image_find(image, image->auxv.entry);
    struct str name;

    if (image_is_live(image) || about_find(image, STR("missing exe"), &name) ||
        !image->auxv.entry || i == image->n_mappings ||
        !range_has(image->mappings[i].range, image->auxv.entry) || !image->mappings[i].is_file ||
        !capture_get(image->capture, CAPTURE_EXE)->missing)
        return NULL;
    name = mapping_name(image, &image->mappings[i]);
    return arena_strndup(&image->arena, name.p, name.n);
}

bool image_read_personality(struct image *image)
{
    struct str text;
    uint64_t number;

    if (image->personality_is_read)
        return image->has_personality;
    image->personality_is_read = true;
    text = str_trim(row_or_note(image, CAPTURE_PERSONALITY));
    if (str_hex_to_u64(text, &number) && number <= UINT32_MAX) {
        image->has_personality = true;
        image->personality = (uint32_t)number;
    }
    return image->has_personality;
}

static bool read_limit(struct image *image, int resource, struct limit *limit)
{
    struct rlimit value;

    limit->known = capture_rlimit(image->capture, resource, &value);
    if (!limit->known)
        return false;
    limit->soft = value.rlim_cur == RLIM_INFINITY ? LIMIT_INFINITY : value.rlim_cur;
    limit->hard = value.rlim_max == RLIM_INFINITY ? LIMIT_INFINITY : value.rlim_max;
    return true;
}

/* For a fifth of what the file costs. */
static bool read_limits_in_passing(struct image *image)
{
    struct limits_record *limits = &image->limits;

    if (image->in_passing && read_limit(image, RLIMIT_STACK, &limits->stack) &&
        read_limit(image, RLIMIT_DATA, &limits->data) &&
        read_limit(image, RLIMIT_AS, &limits->address_space) &&
        read_limit(image, RLIMIT_MEMLOCK, &limits->locked))
        return true;
    return false;
}

static void read_details(struct image *image)
{
    struct str bytes;

    if (read_limits_in_passing(image))
        ;
    else if (!image->limits.stack.known || image_is_live(image))
        limits_parse(row_or_note(image, CAPTURE_LIMITS), &image->limits);
    else if (!image->limits.data.known)
        image_note_missing(image, "limits", "the log tells only some of them");
    auxv_parse(row_or_note(image, CAPTURE_AUXV), &image->auxv);
    if (!image->in_passing)
        image_read_personality(image);
    image->exe = exe_by_entry(image);
    bytes = image->exe ? STR("") : row_or_note(image, CAPTURE_EXE);
    if (bytes.n > 0)
        image->exe = arena_strndup(&image->arena, bytes.p, bytes.n);
    if (image->has_stat && !image->stat.has_addresses)
        image_note_missing(image, "stat addresses", "permission denied");
}

static enum image_state read_process(struct image *image, struct err *err)
{
    switch (capture_kind(image->capture)) {
    case CAPTURE_LIVE:
        return live_read(image, err);
    case CAPTURE_CORE:
        return core_read(image, err);
    default:
        return frozen_read(image, err);
    }
}

/* Of many live processes once: nothing of it may be missing, which each is to say of itself. */
static void read_host(struct image *image)
{
    const struct host *host = image->files ? filecache_host(image->files) : NULL;

    if (host) {
        image->host = *host;
        return;
    }
    host_read(image);
    if (!image->files || image->n_missing > 0)
        return;
    host_read_guard(image);
    if (image->n_missing == 0 && image->host.kernel && image->host.machine)
        filecache_keep_host(image->files, &image->host);
}

/* One reading of everything, in the order in which one part needs the other. */
static enum image_state build(struct image *image, struct capture *capture, pid_t pid,
                              struct filecache *files, bool in_passing, struct err *err)
{
    enum image_state state;

    *image = (struct image){.capture = capture,
                            .files = files,
                            .pid = pid,
                            .in_passing = in_passing,
                            .program = NONE,
                            .interp = NONE};
    arena_init(&image->arena);
    intern_init(&image->names, &image->arena);
    /* A live process has the pages of its reader; AT_PAGESZ is what the process lets us see. */
    image->page_size = capture_page_size(capture);
    log_read(image);
    read_host(image);
    state = read_process(image, err);
    if (state != IMAGE_READY)
        return state;
    if (!image->host.has_cmdline)
        host_read_guard(image);
    read_details(image);
    stacks_find(image);
    objects_read(image);
    machine_infer(image);
    image->is_doubtful = image->in_passing && !live_confirm(image);
    if (image->is_doubtful)
        return IMAGE_READY;
    break_find(image);
    roles_assign(image);
    arch_find(image);
    layout_infer(image);
    return IMAGE_READY;
}

enum ending { ENDING_SAME, ENDING_MOVED, ENDING_REPLACED, ENDING_GONE };

/* What has become of the program whose maps were read, once the files around them are read too. */
static enum ending look_again(struct image *image, struct err *err)
{
    struct stat_record now;

    if (image->is_doubtful)
        return ENDING_MOVED;
    /* What libc's memory says agrees with maps: it was the same program's until then. */
    if (!image_is_live(image) || (image->in_passing && image->brk.exact && !image->brk.uncertain))
        return ENDING_SAME;
    if (!stat_read(image, &now, err) || now.vsize_bytes == 0)
        return ENDING_GONE;
    if (!stat_same_image(&image->stat, &now))
        return ENDING_REPLACED;
    return image->in_passing && now.vsize_bytes != image->size_bytes ? ENDING_MOVED : ENDING_SAME;
}

enum image_state image_init(struct image *image, struct capture *capture, pid_t pid,
                            struct err *err)
{
    return image_init_sharing(image, capture, pid, NULL, false, err);
}

enum image_state image_init_sharing(struct image *image, struct capture *capture, pid_t pid,
                                    struct filecache *files, bool in_passing, struct err *err)
{
    bool execed = false;

    for (int n = 1;; n++) {
        enum image_state state = build(image, capture, pid, files, in_passing, err);
        enum ending ending = state == IMAGE_READY ? look_again(image, err) : ENDING_SAME;

        image->execed |= execed;
        if (ending == ENDING_GONE)
            return row_error(image, CAPTURE_STAT, err);
        if (ending == ENDING_SAME)
            return state;
        if (n == MAX_IMAGES) {
            image->consistent = false;
            image->inconsistency = "it executes one program after the other";
            return state;
        }
        execed |= ending == ENDING_REPLACED;
        in_passing = false;
        image_deinit(image);
        capture_forget(capture);
    }
}

void image_deinit(struct image *image)
{
    intern_deinit(&image->names);
    free(image->mappings);
    free(image->usage);
    arena_deinit(&image->arena);
}

bool image_is_live(const struct image *image)
{
    return capture_kind(image->capture) == CAPTURE_LIVE;
}

/* Every process has a stack at least; gdb shows no memory but that of files where it has a core. */
const char *image_incomplete(const struct image *image)
{
    if (image->core)
        return image->core->incomplete;
    return image->pasted.only_files ? "none of them is without a file, as a stack is" : NULL;
}

bool image_uid(const struct image *image, uint64_t *uid)
{
    bool by_core = image->core && image->core->has_ids;

    *uid = by_core ? image->core->uid : image->status.uid;
    return by_core || image->has_status;
}

bool image_n_threads(const struct image *image, uint64_t *n)
{
    *n = image->status.n_threads;
    return image->has_status || (image->core && *n > 0);
}

struct str mapping_name(const struct image *image, const struct mapping *mapping)
{
    return intern_get(&image->names, mapping->name);
}

const struct object *mapping_object(const struct image *image, const struct mapping *mapping)
{
    if (mapping->instance == NONE)
        return NULL;
    return &image->objects[image->instances[mapping->instance].object];
}

bool mapping_shows(const struct image *image, const struct mapping *mapping,
                   const struct object *object)
{
    if (mapping->inode == 0)
        return mapping->is_file && str_eq(mapping_name(image, mapping), object->path);
    return mapping->inode == object->inode && mapping->dev_major == object->dev_major &&
           mapping->dev_minor == object->dev_minor;
}

uint32_t image_find(const struct image *image, uint64_t address)
{
    uint32_t low = 0, high = image->n_mappings;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (image->mappings[middle].range.end > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/*
 * mm/mmap.c vm_start_gap(): 256 pages, or the boot parameter stack_guard_gap, below a mapping that
 * grows down.  Since v4.12, 1be7107fbe18 ("mm: larger stack guard gap, between vmas"); before, one
 * page that belongs to the mapping and that /proc does not show.
 */
uint64_t mapping_guard_bytes(const struct image *image, const struct mapping *mapping)
{
    if (!mapping->grows_down)
        return 0;
    if (image->host.kernel_version && image->host.kernel_version < KERNEL(4, 12))
        return image->page_size;
    return image->host.stack_guard_gap_bytes;
}

/* vm_end_gap(): the same above one that grows up. */
uint64_t mapping_guard_above(const struct image *image, const struct mapping *mapping)
{
    return mapping->grows_up ? image->host.stack_guard_gap_bytes : 0;
}

struct str short_name(struct str path)
{
    static const char deleted[] = " (deleted)";

    if (str_ends(path, STR(deleted)) && path.n > sizeof(deleted) - 1)
        path.n -= sizeof(deleted) - 1;
    if (path.n > 0 && path.p[0] == '/')
        return str_basename(path);
    return path;
}
