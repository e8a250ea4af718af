/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/limits: what is known is what the last line of that name says, and printed and read
 * again it is the same.
 */
#include "lib/fuzz.h"

#include "parse/limits.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct row {
    const char *name;
    const struct limit *limit;
};

enum { N_ROWS = 4 };

static void rows_of(const struct limits_record *limits, struct row rows[static N_ROWS])
{
    rows[0] = (struct row){"Max stack size", &limits->stack};
    rows[1] = (struct row){"Max data size", &limits->data};
    rows[2] = (struct row){"Max address space", &limits->address_space};
    rows[3] = (struct row){"Max locked memory", &limits->locked};
}

static void add_value(struct text *text, uint64_t value)
{
    if (value == LIMIT_INFINITY)
        text_add(text, " %-20s", "unlimited");
    else
        text_add(text, " %-20" PRIu64, value);
}

/* The kernel's order is not the order of the rows. */
static struct text print(const struct row rows[static N_ROWS])
{
    struct text text = {NULL, 0, 0};

    text_add(&text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (int i = N_ROWS - 1; i >= 0; i--) {
        if (!rows[i].limit->known)
            continue;
        text_add(&text, "%-25s", rows[i].name);
        add_value(&text, rows[i].limit->soft);
        add_value(&text, rows[i].limit->hard);
        text_add(&text, " bytes     \n");
    }
    return text;
}

/* The next word as a number, by strtoull(). */
static bool take_value(struct str *line, uint64_t *value)
{
    struct str word;
    char *text;
    bool known;

    if (!str_next_word(line, &word))
        return false;
    text = strndup(word.p, word.n);
    errno = 0;
    *value = strcmp(text, "unlimited") == 0 ? LIMIT_INFINITY : strtoull(text, NULL, 10);
    known = *text == 'u' || (isdigit((unsigned char)*text) && errno == 0);
    free(text);
    return known;
}

/* What the last line that begins with the words says. */
static bool expect(struct str text, const char *words, struct limit *limit)
{
    size_t at = 0, n = strlen(words);
    bool found = false;
    struct str line;

    while (plain_line(text, &at, &line)) {
        if (line.n <= n || memcmp(line.p, words, n) != 0 || line.p[n] != ' ')
            continue;
        line.p += n;
        line.n -= n;
        found = take_value(&line, &limit->soft) && take_value(&line, &limit->hard);
    }
    return found;
}

void fuzz_input(struct str input)
{
    struct row rows[N_ROWS], rows_again[N_ROWS];
    struct limits_record limits, again;
    struct limit expected;
    struct text text;

    limits_parse(input, &limits);
    rows_of(&limits, rows);
    text = print(rows);
    limits_parse(text_str(&text), &again);
    rows_of(&again, rows_again);
    for (int i = 0; i < N_ROWS; i++) {
        must(rows[i].limit->known == rows_again[i].limit->known);
        if (!rows[i].limit->known)
            continue;
        must(expect(input, rows[i].name, &expected));
        must(rows[i].limit->soft == expected.soft && rows[i].limit->hard == expected.hard);
        must(rows[i].limit->soft == rows_again[i].limit->soft);
        must(rows[i].limit->hard == rows_again[i].limit->hard);
    }
    text_free(&text);
}
