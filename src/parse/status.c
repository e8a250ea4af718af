/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/status.h"

#include "parse/keyed.h"

/* The lines that are wanted: of several with one key the first counts. */
enum key {
    KEY_PID,
    KEY_TGID,
    KEY_UID,
    KEY_NS_PID,
    KEY_THREADS,
    KEY_CAPABILITIES,
    KEY_SIZE,
    KEY_DATA,
    KEY_STACK,
    KEY_LOCKED,
    KEY_ANONYMOUS,
    KEY_SWAP,
    N_KEYS
};

static const struct str keys[N_KEYS] = {
    [KEY_PID] = {"Pid", 3},           [KEY_TGID] = {"Tgid", 4},
    [KEY_UID] = {"Uid", 3},           [KEY_NS_PID] = {"NSpid", 5},
    [KEY_THREADS] = {"Threads", 7},   [KEY_CAPABILITIES] = {"CapEff", 6},
    [KEY_SIZE] = {"VmSize", 6},       [KEY_DATA] = {"VmData", 6},
    [KEY_STACK] = {"VmStk", 5},       [KEY_LOCKED] = {"VmLck", 5},
    [KEY_ANONYMOUS] = {"RssAnon", 7}, [KEY_SWAP] = {"VmSwap", 6},
};

/* Whether a line with one of them can begin so. */
static bool may_be_key(char c)
{
    return c == 'V' || c == 'T' || c == 'P' || c == 'U' || c == 'N' || c == 'R' || c == 'C';
}

static void note_value(struct str values[static N_KEYS], struct str key, struct str value)
{
    for (int i = 0; i < N_KEYS; i++)
        if (str_eq(key, keys[i])) {
            if (!values[i].p)
                values[i] = str_trim(value);
            return;
        }
}

/* Of all keys in one pass, for a scan reads many; a key that is missing has no pointer. */
static void find_values(struct str text, struct str values[static N_KEYS])
{
    struct str line;

    while (str_next_line(&text, &line)) {
        const char *colon = line.n > 0 && may_be_key(*line.p) ? memchr(line.p, ':', line.n) : NULL;
        size_t n = colon ? (size_t)(colon - line.p) : 0;

        if (n > 0)
            note_value(values, (struct str){line.p, n}, (struct str){colon + 1, line.n - n - 1});
    }
}

/* The n-th word (from 0) as a number; the last one for n < 0. */
static uint64_t number_of(struct str value, int n)
{
    struct str word;
    uint64_t number = 0;

    for (int i = 0; str_next_word(&value, &word); i++)
        if (i == n || n < 0)
            if (!str_to_u64(word, &number))
                return 0;
    return number;
}

static uint64_t bytes_of(struct str value)
{
    uint64_t bytes = 0;

    return keyed_kb(value, &bytes) ? bytes : 0;
}

bool status_parse(struct str text, struct status_record *status, struct err *err)
{
    struct str values[N_KEYS] = {{0}};

    *status = (struct status_record){0};
    find_values(text, values);
    if (!values[KEY_PID].p)
        return err_set(err, "status has no line \"Pid:\"");
    status->tgid = number_of(values[KEY_TGID], 0);
    status->uid = number_of(values[KEY_UID], 1);
    status->ns_pid = number_of(values[KEY_NS_PID], -1);
    status->n_threads = number_of(values[KEY_THREADS], 0);
    if (values[KEY_CAPABILITIES].p &&
        !str_hex_to_u64(values[KEY_CAPABILITIES], &status->cap_effective))
        return err_set(err, "status has a line \"CapEff:\" that is not hexadecimal");
    status->has_vm = values[KEY_SIZE].p != NULL;
    status->vm_size_bytes = bytes_of(values[KEY_SIZE]);
    status->vm_data_bytes = bytes_of(values[KEY_DATA]);
    status->vm_stack_bytes = bytes_of(values[KEY_STACK]);
    status->vm_locked_bytes = bytes_of(values[KEY_LOCKED]);
    status->has_anonymous = values[KEY_ANONYMOUS].p != NULL;
    status->anonymous_bytes = bytes_of(values[KEY_ANONYMOUS]);
    status->swap_bytes = bytes_of(values[KEY_SWAP]);
    return true;
}
