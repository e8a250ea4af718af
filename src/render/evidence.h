/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The evidence of a finding as lines of text. */
#ifndef RENDER_EVIDENCE_H
#define RENDER_EVIDENCE_H

#include "render/report.h"

/* How many lines that is: one, but for places. */
uint32_t evidence_n_lines(const struct evidence *evidence);

/* "room 868K", "blocker 0x886000-0x8a0000 libnsl.so.1": the n-th of them, safe, in the arena. */
const char *evidence_line(const struct evidence *evidence, uint32_t n, const struct style *style,
                          struct arena *arena);

#endif
