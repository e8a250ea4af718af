/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/zoneinfo.h"

/* "    cpu: 0", "              count:    36" and so on, for each CPU of each zone. */
bool zoneinfo_pages_of_cpus(struct str text, uint64_t *n_pages)
{
    struct str line, word;
    bool found = false;
    uint64_t n;

    *n_pages = 0;
    while (str_next_line(&text, &line)) {
        if (!str_next_word(&line, &word) || !str_eq(word, STR("count:")))
            continue;
        if (!str_to_u64(str_trim(line), &n) || n > UINT32_MAX || *n_pages > UINT32_MAX)
            return false;
        *n_pages += n;
        found = true;
    }
    return found;
}
