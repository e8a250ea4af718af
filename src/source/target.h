/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a TARGET of the command line is, decided by looking: a number is a PID, "self" this
 * program's own, "-" standard input; else it is a path.  A directory of procfs is the live process,
 * another one a snapshot; a file is a core, packed or not, by how it begins, else it holds text.
 */
#ifndef SOURCE_TARGET_H
#define SOURCE_TARGET_H

#include "base/err.h"
#include "source/corefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum target_kind { TARGET_PID, TARGET_SELF, TARGET_SNAPSHOT, TARGET_TEXT, TARGET_CORE };

struct target {
    enum target_kind kind;
    pid_t pid;  /* of TARGET_PID */
    char *text; /* of TARGET_TEXT: malloc()ed, the caller's */
    size_t n_text;
    struct corefile core; /* of TARGET_CORE: open, the caller's */
};

/* False, with a sentence, when there is no such file, or it is none of these. */
bool target_look(struct target *target, const char *name, struct err *err);

#endif
