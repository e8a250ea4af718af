/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of a pasted text, one by one: what each is, by itself and by what came before it.  For
 * parse/paste.h, which says what the words mean.
 */
#ifndef PARSE_PASTEREADER_H
#define PARSE_PASTEREADER_H

#include "parse/pasteclean.h"
#include "parse/pasteline.h"

enum paste_reason {
    PASTE_NO_MAPPING,
    PASTE_CUT,       /* a mapping that ends in its range or permissions */
    PASTE_OVERLAP,   /* of the one before: the text was torn while it was read */
    PASTE_EMPTY,     /* a mapping of no bytes: it takes no space */
    PASTE_SUM,       /* smaps_rollup: one line over all mappings */
    PASTE_REST,      /* in a word: what may be the end of a name that was cut in two */
    PASTE_OTHER_MAP, /* another map than the one that is used */
};

enum paste_line_kind {
    LINE_END,
    LINE_MAPPING,
    LINE_DETAIL,
    LINE_BLANK,
    LINE_HEADING,
    LINE_REJECTED, /* and from here on, plus enum paste_reason */
};

struct paste_reading {
    int kind;                   /* enum paste_line_kind */
    bool begins;                /* another map, with this mapping */
    bool goes_back;             /* nothing else tells that another one begins */
    const char *origin;         /* of that map, for a person; NULL: not told */
    uint64_t pid;               /* of that map's process; 0: not told */
    struct paste_record record; /* of a mapping */
    struct str text;            /* clean, without what stands before; until the next line is read */
};

/* What a mailer may have put onto a line of its own. */
enum paste_wants {
    WANTS_FILE = 1,    /* there is an inode and no name */
    WANTS_SPECIAL = 2, /* there is neither */
    WANTS_DELETED = 4, /* there is the name of a file, of which " (deleted)" may be a part */
    WANTS_REST = 8,    /* and which is at the end of a long line */
};

/* Where the reading of a text stands. */
struct paste_reader {
    struct str rest;
    char newline;  /* '\r' in a text that has no other */
    uint64_t line; /* number of the last one read */
    struct clean_room room;
    struct str columns;  /* heading of pmap -X */
    const char *origin;  /* of the map that begins next, by its heading; NULL: not told */
    uint64_t pid;        /* the same; 0: not told */
    bool is_asan;        /* the same: a sanitizer's */
    uint64_t listed_pid; /* of the last line that may be the first of pmap or jcmd */
    bool between;        /* nothing of a map since the last heading */
    bool gap;            /* another line since the last mapping */
    struct range last;
    enum paste_dialect dialect;
    uint32_t shape;     /* of what stands before the mappings */
    size_t prefix_n;    /* bytes of it in the last line that had one */
    int details;        /* what a "Key: value" line would be a detail of: enum paste_line_kind */
    bool in_details;    /* the line before was one */
    unsigned int wants; /* enum paste_wants: how the line before may go on */
};

void paste_reader_init(struct paste_reader *reader, struct str text, struct arena *arena);

/* False at the end of the text. */
bool paste_reader_next(struct paste_reader *reader, struct paste_reading *reading);

#endif
