/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/status.h"

#include "parse/keyed.h"

/* The n-th word (from 0) of a key's value as a number; the last one for n < 0. */
static uint64_t number_of(struct str text, struct str key, int n)
{
    struct str value, word;
    uint64_t number = 0;

    if (!keyed_find(text, key, &value))
        return 0;
    for (int i = 0; str_next_word(&value, &word); i++)
        if (i == n || n < 0)
            if (!str_to_u64(word, &number))
                return 0;
    return number;
}

static uint64_t bytes_of(struct str text, struct str key)
{
    struct str value;
    uint64_t bytes = 0;

    if (keyed_find(text, key, &value) && !keyed_kb(value, &bytes))
        return 0;
    return bytes;
}

bool status_parse(struct str text, struct status_record *status, struct err *err)
{
    struct str value;

    *status = (struct status_record){0};
    if (!keyed_find(text, STR("Pid"), &value))
        return err_set(err, "status has no line \"Pid:\"");
    status->tgid = number_of(text, STR("Tgid"), 0);
    status->uid = number_of(text, STR("Uid"), 1);
    status->ns_pid = number_of(text, STR("NSpid"), -1);
    status->n_threads = number_of(text, STR("Threads"), 0);
    if (keyed_find(text, STR("CapEff"), &value) && !str_hex_to_u64(value, &status->cap_effective))
        return err_set(err, "status has a line \"CapEff:\" that is not hexadecimal");
    status->has_vm = keyed_find(text, STR("VmSize"), &value);
    status->vm_stack_bytes = bytes_of(text, STR("VmStk"));
    status->vm_locked_bytes = bytes_of(text, STR("VmLck"));
    status->has_anonymous = keyed_find(text, STR("RssAnon"), &value);
    status->anonymous_bytes = bytes_of(text, STR("RssAnon"));
    status->swap_bytes = bytes_of(text, STR("VmSwap"));
    return true;
}
