/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A live process, which changes while it is read: maps is taken between two looks at the kernel's
 * own sums, and taken again until nothing moved.
 */
#include "model/build.h"

#include <errno.h>
#include <stdlib.h>

enum { MAX_READS = 8 };

static void take_mapping(void *context, const struct maps_line *line)
{
    mappings_add(context, line);
}

static bool feed_maps(void *context, struct str piece)
{
    maps_feed(context, piece);
    return true;
}

/* *overlap: two mappings overlapped, for the kernel merged them between two reads. */
static bool read_maps(struct image *image, bool *overlap, int *error, struct err *err)
{
    struct maps_parser *parser = arena_alloc(&image->arena, sizeof(*parser));

    *error = 0;
    image->n_mappings = 0;
    image->n_counted = 0;
    maps_parser_init(parser, take_mapping, image);
    if (!capture_stream(image->capture, CAPTURE_MAPS, feed_maps, parser, error, err)) {
        maps_finish(parser, NULL);
        return false;
    }
    *error = 0;
    *overlap = parser->overlaps;
    return maps_finish(parser, err);
}

bool stat_read(struct image *image, struct stat_record *stat, struct err *err)
{
    const struct blob *blob = capture_again(image->capture, CAPTURE_STAT);

    if (blob->missing)
        return err_set(err, "cannot read /proc/%d/stat: %s", image->pid, blob->missing);
    return stat_parse(blob->bytes, stat, err);
}

bool status_read(struct image *image, struct status_record *status, struct err *err)
{
    const struct blob *blob = capture_again(image->capture, CAPTURE_STATUS);

    if (blob->missing)
        return err_set(err, "cannot read /proc/%d/status: %s", image->pid, blob->missing);
    return status_parse(blob->bytes, status, err);
}

/*
 * statm in pages: field 1 is total_vm, field 6 data_vm + stack_vm (fs/proc/task_mmu.c
 * task_statm()), the same counters as VmSize, VmData and VmStk of status at a quarter of its cost.
 */
bool sums_read(struct image *image, struct sums *sums, struct err *err)
{
    const struct blob *blob = capture_again(image->capture, CAPTURE_STATM);
    uint64_t page = image->page_size;
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

static const char *statm_text(struct image *image)
{
    struct str text = capture_get(image->capture, CAPTURE_STATM)->bytes;

    return arena_strndup(&image->arena, text.p, text.n);
}

bool image_sums_hold(struct image *image)
{
    struct sums now;

    if (!image_is_live(image))
        return true;
    return sums_read(image, &now, NULL) && now.all_bytes == image->size_bytes &&
           now.private_writable_bytes == image->data_and_stack_bytes;
}

struct sums mappings_sum(const struct image *image)
{
    struct sums sums = {0, 0};

    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];

        if (str_eq(mapping_name(image, mapping), STR("[vsyscall]")))
            continue;
        sums.all_bytes += range_size(mapping->range);
        if ((mapping->perms & (PERM_WRITE | PERM_SHARED)) == PERM_WRITE)
            sums.private_writable_bytes += range_size(mapping->range);
    }
    return sums;
}

const char *sums_disagree(struct image *image, const struct sums *maps, const struct sums *statm)
{
    if (maps->all_bytes != statm->all_bytes)
        return "its mappings do not add up to its size";
    /* Until 4.5 (84638335900f) data_vm counted other mappings. */
    if (image->host.kernel_version >= KERNEL(4, 5) &&
        maps->private_writable_bytes != statm->private_writable_bytes &&
        !stacks_explain(image, statm->private_writable_bytes))
        return "its private writable mappings do not add up to its data and stack size";
    return NULL;
}

/* The same counters, as status tells them. */
static struct sums status_sums(const struct image *image)
{
    const struct status_record *status = &image->status;

    return (struct sums){.all_bytes = status->vm_size_bytes,
                         .private_writable_bytes = status->vm_data_bytes + status->vm_stack_bytes};
}

/* NULL, or what shows that maps was not of one moment. */
static const char *torn(struct image *image, const struct sums *before, const struct sums *after,
                        bool overlap)
{
    struct sums maps = mappings_sum(image);

    if (before->all_bytes != after->all_bytes ||
        before->private_writable_bytes != after->private_writable_bytes)
        return "its mappings changed while they were read";
    if (overlap)
        return "its mappings were merged while they were read";
    return sums_disagree(image, &maps, after);
}

bool image_is_kernel_thread(const struct image *image)
{
    return image->has_stat && image->stat.flags & PF_KTHREAD_BIT;
}

bool image_has_threads_alone(const struct image *image)
{
    return image->has_stat && image->stat.state == 'Z' && image->stat.n_threads > 1;
}

enum image_state no_memory(const struct image *image, struct err *err)
{
    const char *comm = image->comm;
    int pid = image->pid;

