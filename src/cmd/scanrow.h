/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of a scan on their way from a worker, which made them, to the process that prints them. */
#ifndef CMD_SCANROW_H
#define CMD_SCANROW_H

#include "base/textbuf.h"
#include "render/scan.h"

/* Both sides are the same program: numbers are as they lie in memory. */
void scanrow_pack(struct textbuf *bytes, const struct scan_row *row);

/* The row's texts are copies in the arena.  False when the bytes are cut off or not a row. */
bool scanrow_unpack(struct arena *arena, struct str bytes, struct scan_row *row);

#endif
