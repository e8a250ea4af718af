/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only smaps tells: how much of a mapping is resident, and whether it grows down. */
#include "model/build.h"

#include "parse/smaps.h"

#include <stdlib.h>

/* Gives each record of smaps to `take` with the mapping that it is of. */
static bool each_record(struct image *image,
                        void (*take)(struct image *image, uint32_t i,
                                     const struct smaps_record *record),
                        struct err *err)
{
    const struct blob *blob = capture_again(image->capture, CAPTURE_SMAPS);
    struct str rest = blob->bytes;
    struct smaps_record record;
    uint64_t n_lines = 0;
    uint32_t n_matched = 0;

    if (blob->missing)
        return err_set(err, "%s", blob->missing);
    while (smaps_next(&rest, &n_lines, &record, err)) {
        uint32_t i = image_find(image, record.line.range.start);

        if (i == image->n_mappings || image->mappings[i].range.start != record.line.range.start ||
            image->mappings[i].range.end != record.line.range.end)
            continue;
        take(image, i, &record);
        n_matched++;
    }
    if (err->text[0])
        return false;
    if (n_matched != image->n_mappings)
        return err_set(err, "its mappings changed between the reading of maps and of smaps");
    return true;
}

static void take_usage(struct image *image, uint32_t i, const struct smaps_record *record)
{
    image->usage[i] = (struct usage){
        .rss_bytes = record->rss_bytes,
        .pss_bytes = record->pss_bytes,
        .private_bytes = record->private_bytes,
        .swap_bytes = record->swap_bytes,
        .anonymous_bytes = record->anonymous_bytes,
        .locked_bytes = record->locked_bytes,
    };
}

bool image_read_memory(struct image *image, struct err *err)
{
    struct err reason;

    image->usage = calloc(image->n_mappings, sizeof(*image->usage));
    if (image->usage && each_record(image, take_usage, &reason))
        return true;
    if (!image->usage)
        err_set(&reason, "out of memory");
    free(image->usage);
    image->usage = NULL;
    image_note_missing(image, "smaps", reason.text);
    return err_set(err, "%s", reason.text);
}

static void take_growth(struct image *image, uint32_t i, const struct smaps_record *record)
{
    if (record->has_flags)
        image->mappings[i].grows_down = record->grows_down;
}

/*
 * VmStk is the size of all mappings that grow down (since 4.5).  Nearly always that is [stack] and
 * nothing else has to be read; when it is more, smaps says which ones.
 */
void stacks_find(struct image *image)
{
    uint64_t known = 0;
    struct err err;

    if (image->host.kernel_version < KERNEL(4, 5))
        return;
    for (uint32_t i = 0; i < image->n_mappings; i++)
        if (image->mappings[i].grows_down)
            known += range_size(image->mappings[i].range);
    if (known < image->status.vm_stack_bytes && !each_record(image, take_growth, &err))
        image_note_missing(image, "smaps", err.text);
}
