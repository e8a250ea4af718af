/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to "would this fit": one brk() or mmap() of a size, or a range of addresses. */
#ifndef ANALYZE_QUERY_H
#define ANALYZE_QUERY_H

#include "analyze/facts.h"

/* Whether growing by a size would succeed in one call. */
struct fit {
    bool asked;
    bool known;          /* false: not enough is known to answer */
    const char *unknown; /* then: the limits that are not known, while no other refuses; or NULL */
    uint64_t size;
    bool fits;
    bool has_address; /* of an mmap that fits */
    uint64_t address;
    const struct limit_fact *limit; /* what refuses it: the least of them; NULL when it fits */
};

/* Whether a range of addresses is free. */
struct occupancy {
    const char *name; /* what the range is for; "" when it was given by numbers */
    struct range range;
    bool usable; /* inside the addresses that the process can map */
    bool known;  /* false: nothing that is known lies there, but not all is */
    bool is_free;
    uint32_t first_mapping; /* of those in it, one after the other */
    uint32_t n_mappings;
};

enum { MAX_OCCUPANCIES = 8 };

struct answers {
    struct fit brk;
    struct fit mmap;
    struct occupancy ranges[MAX_OCCUPANCIES];
    unsigned int n_ranges;
};

/* Grow the heap by `size` bytes from the break as it is. */
void query_brk(struct fit *fit, const struct facts *facts, struct image *image, uint64_t size);

/* mmap(NULL, size) of private writable memory. */
void query_mmap(struct fit *fit, const struct facts *facts, struct image *image, uint64_t size);

/* Appends one range. */
void query_range(struct answers *answers, const struct image *image, const char *name,
                 struct range range);

/*
 * Appends the ranges that a sanitizer runtime needs for itself on x86-64: "asan" or "tsan".  False
 * for another name.
 */
bool query_sanitizer(struct answers *answers, const struct image *image, const char *name);

#endif
