/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/zoneinfo: the pages are the sum of the lines "count:", and of two texts those of both. */
#include "lib/fuzz.h"

#include "parse/zoneinfo.h"

#include <ctype.h>

/* "   count:  36": false for other lines; *known is false for one without a number. */
static bool count_of(struct str line, bool *known, uint64_t *n)
{
    size_t i = 0;

    while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
        i++;
    if (line.n - i < 6 || memcmp(line.p + i, "count:", 6) != 0)
        return false;
    i += 6;
    if (i < line.n && line.p[i] != ' ' && line.p[i] != '\t')
        return false;
    line = str_trim((struct str){line.p + i, line.n - i});
    *known = line.n > 0;
    *n = 0;
    for (i = 0; i < line.n; i++) {
        *known = *known && isdigit((unsigned char)line.p[i]) && *n < UINT32_MAX;
        *n = *known ? *n * 10 + (uint64_t)(line.p[i] - '0') : 0;
    }
    return true;
}

void fuzz_input(struct str input)
{
    uint64_t n_pages, n_twice, n, sum = 0;
    bool found = false, known = true;
    struct text text = {NULL, 0, 0};
    struct str line;
    size_t at = 0;

    while (known && plain_line(input, &at, &line))
        if (count_of(line, &known, &n)) {
            found = true;
            sum += n;
            known = known && n <= UINT32_MAX;
        }
    if (!zoneinfo_pages_of_cpus(input, &n_pages)) {
        must(!found || !known || sum > UINT32_MAX);
        return;
    }
    must(found && known && n_pages == sum);
    text_add_str(&text, input);
    text_add(&text, "\n");
    text_add_str(&text, input);
    must(!zoneinfo_pages_of_cpus(text_str(&text), &n_twice) || n_twice == 2 * sum);
    text_free(&text);
}
