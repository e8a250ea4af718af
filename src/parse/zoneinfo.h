/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/zoneinfo: the zones of memory, each with lists of free pages for every CPU. */
#ifndef PARSE_ZONEINFO_H
#define PARSE_ZONEINFO_H

#include "base/str.h"

/*
 * How many free pages are on the lists of CPUs ("pagesets"), which MemFree does not count.  False
 * when the text tells of none, or of more than any machine has.
 */
bool zoneinfo_pages_of_cpus(struct str text, uint64_t *n_pages);

#endif
