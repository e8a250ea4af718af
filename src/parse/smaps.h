/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/smaps: a line of maps, then "Key: value" lines of that mapping, until the next one.
 * Read by key; keys that this program does not use are skipped, whatever their order.
 */
#ifndef PARSE_SMAPS_H
#define PARSE_SMAPS_H

#include "parse/maps.h"

enum smaps_size {
    SMAPS_RSS = 1,
    SMAPS_PSS = 2,
    SMAPS_PRIVATE_CLEAN = 4,
    SMAPS_PRIVATE_DIRTY = 8,
    SMAPS_SWAP = 16,
    SMAPS_ANONYMOUS = 32,
    SMAPS_LOCKED = 64,
    SMAPS_PAGE = 128,
};

struct smaps_record {
    struct maps_line line;
    uint64_t rss_bytes;
    uint64_t pss_bytes;
    uint64_t private_bytes; /* clean and dirty */
    uint64_t swap_bytes;
    uint64_t anonymous_bytes;
    uint64_t locked_bytes;
    uint64_t page_bytes; /* KernelPageSize, since 2.6.29: a huge page's size where they are huge */
    unsigned int has;    /* enum smaps_size: which of the sizes were there; others are 0 */
    bool has_flags;      /* VmFlags, since 3.8 */
    bool grows_down;
    bool locked;
};

/* One "Key: value" line below a mapping.  False, changing nothing, when the line has no key. */
bool smaps_take_key(struct smaps_record *record, struct str line);

/* One size by the name of its key; a key that this program does not use is skipped. */
void smaps_take_size(struct smaps_record *record, struct str key, uint64_t bytes);

/* Splits the next mapping off *rest.  False at the end, or with a sentence in `err` when a line is
 * neither; err->text is empty at the end.  *n_lines counts the lines taken. */
bool smaps_next(struct str *rest, uint64_t *n_lines, struct smaps_record *record, struct err *err);

#endif
