/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process as files show it that somebody saved: a snapshot, or a memory map alone.  They do not
 * change, and what is not there cannot be asked for.
 */
#include "model/about.h"
#include "model/build.h"
#include "parse/hserr.h"
#include "parse/keyed.h"

#include <limits.h>

static void note_failed(struct image *image, enum capture_row row, const struct err *err)
{
    const struct blob *blob = capture_get(image->capture, row);

    image_note_missing(image, capture_row_name(row), blob->missing ? blob->missing : err->text);
}

static void identify_by_status(struct image *image)
{
    struct str name;

    if (image->status.tgid <= INT_MAX)
        image->pid = (pid_t)image->status.tgid;
    if (keyed_find(capture_get(image->capture, CAPTURE_STATUS)->bytes, STR("Name"), &name))
        image->comm = arena_strndup(&image->arena, name.p, name.n);
}

static void identify(struct image *image)
{
    struct err err;

    image->has_stat = stat_read(image, &image->stat, &err);
    if (image->has_stat) {
        image->pid = (pid_t)image->stat.pid;
        image->comm = arena_strndup(&image->arena, image->stat.comm.p, image->stat.comm.n);
    } else {
        note_failed(image, CAPTURE_STAT, &err);
    }
    image->has_status = status_read(image, &image->status, &err);
    if (!image->has_status)
        note_failed(image, CAPTURE_STATUS, &err);
    else if (!image->has_stat)
        identify_by_status(image);
}

/* A name without a directory, as old tables print it: of a file, unless it is one of these. */
static bool names_file(struct str name)
{
    return name.n > 0 && *name.p != '[' && !memchr(name.p, ':', name.n);
}

static unsigned int unknown_of(const struct paste_record *record)
{
    return (record->has & PASTE_HAS_OFFSET ? 0 : MAPPING_OFFSET_UNKNOWN) |
           (record->has & PASTE_HAS_DEVICE ? 0 : MAPPING_DEVICE_UNKNOWN) |
           (record->has & PASTE_HAS_INODE ? 0 : MAPPING_INODE_UNKNOWN);
}

static void take_mapping(struct image *image, const struct paste_record *record)
{
    const struct smaps_record *smaps = &record->smaps;
    struct mapping *mapping;

    mappings_add(image, &smaps->line);
    mapping = &image->mappings[image->n_mappings - 1];
    mapping->unknown = (uint8_t)unknown_of(record);
    mapping->is_file = mapping->is_file || names_file(smaps->line.name);
    if (!smaps->has_flags)
        return;
    mapping->grows_down = smaps->grows_down;
    mapping->locked = smaps->locked;
}

/* Of a snapshot that has nothing else, smaps. */
static enum capture_row maps_row(struct image *image)
{
    return capture_get(image->capture, CAPTURE_MAPS)->missing ? CAPTURE_SMAPS : CAPTURE_MAPS;
}

/* The first line that is not blank, for a message. */
static struct str first_line(struct str text)
{
    enum { SHOWN = 60 };
    struct str line = {"", 0};

    while (line.n == 0 && str_next_line(&text, &line))
        line = str_trim(line);
    return line.n > SHOWN ? (struct str){line.p, SHOWN} : line;
}

static enum image_state no_mapping(struct image *image, struct str text, struct err *err)
{
    struct str line = first_line(text);

    const char *it =
        capture_kind(image->capture) == CAPTURE_TEXT ? "it" : capture_row_name(maps_row(image));

    if (line.n > 0)
        err_set(err, "no line of %s is a mapping; it begins with \"%.*s\"", it, (int)line.n,
                line.p);
    else if (image->has_stat && image->stat.vsize_bytes == 0)
        return no_memory(image, err);
    else
        err_set(err, "%s is empty", it);
    return IMAGE_FAILED;
}

static void take_line(void *context, const struct maps_line *line)
{
    mappings_add(context, line);
}

/*
 * What layoutcheck saved is to the byte what it read: blanks at the ends of a name belong to it,
 * and so does all else that mail and terminals would add.
 */
static enum image_state read_saved_maps(struct image *image, struct str text, struct err *err)
{
    struct maps_parser *parser = arena_alloc(&image->arena, sizeof(*parser));

    maps_parser_init(parser, take_line, image);
    maps_feed(parser, text);
    if (!maps_finish(parser, err))
        return IMAGE_FAILED;
    return image->n_mappings > 0 ? IMAGE_READY : no_mapping(image, text, err);
}

static void note_incomplete(struct image *image)
{
    const char *why = image_incomplete(image);

    if (why)
        image_note_missing(image, "mappings",
                           arena_printf(&image->arena, "there may be more: %s", why));
}

static enum image_state read_maps(struct image *image, struct err *err)
{
    const struct blob *blob = capture_get(image->capture, maps_row(image));
    struct paste_record record;
    struct paste paste;

