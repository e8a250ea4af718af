/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/meminfo as a whole. */
#ifndef PARSE_MEMINFO_H
#define PARSE_MEMINFO_H

#include "base/str.h"

enum meminfo_key {
#define MEMINFO(symbol, key) MEMINFO_##symbol,
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
};

void meminfo_parse(struct str text, struct meminfo *meminfo);

#endif
