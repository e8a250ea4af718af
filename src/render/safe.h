/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of files and processes are the target's bytes.  Before they reach a terminal or a document,
 * bytes that are control characters, invalid UTF-8 or characters that change the direction of
 * text become \xNN.  So that this can be read back, a name that holds "\xNN" itself shows as
 * "\x5cxNN"; other backslashes stay, for the kernel writes a newline in maps as \012.
 */
#ifndef RENDER_SAFE_H
#define RENDER_SAFE_H

#include "base/arena.h"
#include "base/str.h"

/* A copy that is safe to print, in the arena. */
const char *safe_text(struct arena *arena, struct str s);

/* How many columns a safe text takes, one a character. */
size_t safe_width(struct str s);

#endif
