/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/slabinfo, versions 2.0 and 2.1: the kernel's caches of small objects. */
#ifndef PARSE_SLABINFO_H
#define PARSE_SLABINFO_H

#include "base/str.h"

struct slab_record {
    struct str name;
    uint64_t n_active; /* objects in use */
    uint64_t n_objects;
    uint64_t object_bytes;
    uint64_t slab_pages;
    uint64_t n_slabs;
};

enum slab_line { SLAB_RECORD, SLAB_END, SLAB_BAD };

/* The next cache of the text; comments and the version are passed over. */
enum slab_line slabinfo_next(struct str *text, struct slab_record *record);

#endif