    if (image_is_kernel_thread(image))
        err_set(err, "PID %d (%s) is a kernel thread: it has no address space of its own", pid,
                comm);
    else if (image_has_threads_alone(image))
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
    image->has_stat = stat_read(image, &image->stat, err);
    image->has_status = image->has_stat && status_read(image, &image->status, err);
    if (!image->has_status)
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
static enum image_state read_error(struct image *image, int error, struct err *err)
{
    if (error == EACCES || error == EPERM)
        return IMAGE_DENIED;
    if (error == ESRCH || error == ENOENT)
        return no_memory(image, err);
    return IMAGE_FAILED;
}

enum image_state row_error(struct image *image, enum capture_row row, struct err *err)
{
    int error = capture_get(image->capture, row)->error;

    return error ? read_error(image, error, err) : no_memory(image, err);
}

/* A process that is gone has no statm; one that cannot be understood is another matter. */
static enum image_state sums_error(struct image *image, struct err *err)
{
    if (capture_get(image->capture, CAPTURE_STATM)->missing)
        return row_error(image, CAPTURE_STATM, err);
    return IMAGE_FAILED;
}

bool image_has_ended(const struct image *image)
{
    struct stat_record now;

    return image_is_live(image) &&
           (!stat_parse(capture_again(image->capture, CAPTURE_STAT)->bytes, &now, NULL) ||
            now.vsize_bytes == 0);
}

/*
 * In the middle of an execve() a maps file that was opened before reads as empty, and the new
 * program is not mapped yet: its code starts at 0 then (1 is what a reader without permission
 * sees).
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
        struct sums before, after;
        bool overlap;
        int error;

        image->n_reads++;
        if (!sums_read(image, &before, err))
            return sums_error(image, err);
        if (!read_maps(image, &overlap, &error, err))
            return read_error(image, error, err);
        if (!sums_read(image, &after, err))
            return sums_error(image, err);
        if (!stat_read(image, &image->stat, err) || image->stat.vsize_bytes == 0)
            return row_error(image, CAPTURE_STAT, err);
        if (!stat_same_image(&stat_before, &image->stat) || is_half_executed(image)) {
            image->execed = true;
            image->inconsistency = "it executed another program meanwhile";
            if (!status_read(image, &image->status, err))
                return row_error(image, CAPTURE_STATUS, err);
            continue;
        }
        image->inconsistency = torn(image, &before, &after, overlap);
        image->has_sums = true;
        image->statm = statm_text(image);
        image->size_bytes = after.all_bytes;
        image->data_and_stack_bytes = after.private_writable_bytes;
        image->consistent = !image->inconsistency;
    }
    image->comm = arena_strndup(&image->arena, image->stat.comm.p, image->stat.comm.n);
    return IMAGE_READY;
}

/*
 * One of many, at the least cost: maps is held against the sums that status told before it, then
 * stat against maps (live_confirm()).  What passes is of the moment of status: a mapping that came
 * or went until maps had shown its place would make a sum differ, and one that did so afterwards is
 * not shown.  False when anything at all is unusual.
 */
static bool read_in_passing(struct image *image)
{
    struct sums before, maps;
    bool overlap;
    int error;

    image->has_status = status_read(image, &image->status, NULL) && image->status.has_vm;
    if (!image->has_status || !read_maps(image, &overlap, &error, NULL))
        return false;
    before = status_sums(image);
    maps = mappings_sum(image);
    image->n_reads = 1;
    image->size_bytes = before.all_bytes;
    image->data_and_stack_bytes = before.private_writable_bytes;
    image->has_sums = true;
    image->consistent = !overlap && !sums_disagree(image, &maps, &before);
    return image->consistent;
}

static bool is_in(const struct image *image, uint64_t address, unsigned int perms)
{
    uint32_t i = image_find(image, address);

    return i < image->n_mappings && range_has(image->mappings[i].range, address) &&
           (image->mappings[i].perms & perms) == perms;
}

/*
 * The kernel calls the mapping [stack] that start_stack lies in (vma_is_initial_stack()), and an
 * execve() puts both it and the code somewhere else, at random; where that is turned off, a program
 * of the same size to the byte would have to be mapped at the same places.
 */
static bool fits_maps(const struct image *image, const struct stat_record *stat)
{
    uint32_t i = image_find(image, stat->start_stack);

    return stat->has_data && i < image->n_mappings &&
           range_has(image->mappings[i].range, stat->start_stack) &&
           str_eq(mapping_name(image, &image->mappings[i]), STR("[stack]")) &&
           is_in(image, stat->start_code, PERM_EXEC) && is_in(image, stat->start_data, PERM_READ) &&
           is_in(image, stat->arg_start, PERM_READ);
}

bool live_confirm(struct image *image)
{
    image->has_stat = stat_read(image, &image->stat, NULL);
    if (!image->has_stat || image->stat.vsize_bytes != image->size_bytes ||
        !fits_maps(image, &image->stat))
        return false;
    image->comm = arena_strndup(&image->arena, image->stat.comm.p, image->stat.comm.n);
    return true;
}

enum image_state live_read(struct image *image, struct err *err)
{
    enum image_state state;

    if (image->in_passing && read_in_passing(image))
        return IMAGE_READY;
    image->in_passing = image->has_sums = false;
    image->n_reads = 0;
    state = identify(image, err);
    return state == IMAGE_READY ? read_consistently(image, err) : state;
}
