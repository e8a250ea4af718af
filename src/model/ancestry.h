/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file "ancestors" of a snapshot: what was found of each, and nothing else of these processes,
 * so that a snapshot of one does not show the maps of a dozen.  A block an ancestor, the parent
 * first, begun by its PID; what is not known has no line:
 *
 *     pid: 1234
 *     comm: bash
 *     class: 64
 *     personality: 00000000
 *     stack_limit: 8388608 unlimited
 *     layout: top-down
 *     aslr: full
 *     mmap_base: 0x7f2f8e4a1000
 *     start_brk: 0x55d0a0b2c000
 *     missing: permission denied
 */
#ifndef MODEL_ANCESTRY_H
#define MODEL_ANCESTRY_H

#include "model/image.h"

enum { MAX_ANCESTORS = 256 };

void ancestors_print(struct textbuf *text, const struct ancestor *ancestors, uint32_t n);

/*
 * Into a table of MAX_ANCESTORS.  Lines with another key are skipped; false, naming the line, when
 * one says nothing sensible.
 */
bool ancestors_parse(struct ancestor *ancestors, uint32_t *n, struct arena *arena, struct str text,
                     struct err *err);

#endif
