/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/evidence.h"

#include "render/paper.h"
#include "render/safe.h"

uint32_t evidence_n_lines(const struct evidence *evidence)
{
    return evidence->type == EVIDENCE_PLACES ? evidence->n_places : 1;
}

static const char *place_text(const struct place *place, struct arena *arena)
{
    char start[UNITS_TEXT], end[UNITS_TEXT];

    return arena_printf(arena, "%s-%s %s", address_text(place->range.start, start),
                        address_text(place->range.end, end), safe_text(arena, str_of(place->name)));
}

static const char *value_text(const struct evidence *evidence, uint32_t n,
                              const struct style *style, struct arena *arena)
{
    char text[UNITS_TEXT];

    switch (evidence->type) {
    case EVIDENCE_ADDRESS:
        return arena_printf(arena, "%s", address_text(evidence->number, text));
    case EVIDENCE_BYTES:
        return arena_printf(arena, "%s", paper_size(style, evidence->number, text));
    case EVIDENCE_TEXT:
        return safe_text(arena, str_of(evidence->text));
    case EVIDENCE_PLACES:
        return place_text(&evidence->places[n], arena);
    default:
        return arena_printf(arena, "%llu", (unsigned long long)evidence->number);
    }
}

const char *evidence_line(const struct evidence *evidence, uint32_t n, const struct style *style,
                          struct arena *arena)
{
    return arena_printf(arena, "%s %s", evidence->key, value_text(evidence, n, style, arena));
}
