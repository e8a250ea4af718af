/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/auxv.h"

#include <elf.h>

static uint64_t word_at(struct str bytes, size_t i, unsigned int width)
{
    uint32_t narrow = 0;
    uint64_t wide = 0;

    if (width == 4) {
        memcpy(&narrow, bytes.p + i * width, width);
        return narrow;
    }
    memcpy(&wide, bytes.p + i * width, width);
    return wide;
}

static void take_pair(struct auxv_record *auxv, uint64_t type, uint64_t value)
{
    switch (type) {
    case AT_PAGESZ:
        auxv->page_size = value;
        break;
    case AT_BASE:
        auxv->base = value;
        break;
    case AT_ENTRY:
        auxv->entry = value;
        break;
    default:
        break;
    }
}

static bool parse_width(struct str bytes, unsigned int width, struct auxv_record *auxv)
{
    size_t n_pairs = bytes.n / (2 * width);

    *auxv = (struct auxv_record){.word_bytes = width};
    for (size_t i = 0; i < n_pairs; i++) {
        uint64_t type = word_at(bytes, 2 * i, width);

        if (type == AT_NULL)
            return auxv->page_size >= 4096 && (auxv->page_size & (auxv->page_size - 1)) == 0;
        take_pair(auxv, type, word_at(bytes, 2 * i + 1, width));
    }
    return false;
}

void auxv_parse(struct str bytes, struct auxv_record *auxv)
{
    if (parse_width(bytes, 8, auxv) || parse_width(bytes, 4, auxv))
        auxv->known = true;
    else
        *auxv = (struct auxv_record){0};
}
