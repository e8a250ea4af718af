/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and sizes as people write them: as strtoull() reads them, and when they are printed and
 * read again the same, or, where the text is rounded, not larger.
 */
#include "lib/fuzz.h"

#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

/* strtoull() without what it takes beyond digits: blanks, signs, and no digits at all. */
static bool read_plain(struct str s, int base, uint64_t *value)
{
    char text[128], *end;

    if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, '\0', s.n))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    if (!(base == 16 ? isxdigit((unsigned char)text[0]) : isdigit((unsigned char)text[0])))
        return false;
    errno = 0;
    *value = strtoull(text, &end, base);
    return errno == 0 && *end == '\0';
}

static bool has_hex_prefix(struct str s)
{
    return s.n > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x';
}

static void numbers_are_as_plain(struct str s)
{
    struct str hex = has_hex_prefix(s) ? (struct str){s.p + 2, s.n - 2} : s;
    uint64_t value, expected;
    int64_t number = 0;
    bool known;

    if (s.n >= 128)
        return;
    known = str_to_u64(s, &value);
    must(known == read_plain(s, 10, &expected));
    must(!known || value == expected);
    /* strtoull() accepts a second 0x, and str_hex_to_u64() none. */
    if (!has_hex_prefix(hex)) {
        known = str_hex_to_u64(s, &value);
        must(known == read_plain(hex, 16, &expected));
        must(!known || value == expected);
    }
    if (str_to_i64(s, &number) && s.p[0] != '-')
        must(str_to_u64(s, &value) && value == (uint64_t)number);
}

static void size_is_same_when_printed(uint64_t bytes)
{
    char buf[UNITS_TEXT], hex[UNITS_TEXT];
    uint64_t again;
    const char *text = size_text(bytes, buf), *dot = strchr(text, '.');

    must(strlen(text) < UNITS_TEXT);
    must(size_parse(str_of(address_text(bytes, hex)), &again) && again == bytes);
    if (!dot) {
        must(size_parse(str_of(text), &again) && again == bytes);
        return;
    }
    /* "868.5K": not more than it is, and less than a tenth of the unit short of it. */
    must(dot[1] >= '0' && dot[1] <= '9' && isupper((unsigned char)dot[2]) && !dot[3]);
    {
        char whole[UNITS_TEXT];
        uint64_t tenths = (uint64_t)(dot[1] - '0'), unit;

        memcpy(whole, text, (size_t)(dot - text));
        whole[dot - text] = dot[2];
        whole[dot - text + 1] = '\0';
        must(size_parse(str_of(whole), &again));
        must(size_parse((struct str){(char[]){'1', dot[2]}, 2}, &unit));
        must(again + unit / 10 * tenths <= bytes);
        must(bytes - again < unit / 10 * (tenths + 1) + 10);
    }
}

/* Digits and one letter, the product in 128 bits. */
static void size_is_as_plain(struct str s, uint64_t bytes)
{
    const char *letters = "bkmgtpe", *letter;
    unsigned __int128 product;
    size_t digits = 0;
    uint64_t number;

    while (digits < s.n && isdigit((unsigned char)s.p[digits]))
        digits++;
    if (has_hex_prefix(s) || s.n >= 128)
        return;
    must(read_plain((struct str){s.p, digits}, 10, &number));
    letter = digits < s.n ? strchr(letters, tolower((unsigned char)s.p[digits])) : letters;
    must(letter);
    product = (unsigned __int128)number << 10 * (letter - letters);
    must(product == bytes);
}

void fuzz_input(struct str input)
{
    uint64_t bytes;

    numbers_are_as_plain(input);
    if (size_parse(input, &bytes)) {
        size_is_as_plain(input, bytes);
        size_is_same_when_printed(bytes);
    }
    if (input.n >= sizeof(bytes)) {
        memcpy(&bytes, input.p, sizeof(bytes));
        size_is_same_when_printed(bytes);
    }
}
