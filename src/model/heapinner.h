/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the heap walk share: see model/heapwalk.h for what it is about. */
#ifndef MODEL_HEAPINNER_H
#define MODEL_HEAPINNER_H

#include "model/heapindex.h"
#include "model/heapset.h"
#include "model/heapwalk.h"
#include "model/heapwindow.h"
#include "parse/word.h"

/* The low bits of a chunk's size. */
enum { CHUNK_PREV_USED = 1, CHUNK_MAPPED = 2, CHUNK_FOREIGN_ARENA = 4, CHUNK_FLAGS = 7 };

/* A chunk's head, and the links that are there when it is free and large enough. */
struct heap_chunk {
    uint64_t address;
    uint64_t size;
    unsigned int flags;
    bool may_be_tcache;
    uint64_t previous_size;     /* valid if the previous chunk is free */
    unsigned char links[4 * 8]; /* as they lie there: heap_chunk_link() */
};

/*
 * Lists that are circles name each member once as somebody's next and once as somebody's previous.
 * So sums over the members' addresses and over the links in them, in whatever order, are equal if
 * and (but for chance, and for those who take pains) only if they are of the same chunks.
 */
struct heap_circle {
    uint64_t members, forward, backward;
};

/* Free chunks side by side, as malloc_consolidate() would join them. */
struct heap_run {
    uint64_t start, bytes;
    bool ends_binned;
};

enum { HEAP_FASTBINS = sizeof(((struct glibc_arena *)0)->fast) / sizeof(uint64_t) }; /* at most */

/* What changes while an arena is walked.  Copied before something is tried and put back after. */
struct heap_state {
    struct heap_tally tally;
    struct heap_circle bins, sizes;
    struct heap_run run;
    struct heap_pin pin;     /* the last chunk in use so far */
    struct heap_pin top_pin; /* and when the top was met */
    uint64_t segment_free;   /* bytes in bins and fastbins of this segment */
    uint64_t n_fast_met;
    uint64_t fast_met[HEAP_FASTBINS]; /* as walker->fast_listed */
    size_t n_candidates;
    bool has_top;
    struct heap_break broken;
};

/* Memory of an arena that is not main. */
struct heap_owner {
    struct range range;
    uint32_t arena;
};

/* A chunk in use that may be a thread's tcache. */
struct heap_candidate {
    uint64_t address, size;
    uint32_t arena;
};

/* How the `next` of fastbins and tcaches is stored: xored with its own address >> 12 since 2.32. */
enum heap_linking { LINKING_UNKNOWN, LINKING_SAFE, LINKING_PLAIN };

struct heap_walker {
    const struct heapwalk_source *source;
    const struct glibc_malloc *malloc;
    struct heapwalk *walk;
    struct heapwindow stream, jumps;
    struct heapset fast, cached;
    struct heapindex fast_links;         /* what lists of fastbins lead to, beside `fast` */
    uint64_t fast_listed[HEAP_FASTBINS]; /* of each fastbin, the sum of its chunks' addresses */
    uint64_t max_fast;                   /* no chunk in a fastbin is larger; 0: none is in one */
    enum heap_linking linking;
    struct range tcache_sizes;
    uint32_t word, align, header, min_size, min_large; /* header: two words */
    uint64_t search_left;                              /* chunks that may still be met in vain */
    uint64_t jumps_left; /* members of lists that may still be followed */
    struct range *spans; /* source->ranges, joined */
    size_t n_spans;
    struct heap_owner *owners; /* in address order */
    size_t n_owners;
    struct heap_candidate *candidates;
    size_t room_candidates;
    bool has_blank; /* the main arena has a chunk that may be a tcache without anything in it */
    uint64_t pages_asked; /* whether they are there */

    /* of the arena that is being walked */
    const struct glibc_arena *arena;
    uint32_t arena_index;
    struct heap_state state;
};

static inline uint64_t heap_word(const struct heap_walker *walker, const void *p)
{
    const struct glibc_layout *layout = &walker->malloc->layout;

    return word_load(p, walker->word, layout->is_big_endian);
}

/* How much there is to ask about is the target's to say: of 256 GiB, with pages of 4 KiB. */
enum { HEAP_MAX_PAGES = 1 << 26 };

static inline bool heap_may_ask(const struct heap_walker *walker)
{
    return walker->pages_asked < HEAP_MAX_PAGES;
}

static inline bool heap_page_is_present(struct heap_walker *walker, uint64_t address)
{
    const struct heapwalk_source *source = walker->source;

    walker->pages_asked++;
    return !source->is_present || source->is_present(source->present_context, address);
}

/* To the next and previous chunk of its bin, and to the next larger and smaller one, or 0. */
enum heap_link { LINK_FORWARD, LINK_BACKWARD, LINK_LARGER, LINK_SMALLER };

