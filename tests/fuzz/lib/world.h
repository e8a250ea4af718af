/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory that stands for /proc, with one process and its parent, whose files an input
 * describes: "== NAME" lines, each followed by the bytes of that file.  Names are those of the
 * table in world.c: "maps", "stat", "host/meminfo", "parent/stat", "file0" and so on.  What the
 * input does not have is missing there.
 *
 * In maps "@0" is what the kernel prints of the file "file0": its device, inode and path.  "exe" is
 * the name of the executed file: "@0", or one that is not there; "saved/exe" is that link's text in
 * a file, as in snapshots.  "mem ADDRESS" is memory.
 *
 * The directory lies below TMPDIR, best in memory, and is removed when all is well.
 */
#ifndef WORLD_H
#define WORLD_H

#include "source/capture.h"

enum { WORLD_PID = 4321 };

/* Makes the files; the captures are closed by the next call. */
void world_set(struct str input, struct capture **host, struct capture **process);

/*
 * The same files of the process as a snapshot, with those named "saved/..." as its host's.  NULL,
 * with the reason.
 */
struct capture *world_set_saved(struct str input, struct err *err);

/* The bytes of a part of an input; false when it has none of that name. */
bool world_part(struct str input, const char *name, struct str *bytes);

#endif
