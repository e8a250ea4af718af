/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * malloc_state and heap_info of every generation since glibc 2.12, by the offsets that their
 * compilers gave them.  What follows the bins has no offsets of its own: binmap has 16 bytes, then
 * come words, next, next_free, attached_threads (since 2.23), system_mem, max_system_mem.
 *
 * On i386, x32 and 32-bit PowerPC chunks lie at multiples of 16, on i386 only since 2.26.
 */
#include "model/glibcparts.h"

enum { BINMAP_BYTES = 16 };

/* Rows of malloc_par: see glibcpar.c. */
enum { PAR_OLD = 7, PAR_2_27 = 4 | 8, PAR_2_43 = 8 | 16 };

static const struct glibc_generation generations[] = {
    /* word, align, fast, narrow, wide, lacks attached, fastbins, bins, heap_info, malloc_par */
    {8, 16, 10, false, false, true, 8, 104, 32, 48, PAR_OLD},    /* 2.12 to 2.26 */
    {8, 16, 10, false, false, false, 16, 112, 32, 48, PAR_2_27}, /* 2.27 to 2.42 */
    {8, 16, 0, false, false, false, 0, 24, 32, 48, PAR_2_43},
    {4, 8, 10, true, true, true, 8, 56, 16, 24, PAR_OLD},     /* to 2.26; i386: to 2.25 */
    {4, 16, 11, false, true, true, 8, 60, 24, 24, PAR_OLD},   /* i386: 2.26 */
    {4, 8, 10, true, false, false, 12, 60, 16, 24, PAR_2_27}, /* 2.27 to 2.42 */
    {4, 16, 11, true, true, false, 12, 64, 24, 24, PAR_2_27},
    {4, 8, 0, true, false, false, 0, 16, 16, 24, PAR_2_43},
    {4, 16, 0, false, true, false, 0, 16, 24, 24, PAR_2_43},
};

static bool fits(const struct glibc_place *place, const struct glibc_generation *generation)
{
    if (place->word != generation->word)
        return false;
    return place->word == 8 || (place->is_wide ? generation->is_wide : generation->is_narrow);
}

const struct glibc_generation *generation_get(const struct glibc_place *place, unsigned int n)
{
    for (unsigned int i = 0; i < sizeof(generations) / sizeof(generations[0]); i++)
        if (fits(place, &generations[i]) && n-- == 0)
            return &generations[i];
    return NULL;
}

uint64_t generation_next(const struct glibc_generation *generation)
{
    return generation->bins + UINT64_C(2) * GLIBC_N_BINS * generation->word + BINMAP_BYTES;
}

struct glibc_layout generation_layout(const struct glibc_generation *generation, bool has_attached,
                                      bool has_thp, bool is_big_endian)
{
    uint16_t word = generation->word, next = (uint16_t)generation_next(generation);
    uint16_t system_mem = (uint16_t)(next + (has_attached ? 3 : 2) * word);

    return (struct glibc_layout){
        .word = generation->word,
        .align = generation->align,
        .n_fast = generation->n_fast,
        .is_big_endian = is_big_endian,
        .has_attached = has_attached,
        .has_thp = has_thp,
        .flags = 4,
        .fastbins = generation->fastbins,
        .top = (uint16_t)(generation->bins - 2 * word),
        .bins = generation->bins,
        .next = next,
        .system_mem = system_mem,
        .attached = has_attached ? (uint16_t)(next + 2 * word) : 0,
        .state_size = (uint16_t)(system_mem + 2 * word),
        .heap_size = has_thp ? generation->thp_heap : generation->plain_heap,
    };
}
