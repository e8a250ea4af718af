/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/jsonparts.h"

static json_t *json_sum(const struct heap_sum *sum)
{
    return json_pack("{s:o, s:o}", "count", json_bytes(sum->n), "bytes", json_bytes(sum->bytes));
}

static json_t *json_mallinfo(const struct heap_mallinfo *info)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "arena",
                     json_bytes(info->arena), "ordblks", json_bytes(info->ordblks), "smblks",
                     json_bytes(info->smblks), "hblks", json_bytes(info->hblks), "hblkhd",
                     json_bytes(info->hblkhd), "fsmblks", json_bytes(info->fsmblks), "uordblks",
                     json_bytes(info->uordblks), "fordblks", json_bytes(info->fordblks), "keepcost",
                     json_bytes(info->keepcost));
}

static json_t *json_sizes(const struct heap_tally *tally)
{
    json_t *list = json_array();

    for (int i = 0; i < HEAP_BUCKETS; i++) {
        const struct heap_bucket *bucket = &tally->sizes[i];

        if (bucket->used.n + bucket->free.n > 0)
            json_array_append_new(
                list, json_pack("{s:o, s:o, s:o}", "at_least", json_bytes(UINT64_C(1) << i), "used",
                                json_sum(&bucket->used), "free", json_sum(&bucket->free)));
    }
    return list;
}

static json_t *json_tally(const struct heap_tally *tally)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "used",
                     json_sum(&tally->used), "bins", json_sum(&tally->binned), "fastbins",
                     json_sum(&tally->fast), "tcache", json_sum(&tally->cached), "top",
                     json_sum(&tally->top), "fallback", json_sum(&tally->fallback), "foreign_bytes",
                     json_bytes(tally->foreign_bytes), "overhead_bytes",
                     json_bytes(tally->overhead_bytes), "tcaches", json_bytes(tally->n_tcaches),
                     "largest_free", json_bytes(tally->largest_free), "trim_bytes",
                     json_bytes(tally->trim_bytes), "sizes", json_sizes(tally));
}

static json_t *json_pin(const struct heap_pin *pin)
{
    if (pin->address == 0)
        return json_null();
    return json_pack("{s:o, s:o, s:b, s:o, s:o}", "address", json_address(pin->address), "size",
                     json_bytes(pin->size), "in_tcache", (int)pin->is_cached, "run_bytes",
                     json_bytes(pin->run_bytes), "free_bytes", json_bytes(pin->free_bytes));
}

static json_t *json_walked(const struct glibc_malloc *malloc, const struct heapwalk *walk)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < malloc->n_arenas; i++) {
        json_t *arena = json_tally(&walk->arenas[i].tally);

        json_object_set_new(arena, "address", json_address(malloc->arenas[i].address));
        json_object_set_new(arena, "pin", json_pin(&walk->arenas[i].pin));
        json_array_append_new(list, arena);
    }
    return list;
}

void json_add_heapwalk(json_t *heap, const struct glibc_malloc *malloc, const struct heapwalk *walk)
{
    bool known = malloc && walk;

    json_object_set_new(heap, "mallinfo", known ? json_mallinfo(&walk->mallinfo) : json_null());
    json_object_set_new(heap, "chunks", known ? json_tally(&walk->total) : json_null());
    json_object_set_new(heap, "chunks_by_arena", known ? json_walked(malloc, walk) : json_null());
}
