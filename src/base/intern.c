/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/intern.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

void intern_init(struct intern *table, struct arena *arena)
{
    table->arena = arena;
    table->n_slots = FIRST_SLOTS;
    table->slots = xreallocarray(NULL, table->n_slots, sizeof(*table->slots));
    memset(table->slots, 0, table->n_slots * sizeof(*table->slots));
    table->names = xreallocarray(NULL, table->n_slots / 2, sizeof(*table->names));
    table->names[0] = STR("");
    table->n_names = 1;
}

void intern_deinit(struct intern *table)
{
    free(table->slots);
    free(table->names);
    table->slots = NULL;
    table->names = NULL;
}

/* FNV-1a; the names come from the target, so a flood of equal hashes costs time, never memory. */
static uint32_t hash_bytes(struct str s)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < s.n; i++)
        hash = (hash ^ (unsigned char)s.p[i]) * 16777619u;
    return hash;
}

static uint32_t *find_slot(const struct intern *table, struct str s)
{
    uint32_t i = hash_bytes(s) & (table->n_slots - 1);

    while (table->slots[i] && !str_eq(table->names[table->slots[i] - 1], s))
        i = (i + 1) & (table->n_slots - 1);
    return &table->slots[i];
}

static void grow(struct intern *table)
{
    table->n_slots *= 2;
    table->slots = xreallocarray(table->slots, table->n_slots, sizeof(*table->slots));
    memset(table->slots, 0, table->n_slots * sizeof(*table->slots));
    table->names = xreallocarray(table->names, table->n_slots / 2, sizeof(*table->names));
    for (uint32_t i = 1; i < table->n_names; i++)
        *find_slot(table, table->names[i]) = i + 1;
}

uint32_t intern_add(struct intern *table, struct str s)
{
    uint32_t *slot;

    if (s.n == 0)
        return 0;
    slot = find_slot(table, s);
    if (*slot)
        return *slot - 1;
    if (table->n_names == table->n_slots / 2) {
        grow(table);
        slot = find_slot(table, s);
    }
    table->names[table->n_names] = (struct str){arena_strndup(table->arena, s.p, s.n), s.n};
    *slot = ++table->n_names;
    return table->n_names - 1;
}
