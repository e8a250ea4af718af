/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/limits.h"

static bool limit_value(struct str *rest, uint64_t *value)
{
    struct str word;

    if (!str_next_word(rest, &word))
        return false;
    if (str_eq(word, STR("unlimited"))) {
        *value = LIMIT_INFINITY;
        return true;
    }
    return str_to_u64(word, value);
}

static void take_limit(struct str line, struct str name, struct limit *limit)
{
    struct str rest;

    if (!str_starts(line, name))
        return;
    rest = (struct str){line.p + name.n, line.n - name.n};
    limit->known = limit_value(&rest, &limit->soft) && limit_value(&rest, &limit->hard);
}

void limits_parse(struct str text, struct limits_record *limits)
{
    struct str line;

    *limits = (struct limits_record){0};
    while (str_next_line(&text, &line)) {
        take_limit(line, STR("Max stack size "), &limits->stack);
        take_limit(line, STR("Max data size "), &limits->data);
        take_limit(line, STR("Max address space "), &limits->address_space);
        take_limit(line, STR("Max locked memory "), &limits->locked);
    }
}
