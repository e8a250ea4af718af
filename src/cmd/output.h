/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a report goes: standard output, or a file that appears whole or not at all. */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include "base/err.h"

#include <stdio.h>

struct output {
    FILE *stream;
    const char *path; /* NULL: standard output */
    char *temporary;
};

/* With a path, a temporary file beside it. */
bool output_open(struct output *output, const char *path, struct err *err);

/* Flushes and checks; renames the file into place when `keep`, else removes it. */
bool output_close(struct output *output, bool keep, struct err *err);

#endif
