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

/*
 * arenas-many: fewer arenas are what eight threads make on any host.  What lies free in them is
 * worth a note from what a 64-bit arena reserves on (HEAP_MAX_SIZE); a decision only where it is
 * resident, much, and so large a part of all that malloc has that the arenas are to blame.
 */
enum { ARENAS_MANY = 8, ARENAS_FREE_PART = 4 };
#define ARENAS_FREE_INFO    (64 * MIB)
#define ARENAS_FREE_WARNING (256 * MIB)

/*
 * heap-pinned: glibc lets its trim_threshold grow to 64 MiB, so that much free memory is its habit.
 * A chunk of a page at most is small: one that is larger may well be what the program works on.
 */
#define PINNED_BYTES (64 * MIB)
#define PIN_LARGEST  (4 * KIB)

/* The least count that is so many percent of the most; that is at most UINT64_MAX / 100. */
static inline uint64_t map_count_at(uint64_t max, unsigned int percent)
{
    return (max * percent + 99) / 100;
}

#endif
