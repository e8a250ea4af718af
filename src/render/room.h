/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RENDER_ROOM_H
#define RENDER_ROOM_H

#include "analyze/query.h"
#include "render/report.h"

/* The three tables, then the answers to what was asked. */
void render_room(const struct report *report, const struct answers *answers,
                 const struct style *style, FILE *out);

#endif
