/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/auxv: what the kernel told the program at exec, as pairs of words of the program's own
 * width and byte order, ended by AT_NULL.  Empty for kernel threads.
 */
#ifndef PARSE_AUXV_H
#define PARSE_AUXV_H

#include "base/str.h"

struct auxv_record {
    bool known;
    unsigned int word_bytes; /* 4 or 8: the width of the program */
    bool big_endian;
    uint64_t page_size; /* AT_PAGESZ */
    uint64_t base;      /* AT_BASE: the interpreter's load address; 0: none */
    uint64_t entry;     /* AT_ENTRY */
};

/*
 * Width and byte order are found by reading it each of the four ways: only one has AT_PAGESZ with a
 * size that pages have, and an AT_NULL at the end.  `known` stays false when none has.
 */
void auxv_parse(struct str bytes, struct auxv_record *auxv);

#endif
