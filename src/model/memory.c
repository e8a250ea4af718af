/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only smaps tells: how much of a mapping is resident, and whether it grows down. */
#include "model/about.h"
#include "model/build.h"

#include "parse/smaps.h"
#include "source/capture.h"

#include <stdlib.h>

/*
 * smaps of 60,000 mappings is 50 MB of text: it is taken as it comes, and only the records whose
 * end has not come yet are kept.
 */
struct smaps_sink {
    struct image *image;
    void (*take)(struct image *image, uint32_t i, const struct smaps_record *record);
    char *carry;
    size_t n_carry, carry_room;
    uint64_t n_lines;
    uint32_t n_matched;
    struct err err;
};

static void take_record(struct smaps_sink *sink, const struct smaps_record *record)
{
    struct image *image = sink->image;
    uint32_t i = image_find(image, record->line.range.start);

    if (i == image->n_mappings || image->mappings[i].range.start != record->line.range.start ||
        image->mappings[i].range.end != record->line.range.end)
        return;
    sink->take(image, i, record);
    sink->n_matched++;
}

/* Takes the whole records of the carry; the last one is whole only at the end of the file. */
static bool take_records(struct smaps_sink *sink, bool at_end)
{
    const char *newline = sink->n_carry ? memrchr(sink->carry, '\n', sink->n_carry) : NULL;
    size_t n = at_end ? sink->n_carry : newline ? (size_t)(newline + 1 - sink->carry) : 0;
    struct str rest = {sink->carry, n}, record_start = rest;
    struct smaps_record record;
    uint64_t n_lines = sink->n_lines;

    if (n == 0)
        return true;
    while (smaps_next(&rest, &n_lines, &record, &sink->err) && (rest.n > 0 || at_end)) {
        take_record(sink, &record);
        record_start = rest;
        sink->n_lines = n_lines;
    }
    if (sink->err.text[0])
        return false;
    sink->n_carry -= (size_t)(record_start.p - sink->carry);
    memmove(sink->carry, record_start.p, sink->n_carry);
    return true;
}

static bool feed_smaps(void *context, struct str piece)
{
    struct smaps_sink *sink = context;

    if (piece.n == 0)
        return true;
    if (sink->n_carry + piece.n > sink->carry_room) {
        sink->carry_room = (sink->n_carry + piece.n) * 2;
        sink->carry = xreallocarray(sink->carry, sink->carry_room, 1);
    }
    memcpy(sink->carry + sink->n_carry, piece.p, piece.n);
    sink->n_carry += piece.n;
    return take_records(sink, false);
}

/* Of what somebody saved or pasted: CAPTURE_SMAPS, or the text itself when it has sizes. */
static bool each_frozen_record(struct smaps_sink *sink)
{
    bool is_text = capture_kind(sink->image->capture) == CAPTURE_TEXT;
    const struct blob *blob =
        capture_get(sink->image->capture, is_text ? CAPTURE_MAPS : CAPTURE_SMAPS);
    struct paste_record record;
    struct paste paste;

    if (blob->missing)
        return err_set(&sink->err, "%s", blob->missing);
    if (!paste_open(&paste, blob->bytes, &sink->image->arena, &sink->err))
        return false;
    while (paste_next(&paste, &record))
        if (record.smaps.has & SMAPS_RSS)
            take_record(sink, &record.smaps);
    return sink->n_matched > 0 || err_set(&sink->err, "the memory map alone does not tell it");
}

/* Gives each record of smaps to `take` with the mapping that it is of. */
static bool each_record(struct image *image,
                        void (*take)(struct image *image, uint32_t i,
                                     const struct smaps_record *record),
                        struct err *err)
{
    struct smaps_sink sink = {.image = image, .take = take, .err = {""}};
    int error;
    bool ok;

    if (!image_is_live(image) && !about_is_saved(image))
        ok = each_frozen_record(&sink);
    else
        ok = capture_stream(image->capture, CAPTURE_SMAPS, feed_smaps, &sink, &error, &sink.err) &&
             !sink.err.text[0] && take_records(&sink, true);
    free(sink.carry);
    if (!ok)
        return err_set(err, "%s", sink.err.text);
    if (sink.n_matched != image->n_mappings)
        return err_set(err, image_is_live(image)
                                ? "its mappings changed between the reading of maps and of smaps"
                                : "it does not show the same mappings as maps");
    return true;
}

static void take_usage(struct image *image, uint32_t i, const struct smaps_record *record)
{
    image->usage[i] = (struct usage){
        .has = record->has,
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
    if (!record->has_flags)
        return;
    image->mappings[i].grows_down = record->grows_down;
}

static uint64_t stack_bytes(const struct image *image)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < image->n_mappings; i++)
        if (image->mappings[i].grows_down)
            bytes += range_size(image->mappings[i].range);
    return bytes;
}

/*
 * VmStk is the size of all mappings that grow down (since 4.5).  Nearly always that is [stack] and
 * nothing else has to be read; when it differs, smaps says which ones grow.
 */
void stacks_find(struct image *image)
{
    struct err err;

    if (!image_is_live(image) && !image->has_status) {
        each_record(image, take_growth, NULL);
        return;
    }
    if (image->host.kernel_version < KERNEL(4, 5) ||
        stack_bytes(image) == image->status.vm_stack_bytes)
        return;
    if (!each_record(image, take_growth, &err))
        image_note_missing(image, "smaps", err.text);
}

/* Stacks count whole, whatever their protection; other memory when it is private and writable. */
bool stacks_explain(struct image *image, uint64_t data_and_stack_bytes)
{
    uint64_t bytes = 0;

    if (!each_record(image, take_growth, NULL))
        return false;
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];

        if (mapping->grows_down || (mapping->perms & (PERM_WRITE | PERM_SHARED)) == PERM_WRITE)
            bytes += range_size(mapping->range);
    }
    return bytes == data_and_stack_bytes;
}

static void take_lock(struct image *image, uint32_t i, const struct smaps_record *record)
{
    image->mappings[i].locked = record->locked;
}

void image_read_locks(struct image *image)
{
    struct err err;

    if (!image_is_live(image) && !image->has_status)
        return; /* nothing says that there are any; what smaps text says was taken with it */
    if (image->status.vm_locked_bytes > 0 && !each_record(image, take_lock, &err))
        image_note_missing(image, "smaps", err.text);
}

static void take_stack_use(struct image *image, uint32_t i, const struct smaps_record *record)
{
    if (image->mappings[i].role == ROLE_STACK)
        image->stack_used_bytes += record->rss_bytes + record->swap_bytes;
}

bool image_read_stack_use(struct image *image)
{
    struct err err;

    image->stack_used_bytes = 0;
    if (each_record(image, take_stack_use, &err))
        return true;
    image_note_missing(image, "smaps", err.text);
    return false;
}
