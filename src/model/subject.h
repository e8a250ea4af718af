/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One object of a process whose symbols are looked at: in its file, or where that cannot be read,
 * in the memory of the process, which has those that are offered to others.  A meter over several
 * of them bounds what a process can make the reader do that maps many large files, or one many
 * times.
 */
#ifndef MODEL_SUBJECT_H
#define MODEL_SUBJECT_H

#include "model/image.h"
#include "parse/symbols.h"
#include "source/objfile.h"

struct meter {
    uint64_t bytes_left;
    uint32_t reads_left;
    bool is_spent; /* something was not read for that */
};

/* Enough for every table of a browser with all its symbols; a fraction of a second. */
struct meter meter_full(void);

struct subject {
    struct image *image;
    uint32_t instance;
    const struct object *object;
    struct objfile file;
    bool is_file;      /* what `raw` reads, if not memory */
    struct reader raw; /* without the meter */
    struct meter *meter;
    struct reader file_reader; /* by offset; reads nothing where there is no file */
    struct reader memory;      /* by address, with this bias */
    uint64_t bias;
    struct elf_view view;
};

/*
 * False when there is nothing to read.  The caller calls subject_close() whatever this returns, and
 * moves neither *subject nor *meter meanwhile.
 */
bool subject_open(struct subject *subject, struct image *image, uint32_t instance,
                  struct meter *meter);
void subject_close(struct subject *subject);

#endif
