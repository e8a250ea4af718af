/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/reportkeys.h"

static const struct report_key keys[] = {
#define KEY(path, type, nullable, documents, words) {path, type, nullable, documents, words},
#include "parse/reportkeys.list"
#undef KEY
};

enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

bool report_key_has_word(const struct report_key *key, struct str word)
{
    struct str words = str_of(key->words), next;

    while (str_next_word(&words, &next))
        if (str_eq(next, word))
            return true;
    return false;
}

/* Splits "b[]" off "a.b[].c" and so on; an empty path has no parts. */
static bool next_part(struct str *path, struct str *part)
{
    return str_next_field(path, '.', part);
}

static bool is_same(struct str path, struct str wanted)
{
    struct str part, wanted_part;

    while (next_part(&path, &part)) {
        if (!next_part(&wanted, &wanted_part))
            return false;
        if (!str_eq(part, wanted_part) && !str_eq(part, STR("*")))
            return false;
    }
    return wanted.n == 0;
}

const struct report_key *report_key_find(struct str path)
{
    for (size_t i = 0; i < N_KEYS; i++)
        if (path.n > 0 && !str_ends(path, STR(".")) && is_same(str_of(keys[i].path), path))
            return &keys[i];
    return NULL;
}

static struct str last_part(struct str path)
{
    for (size_t i = path.n; i > 0; i--)
        if (path.p[i - 1] == '.')
            return (struct str){path.p + i, path.n - i};
    return path;
}

/* "a.b" of "a.b.c"; "" of "a" */
static struct str parent_of(struct str path)
{
    size_t n = path.n - last_part(path).n;

    return (struct str){path.p, n > 0 ? n - 1 : 0};
}

const struct report_key *report_key_below(struct str parent, size_t *i, struct str *name)
{
    while (*i < N_KEYS) {
        const struct report_key *key = &keys[(*i)++];
        struct str path = str_of(key->path), above = parent_of(path);

        *name = last_part(path);
        if (!str_has(*name, '[') && is_same(above, parent))
            return key;
    }
    return NULL;
}

const struct report_key *report_key_next(size_t *i, struct str *name)
{
    while (*i < N_KEYS) {
        const struct report_key *key = &keys[(*i)++];

        *name = last_part(str_of(key->path));
        if (!strpbrk(key->path, "[*"))
            return key;
    }
    return NULL;
}
