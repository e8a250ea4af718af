/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold of an image and of all that follows from it. */
#ifndef SOUND_H
#define SOUND_H

#include "fuzz.h"
#include "model/image.h"

/*
 * The image, the facts and the findings agree with each other and with the mappings; text is
 * harmless, JSON can be read back.  The input decides what is asked of the report.
 */
void report_is_sound(struct image *image, const char *path, struct str input);

#endif
