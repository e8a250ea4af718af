/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/build.h"

#include "parse/cgroup.h"

#include <errno.h>
#include <stdlib.h>

enum { MAX_READS = 8 };

/* What the text of maps adds up to, to be held against what statm says: see read_consistently(). */
struct sums {
    uint64_t all_bytes;
    uint64_t private_writable_bytes;
    bool overlap; /* two mappings overlapped: the kernel merged them between two reads */
};

struct maps_sink {
    struct image *image;
    struct sums sums;
};

static void take_mapping(void *context, const struct maps_line *line)
{
    struct maps_sink *sink = context;
    struct image *image = sink->image;
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
        .grows_down = str_eq(line->name, STR("[stack]")),
    };
    if (str_eq(line->name, STR("[vsyscall]")))
        return;
    image->n_counted++;
    sink->sums.all_bytes += range_size(line->range);
    if ((line->perms & (PERM_WRITE | PERM_SHARED)) == PERM_WRITE)
        sink->sums.private_writable_bytes += range_size(line->range);
}

static bool feed_maps(void *context, struct str piece)
{
    maps_feed(context, piece);
    return true;
}

static bool read_maps(struct image *image, struct sums *sums, int *error, struct err *err)
{
    struct maps_sink sink = {.image = image};
    struct maps_parser *parser = arena_alloc(&image->arena, sizeof(*parser));

    *error = 0;
    image->n_mappings = 0;
    image->n_counted = 0;
    maps_parser_init(parser, take_mapping, &sink);
    if (!capture_stream(image->capture, CAPTURE_MAPS, feed_maps, parser, error, err)) {
        maps_finish(parser, NULL);
        return false;
    }
    *error = 0;
    *sums = sink.sums;
    sums->overlap = parser->overlaps;
    return maps_finish(parser, err);
}

static bool read_stat(struct image *image, struct stat_record *stat, struct err *err)
{
    const struct blob *blob = capture_again(image->capture, CAPTURE_STAT);

    if (blob->missing)
        return err_set(err, "cannot read /proc/%d/stat: %s", image->pid, blob->missing);
    return stat_parse(blob->bytes, stat, err);
}

static bool read_status(struct image *image, struct status_record *status, struct err *err)
{
    const struct blob *blob = capture_again(image->capture, CAPTURE_STATUS);

    if (blob->missing)
        return err_set(err, "cannot read /proc/%d/status: %s", image->pid, blob->missing);
    return status_parse(blob->bytes, status, err);
}

/*
 * statm in pages: field 1 is total_vm, field 6 data_vm + stack_vm (fs/proc/task_mmu.c
 * task_statm()),
 * the same counters as VmSize, VmData and VmStk of status at a quarter of its cost.
 */
static bool read_sums(struct image *image, struct sums *sums, struct err *err)
{
    const struct blob *blob = capture_again(image->capture, CAPTURE_STATM);
    uint64_t page = capture_page_size(image->capture);
    struct str rest = str_trim(blob->bytes), word;
    uint64_t pages[7] = {0};

    if (blob->missing)
        return err_set(err, "cannot read /proc/%d/statm: %s", image->pid, blob->missing);
    for (int i = 0; i < 7; i++)
        if (!str_next_word(&rest, &word) || !str_to_u64(word, &pages[i]))
            return err_set(err, "/proc/%d/statm has no seven numbers", image->pid);
    *sums = (struct sums){.all_bytes = pages[0] * page, .private_writable_bytes = pages[5] * page};
    return true;
}

bool image_sums_hold(struct image *image)
{
    struct sums now;

    return read_sums(image, &now, NULL) && now.all_bytes == image->size_bytes &&
           now.private_writable_bytes == image->data_and_stack_bytes;
}

