/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/safe.h"

#include <ctype.h>

size_t utf8_decode(struct str s, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;

    if (n == 0 || n > s.n)
        return 0;
    *code = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        *code = *code << 6 | (p[i] & 0x3f);
    }
    if (*code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return n;
}

/*
 * Control characters, line and paragraph separators, those that turn or hide text, and the two that
 * are none and that XML forbids.
 */
static bool is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || code == 0xfffe || code == 0xffff;
}

/* A name that holds \xNN by itself would read like an escaped byte. */
static bool looks_escaped(struct str s)
{
    return s.n >= 4 && s.p[0] == '\\' && s.p[1] == 'x' && isxdigit((unsigned char)s.p[2]) &&
           isxdigit((unsigned char)s.p[3]);
}

const char *safe_text(struct arena *arena, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    char *text = arena_alloc(arena, s.n * 4 + 1), *to = text;

    while (s.n > 0) {
        uint32_t code = 0;
        size_t n = utf8_decode(s, &code);
        bool safe = n > 0 && !is_unsafe(code) && !looks_escaped(s);

        n = n > 0 ? n : 1;
        for (size_t i = 0; i < n; i++) {
            unsigned char byte = (unsigned char)s.p[i];

            if (safe) {
                *to++ = (char)byte;
                continue;
            }
            *to++ = '\\';
            *to++ = 'x';
            *to++ = hex[byte >> 4];
            *to++ = hex[byte & 15];
        }
        s.p += n;
        s.n -= n;
    }
    *to = '\0';
    return text;
}

size_t safe_width(struct str s)
{
    size_t width = 0;

    for (size_t i = 0; i < s.n; i++)
        width += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return width;
}
