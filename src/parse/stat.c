/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/stat.h"

enum { FIRST_NUMBER = 4, LAST_FIELD = 52 };

/* The name may hold blanks and parentheses: it ends at the last ')'. */
static bool take_comm(struct str *text, struct str *comm)
{
    const char *open = memchr(text->p, '(', text->n);
    const char *close = memrchr(text->p, ')', text->n);

    if (!open || !close || close < open)
        return false;
    *comm = (struct str){open + 1, (size_t)(close - open - 1)};
    text->n -= (size_t)(close + 1 - text->p);
    text->p = close + 1;
    return true;
}

/* The plain case, which nearly all are: no sign, and not enough digits to overflow. */
static bool take_plain(struct str *rest, uint64_t *value)
{
    enum { MAX_DIGITS = 19 };
    size_t first = rest->n > 0 && *rest->p == ' ', i = first;
    uint64_t v = 0;

    for (; i < rest->n && i - first < MAX_DIGITS && rest->p[i] >= '0' && rest->p[i] <= '9'; i++)
        v = v * 10 + (uint64_t)(rest->p[i] - '0');
    if (i == first || (i < rest->n && rest->p[i] != ' '))
        return false;
    *value = v;
    rest->p += i;
    rest->n -= i;
    return true;
}

/* Fields from number 4 on into values[field]; returns how many fields there were in all. */
static int take_numbers(struct str text, uint64_t values[static LAST_FIELD + 1])
{
    struct str word;
    int field = FIRST_NUMBER;

    for (; field <= LAST_FIELD; field++) {
        int64_t negative;

        if (take_plain(&text, &values[field]))
            continue;
        if (!str_next_word(&text, &word))
            break;
        if (!str_to_u64(word, &values[field])) {
            if (!str_to_i64(word, &negative))
                return field - 1;
            values[field] = (uint64_t)negative;
        }
    }
    return field - 1;
}

bool stat_parse(struct str text, struct stat_record *stat, struct err *err)
{
    uint64_t v[LAST_FIELD + 1] = {0};
    struct str rest = str_trim(text), pid, state;
    int n_fields;

    *stat = (struct stat_record){0};
    pid = (struct str){rest.p, 0};
    while (pid.n < rest.n && rest.p[pid.n] != ' ')
        pid.n++;
    if (!str_to_i64(pid, &stat->pid) || !take_comm(&rest, &stat->comm) ||
        !str_next_word(&rest, &state))
        return err_set(err, "stat does not begin with a PID, a name in parentheses and a state");
    stat->state = state.p[0];
    n_fields = take_numbers(rest, v);
    if (n_fields < 28)
        return err_set(err, "stat ends after field %d", n_fields);
    stat->ppid = (int64_t)v[4];
    stat->flags = v[9];
    stat->n_threads = v[20];
    stat->start_ticks = v[22];
    stat->vsize_bytes = v[23];
    stat->has_addresses = v[26] > 1 || v[28] > 0;
    stat->start_code = v[26];
    stat->end_code = v[27];
    stat->start_stack = v[28];
    stat->has_data = n_fields >= 47 && stat->has_addresses;
    stat->start_data = v[45];
    stat->end_data = v[46];
    stat->start_brk = v[47];
    stat->arg_start = v[48];
    stat->env_end = v[51];
    return true;
}

bool stat_same_image(const struct stat_record *a, const struct stat_record *b)
{
    return a->start_ticks == b->start_ticks && a->start_code == b->start_code &&
           a->end_code == b->end_code && a->start_stack == b->start_stack &&
           a->start_data == b->start_data && a->start_brk == b->start_brk &&
           a->arg_start == b->arg_start && a->env_end == b->env_end;
}
