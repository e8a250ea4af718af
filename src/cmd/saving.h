/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saves what was inspected, with options->keep, as a snapshot. */
#ifndef CMD_SAVING_H
#define CMD_SAVING_H

#include "model/image.h"
#include "source/snapshot.h"

/* Reads what a report did not need, as long as the process is there; returns the image. */
struct image *saving_complete(struct image *image);

/* Of a complete one; the process may be gone. */
bool saving_write(struct image *image, struct snapshot *snapshot, bool is_private, struct err *err);

/*
 * Ends the snapshot with this image in it, or, without one, leaves nothing behind.  False when it
 * could not be written, which is complained of.
 */
bool saving_end(struct snapshot *snapshot, struct image *image, bool is_private);

#endif
