/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads' caches of free chunks, since glibc 2.26.  Nothing but the thread's own storage points to
 * its tcache_perthread_struct, but that is a chunk like others, of a size that tells which it may
 * be, and its content tells the rest: as many lists as it has counts, each as long as it says, of
 * chunks that have just its size.  One that holds nothing is a chunk of zeros like many.
 *
 * One whose only list was overwritten would pass for a chunk in use, were it not for its place: the
 * first call of malloc makes the tcache before it serves the program, in an arena's first chunk.
 * The main arena's stays there as long as the main thread runs, without which the kernel shows no
 * memory.  Other threads' are freed with them, so that their first chunk can become anything; and
 * that of a thread that shares an arena lies anywhere.
 */
#include "model/heapinner.h"

/* counts or, since 2.42, how many there is still room for; then the lists' heads. */
struct tcache_form {
    uint8_t count_bytes;
    uint8_t n;
    bool counts_room;
};
static const struct tcache_form forms[] = {
    {1, 64, false}, /* 2.26 */
    {2, 64, false}, /* 2.30 */
    {2, 76, true},  /* 2.42: the last 12 for chunks of larger sizes, several to a list */
};
enum { N_FORMS = sizeof(forms) / sizeof(forms[0]), SIZE_LISTS = 64, MAX_LISTS = 76 };

/* Lists that may contradict their count, as when a byte was overwritten, and one is still known. */
enum { MAX_WRONG = 8, MAX_CANDIDATES = 1 << 20, MAX_TCACHE_BYTES = MAX_LISTS * (2 + 8) };

struct tcache {
    const struct tcache_form *form;
    uint16_t counts[MAX_LISTS];
    uint64_t heads[MAX_LISTS];
};

static uint32_t form_bytes(const struct heap_walker *walker, const struct tcache_form *form)
{
    return form->n * (form->count_bytes + walker->word);
}

/* A chunk can be larger than asked for by what is too little for another one. */
static const struct tcache_form *form_of(const struct heap_walker *walker, uint64_t size)
{
    for (int i = 0; i < N_FORMS; i++) {
        uint64_t least = align_up(form_bytes(walker, &forms[i]) + walker->word, walker->align);

        if (size >= least && size - least < walker->min_size)
            return &forms[i];
    }
    return NULL;
}

static void tcache_parse(const struct heap_walker *walker, const unsigned char *bytes,
                         struct tcache *tcache)
{
    const struct tcache_form *form = tcache->form;
    bool big_endian = walker->malloc->layout.is_big_endian;

    for (unsigned int i = 0; i < form->n; i++) {
        const unsigned char *count = bytes + (size_t)i * form->count_bytes;

        tcache->counts[i] = form->count_bytes == 1 ? *count : word_load(count, 2, big_endian);
        tcache->heads[i] = heap_word(walker, bytes + (size_t)form->n * form->count_bytes +
                                                 (size_t)i * walker->word);
    }
}

/* How long the list is: what is not in it is not counted, what there is still room for is. */
static uint16_t count_of(const struct tcache *tcache, unsigned int i, uint16_t room)
{
    if (!tcache->form->counts_room)
        return tcache->counts[i];
    return tcache->counts[i] <= room ? (uint16_t)(room - tcache->counts[i]) : UINT16_MAX;
}

/* What most of the lists without chunks have room for, found by majority vote. */
static uint16_t room_of(const struct tcache *tcache)
{
    unsigned int n_votes = 0;
    uint16_t room = 0;

    for (unsigned int i = 0; i < tcache->form->n; i++) {
        if (tcache->heads[i])
            continue;
        if (n_votes == 0)
            room = tcache->counts[i];
        if (tcache->counts[i] == room)
            n_votes++;
        else
            n_votes--;
    }
    return room;
}

/* The pointers are the program's: a header behind the chunk's start. */
static bool head_is_sound(const struct heap_walker *walker, const struct tcache *tcache,
                          unsigned int i, uint16_t room)
{
    uint64_t head = tcache->heads[i];

    return (head != 0) == (count_of(tcache, i, room) != 0) && head % walker->align == 0;
}

/* Where a chunk lies says how likely it is to be a tcache. */
enum tcache_place { PLACE_ANY, PLACE_USUAL, PLACE_CERTAIN };

static uint64_t first_chunk(const struct heap_walker *walker, const struct glibc_arena *arena)
{
    const struct glibc_malloc *malloc = walker->malloc;
    uint64_t behind = arena->address + malloc->layout.state_size;

    if (!arena->is_main)
        return heap_chunk_align(walker, behind);
    return malloc->par.known ? heap_chunk_align(walker, malloc->par.sbrk_base) : 0;
}

/*
 * From 2.27, whose malloc_state differs from all before, to 2.42: the last to make it at once.  The
 * copy in libc_malloc_debug has none.
 */
