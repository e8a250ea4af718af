/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/auxv.h"

#include "parse/word.h"

#include <elf.h>

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

static bool is_page_size(uint64_t bytes)
{
    return bytes >= 4096 && bytes <= 1 << 20 && (bytes & (bytes - 1)) == 0;
}

static bool parse_as(struct str bytes, unsigned int width, bool big_endian,
                     struct auxv_record *auxv)
{
    size_t n_pairs = bytes.n / (2 * width);

    *auxv = (struct auxv_record){.word_bytes = width, .big_endian = big_endian};
    for (size_t i = 0; i < n_pairs; i++) {
        const char *pair = bytes.p + 2 * i * width;
        uint64_t type = word_load(pair, width, big_endian);

        if (type == AT_NULL)
            return is_page_size(auxv->page_size);
        take_pair(auxv, type, word_load(pair + width, width, big_endian));
    }
    return false;
}

void auxv_parse(struct str bytes, struct auxv_record *auxv)
{
    for (int big_endian = 0; big_endian < 2; big_endian++)
        for (unsigned int width = 8; width >= 4; width -= 4)
            if (parse_as(bytes, width, big_endian, auxv)) {
                auxv->known = true;
                return;
            }
    *auxv = (struct auxv_record){0};
}
