/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * malloc_par has no pattern of its own, but values that go together: it is the place in the data of
 * its object that has most of them.  What a program can set by mallopt() or tunables only counts in
 * favour, what malloc itself keeps true is a condition.
 */
#include "model/glibcparts.h"

#include <limits.h>
#include <string.h>

/*
 * Rows, a bit each in glibc_generation.pars.  trim_threshold, top_pad, mmap_threshold, arena_test
 * and arena_max are words and come first in all.
 */
static const struct par_row {
    bool has_thp_mode;  /* one more word */
    bool has_thp;       /* thp_pagesize, hp_pagesize, and hp_flags, an int */
    bool has_page_size; /* an int after those about mmap */
    bool has_total;     /* max_total_mem */
} rows[] = {
    {false, false, true, true},   /* 2.12 */
    {false, false, false, true},  /* 2.17 to 2.23 */
    {false, false, false, false}, /* 2.24 to 2.34 */
    {false, true, false, false},  /* since 2.35 */
    {true, true, false, false},   /* after 2.43 */
};
enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

enum { LEAST_PAGE = 4096 };

struct scan {
    const struct glibc_place *place;
    const struct par_hint *hint;
    uint8_t rows;    /* bits */
    bool is_unpaged; /* since 2.43 each mremap() leaves two words too many in mmapped_bytes */
    int best_score;
    const struct par_row *best_row;
    struct glibc_par best;
};

static uint64_t word_at(const struct scan *scan, const unsigned char *p, unsigned int n)
{
    return word_load(p + n, scan->place->word, scan->place->is_big_endian);
}

static uint64_t int_at(const struct scan *scan, const unsigned char *p, unsigned int n)
{
    return word_load(p + n, 4, scan->place->is_big_endian);
}

/* Whether it is a size of pages that is kept as 0 when there is none. */
static bool is_page_size(uint64_t value)
{
    return (value & (value - 1)) == 0 && (value == 0 || value >= LEAST_PAGE);
}

static bool par_load(const struct scan *scan, const struct par_row *row, const unsigned char *p,
                     struct glibc_par *par)
{
    unsigned int word = scan->place->word, at = 5 * word, ints;

    *par = (struct glibc_par){
        .known = true,
        .trim_threshold = word_at(scan, p, 0),
        .top_pad = word_at(scan, p, word),
        .mmap_threshold = word_at(scan, p, 2 * word),
        .arena_test = word_at(scan, p, 3 * word),
        .arena_max = word_at(scan, p, 4 * word),
    };
    if (row->has_thp_mode)
        at += word;
    if (row->has_thp) {
        par->thp_page_size = word_at(scan, p, at);
        par->huge_page_size = word_at(scan, p, at + word);
        at += 2 * word + 4;
    }
    ints = at;
    par->n_mmaps = int_at(scan, p, ints);
    par->n_mmaps_max = int_at(scan, p, ints + 4);
    par->max_n_mmaps = int_at(scan, p, ints + 8);
    if (int_at(scan, p, ints + 12) > 1)
        return false;
    par->is_dynamic = int_at(scan, p, ints + 12) == 0;
    at = ints + 16;
    if (row->has_page_size && int_at(scan, p, at) != scan->place->page_size)
        return false;
    at = (unsigned int)align_up(at + (row->has_page_size ? 4 : 0), word);
    par->mmapped_bytes = word_at(scan, p, at);
    par->max_mmapped_bytes = word_at(scan, p, at + word);
    at += (row->has_total ? 3 : 2) * word;
    par->sbrk_base = word_at(scan, p, at);
    par->size = at + word;
    return true;
}

