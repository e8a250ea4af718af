/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/policyscan.h"

/* What continues a character in UTF-8 is not counted. */
unsigned int scan_column(const struct policyscan *scan, size_t at)
{
    unsigned int column = 1;

    for (size_t i = 0; i < at; i++)
        column += ((unsigned char)scan->line.p[i] & 0xc0) != 0x80;
    return column;
}

bool scan_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool scan_at_end(const struct policyscan *scan)
{
    return scan->at == scan->line.n;
}

char scan_peek(const struct policyscan *scan)
{
    return scan_at_end(scan) ? '\0' : scan->line.p[scan->at];
}

void scan_skip_blanks(struct policyscan *scan)
{
    while (scan_is_blank(scan_peek(scan)))
        scan->at++;
}

bool scan_take(struct policyscan *scan, char c)
{
    if (scan_at_end(scan) || scan_peek(scan) != c)
        return false;
    scan->at++;
    return true;
}

struct str scan_since(const struct policyscan *scan, size_t start)
{
    return (struct str){scan->line.p + start, scan->at - start};
}

int scan_shown(struct str s)
{
    return s.n < 60 ? (int)s.n : 60;
}

struct str scan_take_until(struct policyscan *scan, const char *ends)
{
    size_t start = scan->at;

    while (!scan_at_end(scan) && !scan_is_blank(scan_peek(scan)) &&
           !(scan_peek(scan) && strchr(ends, scan_peek(scan))))
        scan->at++;
    return scan_since(scan, start);
}

static bool is_key_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

bool scan_take_key(struct policyscan *scan, struct policy_word *word)
{
    size_t start = scan->at;

    while (!scan_at_end(scan) && is_key_byte(scan_peek(scan)))
        scan->at++;
    *word =
        (struct policy_word){.text = scan_since(scan, start), .column = scan_column(scan, start)};
    return word->text.n > 0;
}

/* Four hexadecimal digits. */
static bool take_unit(struct policyscan *scan, uint32_t *unit)
{
    struct str digits = {scan->line.p + scan->at, 4};
    uint64_t value;

    if (scan->line.n - scan->at < 4 || digits.p[1] == 'x' || digits.p[1] == 'X' ||
        !str_hex_to_u64(digits, &value))
        return false;
    scan->at += 4;
    *unit = (uint32_t)value;
    return true;
}

/* A character beyond the first 65536 is two units. */
static bool take_code(struct policyscan *scan, uint32_t *code)
{
    uint32_t low;

    if (!take_unit(scan, code) || *code == 0 || (*code >= 0xdc00 && *code < 0xe000))
        return false;
    if (*code < 0xd800 || *code >= 0xdc00)
        return true;
    if (!scan_take(scan, '\\') || !scan_take(scan, 'u') || !take_unit(scan, &low) || low < 0xdc00 ||
        low >= 0xe000)
        return false;
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static char *put_utf8(char *p, uint32_t code)
{
    static const unsigned char heads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    int n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    if (n == 1) {
        *p++ = (char)code;
        return p;
    }
    for (int i = n - 1; i > 0; i--) {
        p[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    p[0] = (char)(heads[n] | code);
    return p + n;
}

static const char escaped[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";

/* What follows a backslash; no escape makes the text longer than it stands there. */
static bool take_escape(struct policyscan *scan, char **to)
{
    const char *known;
    uint32_t code;

    if (scan_take(scan, 'u')) {
        if (!take_code(scan, &code))
            return false;
        *to = put_utf8(*to, code);
        return true;
    }
    known = scan_at_end(scan) || !scan_peek(scan) ? NULL : strchr(escaped, scan_peek(scan));
    if (!known)
        return false;
    scan->at++;
    *(*to)++ = meant[known - escaped];
    return true;
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* From its first quote mark to behind the last; the escapes are those of JSON. */
static bool take_quoted(struct policyscan *scan, struct policy_word *word)
{
    size_t start = scan->at++, escape;
    char *bytes = arena_alloc(scan->arena, scan->line.n - start + 1), *to = bytes;

    while (!scan_at_end(scan) && scan_peek(scan) != '"') {
        escape = scan->at;
        if (is_control(scan_peek(scan)))
            return scan_fault(scan, escape,
                              "a control character in quote marks: write an escape of JSON for it");
        if (!scan_take(scan, '\\'))
            *to++ = scan->line.p[scan->at++];
        else if (!take_escape(scan, &to))
            return scan_fault(scan, escape, "this is no escape of JSON");
    }
    if (!scan_take(scan, '"'))
        return scan_fault(scan, start, "a closing quote mark is missing");
    *word = (struct policy_word){{bytes, (size_t)(to - bytes)}, true, scan_column(scan, start)};
    return true;
}

bool scan_take_word(struct policyscan *scan, const char *ends, struct policy_word *word)
{
    size_t start = scan->at;

    if (scan_peek(scan) == '"')
        return take_quoted(scan, word);
    *word = (struct policy_word){.column = scan_column(scan, start)};
    word->text = scan_take_until(scan, ends);
    for (size_t i = 0; i < word->text.n; i++) {
        if (word->text.p[i] == '"')
            return scan_fault(scan, start + i, "a quote mark within a word: put all of it in them");
        if (is_control(word->text.p[i]))
            return scan_fault(scan, start + i, "a control character: this is no text");
    }
    return true;
}

static void print_quoted(struct textbuf *text, struct str s)
{
    textbuf_add(text, STR("\""));
    for (size_t i = 0; i < s.n; i++) {
        const char *known = s.p[i] == '/' ? NULL : memchr(meant, s.p[i], sizeof(meant) - 1);

        if (known)
            textbuf_printf(text, "\\%c", escaped[known - meant]);
        else if (is_control(s.p[i]))
            textbuf_printf(text, "\\u%04x", (unsigned int)s.p[i]);
        else
            textbuf_add(text, (struct str){s.p + i, 1});
    }
    textbuf_add(text, STR("\""));
}

void scan_print_word(struct textbuf *text, const struct policy_word *word)
{
    if (word->quoted)
        print_quoted(text, word->text);
    else
        textbuf_add(text, word->text);
}
