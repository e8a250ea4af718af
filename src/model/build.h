/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of image_init(), in their order; each needs what the ones before it found. */
#ifndef MODEL_BUILD_H
#define MODEL_BUILD_H

#include "model/image.h"

/* A sysctl file that holds one number; notes the reason when it cannot be read. */
bool sysctl_number(struct image *image, enum capture_row row, uint64_t *value);

/* image.host from the sysctls and meminfo. */
void host_read(struct image *image);

/* grows_down of the mappings that do so without being called [stack]. */
void stacks_find(struct image *image);

/*
 * Whether mappings that grow down and are not writable account for the size of data and stacks: the
 * kernel counts them whole.  Learns from smaps which ones grow.
 */
bool stacks_explain(struct image *image, uint64_t data_and_stack_bytes);

/* image.objects and image.instances, the program and its interpreter, each mapping's instance. */
void objects_read(struct image *image);

/* image.brk, from stat's start_brk, libc's memory and the [heap] mappings. */
void break_find(struct image *image);

/* Whether the sizes that maps added up to are still those of the process. */
bool image_sums_hold(struct image *image);

/* Each mapping's role. */
void roles_assign(struct image *image);

/* image.layout. */
void layout_infer(struct image *image);

#endif
