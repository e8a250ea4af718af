/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/meminfo.h"

#include "parse/keyed.h"

enum { OPTIONAL = -1 };

static const struct {
    const char *name;
    int since;
} keys[N_MEMINFO] = {
#define MEMINFO(symbol, key, since) [MEMINFO_##symbol] = {(key), (since)},
#include "parse/meminfo.list"
#undef MEMINFO
};

const char *meminfo_key_name(enum meminfo_key key)
{
    return keys[key].name;
}

bool meminfo_is_told(enum meminfo_key key, unsigned int major, unsigned int minor)
{
    return keys[key].since != OPTIONAL &&
           (unsigned int)keys[key].since <= major * 1000 + (minor < 1000 ? minor : 999);
}

/* More than any machine has: sums of such figures still fit 64 bits. */
static const uint64_t most_bytes = (uint64_t)1 << 56;

static enum meminfo_key find_key(struct str name)
{
    int i = 0;

    while (i < N_MEMINFO && !str_eq(name, str_of(keys[i].name)))
        i++;
    return (enum meminfo_key)i;
}

static bool count(struct str text, struct str key, uint64_t *number)
{
    struct str value;

    return keyed_find(text, key, &value) && str_to_u64(value, number) && *number <= UINT32_MAX;
}

void meminfo_parse(struct str text, struct meminfo *meminfo)
{
    struct str rest = text, line, name;

    *meminfo = (struct meminfo){0};
    while (str_next_line(&rest, &line)) {
        enum meminfo_key key;
        uint64_t bytes;

        if (!str_next_field(&line, ':', &name))
            continue;
        key = find_key(name);
        if (key == N_MEMINFO || !keyed_kb(line, &bytes) || bytes > most_bytes)
            continue;
        meminfo->has[key] = true;
        meminfo->bytes[key] = bytes;
    }
    meminfo->has_huge_pages = count(text, STR("HugePages_Total"), &meminfo->n_huge_pages) &&
                              count(text, STR("HugePages_Free"), &meminfo->n_huge_pages_free) &&
                              count(text, STR("HugePages_Rsvd"), &meminfo->n_huge_pages_reserved);
}
