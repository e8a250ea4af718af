/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command needs to know of a list of columns before it has something for render_map(). */
#ifndef RENDER_MAP_H
#define RENDER_MAP_H

#include "render/report.h"

/* False, with the reason, when the list (style->columns) names what is no column. */
bool map_columns_check(const char *list, bool *reads_smaps, struct err *err);

#endif
