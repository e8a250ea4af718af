/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_HEAPKEEP_H
#define MODEL_HEAPKEEP_H

#include "model/glibcparts.h"

/*
 * The text of a snapshot's file "memory": what finding this malloc again, and reading all but its
 * chunks, takes.
 */
struct str heap_keep(struct arena *arena, const struct glibc *glibc, const struct reader *memory);

#endif