static enum tcache_place place_judge(const struct heap_walker *walker, uint32_t arena_index,
                                     uint64_t address)
{
    const struct glibc_layout *layout = &walker->malloc->layout;
    const struct glibc_arena *arena = &walker->malloc->arenas[arena_index];
    const uint16_t fastbins_before = 8;

    if (layout->n_fast == 0 || layout->fastbins <= fastbins_before ||
        strncmp(walker->malloc->object, "libc_malloc_debug", 17) == 0 ||
        address != first_chunk(walker, arena))
        return PLACE_ANY;
    return arena->is_main ? PLACE_CERTAIN : PLACE_USUAL;
}

static unsigned int wrong_count(const struct heap_walker *walker, const struct tcache *tcache,
                                unsigned int *n_held)
{
    unsigned int n_wrong = 0;
    uint16_t room = room_of(tcache);

    *n_held = 0;
    for (unsigned int i = 0; i < tcache->form->n; i++) {
        bool sound = head_is_sound(walker, tcache, i, room);

        n_wrong += !sound;
        *n_held += sound && tcache->heads[i];
    }
    return n_wrong;
}

static bool tcache_looks_right(struct heap_walker *walker, const struct tcache *tcache,
                               enum tcache_place place)
{
    unsigned int n_held, n_wrong = wrong_count(walker, tcache, &n_held);

    if (n_wrong + n_held == 0 && walker->arena->is_main)
        walker->has_blank = true;
    if (place == PLACE_ANY)
        return n_wrong <= MAX_WRONG && n_held > 0;
    return n_wrong + n_held > 0;
}

bool heap_tcache_looks_so(struct heap_walker *walker, const struct heap_chunk *chunk)
{
    struct tcache tcache = {.form = form_of(walker, chunk->size)};
    const unsigned char *bytes;

    if (!tcache.form)
        return false;
    bytes = heapwindow_at(&walker->stream, chunk->address + walker->header,
                          form_bytes(walker, tcache.form));
    if (!bytes)
        return false;
    tcache_parse(walker, bytes, &tcache);
    return tcache_looks_right(walker, &tcache,
                              place_judge(walker, walker->arena_index, chunk->address));
}

/* The least and the most that a chunk of any form has, for a quick look. */
struct range heap_tcache_sizes(const struct heap_walker *walker)
{
    return (struct range){form_bytes(walker, &forms[0]),
                          form_bytes(walker, &forms[N_FORMS - 1]) + 2 * (uint64_t)walker->min_size};
}

bool heap_tcache_note(struct heap_walker *walker, const struct heap_chunk *chunk)
{
    struct heap_state *state = &walker->state;

    if (state->n_candidates == MAX_CANDIDATES)
        return heap_break_set(walker, HEAP_LIMIT, chunk->address, chunk->size);
    if (state->n_candidates == walker->room_candidates) {
        walker->room_candidates = walker->room_candidates * 2 + 16;
        walker->candidates =
            xreallocarray(walker->candidates, walker->room_candidates, sizeof(*walker->candidates));
    }
    walker->candidates[state->n_candidates++] =
        (struct heap_candidate){chunk->address, chunk->size, walker->arena_index};
    return true;
}

/* The arena that a chunk belongs to, or -1. */
static int64_t arena_of(const struct heap_walker *walker, const struct heap_chunk *chunk)
{
    const struct heap_owner *owner;

    if (!(chunk->flags & CHUNK_FOREIGN_ARENA))
        return 0;
    owner = heap_owner_at(walker, chunk->address);
    return owner ? (int64_t)owner->arena : -1;
}

static bool member_has_arena(struct heap_walker *walker, void *context,
                             const struct heap_chunk *chunk)
{
    (void)context;
    return arena_of(walker, chunk) >= 0;
}

static bool sum_take(struct heap_sum *sum, uint64_t bytes)
{
    if (sum->n == 0 || sum->bytes < bytes)
        return false;
    sum->n--;
    sum->bytes -= bytes;
    return true;
}

/* The walk has counted it as used. */
static bool member_count(struct heap_walker *walker, void *context, const struct heap_chunk *chunk)
{
    struct heapwalk_arena *arena = &walker->walk->arenas[arena_of(walker, chunk)];
    struct heap_bucket *bucket = &arena->tally.sizes[heap_bucket_of(chunk->size)];

    (void)context;
    if (!heapset_add(&walker->cached, chunk->address) ||
        !sum_take(&arena->tally.used, chunk->size) || !sum_take(&bucket->used, chunk->size))
        return false;
    heap_sum_add(&arena->tally.cached, chunk->size);
    heap_sum_add(&bucket->free, chunk->size);
    return true;
}

static struct heap_list tcache_list(const struct heap_walker *walker, const struct tcache *tcache,
                                    unsigned int i, enum heap_linking linking)
{
    return (struct heap_list){
        .head = tcache->heads[i],
        .size = i < SIZE_LISTS ? walker->min_size + (uint64_t)i * walker->align : 0,
        .link = walker->header,
        .limit = count_of(tcache, i, room_of(tcache)),
        .linking = linking,
    };
}

