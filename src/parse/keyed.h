/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of "Key:   value [kB]" lines: status, meminfo, the lower half of smaps. */
#ifndef PARSE_KEYED_H
#define PARSE_KEYED_H

#include "base/str.h"

/*
 * The value of the first line with that key, trimmed; an empty view and false when there is none.
 */
bool keyed_find(struct str text, struct str key, struct str *value);

/* A value in kB as bytes; false when it is none or does not fit. */
bool keyed_kb(struct str value, uint64_t *bytes);

#endif
