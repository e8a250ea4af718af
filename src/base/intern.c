/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/intern.h"

#include <stdlib.h>
#include <sys/auxv.h>

enum { FIRST_SLOTS = 64 };

/* The kernel gives each program 16 random bytes; copied, since nothing may print what is there. */
static void take_seed(uint64_t seed[static 2])
{
    const void *random = (const void *)(uintptr_t)getauxval(AT_RANDOM);

    seed[0] = seed[1] = 0;
    if (random)
        memcpy(seed, random, 2 * sizeof(*seed));
}

void intern_init(struct intern *table, struct arena *arena)
{
    table->arena = arena;
    take_seed(table->seed);
    table->n_slots = FIRST_SLOTS;
    table->slots = xreallocarray(NULL, table->n_slots, sizeof(*table->slots));
    memset(table->slots, 0, table->n_slots * sizeof(*table->slots));
    table->names = xreallocarray(NULL, table->n_slots / 2, sizeof(*table->names));
    table->names[0] = STR("");
    table->n_names = 1;
    table->last = 0;
}

void intern_deinit(struct intern *table)
{
    free(table->slots);
    free(table->names);
    table->slots = NULL;
    table->names = NULL;
}

static uint64_t rotate(uint64_t x, unsigned int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[static 4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32) + v[3];
    v[2] += v[1];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[static 4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

/*
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012; the reduced rounds
 * that Python and Rust use for the same purpose), with the words in the byte order of the machine.
 * The names are the target's: without a secret it could choose 60,000 that share a slot.
 */
static uint64_t hash_bytes(const uint64_t seed[static 2], struct str s)
{
    uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d,
                     seed[0] ^ 0x6c7967656e657261, seed[1] ^ 0x7465646279746573};
    uint64_t word, last = (uint64_t)s.n << 56;
    size_t at = 0;

    for (; s.n - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, s.p + at, sizeof(word));
        sip_word(v, word);
    }
    for (unsigned int shift = 0; at < s.n; at++, shift += 8)
        last |= (uint64_t)(unsigned char)s.p[at] << shift;
    sip_word(v, last);
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint32_t *find_slot(const struct intern *table, struct str s)
{
    uint32_t i = (uint32_t)hash_bytes(table->seed, s) & (table->n_slots - 1);

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
    /* The mappings of a file come one after the other. */
    if (str_eq(s, table->names[table->last]))
        return table->last;
    slot = find_slot(table, s);
    if (*slot)
        return table->last = *slot - 1;
    if (table->n_names == table->n_slots / 2) {
        grow(table);
        slot = find_slot(table, s);
    }
    table->names[table->n_names] = (struct str){arena_strndup(table->arena, s.p, s.n), s.n};
    *slot = ++table->n_names;
    return table->last = table->n_names - 1;
}
