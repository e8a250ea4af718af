/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lies in the heaps of a glibc malloc: every chunk is met once, in the order of addresses, and
 * counted.  What was counted is then held against what malloc itself keeps (its lists of free
 * chunks, its byte counts), so that a result is either exact or says where it is not.
 *
 * The memory may be anybody's: nothing that is read from it is trusted, and all work is bounded by
 * how much memory there is.
 */
#ifndef MODEL_HEAPWALK_H
#define MODEL_HEAPWALK_H

#include "base/arena.h"
#include "base/range.h"
#include "base/reader.h"
#include "model/glibc.h"

struct heapwalk_source {
    const struct glibc_malloc *malloc;
    const struct reader *memory; /* by address; a page that is not there may read as zeros */
    const struct range *ranges;  /* what may be read: anonymous and writable, in address order */
    size_t n_ranges;
    const struct range *huge; /* those of them whose pages are hugetlb's, in address order */
    size_t n_huge;
    uint64_t page_size;
    uint64_t brk; /* the break; 0: not known */

    /* Whether the page is there, as of before it was first read; NULL: all are. */
    bool (*is_present)(void *context, uint64_t address);
    void *present_context;
};

struct heap_sum {
    uint64_t n;
    uint64_t bytes; /* with malloc's own word before each chunk */
};

/* Chunks of at least 1 << i and less than 2 << i bytes. */
struct heap_bucket {
    struct heap_sum used;
    struct heap_sum free; /* binned, fast and cached */
};
enum { HEAP_BUCKETS = 48 }; /* the last one takes all that is larger */

/* What an arena holds.  system_bytes is the sum of what stands before it here. */
struct heap_tally {
    struct heap_sum used;   /* in the program's hands */
    struct heap_sum binned; /* free, in bins: small, large or unsorted */
    struct heap_sum fast;   /* free, in fastbins */
    struct heap_sum cached; /* free, in a thread's tcache; malloc itself counts it as used */
    struct heap_sum top;    /* free, at the end */
    uint64_t foreign_bytes; /* between segments of the break: others' sbrk(), counted as malloc's */
    uint64_t overhead_bytes; /* malloc's own: heads of arenas and heaps, fences, tcaches */
    uint64_t system_bytes;
    struct heap_sum fallback; /* the main arena's segments that mmap gave because brk did not */
    uint64_t n_tcaches;       /* that hold something: empty ones look like any chunk in use */
    uint64_t largest_free;    /* bytes of the largest chunk in bins */
    uint64_t trim_bytes; /* pages that malloc_trim(0) would give back, of those that are there */
    struct heap_bucket sizes[HEAP_BUCKETS];
};

/* The last chunk in use below an arena's top: malloc gives back by itself only what lies above. */
struct heap_pin {
    uint64_t
        address; /* of the chunk; the program's pointer is two words above.  0: there is none */
    uint64_t size;
    bool is_cached;      /* freed by the program, but in a thread's tcache */
    uint64_t run_bytes;  /* free and directly below it: what the top would grow by without it */
    uint64_t free_bytes; /* free below it in the same segment or heap, in bins and fastbins */
};

enum heap_break_kind {
    HEAP_INTACT,
#define BREAK(id, text) HEAP_##id,
#include "model/heapbreak.list"
#undef BREAK
    N_HEAP_BREAKS
};

/* Where what was read is not what malloc leaves behind. */
struct heap_break {
    enum heap_break_kind kind;
    uint64_t arena;
    uint64_t address;
    uint64_t value; /* what stands there, or by how much a sum is off */
};

/* A sentence on the kind, without its address. */
const char *heap_break_text(enum heap_break_kind kind);

enum heap_verdict {
    HEAP_EXACT,
    /*
     * An invariant is broken: read while malloc was at work (a target that runs, or was stopped
     * within malloc), or overwritten by the program.  Which one, another try can tell: what is
     * broken alike in each, with the target running in between, was overwritten.
     */
    HEAP_INCONSISTENT,
    /*
     * The same for a pointer of malloc_state itself that is not even aligned: malloc stores it in
     * one write and only ever whole, so no moment of reading can show that.
     */
    HEAP_CORRUPTED,
};

struct heapwalk_arena {
    struct heap_tally tally;
    struct heap_pin pin;
    struct heap_break broken; /* the first thing; HEAP_INTACT: the arena is exact */
};

/* mallinfo2()'s numbers, in its own terms: what that function would return in the process. */
struct heap_mallinfo {
    uint64_t arena, ordblks, smblks, hblks, hblkhd, fsmblks, uordblks, fordblks, keepcost;
};

struct heapwalk {
    struct heapwalk_arena *arenas; /* as many as glibc_malloc has, in its order */
    struct heap_tally total;
    struct heap_mallinfo mallinfo;
    bool is_trim_most; /* trim_bytes counts pages as there of which nobody asked: they are many */
    enum heap_verdict verdict;
    struct heap_break broken; /* the first of an arena's */
};

/* Never fails; numbers are to be believed if the verdict is HEAP_EXACT.  Results lie in `arena`. */
void heapwalk_run(struct heapwalk *walk, struct arena *arena, const struct heapwalk_source *source);

#endif
