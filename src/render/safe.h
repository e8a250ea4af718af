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

/*
 * The length of the UTF-8 character at the start of `s`, which is not empty, and its code point; 0
 * when it is not valid: cut off, overlong, a surrogate, or beyond U+10FFFF.
 */
size_t utf8_decode(struct str s, uint32_t *code);

/* A copy that is safe to print, in the arena. */
const char *safe_text(struct arena *arena, struct str s);

/* How many columns a safe text takes, one a character. */
size_t safe_width(struct str s);

#endif
