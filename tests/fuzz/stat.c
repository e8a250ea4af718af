/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/stat: printed and read again it is the same, whatever the name holds. */
#include "lib/fuzz.h"

#include "parse/stat.h"

#include <inttypes.h>

enum { LAST = 52 };

static struct text print(const struct stat_record *stat)
{
    const uint64_t fields[LAST + 1] = {
        [9] = stat->flags,        [20] = stat->n_threads,  [22] = stat->start_ticks,
        [23] = stat->vsize_bytes, [26] = stat->start_code, [27] = stat->end_code,
        [28] = stat->start_stack, [45] = stat->start_data, [46] = stat->end_data,
        [47] = stat->start_brk,   [48] = stat->arg_start,  [51] = stat->env_end,
    };
    struct text text = {NULL, 0, 0};

    text_add(&text, "%" PRId64 " (", stat->pid);
    text_add_str(&text, stat->comm);
    text_add(&text, ") %c %" PRId64, stat->state, stat->ppid);
    for (int i = 5; i <= LAST; i++)
        text_add(&text, " %" PRIu64, fields[i]);
    text_add(&text, "\n");
    return text;
}

/* The name is all between the first '(' and the last ')'. */
static void name_is_whole(struct str input, struct str comm)
{
    size_t first = 0, last = input.n;

    while (input.p[first] != '(')
        first++;
    while (input.p[--last] != ')')
        ;
    must(comm.p == input.p + first + 1 && comm.n == last - first - 1);
}

void fuzz_input(struct str input)
{
    struct stat_record stat, again;
    struct err err = {""};
    struct text text;

    if (!stat_parse(input, &stat, &err)) {
        must(*err.text);
        return;
    }
    name_is_whole(input, stat.comm);
    text = print(&stat);
    must(stat_parse(text_str(&text), &again, &err));
    must(again.pid == stat.pid && str_eq(again.comm, stat.comm) && again.state == stat.state);
    must(again.ppid == stat.ppid && again.flags == stat.flags);
    must(again.n_threads == stat.n_threads && again.vsize_bytes == stat.vsize_bytes);
    must(again.has_addresses == stat.has_addresses);
    must(!stat.has_data || stat.has_addresses);
    must(!stat.has_data || again.has_data);
    must(stat_same_image(&stat, &again));
    text_free(&text);
}
