/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of image_init(), in their order; each needs what the ones before it found. */
#ifndef MODEL_BUILD_H
#define MODEL_BUILD_H

#include "model/image.h"

/* image.host from the sysctls and meminfo. */
void host_read(struct image *image);

/* grows_down of the mappings that do so without being called [stack]. */
void stacks_find(struct image *image);

/* image.objects and image.instances, the program and its interpreter, each mapping's instance. */
void objects_read(struct image *image);

/* image.brk, from stat's start_brk and the [heap] mappings. */
void break_infer(struct image *image);

/* Each mapping's role. */
void roles_assign(struct image *image);

/* image.layout. */
void layout_infer(struct image *image);

#endif
