/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fakeheap.h"

#include <stdlib.h>
#include <string.h>

enum { N_BINS = 127 };
static const uint64_t main_arena = 0x7f0000001000;

static struct fakepiece *piece_at(struct fakeheap *fake, uint64_t address)
{
    for (unsigned int i = 0; i < fake->n_pieces; i++)
        if (range_has(fake->pieces[i].range, address))
            return &fake->pieces[i];
    return NULL;
}

static void byte_put(struct fakeheap *fake, uint64_t address, unsigned char byte)
{
    struct fakepiece *piece = piece_at(fake, address);
    uint64_t at;

    if (!piece)
        abort();
    at = address - piece->range.start;
    piece->bytes[at] = byte;
    piece->matters[at] = true;
}

static void number_put(struct fakeheap *fake, uint64_t address, uint64_t value, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        byte_put(fake, address + i,
                 (unsigned char)(value >> 8 * (fake->malloc.layout.is_big_endian ? n - 1 - i : i)));
}

void fakeheap_put(struct fakeheap *fake, uint64_t address, uint64_t value)
{
    number_put(fake, address, value, fake->malloc.layout.word);
}

void fakeheap_forget(struct fakeheap *fake, uint64_t chunk)
{
    const struct fakepiece *piece = piece_at(fake, chunk);

    memset(piece->matters + (chunk - piece->range.start), false, 2 * fake->malloc.layout.word);
}

static void piece_add(struct fakeheap *fake, uint64_t start, uint64_t n_pages, int fill)
{
    uint64_t n = n_pages * FAKE_PAGE;

    if (fake->used + n > FAKE_ROOM || fake->n_pieces == FAKE_PIECES)
        abort();
    fake->pieces[fake->n_pieces++] = (struct fakepiece){
        {start, start + n}, fake->bytes + fake->used, fake->matters + fake->used};
    memset(fake->bytes + fake->used, fill, n);
    fake->used += n;
}

static int range_compare(const void *a, const void *b)
{
    const struct range *one = a, *other = b;

    return one->start < other->start ? -1 : one->start > other->start;
}

static void readable_add(struct fakeheap *fake, uint64_t start, uint64_t n_pages)
{
    fake->readable[fake->n_readable++] = (struct range){start, start + n_pages * FAKE_PAGE};
    qsort(fake->readable, fake->n_readable, sizeof(*fake->readable), range_compare);
}

void fakeheap_map(struct fakeheap *fake, uint64_t start, uint64_t n_pages, int fill)
{
    piece_add(fake, start, n_pages, fill);
    readable_add(fake, start, n_pages);
}

void fakeheap_lend(struct fakeheap *fake, uint64_t start, uint64_t n_pages, unsigned char *bytes,
                   bool *matters)
{
    if (fake->n_pieces == FAKE_PIECES)
        abort();
    fake->pieces[fake->n_pieces++] =
        (struct fakepiece){{start, start + n_pages * FAKE_PAGE}, bytes, matters};
    readable_add(fake, start, n_pages);
}

void fakeheap_init(struct fakeheap *fake, const struct fakeform *form)
{
    struct glibc_layout *layout = &fake->malloc.layout;

    memset(fake, 0, sizeof(*fake));
    *layout = (struct glibc_layout){
        .word = form->word,
        .align = form->align,
        .n_fast = form->bins < 4 * form->word            ? 0
                  : form->word == 4 && form->align == 16 ? 11
                                                         : 10,
        .is_big_endian = form->is_big_endian,
        .has_attached = true,
        .bins = form->bins,
        .state_size = form->bins + 254 * form->word + 16 + 5 * form->word,
        .heap_size = form->word == 8 ? 48 : 24,
    };
    if (layout->n_fast > 0)
        layout->fastbins = (uint16_t)(form->bins - (layout->n_fast + 2) * form->word);
    fake->is_linked_safely = form->is_linked_safely;
    fake->malloc.object = "made-up";
    fake->malloc.is_used = true;
    fake->malloc.par.known = true;
    fake->malloc.arenas = fake->arenas;
    fake->malloc.n_arenas = 1;
    fake->arenas[0] = (struct glibc_arena){.address = form->word == 8 ? main_arena : 0xf7000000,
                                           .is_main = true,
                                           .is_initialized = true};
    piece_add(fake, fake->arenas[0].address, 2, 0);
}

