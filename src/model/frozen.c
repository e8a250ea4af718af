/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process as files show it that somebody saved: a snapshot, or a memory map alone.  They do not
 * change, and what is not there cannot be asked for.
 */
#include "model/build.h"
#include "parse/keyed.h"

bool about_find(struct image *image, struct str key, struct str *value)
{
    return keyed_find(capture_get(image->capture, CAPTURE_ABOUT)->bytes, key, value);
}

static void note_failed(struct image *image, enum capture_row row, const struct err *err)
{
    const struct blob *blob = capture_get(image->capture, row);

    image_note_missing(image, capture_row_name(row), blob->missing ? blob->missing : err->text);
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
}

static void take_mapping(void *context, const struct maps_line *line)
{
    mappings_add(context, line);
}

static enum image_state read_maps(struct image *image, struct err *err)
{
    const struct blob *blob = capture_get(image->capture, CAPTURE_MAPS);
    struct maps_parser *parser = arena_alloc(&image->arena, sizeof(*parser));

    if (blob->missing) {
        err_set(err, "cannot read maps: %s", blob->missing);
        return IMAGE_FAILED;
    }
    maps_parser_init(parser, take_mapping, image);
    maps_feed(parser, blob->bytes);
    if (!maps_finish(parser, err))
        return IMAGE_FAILED;
    if (image->n_mappings > 0)
        return IMAGE_READY;
    if (image->has_stat)
        return no_memory(image, err);
    err_set(err, "it holds no mapping");
    return IMAGE_FAILED;
}

/*
 * The program's own word for it, else the largest size that all addresses fit: kernels have pages of
 * 4, 16 or 64 KiB.
 */
static void find_page_size(struct image *image)
{
    struct auxv_record auxv;
    struct str value;
    uint64_t bits = 0;

    auxv_parse(capture_get(image->capture, CAPTURE_AUXV)->bytes, &auxv);
    if (auxv.known)
        image->page_size = auxv.page_size;
    else if (about_find(image, STR("page_size"), &value))
        str_to_u64(value, &image->page_size);
    if (image->page_size >= 4096 && (image->page_size & (image->page_size - 1)) == 0)
        return;
    for (uint32_t i = 0; i < image->n_mappings; i++)
        bits |= image->mappings[i].range.start | image->mappings[i].range.end;
    image->page_size = bits % 65536 == 0 ? 65536 : bits % 16384 == 0 ? 16384 : 4096;
    image->is_page_size_guessed = true;
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

    identify(image);
    state = read_maps(image, err);
    if (state != IMAGE_READY)
        return state;
    find_page_size(image);
    check_sums(image);
    image->n_reads = 1;
    return IMAGE_READY;
}
