/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/scanquick.h"

#include "check/sieve.h"
#include "cmd/scanrow.h"

static bool is_ignored(const struct policy *policy, const struct rule *rule)
{
    for (unsigned int i = 0; i < policy->n_ignored; i++)
        if (policy->ignored[i] == rule)
            return true;
    return false;
}

struct options scanquick_options(const struct options *options)
{
    struct options quick = *options;

    quick.policy.n_ignored = 0;
    for (int i = 0; rules[i]; i++)
        if (!rules[i]->is_quick || is_ignored(&options->policy, rules[i]))
            quick.policy.ignored[quick.policy.n_ignored++] = rules[i];
    return quick;
}

/* Else that nothing is wrong is all that matters. */
static bool is_told(const struct options *options)
{
    return options->all || options->format->has_all_rows || options->name || options->user ||
           options->cgroup;
}

/* The texts of the row live in the image's arena. */
static bool name(struct scan_row *row, struct image *image, struct capture *process)
{
    if (!quick_identify(image, process, row->pid))
        return false;
    row->comm = image->comm;
    row->exe = image->exe;
    row->cgroup = image->cgroup;
    row->has_uid = image_uid(image, &row->uid);
    return true;
}

static bool pack_named(struct scan_row *row, struct capture *host, struct textbuf *result)
{
    struct capture *process;
    struct image image;
    struct err err;
    bool ok;

    if (!capture_open_process(&process, host, row->pid, &err))
        return false;
    ok = name(row, &image, process);
    if (ok)
        scanrow_pack(result, row);
    image_deinit(&image);
    capture_close(process);
    return ok;
}

static bool pack_kernel_thread(const struct image *host, struct quick_memo *memo, pid_t pid,
                               struct textbuf *result)
{
    memo->was_kernel_thread = quick_is_kernel_thread(host, pid);
    if (!memo->was_kernel_thread)
        return false;
    scanrow_pack(result,
                 &(struct scan_row){.pid = pid, .state = SCAN_KERNEL_THREAD, .severity = -1});
    return true;
}

bool scanquick_look(const struct image *host, struct quick_memo *memo, pid_t pid,
                    const struct options *options, struct textbuf *result)
{
    uint64_t most_mappings = sieve_most_mappings(&host->host);
    struct sieve_room room;
    struct quick quick;
    struct scan_row row = {.pid = pid, .state = SCAN_READ, .severity = -1, .is_quick = true};

    if (most_mappings == 0)
        return false;
    if (memo->was_kernel_thread && pack_kernel_thread(host, memo, pid, result))
        return true;
    if (!quick_read(&quick, memo, host, pid, most_mappings))
        return quick.is_empty && pack_kernel_thread(host, memo, pid, result);
    if (!sieve_passes(&quick, host, &room))
        return false;
    if (!is_told(options))
        return true;
    row.has_room = true;
    row.room = room.in_call;
    row.room_in_steps = room.in_steps;
    row.limit = limit_name(LIMIT_NEXT_MAPPING);
    row.n_mappings = (uint32_t)quick.n_mappings;
    row.is_bound = !quick.is_counted;
    row.is_incomplete = true;
    return pack_named(&row, host->capture, result);
}
