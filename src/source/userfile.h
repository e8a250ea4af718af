/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text that the user wrote for this program and names on the command line, such as a policy. */
#ifndef SOURCE_USERFILE_H
#define SOURCE_USERFILE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { USERFILE_MAX_BYTES = 1 << 20 };

/* All of it, in the arena.  A pipe is read to its end; "-" is standard input. */
bool userfile_read(struct arena *arena, const char *path, struct str *text, struct err *err);

#endif