static inline uint64_t heap_chunk_link(const struct heap_walker *walker,
                                       const struct heap_chunk *chunk, enum heap_link link)
{
    return heap_word(walker, chunk->links + link * walker->word);
}

/* The chunk at or behind the address, where its content is aligned. */
static inline uint64_t heap_chunk_align(const struct heap_walker *walker, uint64_t address)
{
    return align_up(address + walker->header, walker->align) - walker->header;
}

static inline bool heap_is_aligned(const struct heap_walker *walker, uint64_t address)
{
    return (address + walker->header) % walker->align == 0;
}

static inline uint64_t heap_link_decode(const struct heap_walker *walker, enum heap_linking linking,
                                        uint64_t chunk, uint64_t link)
{
    return linking == LINKING_SAFE ? link ^ (chunk + walker->header) >> 12 : link;
}

static inline unsigned int heap_bucket_of(uint64_t size)
{
    unsigned int i = 63 - (unsigned int)__builtin_clzll(size | 1);

    return i < HEAP_BUCKETS ? i : HEAP_BUCKETS - 1;
}

static inline void heap_sum_add(struct heap_sum *sum, uint64_t bytes)
{
    sum->n++;
    sum->bytes += bytes;
}

/* Keeps the first thing that is broken; false, for who returns what this returns. */
bool heap_break_set(struct heap_walker *walker, enum heap_break_kind kind, uint64_t address,
                    uint64_t value);

/* The heap of an arena that is not main at the address, or NULL. */
const struct heap_owner *heap_owner_at(const struct heap_walker *walker, uint64_t address);

void heap_circle_member(struct heap_circle *circle, uint64_t address);
void heap_circle_links(struct heap_circle *circle, uint64_t forward, uint64_t backward);
bool heap_circle_is_closed(const struct heap_circle *circle);

uint64_t heap_address_mix(uint64_t x);

/* heaplists.c: the lists that an arena's malloc_state starts, before and after the walk. */
bool heap_lists_start(struct heap_walker *walker);
bool heap_lists_end(struct heap_walker *walker);

/*
 * Follows a list of chunks from its first one.  `link` is what pointers point at, counted from the
 * chunk's start: 0 in fastbins, a header in tcaches.  Each chunk has `size` bytes (0: any) and is
 * shown to `member`, which may end it all.  True if the list ends, or goes on, after `limit` chunks
 * without having led astray.
 */
struct heap_list {
    uint64_t head, size, link, limit;
    enum heap_linking linking;
    bool (*member)(struct heap_walker *walker, void *context, const struct heap_chunk *chunk);
    void *context;
    uint64_t n;    /* out: chunks met */
    uint64_t next; /* out: where it goes on */
    bool ends;     /* out: it does not */
    uint64_t bad;  /* out: where it went wrong */
};
bool heap_list_follow(struct heap_walker *walker, struct heap_list *list);

/* heapfast.c: the chunks in an arena's fastbins, before the walk, in it and after it. */
bool heap_fastbins_follow(struct heap_walker *walker);
bool heap_fastbins_have(struct heap_walker *walker, const struct heap_chunk *chunk);
void heap_fastbins_meet(struct heap_walker *walker, const struct heap_chunk *chunk);
bool heap_fastbins_are_met(struct heap_walker *walker);

/* heapchunks.c: the chunks of one segment or heap, one after the other. */
struct heap_segment {
    uint64_t start; /* its first chunk */
    uint64_t limit; /* no chunk reaches beyond */
    uint64_t end;   /* of an arena's heap; 0: a segment of the main arena, found out and put here */
    uint64_t steps; /* chunks that may be met; 0: all.  Out: those that were */
};
bool heap_segment_walk(struct heap_walker *walker, struct heap_segment *segment);
bool heap_chunk_load(const struct heap_walker *walker, struct heapwindow *window, uint64_t address,
                     struct heap_chunk *chunk);
bool heap_chunk_may_start(const struct heap_walker *walker, const struct heap_chunk *chunk,
                          uint64_t limit);

/* heaptrim.c: what free chunks side by side amount to. */
void heap_run_add(struct heap_run *run, const struct heap_chunk *chunk, bool is_binned);
void heap_run_end(struct heap_walker *walker);
void heap_run_end_at_top(struct heap_walker *walker, const struct heap_chunk *top);

/* heapmain.c, heapwalk.c: all segments of the main arena, all heaps of another one. */
struct range heap_main_range(const struct heap_walker *walker);
bool heap_main_walk(struct heap_walker *walker);

/* heaptcache.c */
struct range heap_tcache_sizes(const struct heap_walker *walker);
bool heap_tcache_looks_so(struct heap_walker *walker, const struct heap_chunk *chunk);
bool heap_tcache_note(struct heap_walker *walker, const struct heap_chunk *chunk);
void heap_tcaches_settle(struct heap_walker *walker);

#endif