static uint64_t bin_address(const struct fakeheap *fake, unsigned int arena, unsigned int bin)
{
    uint32_t word = fake->malloc.layout.word;

    return fake->arenas[arena].address + fake->malloc.layout.bins + (uint64_t)2 * bin * word -
           2 * word;
}

/* Doubly linked in front of the head, in bin 0 or, when sized, in a large one. */
static void binned_put(struct fakeheap *fake, unsigned int arena, uint64_t chunk, uint64_t size)
{
    struct fakearena *own = &fake->own[arena];
    uint32_t word = fake->malloc.layout.word;
    uint64_t bin = bin_address(fake, arena, 0);
    uint64_t before = own->last_binned ? own->last_binned : bin;

    if (before == bin)
        own->bins[0] = chunk;
    else
        fakeheap_put(fake, before + 2 * word, chunk);
    fakeheap_put(fake, chunk + 2 * word, bin);
    fakeheap_put(fake, chunk + 3 * word, before);
    own->bins[1] = chunk;
    own->last_binned = chunk;
    if (size < (fake->malloc.layout.align == 8 ? 512 : 1008))
        return;
    /* A circle of its own: the only one of its size. */
    fakeheap_put(fake, chunk + 4 * word, own->last_sized ? 0 : chunk);
    fakeheap_put(fake, chunk + 5 * word, own->last_sized ? 0 : chunk);
    own->last_sized = chunk;
}

static uint64_t linked(const struct fakeheap *fake, uint64_t at, uint64_t to)
{
    return fake->is_linked_safely ? to ^ at >> 12 : to;
}

static void fast_put(struct fakeheap *fake, unsigned int arena, uint64_t chunk, uint64_t size)
{
    uint32_t word = fake->malloc.layout.word;
    uint64_t *head = &fake->own[arena].fast[size / (2 * word) - 2];

    fakeheap_put(fake, chunk + 2 * word, linked(fake, chunk + 2 * word, *head));
    *head = chunk;
}

static void cached_put(struct fakeheap *fake, uint64_t chunk, uint64_t size)
{
    const struct glibc_layout *layout = &fake->malloc.layout;
    uint64_t min_size = align_up(4 * layout->word, layout->align), user = chunk + 2 * layout->word;
    uint64_t i = (size - min_size) / layout->align;

    fakeheap_put(fake, user, linked(fake, user, fake->tcache_heads[i]));
    fake->tcache_heads[i] = user;
    fake->n_cached[i]++;
}

static void sum_add(struct heap_sum *sum, uint64_t bytes)
{
    sum->n++;
    sum->bytes += bytes;
}

static void tally_add(struct fakeheap *fake, unsigned int arena, char kind, uint64_t size)
{
    struct heap_tally *tally = &fake->own[arena].tally;
    unsigned int i = 0;

    while (size >> (i + 1))
        i++;
    if (kind == 'T') {
        tally->overhead_bytes += size;
        tally->n_tcaches++;
        return;
    }
    sum_add(kind == 'u' ? &tally->sizes[i].used : &tally->sizes[i].free, size);
    sum_add(kind == 'u'   ? &tally->used
            : kind == 'b' ? &tally->binned
            : kind == 'f' ? &tally->fast
                          : &tally->cached,
            size);
    if (kind == 'b' && size > tally->largest_free)
        tally->largest_free = size;
}

/* One by one: a page is given back when all of it is free, but for six words at the start. */
static void run_end(struct fakeheap *fake, unsigned int arena, uint64_t start, uint64_t end)
{
    for (uint64_t page = align_down(start, FAKE_PAGE); page < end; page += FAKE_PAGE)
        if (page >= start + 6 * fake->malloc.layout.word && page + FAKE_PAGE <= end)
            fake->own[arena].tally.trim_bytes += FAKE_PAGE;
}

