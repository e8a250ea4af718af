/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The build id of an ELF object: whether a file on this machine is the one that another process,
 * perhaps on another machine, had mapped.
 */
#ifndef PARSE_BUILDID_H
#define PARSE_BUILDID_H

#include "parse/elfhead.h"

enum { BUILDID_BYTES = 32 }; /* 20 (SHA-1) or 16 bytes as ld, lld and mold write them */

struct buildid {
    size_t n;
    unsigned char bytes[BUILDID_BYTES];
};

/*
 * From the object's notes.  `reader` reads its file; or, with `loaded`, addresses of a process in
 * which it is loaded with `bias`.  False when it has none, or the notes cannot be read.
 */
bool buildid_read(const struct elfhead *head, const struct reader *reader, bool loaded,
                  uint64_t bias, struct buildid *id);

static inline bool buildid_eq(const struct buildid *a, const struct buildid *b)
{
    return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}

#endif
