/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/smaps: every line belongs to one mapping; what the mappings hold adds up to what the
 * lines say; each mapping is as its line in maps.
 */
#include "lib/fuzz.h"

#include "parse/smaps.h"

#include <ctype.h>

/* "Rss:   12 kB" as bytes; 0 for other lines.  No kB need follow. */
static uint64_t bytes_of(struct str line, const char *key)
{
    size_t i = strlen(key);
    uint64_t kb = 0;

    if (line.n <= i || memcmp(line.p, key, i) != 0 || line.p[i] != ':')
        return 0;
    for (i++; i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'); i++)
        ;
    if (i == line.n || !isdigit((unsigned char)line.p[i]))
        return 0;
    for (; i < line.n && isdigit((unsigned char)line.p[i]); i++) {
        uint64_t digit = (uint64_t)(line.p[i] - '0');

        if (kb > (UINT64_MAX >> 10) / 10)
            return 0;
        kb = kb * 10 + digit;
    }
    if (kb > UINT64_MAX >> 10 || (i < line.n && line.p[i] != ' ' && line.p[i] != '\t'))
        return 0;
    while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
        i++;
    if (i == line.n)
        return kb << 10;
    if (line.n - i < 2 || memcmp(line.p + i, "kB", 2) != 0)
        return 0;
    return i + 2 == line.n || line.p[i + 2] == ' ' || line.p[i + 2] == '\t' ? kb << 10 : 0;
}

struct sums {
    uint64_t n_lines, n_mappings, rss, pss, private, swap, anonymous, locked;
};

/* Until `n_lines` lines were read. */
static struct sums sums_of(struct str text, uint64_t n_lines)
{
    struct sums sums = {0};
    struct maps_line mapping;
    struct str line;
    size_t at = 0;

    while (sums.n_lines < n_lines && plain_line(text, &at, &line)) {
        sums.n_lines++;
        if (maps_parse_line(line, &mapping)) {
            sums.n_mappings++;
            continue;
        }
        sums.rss += bytes_of(line, "Rss");
        sums.pss += bytes_of(line, "Pss");
        sums.private += bytes_of(line, "Private_Clean") + bytes_of(line, "Private_Dirty");
        sums.swap += bytes_of(line, "Swap");
        sums.anonymous += bytes_of(line, "Anonymous");
        sums.locked += bytes_of(line, "Locked");
    }
    return sums;
}

static void add(struct sums *sums, const struct smaps_record *record)
{
    sums->n_mappings++;
    sums->rss += record->rss_bytes;
    sums->pss += record->pss_bytes;
    sums->private += record->private_bytes;
    sums->swap += record->swap_bytes;
    sums->anonymous += record->anonymous_bytes;
    sums->locked += record->locked_bytes;
}

static bool has_other_line(struct str text, uint64_t number)
{
    struct maps_line mapping;
    struct str line = STR("");
    size_t at = 0;

    while (number-- > 0)
        must(plain_line(text, &at, &line));
    return !maps_parse_line(line, &mapping);
}

void fuzz_input(struct str input)
{
    struct str rest = input, before = input;
    struct smaps_record record;
    struct sums sums = {0}, expected;
    struct err err = {""};

    while (smaps_next(&rest, &sums.n_lines, &record, &err)) {
        struct maps_line mapping;
        size_t at = 0;
        struct str line;

        must(rest.n < before.n);
        must(plain_line(before, &at, &line) && maps_parse_line(line, &mapping));
        must(mapping.range.start == record.line.range.start && mapping.perms == record.line.perms);
        must(str_eq(mapping.name, record.line.name));
        must(record.has_flags || (!record.grows_down && !record.locked));
        add(&sums, &record);
        before = rest;
    }
    expected = sums_of(input, UINT64_MAX);
    if (*err.text) {
        must(has_other_line(input, sums.n_lines));
        return;
    }
    must(memcmp(&sums, &expected, sizeof(sums)) == 0);
}
