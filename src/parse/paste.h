/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps and smaps as people paste them into mails and bug reports: the kernel's text of any age,
 * quoted, indented, numbered, wrapped, coloured or behind the time stamps of a log, and what gdb,
 * pmap, qemu-user, the sanitizers, glibc and the JVM print of the same.
 *
 * What a text does not tell is unknown and said to be so, never 0.  No line is dropped silently:
 * each is a mapping, a detail of one (smaps; a name or its "(deleted)" that was wrapped onto the
 * next line), blank, a heading, or rejected with a reason.
 *
 * A text may hold several maps: another begins at a heading, in another dialect, behind another
 * kind of prefix, or where the addresses go back.  The one with the most mappings is used, of
 * equals the first, since people quote single lines around the whole; but the last of qemu-user,
 * which prints all again at each change.  Maps are never merged: they may be of two processes.
 *
 * Where the addresses go back and nothing stands between the lines, the order may have been changed
 * (by sort, tac or hand), or two processes' maps follow each other.  Such runs of ascending lines
 * are one map, whose order is restored, when all of this holds, and maps of their own otherwise:
 *  - no mapping overlaps another, so that no line is there twice;
 *  - nothing is there twice that a process has once: a name in brackets other than "[anon...]" is
 *    that of mappings which touch each other, and no two runs have the same part of a file, in
 *    private and with the same permissions;
 *  - the runs hang together: a mapping of one begins where one of another ends, which two processes
 *    do by an unlikely chance; and no run in which mappings touch at two places or more touches
 *    none of the others.
 *
 * What holds of any bytes, and a fuzzer can check:
 *  - records ascend and do not overlap, and none is empty; so do their lines, unless is_reordered;
 *  - n_mappings + n_details + n_blank + n_headings + n_rejected is n_lines;
 *  - the spans are in ascending order, do not overlap, and cover all rejected lines;
 *  - records that are known in full, printed as the kernel prints them, are read as the same.
 */
#ifndef PARSE_PASTE_H
#define PARSE_PASTE_H

#include "base/err.h"
#include "parse/pastereader.h"

/* Lines first to last, from 1.  Blank lines between lines of one reason are within. */
struct paste_span {
    uint64_t first, last;
    enum paste_reason reason;
    uint64_t map; /* serial number of PASTE_OTHER_MAP, from 0; others: 0 */
};

struct paste {
    const char *format; /* for a person: "maps", "gdb info proc mappings" */
    enum paste_dialect dialect;
    uint64_t pid;        /* of the process, where the text says it for sure; 0: unknown */
    uint64_t page_bytes; /* the least KernelPageSize; 0: unknown */
    /* Each mapping has a file: others are not told, as gdb does not of a core. */
    bool only_files;
    bool is_reordered; /* the lines of the map were in another order */
    uint64_t n_lines, n_mappings, n_details, n_blank, n_headings, n_rejected;
    uint64_t n_maps;                /* with those that are not used */
    uint64_t first, last;           /* lines of the map that is used */
    const struct paste_span *spans; /* of rejected lines */
    size_t n_spans;

    struct arena *arena;
    struct paste_reader reader;
    struct paste_record next;
    bool has_next;
    uint64_t n_left;
    const struct paste_record *sorted; /* all, when is_reordered */
    uint64_t n_taken;                  /* of these */
};

/*
 * Could that be the beginning of such a text, or of any: no program, archive or other binary file.
 * Whether there is a mapping in it, paste_open() says: an error log of the JVM has it far below.
 */
bool paste_looks_like(struct str head);

/*
 * Reads the whole text, which must stay as long as the records; their names are views of it or live
 * in `arena`.  False when it holds no mapping.
 */
bool paste_open(struct paste *paste, struct str text, struct arena *arena, struct err *err);

/* The mappings of the map that is used, in address order; false at the end. */
bool paste_next(struct paste *paste, struct paste_record *record);

/* "no mapping", "another map" */
const char *paste_reason_text(enum paste_reason reason);

#endif
