/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/sieve.h"

#include "check/thresholds.h"

uint64_t sieve_most_mappings(const struct host *host)
{
    if (!host->has_max_map_count || host->max_map_count > UINT64_MAX / 100)
        return 0;
    return map_count_at(host->max_map_count, MAP_COUNT_WARNING_PERCENT);
}

static bool has_limit(const struct limit *limit)
{
    return !limit->known || limit->soft != LIMIT_INFINITY;
}

/* Strict overcommit leaves to one process what others do not take. */
static bool limit_call(const struct host *host, uint64_t page, struct sieve_room *room)
{
    uint64_t most = align_down(host->memory_bytes + host->swap_bytes, page);

    if (!host->has_overcommit || host->overcommit_memory > 1)
        return false;
    if (host->overcommit_memory == 1)
        return true;
    if (!host->has_memory || !host->has_swap || most < BRK_ROOM_WARNING)
        return false;
    if (most < room->in_call)
        room->in_call = most;
    return true;
}

bool sieve_passes(const struct quick *quick, const struct image *host, struct sieve_room *room)
{
    uint64_t gap = range_size((struct range){quick->heap.end, quick->next.start});
    uint64_t guard = quick->next_is_stack ? host->host.stack_guard_gap_bytes : 0;

    if (gap < BRK_WINDOW_ENOUGH + host->page_size + guard || has_limit(&quick->data) ||
        has_limit(&quick->address_space))
        return false;
    room->in_call = room->in_steps = gap - host->page_size - guard;
    return limit_call(&host->host, host->page_size, room);
}
