/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/pasteorder.h"

#include <stdlib.h>

/* What of a mapping says whose it is. */
enum part_kind {
    PART_ANY,
    PART_ONCE, /* a process has it in one place: "[stack]" */
    PART_FILE, /* a part of a file: with the same permissions, a process seldom has it twice */
};

struct order_part {
    struct range range;
    struct str name;
    uint64_t offset;
    unsigned int perms;
    enum part_kind kind;
    size_t run;
};

static enum part_kind kind_of(const struct paste_record *record)
{
    const struct maps_line *line = &record->smaps.line;

    if (str_starts(line->name, STR("[")))
        return str_starts(line->name, STR("[anon")) ? PART_ANY : PART_ONCE;
    return str_starts(line->name, STR("/")) && (record->has & PASTE_HAS_OFFSET) &&
                   !(line->perms & (PERM_SHARED | PERM_UNKNOWN | PERM_SHARING_UNKNOWN))
               ? PART_FILE
               : PART_ANY;
}

static struct order_part *part_add(struct paste_order *order)
{
    struct order_part *more;

    if (order->n == order->room) {
        order->room = order->room * 2 + 16;
        more = arena_alloc(order->arena, order->room * sizeof(*more));
        if (order->parts)
            memcpy(more, order->parts, order->n * sizeof(*more));
        order->parts = more;
    }
    return &order->parts[order->n++];
}

void order_add(struct paste_order *order, const struct paste_record *record, size_t run)
{
    const struct maps_line *line = &record->smaps.line;
    struct order_part *part = part_add(order);

    *part = (struct order_part){
        .range = line->range,
        .name = {"", 0},
        .offset = line->offset,
        .perms = line->perms,
        .kind = kind_of(record),
        .run = run,
    };
    if (part->kind != PART_ANY)
        part->name =
            (struct str){arena_strndup(order->arena, line->name.p, line->name.n), line->name.n};
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int by_address(const void *a, const void *b)
{
    const struct order_part *x = a, *y = b;

    return COMPARE(x->range.start, y->range.start);
}

static int compare_names(struct str a, struct str b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return order ? order : COMPARE(a.n, b.n);
}

/* Whether it is of the same thing, and then where or by whom. */
static int compare_things(const struct order_part *x, const struct order_part *y)
{
    int order = COMPARE(x->kind, y->kind);

    if (!order)
        order = compare_names(x->name, y->name);
    if (!order && x->kind == PART_FILE)
        order = COMPARE(x->offset, y->offset);
    if (!order && x->kind == PART_FILE)
        order = COMPARE(x->perms, y->perms);
    return order;
}

static int by_thing(const void *a, const void *b)
{
    const struct order_part *x = a, *y = b;
    int order = compare_things(x, y);

    if (!order && x->kind == PART_FILE)
        order = COMPARE(x->run, y->run);
    return order ? order : COMPARE(x->range.start, y->range.start);
}

static bool has_thing_twice(const struct paste_order *order)
{
    for (size_t i = 1; i < order->n; i++) {
        const struct order_part *part = &order->parts[i], *before = part - 1;

        if (part->kind == PART_ANY || compare_things(part, before) != 0)
            continue;
        if (part->kind == PART_ONCE ? before->range.end != part->range.start
                                    : before->run != part->run)
            return true;
    }
    return false;
}

/* How often the mappings of a run touch each other and those of other runs. */
struct touches {
    size_t within, with_another;
};

static struct touches *touches_count(const struct paste_order *order, size_t n_runs)
{
    struct touches *touches = arena_alloc(order->arena, n_runs * sizeof(*touches));

    for (size_t i = 1; i < order->n; i++) {
        const struct order_part *part = &order->parts[i], *before = part - 1;

        if (before->range.end != part->range.start)
            continue;
        if (part->run == before->run) {
            touches[part->run].within++;
        } else {
            touches[part->run].with_another++;
            touches[before->run].with_another++;
        }
    }
    return touches;
}

/* By chance two mappings that touch come to stand in one run, seldom three. */
enum { OF_ANOTHER_PROCESS = 2 };

static bool runs_hang_together(const struct paste_order *order, size_t n_runs)
{
    const struct touches *touches = touches_count(order, n_runs);
    bool any = false;

    for (size_t i = 0; i < n_runs; i++) {
        if (touches[i].within >= OF_ANOTHER_PROCESS && touches[i].with_another == 0)
            return false;
        any |= touches[i].with_another > 0;
    }
    return any;
}

static bool is_disjoint(const struct paste_order *order)
{
    for (size_t i = 1; i < order->n; i++)
        if (order->parts[i].range.start < order->parts[i - 1].range.end)
            return false;
    return true;
}

bool order_is_one_process(struct paste_order *order, size_t n_runs)
{
    if (order->n == 0)
        return false;
    qsort(order->parts, order->n, sizeof(*order->parts), by_address);
    if (!is_disjoint(order) || !runs_hang_together(order, n_runs))
        return false;
    qsort(order->parts, order->n, sizeof(*order->parts), by_thing);
    return !has_thing_twice(order);
}
