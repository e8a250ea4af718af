/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's side: it defines main(), and calls this. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    fuzz_input((struct str){(const char *)data, n});
    return 0;
}

void fuzz_fail(const char *file, int line, const char *function, const char *property)
{
    fprintf(stderr, "%s:%d: %s: does not hold: %s\n", file, line, function, property);
    abort();
}

/* FNV-1a, then xorshift. */
struct dice dice_of(struct str input)
{
    uint64_t state = 0xcbf29ce484222325;

    for (size_t i = 0; i < input.n; i++)
        state = (state ^ (unsigned char)input.p[i]) * 0x100000001b3;
    return (struct dice){state ? state : 1};
}

uint64_t dice_roll(struct dice *dice, uint64_t below)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return dice->state % below;
}

bool plain_line(struct str text, size_t *at, struct str *line)
{
    size_t end = *at;

    if (*at >= text.n)
        return false;
    while (end < text.n && text.p[end] != '\n')
        end++;
    *line = (struct str){text.p + *at, end - *at};
    *at = end + 1;
    return true;
}

void text_add_str(struct text *text, struct str s)
{
    if (text->n + s.n > text->room) {
        text->room = (text->n + s.n) * 2;
        text->p = xreallocarray(text->p, text->room, 1);
    }
    if (s.n > 0)
        memcpy(text->p + text->n, s.p, s.n);
    text->n += s.n;
}

void text_add(struct text *text, const char *fmt, ...)
{
    char *part;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&part, fmt, ap);
    va_end(ap);
    if (n < 0)
        abort();
    text_add_str(text, (struct str){part, (size_t)n});
    free(part);
}

struct str text_str(const struct text *text)
{
    return (struct str){text->p ? text->p : "", text->n};
}

void text_free(struct text *text)
{
    free(text->p);
    *text = (struct text){NULL, 0, 0};
}

/* The bytes of a character by its first one, after RFC 3629; 0: none begins so. */
static size_t character_bytes(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* What no terminal may be given, as the bytes of UTF-8. */
static bool is_harmful(const unsigned char *p, size_t n)
{
    unsigned int pair = n > 1 ? (unsigned int)p[1] << 8 | p[n - 1] : 0;

    switch (n) {
    case 1:
        return (p[0] < 0x20 && p[0] != '\n') || p[0] == 0x7f;
    case 2:
        return (p[0] == 0xc2 && p[1] < 0xa0) || (p[0] == 0xd8 && p[1] == 0x9c); /* C1, ALM */
    case 3:
        if (p[0] == 0xed && p[1] >= 0xa0) /* surrogates */
            return true;
        if (p[0] == 0xe0 && p[1] < 0xa0) /* overlong */
            return true;
        /* LRM, RLM; line and paragraph separator, LRE to RLO; LRI to PDI */
        return p[0] == 0xe2 &&
               (pair == 0x808e || pair == 0x808f || (pair >= 0x80a8 && pair <= 0x80ae) ||
                (pair >= 0x81a6 && pair <= 0x81a9));
    default:
        return (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f);
    }
}

bool is_harmless(const char *bytes, size_t n)
{
    const unsigned char *p = (const unsigned char *)bytes, *end = p + n;

    while (p < end) {
        size_t n_character = character_bytes(*p);

        if (n_character == 0 || n_character > (size_t)(end - p))
            return false;
        for (size_t i = 1; i < n_character; i++)
            if (p[i] < 0x80 || p[i] > 0xbf)
                return false;
        if (is_harmful(p, n_character))
            return false;
        p += n_character;
    }
    return true;
}