    if (blob->missing) {
        err_set(err, "cannot read maps: %s", blob->missing);
        return IMAGE_FAILED;
    }
    if (about_is_saved(image) && maps_row(image) == CAPTURE_MAPS)
        return read_saved_maps(image, blob->bytes, err);
    if (!paste_open(&paste, blob->bytes, &image->arena, NULL))
        return no_mapping(image, blob->bytes, err);
    while (paste_next(&paste, &record))
        take_mapping(image, &record);
    image->pasted = paste;
    note_incomplete(image);
    if (!image->pid)
        image->pid = (pid_t)(paste.pid <= INT_MAX ? paste.pid : 0);
    return IMAGE_READY;
}

/* What the JVM's error log tells beside the map: before the sysctls are looked for. */
void log_read(struct image *image)
{
    struct host *host = &image->host;
    struct hserr log;

    if (capture_kind(image->capture) != CAPTURE_TEXT ||
        !hserr_parse(capture_get(image->capture, CAPTURE_MAPS)->bytes, &image->arena, &log))
        return;
    if (log.pid.known && log.pid.value <= INT_MAX)
        image->pid = (pid_t)log.pid.value;
    if (log.page_bytes.known)
        image->page_size = log.page_bytes.value;
    image->limits = log.limits;
    host->has_memory = log.has_meminfo && log.meminfo.has[MEMINFO_TOTAL];
    host->memory_bytes = log.meminfo.bytes[MEMINFO_TOTAL];
    host->has_swap = log.has_meminfo && log.meminfo.has[MEMINFO_SWAP_TOTAL];
    host->swap_bytes = log.meminfo.bytes[MEMINFO_SWAP_TOTAL];
    host->has_max_map_count = log.max_map_count.known;
    host->max_map_count = log.max_map_count.value;
    host->has_overcommit = log.overcommit_memory.known;
    host->overcommit_memory = log.overcommit_memory.value;
    if (log.machine.n > 0)
        host->machine = arena_strndup(&image->arena, log.machine.p, log.machine.n);
    if (log.release.n > 0)
        host->kernel = arena_strndup(&image->arena, log.release.p, log.release.n);
}

/* The largest size that all addresses fit: kernels have pages of 4, 16 or 64 KiB. */
void page_size_guess(struct image *image)
{
    uint64_t bits = 0;

    for (uint32_t i = 0; i < image->n_mappings; i++)
        bits |= image->mappings[i].range.start | image->mappings[i].range.end;
    image->page_size = bits % 65536 == 0 ? 65536 : bits % 16384 == 0 ? 16384 : 4096;
    image->is_page_size_guessed = image->page_size != 4096; /* no kernel has smaller ones */
}

/* The program's own word for it, or what was noted of it; else it is guessed. */
static void find_page_size(struct image *image)
{
    struct auxv_record auxv;
    struct str value;

    auxv_parse(capture_get(image->capture, CAPTURE_AUXV)->bytes, &auxv);
    if (auxv.known)
        image->page_size = auxv.page_size;
    else if (about_find(image, STR("page_size"), &value))
        str_to_u64(value, &image->page_size);
    else if (!image->page_size)
        image->page_size = image->pasted.page_bytes;
    if (image->page_size >= 4096 && (image->page_size & (image->page_size - 1)) == 0)
        return;
    page_size_guess(image);
}

/* A directory that somebody copied by hand, or less: what would tell more than it does. */
static void find_lacks(struct image *image)
{
    static const enum capture_row wanted[] = {CAPTURE_STAT, CAPTURE_STATM, CAPTURE_STATUS,
                                              CAPTURE_LIMITS, CAPTURE_AUXV};
    enum { N_WANTED = sizeof(wanted) / sizeof(wanted[0]) };
    const char *names[N_WANTED], *text = NULL;
    unsigned int n = 0;

    if (!capture_get(image->capture, CAPTURE_ABOUT)->missing)
        return;
    for (int i = 0; i < N_WANTED; i++)
        if (capture_get(image->capture, wanted[i])->missing)
            names[n++] = capture_row_name(wanted[i]);
    for (unsigned int i = 0; i < n; i++)
        text =
            text ? arena_printf(&image->arena, "%s%s%s", text, i + 1 < n ? ", " : " and ", names[i])
                 : names[i];
    image->lacks = text;
}

/* One that was copied file by file while the process ran need not be of one moment. */
static void check_sums(struct image *image)
{
    struct sums maps = mappings_sum(image), statm;
    struct err err;

    image->size_bytes = maps.all_bytes;
    image->data_and_stack_bytes = maps.private_writable_bytes;
    image->consistent = true;
    image->has_sums = sums_read(image, &statm, &err);
    if (!image->has_sums) {
        note_failed(image, CAPTURE_STATM, &err);
        return;
    }
    image->size_bytes = statm.all_bytes;
    image->data_and_stack_bytes = statm.private_writable_bytes;
    image->inconsistency = sums_disagree(image, &maps, &statm);
    image->consistent = !image->inconsistency;
}

enum image_state frozen_read(struct image *image, struct err *err)
{
    enum image_state state;

    if (!about_check(image, err))
        return IMAGE_FAILED;
    identify(image);
    state = read_maps(image, err);
    if (state != IMAGE_READY)
        return state;
    find_page_size(image);
    find_lacks(image);
    check_sums(image);
    image->n_reads = 1;
    about_read_moment(image);
    return IMAGE_READY;
}
