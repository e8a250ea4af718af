/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file "objects" of a snapshot: what the headers of the ELF objects said that a process had
 * mapped, and what had become of their files.  A block an object, begun by its path:
 *
 *     object: /usr/bin/true
 *     device: 08:01
 *     inode: 1835070
 *     fate: in-place
 *     elf: 64-bit little-endian DYN machine 62
 *     flags: pie dynamic gnu-stack
 *     entry: 0x1d40
 *     headers: 0x40
 *     sections: 29 at 0x7978
 *     interp: /lib64/ld-linux-x86-64.so.2
 *     segment: LOAD 0x0 0x0 0x17b8 0x17b8 r-- 0x1000
 *
 * A segment's numbers are offset, address, size in the file, size in memory, and alignment after
 * the flags.  "missing: REASON" stands for the lines from "elf" on where there are no headers.
 */
#ifndef PARSE_OBJECTLIST_H
#define PARSE_OBJECTLIST_H

#include "base/textbuf.h"
#include "parse/elfhead.h"

/*
 * What has become of a file since it was mapped, by device and inode in the process's namespace.
 * FILE_DELETED: removed or replaced, as the name says, and the path cannot be looked at.
 */
enum file_fate { FILE_IN_PLACE, FILE_REMOVED, FILE_REPLACED, FILE_DELETED };

struct object_entry {
    struct str path; /* as maps shows it */
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
    enum file_fate fate;
    bool has_head;
    struct elfhead head;
    const char *missing; /* why there is no head, or NULL */
};

/* A browser has 300.  No image reads the headers of more, so that no list needs them. */
enum { MAX_OBJECTS = 4096 };

struct objectlist {
    struct object_entry *entries; /* the arena's */
    uint32_t n;
};

void objectlist_print(struct textbuf *text, const struct object_entry *entry);

/*
 * Lines with another key are skipped.  False, naming the line, when one says nothing sensible or
 * begins one object too many: the list is empty then.
 */
bool objectlist_parse(struct objectlist *list, struct arena *arena, struct str text,
                      struct err *err);

#endif