/* The chunks of all lists that are as long as they should be, and how many are not. */
static uint64_t tcache_try(struct heap_walker *walker, const struct tcache *tcache,
                           enum heap_linking linking, unsigned int *n_wrong)
{
    uint64_t n = 0;

    *n_wrong = 0;
    for (unsigned int i = 0; i < tcache->form->n; i++) {
        struct heap_list list = tcache_list(walker, tcache, i, linking);

        list.member = member_has_arena;
        if (heap_list_follow(walker, &list) && list.n == list.limit && list.ends)
            n += list.n;
        else
            ++*n_wrong;
    }
    return n;
}

static bool tcache_count(struct heap_walker *walker, const struct tcache *tcache)
{
    for (unsigned int i = 0; i < tcache->form->n; i++) {
        struct heap_list list = tcache_list(walker, tcache, i, walker->linking);

        list.member = member_count;
        if (!heap_list_follow(walker, &list))
            return false;
    }
    return true;
}

static void arena_break(struct heap_walker *walker, uint32_t arena, enum heap_break_kind kind,
                        uint64_t address)
{
    struct heap_break *broken = &walker->walk->arenas[arena].broken;

    if (walker->jumps_left == 0)
        kind = HEAP_LIMIT;
    if (broken->kind == HEAP_INTACT)
        *broken = (struct heap_break){kind, walker->malloc->arenas[arena].address, address, 0};
}

static void tcache_take(struct heap_walker *walker, const struct heap_candidate *candidate,
                        const struct tcache *tcache)
{
    struct heap_tally *tally = &walker->walk->arenas[candidate->arena].tally;

    if (!tcache_count(walker, tcache) || !sum_take(&tally->used, candidate->size) ||
        !sum_take(&tally->sizes[heap_bucket_of(candidate->size)].used, candidate->size)) {
        arena_break(walker, candidate->arena, HEAP_TCACHE, candidate->address);
        return;
    }
    tally->overhead_bytes += candidate->size;
    tally->n_tcaches++;
}

/*
 * A list that contradicts its count, but has chunks of its size and ends.  Linked safely it can be
 * nothing else.  Of the plain links before 2.32 no more would be known: the program's own pointer
 * to a block of zeros looks like them.
 */
static bool has_list(struct heap_walker *walker, const struct tcache *tcache)
{
    for (unsigned int i = 0; i < SIZE_LISTS; i++) {
        struct heap_list list = tcache_list(walker, tcache, i, LINKING_SAFE);

        list.limit = UINT16_MAX;
        list.member = member_has_arena;
        if (list.head && heap_list_follow(walker, &list))
            return true;
    }
    return false;
}

/*
 * No list is right.  A program may have got the main arena's first chunk all the same, when its
 * first call was for aligned memory: then the tcache lies elsewhere in that arena.
 */
static bool tcache_is_spoilt(struct heap_walker *walker, const struct heap_candidate *candidate,
                             const struct tcache *tcache)
{
    unsigned int n_held, n_wrong = wrong_count(walker, tcache, &n_held);

    switch (place_judge(walker, candidate->arena, candidate->address)) {
    case PLACE_CERTAIN:
        return n_wrong <= MAX_WRONG ||
               (walker->walk->arenas[candidate->arena].tally.n_tcaches == 0 && !walker->has_blank);
    case PLACE_USUAL:
        return has_list(walker, tcache);
    default:
        return false;
    }
}

/* One list that is right is proof enough: then all must be. */
static void candidate_settle(struct heap_walker *walker, const struct heap_candidate *candidate)
{
    struct tcache tcache = {.form = form_of(walker, candidate->size)};
    enum heap_linking known = walker->linking;
    const unsigned char *bytes;
    unsigned int n_wrong;

    if (!tcache.form)
        return;
    bytes = heapwindow_at(&walker->jumps, candidate->address + walker->header,
                          form_bytes(walker, tcache.form));
    if (!bytes)
        return;
    tcache_parse(walker, bytes, &tcache);
    for (int way = LINKING_SAFE; way <= LINKING_PLAIN; way++) {
        if ((known != LINKING_UNKNOWN && (int)known != way) ||
            tcache_try(walker, &tcache, (enum heap_linking)way, &n_wrong) == 0)
            continue;
        walker->linking = (enum heap_linking)way;
        if (n_wrong == 0)
            tcache_take(walker, candidate, &tcache);
        else
            arena_break(walker, candidate->arena, HEAP_TCACHE, candidate->address);
        return;
    }
    if (tcache_is_spoilt(walker, candidate, &tcache))
        arena_break(walker, candidate->arena, HEAP_TCACHE, candidate->address);
}

/* An arena's first chunk comes last: what it is depends on the others. */
void heap_tcaches_settle(struct heap_walker *walker)
{
    for (size_t i = walker->state.n_candidates; i-- > 0 && walker->jumps_left > 0;)
        candidate_settle(walker, &walker->candidates[i]);
    if (walker->jumps_left == 0)
        arena_break(walker, 0, HEAP_LIMIT, 0);
}
