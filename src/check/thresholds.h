/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From where on rules find that little is left: for themselves, and for the graphs that monitoring
 * systems draw.
 */
#ifndef CHECK_THRESHOLDS_H
#define CHECK_THRESHOLDS_H

#include "base/units.h"

/* Less room than that is a finding: brk-room-low, brk-limit-low; mmap-room-low; stack-room-low. */
#define BRK_ROOM_WARNING   (64 * MIB)
#define BRK_ROOM_ERROR     (4 * MIB)
#define MMAP_ROOM_WARNING  (64 * MIB)
#define MMAP_ROOM_ERROR    (4 * MIB)
#define STACK_ROOM_WARNING (512 * KIB)
#define STACK_ROOM_ERROR   (128 * KIB)

/* No larger window is brk-window-shrunken. */
#define BRK_WINDOW_ENOUGH (64 * GIB)

/* map-count-high: so many percent of vm.max_map_count. */
enum { MAP_COUNT_WARNING_PERCENT = 80, MAP_COUNT_ERROR_PERCENT = 95 };

/* The least count that is so many percent of the most; that is at most UINT64_MAX / 100. */
static inline uint64_t map_count_at(uint64_t max, unsigned int percent)
{
    return (max * percent + 99) / 100;
}

#endif
