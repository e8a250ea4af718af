/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes and addresses as people write and read them.  Units are powers of 1024. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include "base/str.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define TIB ((uint64_t)1 << 40)

/* Room for the longest text of the functions below, with its zero. */
#define UNITS_TEXT 24

/*
 * "868K", "1.5G", "128T", "512B": exact where the unit divides the size, else one decimal, rounded
 * down so that no printed room is larger than the real one.  Returns `buf`.
 */
const char *size_text(uint64_t bytes, char buf[static UNITS_TEXT]);

/* "0x7ac000".  Returns `buf`. */
const char *address_text(uint64_t address, char buf[static UNITS_TEXT]);

/* "64M", "64MiB", "1024", "0x1000", "8k": false when it is no size or exceeds 64 bits. */
bool size_parse(struct str s, uint64_t *bytes);

#endif
