/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sysfs tells root of the kernel's slab caches, where the allocator is SLUB. */
#ifndef SOURCE_SLABFS_H
#define SOURCE_SLABFS_H

#include "source/capture.h"

/*
 * Whether the pages of a cache count as SReclaimable.  False when that cannot be read; a cache
 * that was merged into another one answers for both.
 */
bool slabfs_reclaimable(const struct capture *host, struct str name, bool *reclaimable);

#endif
