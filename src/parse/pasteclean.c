/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/pasteclean.h"

enum { ESCAPE = 0x1b, BELL = 0x07, DELETE = 0x7f };

/* One UTF-16 unit, or 0xfffd, the mark for what cannot be decoded, when half of one is left. */
static uint32_t utf16_unit(struct str s, size_t at, bool big_endian)
{
    if (at + 1 >= s.n)
        return 0xfffd;
    return (uint32_t)(unsigned char)s.p[at + !big_endian] << 8 |
           (uint32_t)(unsigned char)s.p[at + big_endian];
}

static size_t utf8_put(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3f));
    out[2] = (char)(0x80 | (c & 0x3f));
    return 3;
}

/* Surrogates become the mark for what cannot be decoded: no address, no usual name has them. */
static struct str utf16_decode(struct str s, bool big_endian, struct arena *arena)
{
    char *out = arena_alloc(arena, s.n / 2 * 3 + 3);
    size_t n = 0;

    for (size_t at = 2; at < s.n; at += 2) {
        uint32_t c = utf16_unit(s, at, big_endian);

        n += utf8_put(out + n, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    }
    return (struct str){out, n};
}

struct str text_decode(struct str text, struct arena *arena)
{
    if (str_starts(text, STR("\xff\xfe")))
        return utf16_decode(text, false, arena);
    if (str_starts(text, STR("\xfe\xff")))
        return utf16_decode(text, true, arena);
    if (str_starts(text, STR("\xef\xbb\xbf")))
        return (struct str){text.p + 3, text.n - 3};
    return text;
}

static struct str blanks_trim(struct str s)
{
    while (s.n > 0 && s.p[0] == ' ') {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

static bool is_plain(char c)
{
    return c >= ' ' && c <= '~';
}

/*
 * Printing ASCII alone, in which no character is written as HTML does; eight bytes at once, since
 * all lines pass here.
 */
static bool is_clean(struct str line)
{
    const uint64_t ones = UINT64_MAX / 0xff, tops = ones * 0x80;
    uint64_t dirty = 0, eight;
    size_t i = 0;

    for (; i + 8 <= line.n; i += 8) {
        memcpy(&eight, line.p + i, 8);
        /* The top bit of a byte: it is set, or borrowed below ' ', or carried to by DELETE. */
        dirty |= eight | (eight - ones * ' ') | (eight + ones);
    }
    while (i < line.n && is_plain(line.p[i]))
        i++;
    return !(dirty & tops) && i == line.n && !str_has(line, '&');
}

/*
 * The length of an escape sequence (ECMA-48): CSI up to its final byte, OSC up to BEL or ST, or two
 * bytes.  One that does not end in the line is the rest of it.
 */
static size_t escape_length(struct str s)
{
    size_t i = 2;

    if (s.n < 2)
        return s.n;
    if (s.p[1] == '[') {
        while (i < s.n && !(s.p[i] >= 0x40 && s.p[i] < DELETE))
            i++;
        return i < s.n ? i + 1 : s.n;
    }
    if (s.p[1] == ']') {
        while (i < s.n && s.p[i] != BELL && s.p[i] != ESCAPE)
            i++;
        return i + 1 < s.n && s.p[i] == ESCAPE ? i + 2 : i < s.n ? i + 1 : s.n;
    }
    return 2;
}

/* How many bytes the UTF-8 sequence that `lead` begins has. */
static size_t utf8_length(unsigned char lead)
{
    return lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
}

/* Do the n bytes end within a sequence, so that one more byte belongs to it? */
static bool utf8_goes_on(const char *p, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        unsigned char c = (unsigned char)p[n - back];

        if (c >= 0xc0)
            return utf8_length(c) > back;
        if (c < 0x80)
            return false;
    }
    return false;
}

/*
 * What the last bytes written are, when they are a blank (white space of Unicode) or nothing to be
 * seen (zero width, directions of writing, byte order mark).
 */
static const struct {
    struct str bytes;
    bool blank;
} invisible[] = {
    {{"\xc2\xa0", 2}, true},      {{"\xe2\x80\x80", 3}, true},  {{"\xe2\x80\x81", 3}, true},
    {{"\xe2\x80\x82", 3}, true},  {{"\xe2\x80\x83", 3}, true},  {{"\xe2\x80\x84", 3}, true},
    {{"\xe2\x80\x85", 3}, true},  {{"\xe2\x80\x86", 3}, true},  {{"\xe2\x80\x87", 3}, true},
    {{"\xe2\x80\x88", 3}, true},  {{"\xe2\x80\x89", 3}, true},  {{"\xe2\x80\x8a", 3}, true},
    {{"\xe2\x80\x8b", 3}, false}, {{"\xe2\x80\x8c", 3}, false}, {{"\xe2\x80\x8d", 3}, false},
    {{"\xe2\x80\x8e", 3}, false}, {{"\xe2\x80\x8f", 3}, false}, {{"\xe2\x80\xa8", 3}, true},
    {{"\xe2\x80\xaf", 3}, true},  {{"\xe2\x81\x9f", 3}, true},  {{"\xe2\x81\xa0", 3}, false},
    {{"\xe3\x80\x80", 3}, true},  {{"\xef\xbb\xbf", 3}, false},
};

/* Looks at what was written, not at what was read, so that the result needs no second cleaning. */
static size_t invisible_drop(char *out, size_t n)
{
    for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
        if (!str_ends((struct str){out, n}, invisible[i].bytes))
            continue;
        n -= invisible[i].bytes.n;
        if (invisible[i].blank)
            out[n++] = ' ';
        break;
    }
    return n;
}

/* Blanks as the source of a web page has them.  Whatever else has such a name stays as it is: a
 * file's name may hold "&amp;". */
static const struct {
    struct str bytes;
    bool blank;
} entities[] = {
    {STR("&nbsp;"), true},   {STR("&#160;"), true},   {STR("&#xa0;"), true},
    {STR("&#xA0;"), true},   {STR("&#32;"), true},    {STR("&#x20;"), true},
    {STR("&#9;"), true},     {STR("&#x9;"), true},    {STR("&#x09;"), true},
    {STR("&Tab;"), true},    {STR("&ensp;"), true},   {STR("&emsp;"), true},
    {STR("&thinsp;"), true}, {STR("&#8203;"), false}, {STR("&#x200b;"), false},
};

static size_t entity_drop(char *out, size_t n)
{
    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
        if (!str_ends((struct str){out, n}, entities[i].bytes))
            continue;
        n -= entities[i].bytes.n;
        if (entities[i].blank)
            out[n++] = ' ';
        break;
    }
    return n;
}

