/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image as the files of a snapshot, from which the same image can be made: what the capture has
 * read for it, byte by byte, and what it does not have as files in text of its own.
 */
#ifndef RENDER_SNAPSHOT_H
#define RENDER_SNAPSHOT_H

#include "render/disguise.h"

/* Where they go. */
struct sink {
    bool (*put)(void *context, const char *file, struct str bytes, struct err *err);
    void *context;
};

/*
 * Of an image of a capture that keeps what it reads, of which everything was asked.  With a
 * disguise the command line is left out, and so are names.  False when the sink fails, and when the
 * map tells less than the kernel's, or has lines that are none.
 */
bool render_snapshot(struct image *image, const struct disguise *disguise, const struct sink *sink,
                     struct err *err);

#endif
