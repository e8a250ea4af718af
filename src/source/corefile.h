/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A core in a file, packed or not, as a kernel, gdb or a crash handler left it.
 */
#ifndef SOURCE_COREFILE_H
#define SOURCE_COREFILE_H

#include "base/err.h"
#include "base/reader.h"
#include "source/unpack.h"

#include <limits.h>

enum corefile_form { COREFILE_NONE, COREFILE_ELF, COREFILE_PACKED };

/* What a file that begins with these bytes may be; 64 of them tell. */
enum corefile_form corefile_look(const void *bytes, size_t n);

/*
 * What systemd-coredump(8) noted beside the core, in extended attributes user.coredump.*; empty
 * where it did not.  Whoever may write the file may write these.
 */
struct corefile_notes {
    char exe[PATH_MAX];
    char comm[64];
};

struct corefile {
    int fd;
    uint64_t n_bytes;
    const char *packed_by; /* "zstd"; NULL: it is not packed */
    char trouble[200];     /* what that program said of a damaged file, which ends early; or "" */
    struct corefile_notes notes;
};

/*
 * Takes over a regular file that is open.  False, with the reason as a sentence about "it", when it
 * cannot be read, is no core, or cannot be unpacked; it is closed then.  Unpacking takes time and
 * room in TMPDIR or /var/tmp.
 */
bool corefile_take(struct corefile *file, int fd, struct err *err);

void corefile_close(struct corefile *file);

/* Reads of the (unpacked) core; valid until corefile_close(). */
struct reader corefile_reader(struct corefile *file);

#endif