static void top_put(struct fakeheap *fake, unsigned int arena, uint64_t start, uint64_t end,
                    uint64_t run)
{
    const struct glibc_layout *layout = &fake->malloc.layout;
    uint64_t min_size = align_up(4 * layout->word, layout->align), stays;
    struct heap_tally *tally = &fake->own[arena].tally;

    fakeheap_put(fake, start + layout->word, (end - start) | 1);
    fake->arenas[arena].top = start;
    fake->arenas[arena].top_size = end - start;
    tally->top = (struct heap_sum){1, end - start};
    if (arena != 0 || end != fake->brk)
        return;
    /* What is left is at least the smallest chunk and a byte. */
    for (stays = end; stays - FAKE_PAGE >= run + min_size + 1; stays -= FAKE_PAGE)
        tally->trim_bytes += FAKE_PAGE;
}

static void fence_put(struct fakeheap *fake, unsigned int arena, uint64_t start, uint64_t end,
                      bool follows_free)
{
    uint32_t word = fake->malloc.layout.word;

    fake->own[arena].tally.overhead_bytes += end - start;
    fakeheap_put(fake, start + word, 2 * word | !follows_free);
    if (arena == 0)
        fakeheap_put(fake, start + 3 * word, 2 * word | 1);
    else
        fakeheap_put(fake, start + 3 * word, 0 | 1);
}

/* Less than a chunk was left: a third piece, or a longer one. */
static void short_fence_put(struct fakeheap *fake, unsigned int arena, uint64_t start, uint64_t end)
{
    uint32_t word = fake->malloc.layout.word;

    if (arena == 0) {
        fakeheap_put(fake, start + word, 2 * word | 1);
        fence_put(fake, 0, start + 2 * word, end, false);
        fake->own[0].tally.overhead_bytes += 2 * word;
    } else {
        fakeheap_put(fake, start + word, 4 * word | 1);
        fakeheap_put(fake, start + 5 * word, 1);
        fake->own[arena].tally.overhead_bytes += end - start;
    }
}

struct script {
    char kind;
    uint64_t size;
};

static bool script_next(const char **text, struct script *script)
{
    char *end;

    while (**text == ' ')
        ++*text;
    if (!**text)
        return false;
    script->kind = **text;
    script->size = strtoull(*text + 1, &end, 10);
    *text = end;
    return true;
}

static void chunk_put(struct fakeheap *fake, unsigned int arena, uint64_t at,
                      const struct script *script)
{
    uint32_t word = fake->malloc.layout.word;

    switch (script->kind) {
    case 'b':
        binned_put(fake, arena, at, script->size);
        fakeheap_put(fake, at + script->size, script->size);
        break;
    case 'f':
        fast_put(fake, arena, at, script->size);
        break;
    case 'c':
        cached_put(fake, at, script->size);
        break;
    case 'T':
        fake->tcache = at;
        memset(piece_at(fake, at)->bytes + (at - piece_at(fake, at)->range.start) + 2 * word, 0,
               script->size - 2 * word);
        break;
    default:
        break;
    }
    tally_add(fake, arena, script->kind, script->size);
}

