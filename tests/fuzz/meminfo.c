/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/meminfo, and with it keyed text of any kind: what is known is in the text, bounded, and the
 * same when it is printed in another order.
 */
#include "lib/fuzz.h"

#include "parse/keyed.h"
#include "parse/meminfo.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* The first line with that key. */
static bool find_plain(struct str text, const char *key, struct str *value)
{
    size_t at = 0, n = strlen(key);
    struct str line;

    while (plain_line(text, &at, &line)) {
        if (line.n <= n || memcmp(line.p, key, n) != 0 || line.p[n] != ':')
            continue;
        *value = str_trim((struct str){line.p + n + 1, line.n - n - 1});
        return true;
    }
    return false;
}

/* "12 kB" as strtoull() reads it. */
static void kilobytes_are_as_plain(struct str value)
{
    struct str word;
    uint64_t bytes, kb;
    char *text, *end;

    if (!keyed_kb(value, &bytes))
        return;
    must(str_next_word(&value, &word));
    text = strndup(word.p, word.n);
    errno = 0;
    kb = strtoull(text, &end, 10);
    must(isdigit((unsigned char)*text) && !*end && errno == 0);
    must(kb <= UINT64_MAX / 1024 && bytes == kb * 1024);
    free(text);
}

static void key_is_found(struct str text, const char *key)
{
    struct str value, expected = STR("");
    bool found = keyed_find(text, str_of(key), &value);

    must(found == find_plain(text, key, &expected));
    must(str_eq(value, expected));
    kilobytes_are_as_plain(value);
}

static struct text print(const struct meminfo *meminfo)
{
    struct text text = {NULL, 0, 0};

    text_add(&text, "HugePages_Rsvd:%8" PRIu64 "\n", meminfo->n_huge_pages_reserved);
    text_add(&text, "HugePages_Free:%8" PRIu64 "\n", meminfo->n_huge_pages_free);
    if (meminfo->has_huge_pages)
        text_add(&text, "HugePages_Total:%8" PRIu64 "\n", meminfo->n_huge_pages);
    for (int i = N_MEMINFO - 1; i >= 0; i--)
        if (meminfo->has[i])
            text_add(&text, "%s: %8" PRIu64 " kB\n", meminfo_key_name((enum meminfo_key)i),
                     meminfo->bytes[i] >> 10);
    return text;
}

static void same(const struct meminfo *a, const struct meminfo *b)
{
    for (int i = 0; i < N_MEMINFO; i++)
        must(a->has[i] == b->has[i] && a->bytes[i] == b->bytes[i]);
    must(a->has_huge_pages == b->has_huge_pages);
    must(!a->has_huge_pages ||
         (a->n_huge_pages == b->n_huge_pages && a->n_huge_pages_free == b->n_huge_pages_free &&
          a->n_huge_pages_reserved == b->n_huge_pages_reserved));
}

void fuzz_input(struct str input)
{
    struct meminfo meminfo, again;
    struct text text;

    meminfo_parse(input, &meminfo);
    for (int i = 0; i < N_MEMINFO; i++) {
        const char *key = meminfo_key_name((enum meminfo_key)i);
        struct str value;

        key_is_found(input, key);
        must(!meminfo.has[i] || find_plain(input, key, &value));
        must(meminfo.bytes[i] <= (uint64_t)1 << 56 && meminfo.bytes[i] % 1024 == 0);
        must(meminfo.has[i] || meminfo.bytes[i] == 0);
    }
    key_is_found(input, "");
    key_is_found(input, "VmFlags");
    text = print(&meminfo);
    meminfo_parse(text_str(&text), &again);
    same(&meminfo, &again);
    text_free(&text);
}
