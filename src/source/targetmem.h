/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Large reads of a process's memory that leave it as it is.  A read of an anonymous page that was
 * never touched makes the kernel map the zero page there, which costs the process page tables: 2
 * MiB a GiB.  So pagemap is asked first, and pages that are neither present nor swapped out count
 * as zeros.  Those of a file that are not present count as zeros as well.
 *
 * Whatever can be read of other captures is there, so they have no pagemap.  Where a live process's
 * cannot be read, only single pages are read that somebody asks for.
 *
 * Blocks are kept, so the memory seen is not of one moment; targetmem_forget() begins anew.
 */
#ifndef SOURCE_TARGETMEM_H
#define SOURCE_TARGETMEM_H

#include "base/range.h"
#include "source/capture.h"

struct targetmem;

/*
 * `ranges`, sorted, are what may be read; they stay the caller's and have to last.  False, with the
 * reason, when memory cannot be read at all.
 */
bool targetmem_open(struct targetmem **mem, struct capture *process, const struct range *ranges,
                    uint32_t n_ranges, uint64_t page_size, struct err *err);
void targetmem_close(struct targetmem *mem);

void targetmem_forget(struct targetmem *mem);

/* Any number of bytes, across ranges that adjoin; false when some cannot be read. */
bool targetmem_read(struct targetmem *mem, uint64_t address, void *buf, size_t n);
struct reader targetmem_reader(struct targetmem *mem);

/* Whether the page is there, in memory or swapped out; true where that is not known. */
bool targetmem_is_present(struct targetmem *mem, uint64_t address);

/* Why pagemap could not be read; NULL: it could, or there is none. */
const char *targetmem_missing(const struct targetmem *mem);

#endif