/* What malloc itself keeps true. */
static bool is_possible(const struct scan *scan, const struct glibc_par *par)
{
    uint64_t page = scan->place->page_size;
    uint64_t unit = scan->is_unpaged ? 2 * (uint64_t)scan->place->word : page;

    return par->n_mmaps <= par->max_n_mmaps && par->max_n_mmaps <= INT_MAX &&
           par->n_mmaps_max <= INT_MAX && par->mmapped_bytes <= par->max_mmapped_bytes &&
           (par->n_mmaps == 0) == (par->mmapped_bytes == 0) &&
           (par->max_n_mmaps == 0) == (par->max_mmapped_bytes == 0) &&
           par->mmapped_bytes % unit == 0 && par->max_mmapped_bytes % unit == 0 &&
           par->n_mmaps <= par->mmapped_bytes / unit && is_page_size(par->thp_page_size) &&
           is_page_size(par->huge_page_size);
}

static bool is_base(const struct scan *scan, uint64_t base)
{
    const struct par_hint *hint = scan->hint;

    for (int i = 0; i < 2; i++)
        if (hint->top_end != 0 && hint->system_bytes[i] != 0 && hint->top_end > base &&
            hint->top_end - base == hint->system_bytes[i])
            return true;
    return false;
}

static int par_score(const struct scan *scan, const struct glibc_par *par)
{
    enum { USUAL = 128 << 10, USUAL_MMAPS = 65536 };
    uint64_t base = par->sbrk_base;
    int score = 0;

    score += par->n_mmaps_max == USUAL_MMAPS ? 3 : 0;
    score += par->arena_test == (scan->place->word == 8 ? 8 : 2) ? 2 : 0;
    score += par->arena_max == 0 ? 1 : 0;
    score += par->top_pad == USUAL ? 1 : 0;
    score += par->mmap_threshold == USUAL ? 2 : 0;
    score += par->trim_threshold == USUAL || (par->mmap_threshold >= USUAL &&
                                              par->trim_threshold == 2 * par->mmap_threshold)
                 ? 2
                 : 0;
    score += base != 0 && base == scan->place->start_brk ? 4 : 0;
    score += base != 0 && is_base(scan, base) ? 8 : 0;
    return score;
}

static void par_try(struct scan *scan, const struct par_row *row, const unsigned char *p,
                    uint64_t address)
{
    struct glibc_par par;
    int score;

    if (!par_load(scan, row, p, &par) || !is_possible(scan, &par))
        return;
    score = par_score(scan, &par);
    if (score <= scan->best_score)
        return;
    scan->best_score = score;
    scan->best_row = row;
    scan->best = par;
    scan->best.address = address;
}

static void scan_piece(struct scan *scan, const unsigned char *piece, size_t n, uint64_t address)
{
    for (size_t at = 0; at + PAR_BYTES <= n; at += scan->place->word)
        for (unsigned int row = 0; row < N_ROWS; row++)
            if (scan->rows >> row & 1)
                par_try(scan, &rows[row], piece + at, address + at);
}

void par_find(struct glibc_par *par, bool *has_thp, const struct glibc_place *place,
              struct range segment, const struct glibc_generation *generation,
              const struct par_hint *hint)
{
    /* A place with nothing in it but zeros has some of the score as well. */
    enum { PIECE = 16 << 10, LEAST_SCORE = 7 };
    struct scan scan = {
        .place = place,
        .hint = hint,
        .rows = generation->pars,
        .is_unpaged = generation->n_fast == 0,
        .best_score = LEAST_SCORE,
    };
    unsigned char piece[PIECE + PAR_BYTES];

    for (uint64_t at = segment.start; at < segment.end;) {
        uint64_t left = segment.end - at;
        size_t n = left < sizeof(piece) ? (size_t)left : sizeof(piece);

        /* The last ones may lie up to the end: what follows it is taken for zeros. */
        memset(piece + n, 0, sizeof(piece) - n);
        if (place_read(place, at, piece, n))
            scan_piece(&scan, piece, sizeof(piece), at);
        if (left <= PIECE)
            break;
        at += PIECE;
    }
    *par = scan.best;
    *has_thp = scan.best_row && scan.best_row->has_thp;
}
