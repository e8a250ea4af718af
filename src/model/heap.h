/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heap: who serves malloc, and when that is glibc, its arenas and settings as they stand in
 * memory.
 */
#ifndef MODEL_HEAP_H
#define MODEL_HEAP_H

#include "model/glibc.h"
#include "model/heapwalk.h"
#include "model/image.h"

enum { HEAP_MAX_EVIDENCE = 8 };

struct heap {
    const char *allocator;                   /* as allocator.name */
    const char *evidence[HEAP_MAX_EVIDENCE]; /* sentences */
    unsigned int n_evidence;
    const char *missing; /* why nothing is known from memory, or NULL */
    const char *pagemap_missing;
    struct str kept;          /* what a snapshot is to keep of that memory; bytes NULL: nothing */
    unsigned int n_tries;     /* of reading it, until it was consistent; the reader's to count */
    bool is_corrupt;          /* as far as can be told; the reader's to tell if alike each time */
    unsigned int n_unstopped; /* threads that --stop did not hold; the reader's to count */
    bool is_of_another;       /* the process executed another program while it was read */
    struct glibc glibc;
    const struct glibc_malloc *malloc; /* the copy that serves the program, or NULL */
    bool is_trim_most;     /* which pages are there is not known: trim_bytes may be too much */
    struct heapwalk *walk; /* what it holds; NULL: it was not used, or not to be found */
};

/*
 * Fills image.heap from the memory of the process; what it does meanwhile can make that
 * inconsistent.  The walk over all chunks reads all memory of the heap, the rest some kilobytes:
 * these are what a snapshot can hold, so that of one nothing is walked.
 */
struct heap_wish {
    bool walk;
    bool keep; /* heap.kept */
};
void image_read_heap(struct image *image, struct heap_wish wish);

/*
 * Whether memory was still that of the program whose maps were read: IMAGE_READY, with
 * heap.is_of_another if a new one may have taken its place, or `err` says that it has ended.
 */
enum image_state image_confirm_heap(struct image *image, struct err *err);

/*
 * What does not fit together in what was read, and where; NULL: everything does.  The sentence
 * outlives the heap.
 */
const char *heap_inconsistency(const struct heap *heap, uint64_t *address);

/* Whether that sentence says of this program alone that it gave up, and of the heap nothing. */
bool heap_is_beyond(const char *inconsistency);

/* Whether a thread was within malloc, as far as locks tell: a process of one thread takes none. */
bool heap_is_locked(const struct heap *heap);

#endif
