/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * malloc_state has 127 bins in a row, each two pointers that lead back to the bin itself, directly
 * or by one chunk: nothing else looks so.  The word behind them, `next`, is the first of a ring of
 * arenas; which offset of the bins makes that ring come back tells the generation.
 *
 * Before its first use the main arena has no bins yet, but `next` points to itself.
 */
#include "model/glibcparts.h"

#include <string.h>

struct finder {
    const struct glibc_place *place;
    struct glibc *found;
    uint32_t steps_left; /* around rings, for all that may look like one */
    uint64_t bytes_left; /* of segments */
};

/* Bins may be broken in a corrupt process, and while one runs; not many. */
enum { BINS_NEEDED = 100, BROKEN_NEIGHBOURS = 3 };

static struct glibc_malloc *add_malloc(struct finder *finder)
{
    struct glibc *found = finder->found;

    if (found->n_mallocs == GLIBC_MAX_COPIES)
        return NULL;
    return &found->mallocs[found->n_mallocs++];
}

static bool is_known(const struct glibc *found, uint64_t main_arena)
{
    for (uint32_t i = 0; i < found->n_mallocs; i++)
        if (found->mallocs[i].arenas[0].address == main_arena)
            return true;
    return false;
}

/* How far bins go from one on, in steps of `step` bytes, with a few broken ones among them. */
static uint64_t last_bin(const struct glibc_place *place, uint64_t at, uint64_t step)
{
    uint64_t last = at;
    unsigned int n_broken = 0;

    for (unsigned int i = 1; i < GLIBC_N_BINS && n_broken <= BROKEN_NEIGHBOURS; i++) {
        if (bin_check(place, at + i * step)) {
            last = at + i * step;
            n_broken = 0;
        } else {
            n_broken++;
        }
    }
    return last;
}

/* The arenas after `main`, when they lead back to it; their number, or 0. */
static uint32_t ring_length(struct finder *finder, const struct glibc_generation *generation,
                            uint64_t main_arena)
{
    uint64_t offset = generation_next(generation), at = main_arena;
    uint32_t n = 0;

    while (finder->steps_left > 0 && n < GLIBC_MAX_ARENAS) {
        finder->steps_left--;
        n++;
        if (!place_word(finder->place, at + offset, &at))
            return 0;
        if (at == main_arena)
            return n;
        if (at == 0 || bins_count(finder->place, at + generation->bins) < BINS_NEEDED)
            return 0;
    }
    return 0;
}

/*
 * `has_attached` as far as it can be told from the word itself, which else is system_mem: that is
 * whole pages, and 0 only of a main arena that has taken nothing, which a thread is attached to.
 */
static bool guess_attached(const struct glibc_place *place,
                           const struct glibc_generation *generation, uint64_t arena,
                           bool has_memory)
{
    uint64_t value, at = arena + generation_next(generation) + 2 * (uint64_t)generation->word;

    if (!generation->may_lack_attached || !place_word(place, at, &value))
        return true;
    return value == 0 ? has_memory : value < place->page_size || value % place->page_size != 0;
}

static struct par_hint hint_of(const struct glibc_place *place,
                               const struct glibc_generation *generation, uint64_t main_arena)
{
    struct par_hint hint = {0};
    struct glibc_arena arena;

    for (int attached = generation->may_lack_attached ? 0 : 1; attached < 2; attached++) {
        struct glibc_layout layout =
            generation_layout(generation, attached, false, place->is_big_endian);

        if (!arena_read(place, &layout, main_arena, &arena))
            continue;
        hint.has_top = arena.is_initialized;
        if (arena.is_initialized && !(arena.flags & GLIBC_NONCONTIGUOUS))
            hint.top_end = arena.top + arena.top_size;
        hint.system_bytes[attached] = arena.system_bytes;
    }
    return hint;
}

/* An arena that is not main lies behind the heap_info of its first heap. */
static bool tell_thp(const struct glibc_place *place, const struct glibc_generation *generation,
                     uint64_t second_arena, bool has_thp)
{
    uint64_t offset = second_arena % place->page_size;

    if (second_arena == 0 || generation->plain_heap == generation->thp_heap)
        return has_thp;
    return offset == generation->thp_heap || (offset != generation->plain_heap && has_thp);
}

