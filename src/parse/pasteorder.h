/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether lines whose addresses go back are of one process, in an order that somebody gave them, or
 * of several, one after the other.  For parse/paste.h, which says by which rule.
 */
#ifndef PARSE_PASTEORDER_H
#define PARSE_PASTEORDER_H

#include "base/arena.h"
#include "parse/pasteline.h"

struct order_part;

/* The mappings as the text has them: as many runs in each of which the addresses go up. */
struct paste_order {
    struct arena *arena; /* keeps all, names too */
    struct order_part *parts;
    size_t n, room;
};

void order_add(struct paste_order *order, const struct paste_record *record, size_t run);

/* Changes the order of the parts; `n_runs` is above each `run`. */
bool order_is_one_process(struct paste_order *order, size_t n_runs);

#endif