/* NULL, or what shows that maps was not of one moment. */
static const char *torn(struct image *image, const struct sums *before, const struct sums *after,
                        const struct sums *maps)
{
    if (before->all_bytes != after->all_bytes ||
        before->private_writable_bytes != after->private_writable_bytes)
        return "its mappings changed while they were read";
    if (maps->overlap)
        return "its mappings were merged while they were read";
    if (maps->all_bytes != after->all_bytes)
        return "its mappings do not add up to its size";
    /* Until 4.5 (84638335900f) data_vm counted other mappings. */
    if (image->host.kernel_version >= KERNEL(4, 5) &&
        maps->private_writable_bytes != after->private_writable_bytes &&
        !stacks_explain(image, after->private_writable_bytes))
        return "its private writable mappings do not add up to its data and stack size";
    return NULL;
}

static enum image_state no_memory(const struct image *image, struct err *err)
{
    const char *comm = image->comm;
    int pid = image->pid;

    if (image->stat.flags & PF_KTHREAD_BIT)
        err_set(err, "PID %d (%s) is a kernel thread: it has no address space of its own", pid,
                comm);
    else if (image->stat.state == 'Z' && image->stat.n_threads > 1)
        err_set(err,
                "the main thread of PID %d (%s) has ended while others run: the kernel shows the "
                "memory of such a process nowhere but in /proc/%d/task/TID",
                pid, comm, pid);
    else if (image->stat.state == 'Z')
        err_set(err,
                "PID %d (%s) is a zombie: it has ended and has no memory any more; its parent "
                "%d has not waited for it",
                pid, comm, (int)image->stat.ppid);
    else
        err_set(err, "PID %d (%s) has ended while it was read", pid, comm);
    return IMAGE_NO_MEMORY;
}

/* The first reading of stat and status: who this is, and whether it has memory at all. */
static enum image_state identify(struct image *image, struct err *err)
{
    if (!read_stat(image, &image->stat, err) || !read_status(image, &image->status, err))
        return IMAGE_FAILED;
    image->comm = arena_strndup(&image->arena, image->stat.comm.p, image->stat.comm.n);
    if (image->status.tgid && image->status.tgid != (uint64_t)image->pid) {
        err_set(err, "%d is a thread of process %llu: give that number", image->pid,
                (unsigned long long)image->status.tgid);
        return IMAGE_FAILED;
    }
    if (!image->status.has_vm)
        return no_memory(image, err);
    return IMAGE_READY;
}

/* A thread group that lost its memory between two reads: maps reads as empty then. */
static enum image_state maps_error(struct image *image, int error, struct err *err)
{
    if (error == EACCES || error == EPERM)
        return IMAGE_DENIED;
    if (error == ESRCH || error == ENOENT)
        return no_memory(image, err);
    return IMAGE_FAILED;
}

/* A process that is gone has no statm; one that cannot be understood is another matter. */
static enum image_state sums_error(struct image *image, struct err *err)
{
    if (capture_get(image->capture, CAPTURE_STATM)->missing)
        return no_memory(image, err);
    return IMAGE_FAILED;
}

/*
 * In the middle of an execve() a maps file that was opened before reads as empty, and the new
 * program
 * is not mapped yet: its code starts at 0 then (1 is what a reader without permission sees).
 */
static bool is_half_executed(const struct image *image)
{
    return image->n_mappings == 0 || (image->stat.has_addresses && image->stat.start_code == 0);
}

/*
 * Reads maps between two readings of stat and statm and accepts it when nothing moved and the
 * sums agree: the kernel hands out a page of text at a time and lets the process run in between.
 * An open maps file keeps showing the old program after an execve(), while stat shows the new one.
 */
static enum image_state read_consistently(struct image *image, struct err *err)
{
    while (image->n_reads < MAX_READS && !image->consistent) {
        struct stat_record stat_before = image->stat;
        struct sums before, maps, after;
        int error;

        image->n_reads++;
        if (!read_sums(image, &before, err))
            return sums_error(image, err);
        if (!read_maps(image, &maps, &error, err))
            return maps_error(image, error, err);
        if (!read_sums(image, &after, err))
            return sums_error(image, err);
        if (!read_stat(image, &image->stat, err) || image->stat.vsize_bytes == 0)
            return no_memory(image, err);
        if (!stat_same_image(&stat_before, &image->stat) || is_half_executed(image)) {
            image->execed = true;
            image->inconsistency = "it executed another program meanwhile";
            if (!read_status(image, &image->status, err))
                return no_memory(image, err);
            continue;
        }
        image->inconsistency = torn(image, &before, &after, &maps);
        image->size_bytes = after.all_bytes;
        image->data_and_stack_bytes = after.private_writable_bytes;
        image->consistent = !image->inconsistency;
    }
    image->comm = arena_strndup(&image->arena, image->stat.comm.p, image->stat.comm.n);
    return IMAGE_READY;
}

