/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/heap.h"

#include "base/units.h"
#include "parse/keyed.h"

const char *heap_growth_name(enum heap_growth growth)
{
    static const char *const names[] = {
        [HEAP_GROWTH_UNKNOWN] = NULL,
        [HEAP_GROWTH_NONE] = "unused",
        [HEAP_GROWTH_BRK] = "brk",
        [HEAP_GROWTH_LEFT] = "left-brk",
    };

    return names[growth];
}

static void add_sign(struct heap_facts *facts, const char *sentence)
{
    if (facts->n_signs < HEAP_MAX_SIGNS)
        facts->signs[facts->n_signs++] = sentence;
}

static uint64_t top_end(const struct glibc_arena *arena)
{
    return arena->top + arena->top_size;
}

/* Of the break: what brk() has given. */
static bool is_in_brk(const struct image *image, uint64_t address)
{
    return address >= image->brk.start && address < image->brk.end;
}

static void add_top_sign(struct heap_facts *facts, struct image *image,
                         const struct glibc_arena *main)
{
    char top[UNITS_TEXT], end[UNITS_TEXT];

    if (!image->brk.known)
        return;
    address_text(main->top, top);
    address_text(image->brk.value, end);
    if (is_in_brk(image, main->top))
        add_sign(facts,
                 top_end(main) == image->brk.value
                     ? arena_printf(&image->arena, "its top chunk ends at the break, %s", end)
                     : arena_printf(&image->arena,
                                    "its top chunk, at %s, lies below the break, %s, which "
                                    "others have moved",
                                    top, end));
    else
        add_sign(facts,
                 arena_printf(&image->arena,
                              "its top chunk, at %s, lies outside the memory that brk gave", top));
}

/*
 * sysmalloc() sets the bit when sbrk fails, and ptmalloc_init() where sbrk is not to be used at
 * all: for huge pages, and in a second copy of libc.  It is never cleared, though sbrk is tried
 * again each time.
 */
static void judge_left(struct heap_facts *facts, struct image *image,
                       const struct glibc_arena *main)
{
    const struct glibc_par *par = &facts->malloc->par;
    char base[UNITS_TEXT];

    facts->growth = HEAP_GROWTH_LEFT;
    if (par->known && par->huge_page_size != 0)
        add_sign(facts, "glibc.malloc.hugetlb has it take huge pages by mmap instead");
    else
        add_sign(facts, "its flag for memory that is not in one piece is set: brk was refused");
    if (par->known && par->sbrk_base != 0 && image->brk.known && !is_in_brk(image, par->sbrk_base))
        add_sign(facts, arena_printf(&image->arena,
                                     "its first memory, at %s, did not come from brk: that was "
                                     "refused from the first malloc on",
                                     address_text(par->sbrk_base, base)));
    facts->is_back = image->brk.known && is_in_brk(image, main->top);
    add_top_sign(facts, image, main);
}

static void judge_growth(struct heap_facts *facts, struct image *image)
{
    const struct glibc_arena *main = &facts->malloc->arenas[0];

    if (main->flags & GLIBC_NONCONTIGUOUS) {
        judge_left(facts, image, main);
    } else if (!main->is_initialized) {
        facts->growth = HEAP_GROWTH_NONE;
        add_sign(facts, "it has taken no memory yet");
    } else {
        facts->growth = HEAP_GROWTH_BRK;
        add_top_sign(facts, image, main);
    }
}

/*
 * All CPUs that are online count.  From 2.34 on only those that the process may use did, until that
 * was taken back (2.39, bug 30945) and also in updates of the versions between.
 */
static const char *cores_text(const struct heap_facts *facts, struct image *image,
                              unsigned int each, unsigned int n_online)
{
    const struct blob *status = capture_get(image->capture, CAPTURE_STATUS);
    const char *text = arena_printf(&image->arena, "%u for each of %u CPU%s", each, n_online,
                                    n_online == 1 ? "" : "s");
    unsigned int n_own;
    struct str list;

    if (!facts->malloc->layout.has_thp || status->missing ||
        !keyed_find(status->bytes, STR("Cpus_allowed_list"), &list))
        return text;
    n_own = cpulist_count(str_trim(list));
    return n_own >= n_online
               ? text
               : arena_printf(&image->arena,
                              "%s; a glibc of 2.35 to 2.38 may count but the %u that it may use",
                              text, n_own);
}

/* arena_get2(): no limit until there are more than arena_test, then a number for each core. */
static void judge_limit(struct heap_facts *facts, struct image *image)
{
    const struct glibc_par *par = &facts->malloc->par;
    const struct blob *online = capture_get(image->capture, CAPTURE_CPUS);
    unsigned int each = facts->malloc->layout.word == 8 ? 8 : 2, n_online;

    if (!par->known)
        return;
    facts->has_arena_limit = true;
    if (par->arena_max != 0) {
        facts->arena_limit = par->arena_max;
        facts->arena_limit_why = "as arena_max says";
        return;
    }
    facts->has_arena_limit = !online->missing;
    n_online = cpulist_count(str_trim(online->bytes));
    facts->arena_limit = (uint64_t)n_online * each;
    facts->arena_limit_why = cores_text(facts, image, each, n_online);
    if (par->arena_test < UINT32_MAX && facts->arena_limit <= par->arena_test) {
        facts->arena_limit = par->arena_test + 1;
        facts->arena_limit_why = "one more than arena_test";
    }
}

void heap_compute(struct heap_facts *facts, struct image *image)
{
    const struct heap *heap = image->heap;

    *facts = (struct heap_facts){.heap = heap};
    if (!heap || !heap->malloc)
        return;
    if (!heap->malloc->is_used) {
        facts->growth = HEAP_GROWTH_NONE;
        add_sign(facts, "it was never used");
        return;
    }
    facts->malloc = heap->malloc;
    for (uint32_t i = 0; i < heap->malloc->n_arenas; i++) {
        facts->system_bytes += heap->malloc->arenas[i].system_bytes;
        facts->n_heaps += heap->malloc->arenas[i].n_heaps;
    }
    judge_growth(facts, image);
    judge_limit(facts, image);
}
