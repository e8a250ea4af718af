/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/meminfo as a whole. */
#ifndef PARSE_MEMINFO_H
#define PARSE_MEMINFO_H

#include "base/str.h"

enum meminfo_key {
#define MEMINFO(symbol, key, since) MEMINFO_##symbol,
#include "parse/meminfo.list"
#undef MEMINFO
    N_MEMINFO
};

struct meminfo {
    bool has[N_MEMINFO];
    uint64_t bytes[N_MEMINFO]; /* 0 where the kernel does not tell; at most 2^56 */
    bool has_huge_pages;
    uint64_t n_huge_pages; /* of the size HUGE_PAGE: "HugePages_Total" */
    uint64_t n_huge_pages_free;
    uint64_t n_huge_pages_reserved; /* of the free ones, promised to a mapping */
};

/* "MemTotal" */
const char *meminfo_key_name(enum meminfo_key key);

/* Whether a kernel of that version (0 when it is not known) tells it, however it was built. */
bool meminfo_is_told(enum meminfo_key key, unsigned int major, unsigned int minor);

void meminfo_parse(struct str text, struct meminfo *meminfo);

#endif