/* Whether attached_threads is there, by what the main arena's bytes must be. */
static bool tell_attached(const struct glibc_place *place,
                          const struct glibc_generation *generation, uint64_t main_arena,
                          uint64_t second, const struct glibc_par *par, const struct par_hint *hint)
{
    bool fits[2];

    for (int i = 0; i < 2; i++)
        fits[i] = par->known && hint->top_end != 0 && hint->system_bytes[i] != 0 &&
                  par->sbrk_base + hint->system_bytes[i] == hint->top_end;
    if (!generation->may_lack_attached || fits[0] == fits[1])
        return second != 0 ? guess_attached(place, generation, second, true)
                           : guess_attached(place, generation, main_arena, hint->has_top);
    return fits[1];
}

static void read_arenas(const struct glibc_place *place, struct glibc_malloc *malloc,
                        uint64_t main_arena)
{
    uint64_t at = main_arena;

    for (uint32_t i = 0; i < malloc->n_arenas; i++) {
        struct glibc_arena *arena = &malloc->arenas[i];

        *arena = (struct glibc_arena){.address = at};
        if (!arena_read(place, &malloc->layout, at, arena) ||
            !place_word(place, at + malloc->layout.next, &at))
            at = 0;
        arena->is_main = i == 0;
    }
}

/* Both are libc's initialised data: malloc_par is not far from the main arena. */
static struct range par_range(struct range segment, uint64_t main_arena)
{
    enum { REACH = 16 << 20 };

    if (main_arena > segment.start && main_arena - segment.start > REACH)
        segment.start = align_down(main_arena - REACH, 16);
    if (segment.end > main_arena && segment.end - main_arena > REACH)
        segment.end = main_arena + REACH;
    return segment;
}

static bool take(struct finder *finder, const struct glibc_segment *segment,
                 const struct glibc_generation *generation, uint64_t main_arena, uint32_t n_arenas,
                 bool is_used)
{
    const struct glibc_place *place = finder->place;
    struct glibc_malloc *malloc = add_malloc(finder);
    struct par_hint hint = hint_of(place, generation, main_arena);
    uint64_t second = 0;
    bool has_thp;

    if (!malloc)
        return false;
    *malloc =
        (struct glibc_malloc){.object = segment->object, .is_used = is_used, .n_arenas = n_arenas};
    malloc->arenas = arena_alloc(place->arena, n_arenas * sizeof(*malloc->arenas));
    par_find(&malloc->par, &has_thp, place, par_range(segment->range, main_arena), generation,
             &hint);
    if (n_arenas > 1)
        place_word(place, main_arena + generation_next(generation), &second);
    malloc->layout = generation_layout(
        generation, tell_attached(place, generation, main_arena, second, &malloc->par, &hint),
        tell_thp(place, generation, second, has_thp), place->is_big_endian);
    read_arenas(place, malloc, main_arena);
    malloc_verify(place, malloc);
    return true;
}

static bool try_bins(struct finder *finder, const struct glibc_segment *segment, uint64_t bins)
{
    const struct glibc_generation *generation;

    for (unsigned int i = 0; (generation = generation_get(finder->place, i)); i++) {
        uint64_t main_arena = bins - generation->bins;
        uint32_t n;

        if (bins < generation->bins || is_known(finder->found, main_arena))
            continue;
        n = ring_length(finder, generation, main_arena);
        if (n > 0)
            return take(finder, segment, generation, main_arena, n, true);
    }
    return false;
}

/* A bin is at `at`; returns where the search goes on. */
static uint64_t follow_bin(struct finder *finder, const struct glibc_segment *segment, uint64_t at)
{
    const struct glibc_place *place = finder->place;
    uint64_t step = 2 * (uint64_t)place->word;
    uint64_t first = last_bin(place, at, -step), last = last_bin(place, at, step);
    uint64_t n = (last - first) / step + 1, bins = first;

    if (n < BINS_NEEDED || n > 2 * GLIBC_N_BINS)
        return at + step;
    /* The first ones may be the broken ones. */
    if (n < GLIBC_N_BINS)
        bins -= (GLIBC_N_BINS - n) * step;
    for (; bins <= first; bins += step)
        if (try_bins(finder, segment, bins))
            return last + step;
    if (finder->found->unproven == 0)
        finder->found->unproven = first;
    return last + step;
}