void image_note_missing(struct image *image, const char *what, const char *reason)
{
    struct missing *rows;

    for (uint32_t i = 0; i < image->n_missing; i++)
        if (strcmp(image->missing[i].what, what) == 0)
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

static void read_details(struct image *image)
{
    struct str bytes;
    uint64_t number;

    limits_parse(row_or_note(image, CAPTURE_LIMITS), &image->limits);
    auxv_parse(row_or_note(image, CAPTURE_AUXV), &image->auxv);
    bytes = str_trim(row_or_note(image, CAPTURE_PERSONALITY));
    if (str_hex_to_u64(bytes, &number) && number <= UINT32_MAX) {
        image->has_personality = true;
        image->personality = (uint32_t)number;
    }
    bytes = row_or_note(image, CAPTURE_EXE);
    if (bytes.n > 0)
        image->exe = arena_strndup(&image->arena, bytes.p, bytes.n);
    if (!image->stat.has_addresses)
        image_note_missing(image, "stat addresses", "permission denied");
    /* A live process has the pages of its reader; AT_PAGESZ is what the process lets us see. */
    image->page_size = capture_page_size(image->capture);
}

/* One reading of everything, in the order in which one part needs the other. */
static enum image_state build(struct image *image, struct capture *capture, pid_t pid,
                              struct err *err)
{
    enum image_state state;

    *image = (struct image){.capture = capture, .pid = pid, .program = NONE, .interp = NONE};
    arena_init(&image->arena);
    intern_init(&image->names, &image->arena);
    host_read(image);
    state = identify(image, err);
    if (state == IMAGE_READY)
        state = read_consistently(image, err);
    if (state != IMAGE_READY)
        return state;
    read_details(image);
    stacks_find(image);
    objects_read(image);
    image->arch =
        arch_find(image->machine, image->elf_class, strstr(image->host.machine, "64") != NULL);
    break_find(image);
    roles_assign(image);
    layout_infer(image);
    return IMAGE_READY;
}

enum ending { ENDING_SAME, ENDING_REPLACED, ENDING_GONE };

/* What has become of the program whose maps were read, once the files around them are read too. */
static enum ending look_again(struct image *image)
{
    struct stat_record now;

    if (!read_stat(image, &now, NULL) || now.vsize_bytes == 0)
        return ENDING_GONE;
    return stat_same_image(&image->stat, &now) ? ENDING_SAME : ENDING_REPLACED;
}

enum image_state image_init(struct image *image, struct capture *capture, pid_t pid,
                            struct err *err)
{
    bool execed = false;

    for (int n = 1;; n++) {
        enum image_state state = build(image, capture, pid, err);
        enum ending ending = state == IMAGE_READY ? look_again(image) : ENDING_SAME;

        image->execed |= execed;
        if (ending == ENDING_GONE)
            return no_memory(image, err);
        if (ending == ENDING_SAME)
            return state;
        if (n == MAX_READS) {
            image->consistent = false;
            image->inconsistency = "it executes one program after the other";
            return state;
        }
        execed = true;
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

bool mapping_shows(const struct mapping *mapping, const struct object *object)
{
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

struct str short_name(struct str path)
{
    static const char deleted[] = " (deleted)";

    if (str_ends(path, STR(deleted)) && path.n > sizeof(deleted) - 1)
        path.n -= sizeof(deleted) - 1;
    if (path.n > 0 && path.p[0] == '/')
        return str_basename(path);
    return path;
}
