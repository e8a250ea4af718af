/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/maps.h"

#include "base/arena.h"

#include <inttypes.h>
#include <stdlib.h>

/* The hot path of the program: the value of each hexadecimal digit plus one, 0 for other bytes. */
static const unsigned char hex_digit[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* A hexadecimal number and the byte that must follow it. */
static bool take_hex(struct str *s, char terminator, uint64_t *value)
{
    const char *p = s->p, *end = s->p + s->n;
    unsigned char digit;
    uint64_t v = 0, lost = 0;

    for (; p < end && (digit = hex_digit[(unsigned char)*p]) != 0; p++) {
        lost |= v >> 60;
        v = v << 4 | (uint64_t)(digit - 1);
    }
    if (lost || p == s->p || p == end || *p != terminator)
        return false;
    *value = v;
    s->n -= (size_t)(p + 1 - s->p);
    s->p = p + 1;
    return true;
}

static bool take_perms(struct str *s, unsigned int *perms)
{
    static const char letters[] = "rwx";

    if (s->n < 5 || s->p[4] != ' ' || (s->p[3] != 'p' && s->p[3] != 's'))
        return false;
    *perms = s->p[3] == 's' ? PERM_SHARED : 0;
    for (int i = 0; i < 3; i++) {
        if (s->p[i] == letters[i])
            *perms |= 1u << i;
        else if (s->p[i] != '-')
            return false;
    }
    s->p += 5;
    s->n -= 5;
    return true;
}

static bool take_device(struct str *s, struct maps_line *line)
{
    uint64_t major, minor;

    if (!take_hex(s, ':', &major) || !take_hex(s, ' ', &minor) || major > UINT32_MAX ||
        minor > UINT32_MAX)
        return false;
    line->dev_major = (uint32_t)major;
    line->dev_minor = (uint32_t)minor;
    return true;
}

/* The inode ends the line or is followed by the blanks that pad to the name. */
static bool take_inode(struct str *s, uint64_t *inode)
{
    struct str digits = {s->p, 0};

    while (digits.n < s->n && s->p[digits.n] >= '0' && s->p[digits.n] <= '9')
        digits.n++;
    if (digits.n < s->n && s->p[digits.n] != ' ')
        return false;
    s->p += digits.n;
    s->n -= digits.n;
    return str_to_u64(digits, inode);
}

bool maps_parse_line(struct str text, struct maps_line *line)
{
    if (!take_hex(&text, '-', &line->range.start) || !take_hex(&text, ' ', &line->range.end) ||
        line->range.start > line->range.end || !take_perms(&text, &line->perms) ||
        !take_hex(&text, ' ', &line->offset) || !take_device(&text, line) ||
        !take_inode(&text, &line->inode))
        return false;
    while (text.n > 0 && *text.p == ' ') {
        text.p++;
        text.n--;
    }
    line->name = text;
    return true;
}

const char *perms_text(unsigned int perms, char buf[static 5])
{
    if (perms & PERM_UNKNOWN)
        return memcpy(buf, "????", 5);
    buf[0] = perms & PERM_READ_UNKNOWN ? '?' : perms & PERM_READ ? 'r' : '-';
    buf[1] = perms & PERM_WRITE ? 'w' : '-';
    buf[2] = perms & PERM_EXEC ? 'x' : '-';
    buf[3] = perms & PERM_SHARED ? 's' : 'p';
    if (perms & PERM_SHARING_UNKNOWN)
        buf[3] = '?';
    buf[4] = '\0';
    return buf;
}

/* seq_setwidth() and seq_pad(): names begin in column 73, or two blanks after a long inode. */
void maps_print_line(struct textbuf *text, const struct maps_line *line)
{
    enum { PAD_UNTIL = 25 + 8 * 6 - 1 };
    size_t start = text->n;
    char perms[5];

    textbuf_printf(text, "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64 " %02x:%02x %" PRIu64 " ",
                   line->range.start, line->range.end, perms_text(line->perms, perms), line->offset,
                   line->dev_major, line->dev_minor, line->inode);
    if (line->name.n > 0) {
        int pad = PAD_UNTIL - (int)(text->n - start);

        textbuf_printf(text, "%*s", (pad > 0 ? pad : 0) + 1, "");
        textbuf_add(text, line->name);
    }
    textbuf_add(text, STR("\n"));
}

void maps_parser_init(struct maps_parser *parser,
                      void (*take)(void *context, const struct maps_line *line), void *context)
{
    parser->take = take;
    parser->context = context;
    parser->n_lines = 0;
    parser->bad_line = 0;
    parser->overlaps = false;
    parser->last_end = 0;
    parser->carry = NULL;
    parser->n_carry = 0;
    parser->carry_room = 0;
}

static void note_bad_line(struct maps_parser *parser, struct str text)
{
    size_t n = text.n < sizeof(parser->bad_text) - 1 ? text.n : sizeof(parser->bad_text) - 1;

    if (parser->bad_line)
        return;
    parser->bad_line = parser->n_lines;
    memcpy(parser->bad_text, text.p, n);
    parser->bad_text[n] = '\0';
}

static void take_line(struct maps_parser *parser, struct str text)
{
    struct maps_line line;

    parser->n_lines++;
    if (!maps_parse_line(text, &line)) {
        note_bad_line(parser, text);
        return;
    }
    if (line.range.start < parser->last_end) {
        parser->overlaps = true;
        return;
    }
    parser->last_end = line.range.end;
    parser->take(parser->context, &line);
}

/* A path has 4,096 bytes, four times that when escaped, and can be longer: but not like this. */
#define LONGEST_LINE ((size_t)1 << 20)

/*
 * Puts the beginning of a line aside; what is too long for any line is dropped, and the line bad.
 */
static void carry(struct maps_parser *parser, struct str part)
{
    size_t n = LONGEST_LINE - parser->n_carry;

    n = part.n < n ? part.n : n;
    if (parser->n_carry + n > parser->carry_room) {
        parser->carry_room = (parser->n_carry + n) * 2;
        parser->carry = xreallocarray(parser->carry, parser->carry_room, 1);
    }
    memcpy(parser->carry + parser->n_carry, part.p, n);
    parser->n_carry += n;
}

static void take_carried(struct maps_parser *parser)
{
    struct str text = {parser->carry, parser->n_carry};

    if (text.n == LONGEST_LINE) {
        parser->n_lines++;
        note_bad_line(parser, text);
    } else {
        take_line(parser, text);
    }
    parser->n_carry = 0;
}

void maps_feed(struct maps_parser *parser, struct str piece)
{
    while (piece.n > 0) {
        const char *newline = memchr(piece.p, '\n', piece.n);
        struct str part = {piece.p, newline ? (size_t)(newline - piece.p) : piece.n};

        piece.p += part.n + (newline ? 1 : 0);
        piece.n -= part.n + (newline ? 1 : 0);
        if (newline && parser->n_carry == 0) {
            take_line(parser, part);
        } else {
            carry(parser, part);
            if (newline)
                take_carried(parser);
        }
    }
}

bool maps_finish(struct maps_parser *parser, struct err *err)
{
    if (parser->n_carry > 0)
        take_carried(parser);
    free(parser->carry);
    parser->carry = NULL;
    if (parser->bad_line == 0)
        return true;
    return err_set(err, "line %llu of maps is not a mapping: \"%s\"",
                   (unsigned long long)parser->bad_line, parser->bad_text);
}
