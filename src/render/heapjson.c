/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/jsonparts.h"

static json_t *json_sentences(struct image *image, const char *const *sentences, unsigned int n)
{
    json_t *list = json_array();

    for (unsigned int i = 0; i < n; i++)
        json_array_append_new(list, json_safe(image, sentences[i]));
    return list;
}

static json_t *json_arena(const struct glibc_malloc *malloc, const struct glibc_arena *arena)
{
    return json_pack("{s:o, s:b, s:b, s:b, s:o, s:i, s:o, s:o, s:o, s:o}", "address",
                     json_address(arena->address), "main", (int)arena->is_main, "locked",
                     (int)arena->is_locked, "contiguous", !(arena->flags & GLIBC_NONCONTIGUOUS),
                     "threads", json_known(malloc->layout.has_attached, arena->attached), "heaps",
                     (int)arena->n_heaps, "system_bytes", json_bytes(arena->system_bytes),
                     "max_system_bytes", json_bytes(arena->max_system_bytes), "top",
                     arena->is_initialized ? json_address(arena->top) : json_null(), "top_size",
                     json_known(arena->is_initialized, arena->top_size));
}

static json_t *json_arenas(const struct glibc_malloc *malloc)
{
    json_t *list = json_array();

    for (uint32_t i = 0; malloc && i < malloc->n_arenas; i++)
        json_array_append_new(list, json_arena(malloc, &malloc->arenas[i]));
    return list;
}

static json_t *json_copies(struct image *image, const struct glibc *glibc)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < glibc->n_mallocs; i++) {
        const struct glibc_malloc *malloc = &glibc->mallocs[i];

        json_array_append_new(
            list, json_pack("{s:o, s:o, s:b, s:i}", "object", json_safe(image, malloc->object),
                            "main_arena", json_address(malloc->arenas[0].address), "used",
                            (int)malloc->is_used, "arenas", (int)malloc->n_arenas));
    }
    return list;
}

static json_t *json_settings(const struct glibc_malloc *malloc)
{
    const struct glibc_par *par = malloc && malloc->par.known ? &malloc->par : NULL;

    if (!par)
        return json_null();
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "mmap_threshold",
        json_bytes(par->mmap_threshold), "trim_threshold", json_bytes(par->trim_threshold),
        "top_pad", json_bytes(par->top_pad), "mmap_max", json_bytes(par->n_mmaps_max), "arena_test",
        json_bytes(par->arena_test), "arena_max", json_bytes(par->arena_max), "thp_page_size",
        json_known(malloc->layout.has_thp, par->thp_page_size), "huge_page_size",
        json_known(malloc->layout.has_thp, par->huge_page_size), "dynamic", (int)par->is_dynamic);
}

static json_t *json_mapped(const struct glibc_malloc *malloc)
{
    const struct glibc_par *par = malloc && malloc->par.known ? &malloc->par : NULL;

    if (!par)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o}", "count", json_bytes(par->n_mmaps), "bytes",
                     json_bytes(par->mmapped_bytes), "max_count", json_bytes(par->max_n_mmaps),
                     "max_bytes", json_bytes(par->max_mmapped_bytes));
}

static json_t *json_growth(struct image *image, const struct heap_facts *facts)
{
    return json_pack("{s:s?, s:o}", "state", heap_growth_name(facts->growth), "signs",
                     json_sentences(image, facts->signs, facts->n_signs));
}

static json_t *json_exact(const struct heap *heap, const char *inconsistency)
{
    return heap->malloc ? json_boolean(!inconsistency) : json_null();
}

json_t *json_heap(const struct report *report)
{
    const struct heap_facts *facts = &report->facts->heap;
    const struct heap *heap = facts->heap;
    struct image *image = report->image;
    const char *inconsistency;
    uint64_t address;
    json_t *object;

    if (!heap)
        return json_null();
    inconsistency = heap_inconsistency(heap, &address);
    object =
        json_pack("{s:s?, s:o, s:o, s:o, s:o, s:o, s:b, s:i, s:i}", "allocator", heap->allocator,
                  "evidence", json_sentences(image, heap->evidence, heap->n_evidence), "missing",
                  json_safe(image, heap->missing), "exact", json_exact(heap, inconsistency),
                  "inconsistency", json_safe(image, inconsistency), "inconsistent_at",
                  inconsistency && address ? json_address(address) : json_null(), "corrupt",
                  (int)heap->is_corrupt, "tries", (int)heap->n_tries, "unstopped_threads",
                  (int)heap->n_unstopped);
    json_object_set_new(object, "growth", json_growth(image, facts));
    json_object_set_new(object, "system_bytes",
                        json_known(facts->malloc != NULL, facts->system_bytes));
    json_object_set_new(object, "settings", json_settings(facts->malloc));
    json_object_set_new(object, "arena_limit",
                        json_known(facts->has_arena_limit, facts->arena_limit));
    json_object_set_new(object, "arena_limit_reason",
                        facts->has_arena_limit ? json_safe(image, facts->arena_limit_why)
                                               : json_null());
    json_object_set_new(object, "mapped", json_mapped(facts->malloc));
    json_object_set_new(object, "arenas", heap->missing ? json_null() : json_arenas(facts->malloc));
    json_add_heapwalk(object, facts->malloc, heap->walk);
    json_object_set_new(object, "copies",
                        heap->missing ? json_null() : json_copies(image, &heap->glibc));
    return object;
}
