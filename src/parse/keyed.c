/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/keyed.h"

bool keyed_find(struct str text, struct str key, struct str *value)
{
    struct str line;

    while (str_next_line(&text, &line)) {
        if (!str_starts(line, key) || line.n == key.n || line.p[key.n] != ':')
            continue;
        *value = str_trim((struct str){line.p + key.n + 1, line.n - key.n - 1});
        return true;
    }
    *value = STR("");
    return false;
}

bool keyed_kb(struct str value, uint64_t *bytes)
{
    struct str number, unit;
    uint64_t kb;

    if (!str_next_word(&value, &number) || !str_to_u64(number, &kb) || kb > UINT64_MAX >> 10)
        return false;
    if (str_next_word(&value, &unit) && !str_eq(unit, STR("kB")))
        return false;
    *bytes = kb << 10;
    return true;
}
