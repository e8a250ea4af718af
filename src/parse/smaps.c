/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/smaps.h"

#include "parse/keyed.h"

static void take_flags(struct smaps_record *record, struct str flags)
{
    struct str flag;

    record->has_flags = true;
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
    enum smaps_size size;
} sizes[] = {
    {"Rss", offsetof(struct smaps_record, rss_bytes), SMAPS_RSS},
    {"Pss", offsetof(struct smaps_record, pss_bytes), SMAPS_PSS},
    {"Private_Clean", offsetof(struct smaps_record, private_bytes), SMAPS_PRIVATE_CLEAN},
    {"Private_Dirty", offsetof(struct smaps_record, private_bytes), SMAPS_PRIVATE_DIRTY},
    {"Swap", offsetof(struct smaps_record, swap_bytes), SMAPS_SWAP},
    {"Anonymous", offsetof(struct smaps_record, anonymous_bytes), SMAPS_ANONYMOUS},
    {"Locked", offsetof(struct smaps_record, locked_bytes), SMAPS_LOCKED},
    {"KernelPageSize", offsetof(struct smaps_record, page_bytes), SMAPS_PAGE},
};

static size_t find_size(struct str key)
{
    size_t i = 0;

    while (i < sizeof(sizes) / sizeof(sizes[0]) && !str_eq(key, str_of(sizes[i].key)))
        i++;
    return i;
}

static void take_size(struct smaps_record *record, size_t i, uint64_t bytes)
{
    *(uint64_t *)(void *)((char *)record + sizes[i].offset) += bytes;
    record->has |= sizes[i].size;
}

void smaps_take_size(struct smaps_record *record, struct str key, uint64_t bytes)
{
    size_t i = find_size(key);

    if (i < sizeof(sizes) / sizeof(sizes[0]))
        take_size(record, i, bytes);
}

bool smaps_take_key(struct smaps_record *record, struct str line)
{
    const char *colon = line.n > 0 ? memchr(line.p, ':', line.n) : NULL;
    struct str key, value;
    uint64_t bytes;
    size_t i;

    if (!colon)
        return false;
    key = (struct str){line.p, (size_t)(colon - line.p)};
    value = (struct str){colon + 1, line.n - key.n - 1};
    if (str_eq(key, STR("VmFlags")))
        take_flags(record, value);
    i = find_size(key);
    if (i < sizeof(sizes) / sizeof(sizes[0]) && keyed_kb(value, &bytes))
        take_size(record, i, bytes);
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
        if (!smaps_take_key(record, line))
            return err_set(err, "line %llu of smaps has no key", (unsigned long long)*n_lines);
    }
    return true;
}
