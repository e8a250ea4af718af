/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>

static const char suffixes[] = "KMGTPE";

const char *size_text(uint64_t bytes, char buf[static UNITS_TEXT])
{
    uint64_t unit = 1;
    int i = -1;

    while (i + 1 < (int)sizeof(suffixes) - 1 && bytes / unit >= 1024) {
        unit *= 1024;
        i++;
    }
    if (i < 0)
        snprintf(buf, UNITS_TEXT, "%" PRIu64 "B", bytes);
    else if (bytes % unit == 0)
        snprintf(buf, UNITS_TEXT, "%" PRIu64 "%c", bytes / unit, suffixes[i]);
    else
        snprintf(buf, UNITS_TEXT, "%u.%u%c", (unsigned int)(bytes / unit),
                 (unsigned int)(bytes % unit * 10 / unit), suffixes[i]);
    return buf;
}

const char *address_text(uint64_t address, char buf[static UNITS_TEXT])
{
    snprintf(buf, UNITS_TEXT, "0x%" PRIx64, address);
    return buf;
}

static bool suffix_shift(struct str suffix, unsigned int *shift)
{
    const char *letter;

    *shift = 0;
    if (suffix.n == 0 || str_eq(suffix, STR("B")))
        return true;
    letter = strchr(suffixes, suffix.p[0] & ~0x20);
    if (!letter || !*letter)
        return false;
    *shift = 10 * (unsigned int)(letter - suffixes + 1);
    suffix.p++;
    suffix.n--;
    return suffix.n == 0 || str_eq(suffix, STR("iB"));
}

bool size_parse(struct str s, uint64_t *bytes)
{
    size_t digits = 0;
    unsigned int shift;
    uint64_t value;

    if (str_starts(s, STR("0x")))
        return str_hex_to_u64(s, bytes);
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    if (!str_to_u64((struct str){s.p, digits}, &value) ||
        !suffix_shift((struct str){s.p + digits, s.n - digits}, &shift))
        return false;
    if (shift > 0 && value >> (64 - shift))
        return false;
    *bytes = value << shift;
    return true;
}