static size_t byte_put(char *out, size_t n, unsigned char c)
{
    if (c < ' ' || c == DELETE || (c == 0xa0 && !utf8_goes_on(out, n)))
        c = ' ';
    out[n++] = (char)c;
    return c >= 0x80 ? invisible_drop(out, n) : c == ';' ? entity_drop(out, n) : n;
}

/* What issue trackers leave at the end of a line. */
static struct str breaks_trim(struct str s)
{
    static const struct str breaks[] = {{"<br/>", 5}, {"<br />", 6}, {"<br>", 4}};

    s = blanks_trim(s);
    for (size_t i = 0; s.n > 0 && s.p[s.n - 1] == '>' && i < 3; i++) {
        if (str_ends(s, breaks[i])) {
            s = blanks_trim((struct str){s.p, s.n - breaks[i].n});
            i = (size_t)-1;
        }
    }
    return s;
}

struct str line_clean(struct str line, struct clean_room *room)
{
    size_t n = 0;

    if (is_clean(line))
        return breaks_trim(line);
    if (line.n > room->n) {
        room->n = line.n * 2;
        room->p = arena_alloc(room->arena, room->n);
    }
    for (size_t i = 0; i < line.n;) {
        if (line.p[i] == ESCAPE)
            i += escape_length((struct str){line.p + i, line.n - i});
        else
            n = byte_put(room->p, n, (unsigned char)line.p[i++]);
    }
    return breaks_trim((struct str){room->p, n});
}

static bool is_quote_mark(char c)
{
    return c == ' ' || c == '>' || c == '|' || c == '*';
}

struct str line_unquote(struct str line)
{
    static const struct str entity = STR("&gt;");

    for (;;) {
        size_t n = line.n > 0 && is_quote_mark(*line.p) ? 1
                   : str_starts(line, entity)           ? entity.n
                                                        : 0;

        if (n == 0)
            return line;
        line.p += n;
        line.n -= n;
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80);
}

uint32_t prefix_shape(struct str prefix)
{
    uint32_t hash = 0;
    bool in_word = false;

    for (size_t i = 0; i < prefix.n; i++) {
        bool word = is_word(prefix.p[i]);

        if (!is_quote_mark(prefix.p[i]) && !(word && in_word))
            hash = (hash ^ (word ? 'a' : (unsigned char)prefix.p[i])) * 16777619u + 1;
        in_word = word;
    }
    return hash;
}

static bool has_time_of_day(struct str s)
{
    for (size_t i = 0; i + 8 <= s.n; i++) {
        if (s.p[i + 2] == ':' && s.p[i + 5] == ':' && is_digit(s.p[i]) && is_digit(s.p[i + 1]) &&
            is_digit(s.p[i + 3]) && is_digit(s.p[i + 4]) && is_digit(s.p[i + 6]) &&
            is_digit(s.p[i + 7]))
            return true;
    }
    return false;
}

bool prefix_is_mechanical(struct str prefix)
{
    prefix = blanks_trim(prefix);
    return prefix.n == 0 || str_has(STR(":>|])}$#="), prefix.p[prefix.n - 1]) ||
           has_time_of_day(prefix);
}
