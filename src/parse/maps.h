/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/maps, as fs/proc/task_mmu.c show_map_vma() writes it:
 *   start-end perms offset major:minor inode   name
 * start, end, offset and the device are hexadecimal, the inode is decimal, the name is the rest of
 * the line after blanks: it may itself hold blanks, and only a newline in it is written as \012.
 */
#ifndef PARSE_MAPS_H
#define PARSE_MAPS_H

#include "base/err.h"
#include "base/range.h"
#include "base/textbuf.h"

enum perm {
    PERM_READ = 1,
    PERM_WRITE = 2,
    PERM_EXEC = 4,
    PERM_SHARED = 8,
    /* Never of a live process: what a pasted text does not say. */
    PERM_UNKNOWN = 16,         /* instead of all others */
    PERM_SHARING_UNKNOWN = 32, /* instead of PERM_SHARED */
    PERM_READ_UNKNOWN = 64,    /* instead of PERM_READ */
};

struct maps_line {
    struct range range;
    uint64_t offset; /* into the file, bytes; meaningless for anonymous memory */
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
    unsigned int perms; /* enum perm */
    struct str name;    /* a view into the input */
};

/* One line without its newline.  False when it is not a mapping. */
bool maps_parse_line(struct str text, struct maps_line *line);

/* The line as Linux writes it for 64-bit programs, with its newline. */
void maps_print_line(struct textbuf *text, const struct maps_line *line);

/* "r-xp"; "????", "r-x?" and "?-xp" where it is not known */
const char *perms_text(unsigned int perms, char buf[static 5]);

/*
 * A parser that is fed pieces, however they are cut, so that the text of 60,000 mappings is never
 * in memory at once.  Each mapping goes to `take` in file order.
 */
struct maps_parser {
    void (*take)(void *context, const struct maps_line *line);
    void *context;
    uint64_t n_lines;
    uint64_t bad_line; /* number of the first line that is no mapping; 0: none */
    char bad_text[81]; /* its beginning */
    bool overlaps;     /* a mapping began before the end of the one before: the text is torn */
    uint64_t last_end; /* addresses never go backwards */
    char *carry;       /* the start of a line whose end has not come yet */
    size_t n_carry, carry_room;
};

void maps_parser_init(struct maps_parser *parser,
                      void (*take)(void *context, const struct maps_line *line), void *context);
void maps_feed(struct maps_parser *parser, struct str piece);

/*
 * Takes the last line when it has no newline, and frees what the parser holds.  False, naming the
 * line, when one was not a mapping.
 */
bool maps_finish(struct maps_parser *parser, struct err *err);

#endif