/*
 * All else is zero in a main arena that was never used, but attached_threads can be 1.  Four words
 * from `next` on are the state's in every version.
 */
static bool is_unused(const struct glibc_place *place, const struct glibc_layout *layout,
                      uint64_t main_arena)
{
    enum { LONGEST_STATE = 2200 };
    unsigned char state[LONGEST_STATE];
    unsigned int n = layout->next + 4 * layout->word;
    uint64_t attached;

    if (!reader_read(place->memory, main_arena, state, n))
        return false;
    attached =
        word_load(state + layout->next + 2 * layout->word, layout->word, layout->is_big_endian);
    memset(state + layout->next, 0, layout->word);
    memset(state + layout->next + 2 * layout->word, 0, layout->word);
    for (unsigned int i = 0; i < n; i++)
        if (state[i] != 0)
            return false;
    return attached <= 1;
}

static void try_unused(struct finder *finder, const struct glibc_segment *segment, uint64_t at,
                       uint64_t value)
{
    const struct glibc_place *place = finder->place;
    const struct glibc_generation *generation;

    for (unsigned int i = 0; (generation = generation_get(place, i)); i++) {
        struct glibc_layout layout;

        if (at - value != generation_next(generation) || is_known(finder->found, value))
            continue;
        layout = generation_layout(generation, true, false, place->is_big_endian);
        if (is_unused(place, &layout, value) && take(finder, segment, generation, value, 1, false))
            return;
    }
}

/*
 * Far enough for whatever a program has there, short enough for one that has gigabytes, or maps the
 * same large file a thousand times.
 */
enum { PIECE = 64 << 10, LONGEST_SEGMENT = 64 << 20, MOST_BYTES = 256 << 20 };

/* Looks at one piece; returns where to go on. */
static uint64_t scan_piece(struct finder *finder, const struct glibc_segment *segment,
                           const unsigned char *piece, size_t n, uint64_t at)
{
    const struct glibc_place *place = finder->place;
    uint64_t word = place->word, end = at + n, skip_to = at;

    for (size_t i = 0; i + 2 * word <= n; i += word) {
        uint64_t first = word_load(piece + i, word, place->is_big_endian);

        if (first == 0 || at + i < skip_to)
            continue;
        if (first == at + i - 2 * word &&
            word_load(piece + i + word, word, place->is_big_endian) == first)
            skip_to = follow_bin(finder, segment, at + i);
        else if (first < at + i && at + i - first < PIECE)
            try_unused(finder, segment, at + i, first);
    }
    return skip_to > end - word ? skip_to : end - word;
}

static void scan_segment(struct finder *finder, const struct glibc_segment *segment)
{
    uint64_t at = align_up(segment->range.start, finder->place->word);
    uint64_t end = segment->range.end;
    unsigned char piece[PIECE];
    uint64_t most =
        finder->bytes_left < LONGEST_SEGMENT ? finder->bytes_left : (uint64_t)LONGEST_SEGMENT;

    if (range_size(segment->range) > most) {
        end = segment->range.start + most;
        finder->found->is_cut = true;
    }
    finder->bytes_left -= end - segment->range.start;
    while (at < end && end - at >= 2 * (uint64_t)finder->place->word) {
        size_t n = end - at < sizeof(piece) ? (size_t)(end - at) : sizeof(piece);

        if (!place_read(finder->place, at, piece, n))
            memset(piece, 0, n);
        at = scan_piece(finder, segment, piece, n, at);
        if (n < sizeof(piece))
            break;
    }
}

void glibc_find(struct glibc *found, const struct glibc_place *place)
{
    struct finder finder = {place, found, 4 * GLIBC_MAX_ARENAS, MOST_BYTES};

    *found = (struct glibc){
        .mallocs = arena_alloc(place->arena, GLIBC_MAX_COPIES * sizeof(*found->mallocs))};
    for (uint32_t i = 0; i < place->n_segments; i++)
        scan_segment(&finder, &place->segments[i]);
}
