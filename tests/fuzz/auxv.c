/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/auxv: what is known has a sound page size and is the same when it is written again, in
 * the same width and with anything behind its end.
 */
#include "lib/fuzz.h"

#include "parse/auxv.h"

#include <elf.h>

static void add_word(struct text *text, uint64_t word, unsigned int width)
{
    uint32_t narrow = (uint32_t)word;

    text_add_str(text, width == 8 ? (struct str){(const char *)&word, 8}
                                  : (struct str){(const char *)&narrow, 4});
}

static struct text print(const struct auxv_record *auxv)
{
    const uint64_t words[] = {AT_CLKTCK,  100,      AT_PAGESZ,   auxv->page_size, AT_BASE,
                              auxv->base, AT_ENTRY, auxv->entry, AT_NULL,         0};
    struct text text = {NULL, 0, 0};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        add_word(&text, words[i], auxv->word_bytes);
    return text;
}

static void same(struct str bytes, const struct auxv_record *expected)
{
    struct auxv_record again;

    auxv_parse(bytes, &again);
    must(again.known && again.word_bytes == expected->word_bytes);
    must(again.page_size == expected->page_size && again.base == expected->base);
    must(again.entry == expected->entry);
}

/* Where the pair lies that ends it. */
static size_t end_of(struct str bytes, unsigned int width)
{
    static const char zeros[8] = "";
    size_t at = 0;

    while (memcmp(bytes.p + at, zeros, width) != 0)
        at += 2 * (size_t)width;
    return at + 2 * (size_t)width;
}

void fuzz_input(struct str input)
{
    struct auxv_record auxv;
    struct text text;

    auxv_parse(input, &auxv);
    if (!auxv.known) {
        must(auxv.word_bytes == 0 && auxv.page_size == 0 && auxv.base == 0 && auxv.entry == 0);
        return;
    }
    must(auxv.word_bytes == 4 || auxv.word_bytes == 8);
    must(auxv.page_size >= 4096 && __builtin_popcountll(auxv.page_size) == 1);
    text = print(&auxv);
    same(text_str(&text), &auxv);
    text_free(&text);
    if (auxv.word_bytes == 8) {
        must(end_of(input, 8) <= input.n);
        same((struct str){input.p, end_of(input, 8)}, &auxv);
    }
}
