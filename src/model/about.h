/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file "about" of a snapshot: what its other files do not tell, "key: value" a line.  When it
 * was taken and from what; what was read from memory and symbol tables, which a snapshot does not
 * hold; "missing NAME: reason" for what could not be read then.  There is nothing of that in other
 * captures, nor in snapshots that were made without this program.
 */
#ifndef MODEL_ABOUT_H
#define MODEL_ABOUT_H

#include "model/image.h"

/* Whether it was made by layoutcheck, and not by hand. */
bool about_is_saved(struct image *image);

/* False when the snapshot is of a later format than this program knows. */
bool about_check(struct image *image, struct err *err);

/* The value as it stands there, escaped. */
bool about_find(struct image *image, struct str key, struct str *value);

/* The value, or NULL when there is none. */
const char *about_text(struct image *image, struct str key);

/* image.taken, .user, and how the reading went that was saved. */
void about_read_moment(struct image *image);

/* image.allocator and .runtimes */
bool about_read_allocator(struct image *image);

/* image.jit */
bool about_read_jit(struct image *image);

/*
 * All of these, after image_read_allocator() and image_find_jit(), as the other functions read it;
 * the file has more lines that only its maker knows.
 */
void about_print(struct textbuf *text, struct image *image);

#endif
