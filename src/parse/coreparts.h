/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that read cores share; core.h is for all others. */
#ifndef PARSE_COREPARTS_H
#define PARSE_COREPARTS_H

#include "parse/core.h"

/* What is not believed of many like things: how many, and what is wrong with the first. */
struct core_lies {
    uint64_t n;
    const char *first;
};

/* A PT_LOAD with a valid range. */
struct core_load {
    struct range range;
    uint64_t number; /* its place in the file */
    uint64_t at, dumped;
    uint64_t align;
    uint8_t perms;
};

/* An entry of NT_FILE with a valid range. */
struct core_file {
    struct range range;
    uint64_t number;
    uint64_t offset;
    struct str path;
};

/* The order of the first notes that the owner "CORE" wrote tells who that was. */
enum { CORE_FIRST_NOTES = 4 };

struct core_parser {
    struct core *core;
    struct arena *arena;
    const struct reader *reader;

    struct core_load *loads;
    size_t n_loads, n_loads_room;
    struct core_file *files;
    size_t n_files, n_files_room;
    size_t n_threads_room;
    size_t n_missing_room;
    struct core_lies load_lies, file_lies;
    uint64_t n_load_overlaps, n_file_overlaps;

    uint64_t n_notes;
    uint64_t n_note_segments;
    bool notes_cut; /* by the end of the file */
    const char *notes_lie;
    uint32_t first[CORE_FIRST_NOTES]; /* types of the first notes of the owner "CORE" */
    unsigned int n_first;
    bool has_gdb_note;
    uint64_t file_page; /* NT_FILE's unit, or 0 */
    bool has_files;     /* there is an NT_FILE */
};

/* Makes room for one more in an array that grows. */
#define core_grow(array, n, room)                                       \
    do {                                                                \
        if ((n) == (room)) {                                            \
            (room) = (room) ? 2 * (room) : 64;                          \
            (array) = xreallocarray((array), (room), sizeof(*(array))); \
        }                                                               \
    } while (0)

void core_note_missing(struct core_parser *parser, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void core_lie(struct core_parser *parser, struct core_lies *lies, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether an address range is one of the target's. */
bool core_range_valid(const struct core *core, uint64_t start, uint64_t end);

/* Reads the notes of one PT_NOTE. */
void core_read_notes(struct core_parser *parser, const struct segment *segment);

/* Fills core.mappings from the loads and the files. */
void core_merge(struct core_parser *parser);

#endif
