/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packed files, unpacked by the program that owns the format into a temporary file that has no
 * name, so that nothing is left however this program ends.  Pages of zeros become holes.
 */
#ifndef SOURCE_UNPACK_H
#define SOURCE_UNPACK_H

#include "base/err.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/* A format and its program. */
struct unpacker {
    const char *program; /* "zstd" */
    const char *package; /* what Debian calls the package; others' names are alike */
    size_t n_magic;
    const unsigned char *magic; /* how such files begin */
};

/* The format of a file that begins with these bytes, or NULL. */
const struct unpacker *unpack_find(const void *bytes, size_t n);

struct unpacked {
    int fd; /* -1: none */
    uint64_t n_bytes;
    char trouble[200]; /* what the program said, when it failed after these bytes; or "" */
};

/* What an ordinary unpacking is bounded by; tests have smaller bounds. */
extern const struct unpack_bounds {
    uint64_t n_bytes; /* unpacked, zeros too */
    uint64_t n_free;  /* that is left on the disk */
} unpack_bounds;

/*
 * Unpacks the file behind `fd` from its beginning.  `accept` sees its first bytes, UNPACK_HEAD of
 * them or all, and may refuse the rest.  A file that is damaged later on is unpacked up to there.
 * False, with a sentence, when nothing is unpacked or a bound is met; nothing is open then.
 */
enum { UNPACK_HEAD = 64 };
bool unpack(const struct unpacker *unpacker, int fd, const struct unpack_bounds *bounds,
            bool (*accept)(const void *head, size_t n), struct unpacked *out, struct err *err);

/*
 * Puts what comes from a pipe into such a file, as it is: `head`, which was read of it before, and
 * all that follows.
 */
bool unpack_pipe(int fd, struct str head, const struct unpack_bounds *bounds, struct unpacked *out,
                 struct err *err);

#endif
