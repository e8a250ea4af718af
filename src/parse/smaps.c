/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/smaps.h"

#include "parse/keyed.h"

static void take_flags(struct smaps_record *record, struct str flags)
{
    struct str flag;

    record->has_flags = true;
    for (size_t i = 0; i < flags.n; i++)
        record->flags_hash = (uint16_t)(record->flags_hash * 31 + (unsigned char)flags.p[i]);
    while (str_next_word(&flags, &flag)) {
        if (str_eq(flag, STR("gd")))
            record->grows_down = true;
        if (str_eq(flag, STR("lo")))
            record->locked = true;
    }
}

static const struct {
    const char *key;
    size_t offset;
} sizes[] = {
    {"Rss", offsetof(struct smaps_record, rss_bytes)},
    {"Pss", offsetof(struct smaps_record, pss_bytes)},
    {"Private_Clean", offsetof(struct smaps_record, private_bytes)},
    {"Private_Dirty", offsetof(struct smaps_record, private_bytes)},
    {"Swap", offsetof(struct smaps_record, swap_bytes)},
    {"Anonymous", offsetof(struct smaps_record, anonymous_bytes)},
    {"Locked", offsetof(struct smaps_record, locked_bytes)},
};

/* False when the line has no key. */
static bool take_key_line(struct smaps_record *record, struct str line)
{
    const char *colon = memchr(line.p, ':', line.n);
    struct str key, value;
    uint64_t bytes;

    if (!colon)
        return false;
    key = (struct str){line.p, (size_t)(colon - line.p)};
    value = (struct str){colon + 1, line.n - key.n - 1};
    if (str_eq(key, STR("VmFlags")))
        take_flags(record, value);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (str_eq(key, str_of(sizes[i].key)) && keyed_kb(value, &bytes))
            *(uint64_t *)(void *)((char *)record + sizes[i].offset) += bytes;
    return true;
}

bool smaps_next(struct str *rest, uint64_t *n_lines, struct smaps_record *record, struct err *err)
{
    struct str line, after;
    struct maps_line next;

    err->text[0] = '\0';
    *record = (struct smaps_record){0};
    if (!str_next_line(rest, &line))
        return false;
    ++*n_lines;
    if (!maps_parse_line(line, &record->line))
        return err_set(err, "line %llu of smaps is not a mapping", (unsigned long long)*n_lines);
    for (after = *rest; str_next_line(&after, &line); *rest = after) {
        if (maps_parse_line(line, &next))
            return true;
        ++*n_lines;
        if (!take_key_line(record, line))
            return err_set(err, "line %llu of smaps has no key", (unsigned long long)*n_lines);
    }
    return true;
}
