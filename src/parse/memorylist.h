/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file "memory" of a snapshot: a few bytes of a process's memory in hexadecimal digits, as they
 * lie there, 16 at most to a line, in the order of addresses.
 *
 *     7f03c5df3c60: 0000000000000000 0100000000000000
 *
 * What no line has was zero, or was not kept.
 */
#ifndef PARSE_MEMORYLIST_H
#define PARSE_MEMORYLIST_H

#include "base/err.h"
#include "base/reader.h"
#include "base/textbuf.h"

enum { MEMORYLIST_PIECE = 16 };

struct memorylist_piece {
    uint64_t start;
    uint8_t n;
    unsigned char bytes[MEMORYLIST_PIECE];
};

struct memorylist {
    struct memorylist_piece *pieces;
    size_t n;
};

/* Adds lines; pieces have to be added in the order of addresses. */
void memorylist_print(struct textbuf *text, uint64_t start, const unsigned char *bytes, size_t n);

/* False, with a sentence, when a line is none or not in order. */
bool memorylist_parse(struct memorylist *list, struct arena *arena, struct str text,
                      struct err *err);

/* By address, zeros where there is nothing; valid as long as the list. */
struct reader memorylist_reader(struct memorylist *list);

#endif
