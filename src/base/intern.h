/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names by number: each distinct byte string is stored once and has a small index.  A process with
 * 60,000 mappings has some hundred names; a mapping keeps four bytes instead of a path.
 */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include "base/arena.h"
#include "base/str.h"

struct intern {
    struct arena *arena; /* owns the bytes; outlives the table */
    struct str *names;   /* names[0] is the empty name */
    uint32_t n_names;
    uint32_t last;    /* that was added, or found again */
    uint32_t *slots;  /* open addressing; 0 is free, else index + 1 */
    uint32_t n_slots; /* a power of two */
    uint64_t seed[2]; /* secret, so that nobody can choose names that share a slot */
};

void intern_init(struct intern *table, struct arena *arena);
void intern_deinit(struct intern *table);

/* The index of the bytes of `s`, which are copied when they are new; 0 for the empty name. */
uint32_t intern_add(struct intern *table, struct str s);

/*
 * The bytes are followed by a zero in memory, so that `.p` is a C string where no zero is inside.
 */
static inline struct str intern_get(const struct intern *table, uint32_t index)
{
    return table->names[index];
}

#endif
