/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an error log of the JVM (hs_err_pidN.log, jcmd VM.info) tells of the process and its host,
 * beside the mappings that parse/paste.h finds in it.  The lines are those of HotSpot's
 * os_posix.cpp and os_linux.cpp, JDK 8 to 25; those that a version does not have stay unknown.
 */
#ifndef PARSE_HSERR_H
#define PARSE_HSERR_H

#include "base/arena.h"
#include "parse/limits.h"
#include "parse/meminfo.h"

struct hserr_number {
    bool known;
    uint64_t value;
};

struct hserr {
    struct hserr_number pid;
    struct hserr_number page_bytes;
    struct hserr_number max_map_count;
    struct hserr_number overcommit_memory;
    struct hserr_number virtual_bytes; /* size of the process, in units of 1024 */
    /*
     * Limits are told in units of 1024: one that is none of them is rounded down.  Older versions
     * tell no hard limits, which are LIMIT_INFINITY then, and neither DATA nor MEMLOCK.
     */
    struct limits_record limits;
    bool has_hard_limits;
    bool has_meminfo;
    struct meminfo meminfo;
    /* Empty when not told. */
    struct str release; /* of the kernel: "6.1.0-18-amd64" */
    struct str machine; /* "x86_64" */
    struct str libc;    /* "glibc 2.36 NPTL 2.36" */
};

/* False when the text is no such log.  Texts in *log live in `arena`. */
bool hserr_parse(struct str text, struct arena *arena, struct hserr *log);

#endif
