/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/textbuf.h"

#include <stdio.h>
#include <stdlib.h>

void textbuf_deinit(struct textbuf *text)
{
    free(text->bytes);
    *text = (struct textbuf){0};
}

struct str textbuf_view(const struct textbuf *text)
{
    return text->bytes ? (struct str){text->bytes, text->n} : STR("");
}

/* Room for n more bytes and a zero. */
static char *reserve(struct textbuf *text, size_t n)
{
    if (text->room - text->n <= n) {
        text->room = (text->n + n + 64) * 2;
        text->bytes = xreallocarray(text->bytes, text->room, 1);
    }
    return text->bytes + text->n;
}

void textbuf_add(struct textbuf *text, struct str s)
{
    char *end = reserve(text, s.n);

    if (s.n > 0)
        memcpy(end, s.p, s.n);
    text->n += s.n;
}

void textbuf_printf(struct textbuf *text, const char *fmt, ...)
{
    va_list ap, again;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n > 0) {
        vsnprintf(reserve(text, (size_t)n), (size_t)n + 1, fmt, again);
        text->n += (size_t)n;
    }
    va_end(again);
}

void textbuf_add_escaped(struct textbuf *text, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool at_end = i == 0 || i == s.n - 1;

        if (c < ' ' || c == 0x7f || c == '\\' || (c == ' ' && at_end))
            textbuf_printf(text, "\\%03o", c);
        else
            textbuf_add(text, (struct str){s.p + i, 1});
    }
}

void textbuf_add_keyed(struct textbuf *text, const char *key, struct str value)
{
    if (!value.p)
        return;
    textbuf_printf(text, "%s: ", key);
    textbuf_add_escaped(text, value);
    textbuf_add(text, STR("\n"));
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

struct str str_unescape(struct arena *arena, struct str s)
{
    char *bytes = arena_alloc(arena, s.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < s.n; n++) {
        const char *p = s.p + i;

        if (s.n - i >= 4 && p[0] == '\\' && p[1] <= '3' && is_octal(p[1]) && is_octal(p[2]) &&
            is_octal(p[3])) {
            bytes[n] = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
            i += 4;
        } else {
            bytes[n] = *p;
            i++;
        }
    }
    return (struct str){bytes, n};
}