void fakeheap_segment(struct fakeheap *fake, unsigned int arena, uint64_t start, uint64_t end,
                      const char *text, enum fakeend how)
{
    uint32_t word = fake->malloc.layout.word;
    struct fakearena *own = &fake->own[arena];
    uint64_t at = start, run = start, free_bytes = 0;
    struct heap_pin pin = {0};
    struct script script, last = {.kind = 'u'};

    while (script_next(&text, &script)) {
        bool is_free = script.kind == 'b' || script.kind == 'f';
        unsigned int other = arena && script.kind != 'b' ? 4 : 0;

        fakeheap_put(fake, at + word, script.size | other | (last.kind != 'b'));
        chunk_put(fake, arena, at, &script);
        if (!is_free) {
            pin = (struct heap_pin){at, script.size, script.kind == 'c', at - run, free_bytes};
            run_end(fake, arena, run, at);
            run = at + script.size;
        }
        free_bytes += is_free ? script.size : 0;
        at += script.size;
        last = script;
    }
    if (how == FAKE_TOP) {
        top_put(fake, arena, at, end, run);
        own->pin = pin;
        return;
    }
    run_end(fake, arena, run, at);
    if (how == FAKE_FENCE)
        fence_put(fake, arena, at, end, last.kind == 'b');
    else
        short_fence_put(fake, arena, at, end);
}

static void bins_put(struct fakeheap *fake, unsigned int arena)
{
    const struct glibc_layout *layout = &fake->malloc.layout;
    uint64_t start = fake->arenas[arena].address + layout->bins;
    struct fakearena *own = &fake->own[arena];

    for (unsigned int i = 0; i < N_BINS; i++)
        for (unsigned int k = 0; k < 2; k++) {
            uint64_t at = start + (uint64_t)(2 * i + k) * layout->word;

            fakeheap_put(fake, at,
                         i == 0 && own->bins[k] ? own->bins[k] : bin_address(fake, arena, i));
        }
    memcpy(fake->arenas[arena].fast, own->fast, sizeof(fake->arenas[arena].fast));
}

/* Of 2.26, 2.30 or 2.42, told by the size of the chunk that was written for it. */
static void tcache_put(struct fakeheap *fake)
{
    const struct glibc_layout *layout = &fake->malloc.layout;
    uint64_t at = fake->tcache + 2 * layout->word, size = 0;
    unsigned int n, count_bytes;

    for (unsigned int i = 0; i < layout->word; i++)
        size |=
            (uint64_t)piece_at(fake, fake->tcache)
                ->bytes[fake->tcache + layout->word + i - piece_at(fake, fake->tcache)->range.start]
            << 8 * (layout->is_big_endian ? layout->word - 1 - i : i);
    size = (size & ~(uint64_t)7) - layout->word;
    n = size >= 76 * (2 + (uint64_t)layout->word) ? 76 : 64;
    count_bytes = size >= 64 * (2 + (uint64_t)layout->word) ? 2 : 1;
    for (unsigned int i = 0; i < n; i++) {
        number_put(fake, at + i * count_bytes, n == 76 ? 16 - fake->n_cached[i] : fake->n_cached[i],
                   count_bytes);
        fakeheap_put(fake, at + n * count_bytes + i * layout->word, fake->tcache_heads[i]);
    }
}

void fakeheap_finish(struct fakeheap *fake)
{
    for (unsigned int i = 0; i < fake->malloc.n_arenas; i++) {
        bins_put(fake, i);
        fake->own[i].tally.system_bytes = fake->arenas[i].system_bytes;
        fake->arenas[i].heaps = fake->own[i].heaps;
    }
    if (fake->tcache)
        tcache_put(fake);
}

static bool fake_read(void *context, uint64_t address, void *buf, size_t n)
{
    struct fakeheap *fake = context;
    unsigned char *to = buf;

    fake->n_reads++;
    while (n > 0) {
        const struct fakepiece *piece = piece_at(fake, address);
        size_t length;

        if (!piece)
            return false;
        length = piece->range.end - address < n ? piece->range.end - address : n;
        memcpy(to, piece->bytes + (address - piece->range.start), length);
        to += length;
        address += length;
        n -= length;
    }
    return true;
}

struct heapwalk_source fakeheap_source(struct fakeheap *fake, struct reader *reader)
{
    *reader = (struct reader){fake_read, fake};
    return (struct heapwalk_source){
        .malloc = &fake->malloc,
        .memory = reader,
        .ranges = fake->readable,
        .n_ranges = fake->n_readable,
        .page_size = FAKE_PAGE,
        .brk = fake->brk,
    };
}
