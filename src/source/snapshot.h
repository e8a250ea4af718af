/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the directory of a snapshot, all or nothing: into one beside it, "NAME.incomplete-PID",
 * which is renamed once everything is on it.  Only its owner may look into it, for it tells where a
 * process has what.  Nothing that is there is overwritten and no link followed, whoever else may
 * write to the directory that it is made in.
 */
#ifndef SOURCE_SNAPSHOT_H
#define SOURCE_SNAPSHOT_H

#include "base/err.h"
#include "base/str.h"

struct snapshot {
    const char *path; /* as it was given */
    char *name;       /* its last component */
    char *temporary;  /* the name until it is done */
    int parent;       /* where both are */
    int directory;    /* the one that is written to */
    char **made;      /* below it, in the order of making */
    size_t n_made;
};

/* False, with a sentence, when something is there that is not an empty directory. */
bool snapshot_begin(struct snapshot *snapshot, const char *path, struct err *err);

/* A new file, "host/proc/meminfo"; folders are made as needed. */
bool snapshot_add(struct snapshot *snapshot, const char *file, struct str bytes, struct err *err);

/* With `keep`, gives it its name; else, or when that fails, it is removed. */
bool snapshot_end(struct snapshot *snapshot, bool keep, struct err *err);

#endif
