/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One clean line of a pasted text, in each of the dialects that list mappings. */
#ifndef PARSE_PASTELINE_H
#define PARSE_PASTELINE_H

#include "parse/smaps.h"

enum paste_dialect {
    PASTE_KERNEL,  /* start-end perms [offset [major:minor [inode]]] [name] */
    PASTE_GDB,     /* start end size offset perms [name], since gdb 12 */
    PASTE_GDB_OLD, /* start end size offset [name]: older ones, and of a core */
    PASTE_QEMU,    /* start-end size prot: qemu-user -d page */
    PASTE_ASAN,    /* start-end name: compiler-rt's print_module_map and failed checks */
    PASTE_JVM_MAP, /* start-end size perms rss hugetlb pgsz notes info name: jcmd System.map */
    PASTE_PMAP,    /* start sizeK mode name */
    PASTE_PMAP_X,  /* start kbytes rss dirty mode name */
    PASTE_PMAP_D,  /* start kbytes mode offset device name */
    PASTE_PMAP_XX, /* pmap -X and -XX: columns of smaps, with a heading */
    N_PASTE_DIALECTS
};

/* What the text tells of a mapping beside its range.  Permissions say so themselves. */
enum paste_has {
    PASTE_HAS_OFFSET = 1,
    PASTE_HAS_DEVICE = 2,
    PASTE_HAS_INODE = 4,
    /* The name, or that there is none, as the kernel shows it.  Without: a name has no directory,
     * and none can be anything that has no file. */
    PASTE_HAS_NAME = 8,
};

struct paste_record {
    struct smaps_record smaps; /* which sizes are there: smaps.has */
    unsigned int has;          /* enum paste_has */
    uint64_t line;             /* number of its line in the text, from 1 */
};

/* For a person: "gdb info proc mappings". */
const char *paste_dialect_name(enum paste_dialect dialect);

/* Whether the whole line is a mapping in that dialect.  `columns` is the heading of PASTE_PMAP_XX,
 * empty when there was none. */
bool pasteline_take(enum paste_dialect dialect, struct str line, struct str columns,
                    struct paste_record *record);

/* The same for the first dialect that fits, other than those which need a heading to be told apart
 * from other text. */
bool pasteline_find(struct str line, struct str columns, enum paste_dialect *dialect,
                    struct paste_record *record);

/* The beginning of a mapping of the kernel's, up to some place in its range or permissions. */
bool pasteline_is_cut(struct str line);

#endif
