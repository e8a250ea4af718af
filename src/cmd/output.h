/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a report goes: standard output, a file that appears whole or not at all, or, where the path
 * leads to something that is no regular file (a device, a FIFO), straight into it.
 */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include "base/err.h"

#include <stdio.h>

struct output {
    FILE *stream;
    const char *path; /* as given, for messages; NULL: a standard stream */
    char *target;     /* the regular file to replace, or NULL: nothing is replaced */
    char *temporary;  /* beside it */
};

/*
 * Without a path it is `otherwise`: standard output or standard error.  A file that is made or
 * replaced may be read by all users if `is_for_all_users`, else by whom the umask lets.
 */
bool output_open(struct output *output, const char *path, FILE *otherwise, bool is_for_all_users,
                 struct err *err);

/*
 * Flushes and checks; renames the temporary file into place.  One that is empty takes no file's
 * place unless `empty_is_report`.
 */
bool output_close(struct output *output, bool empty_is_report, struct err *err);

#endif
