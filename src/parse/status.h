/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/status.  Kernel threads and zombies have no Vm lines. */
#ifndef PARSE_STATUS_H
#define PARSE_STATUS_H

#include "base/err.h"
#include "base/str.h"

struct status_record {
    uint64_t tgid;
    uint64_t uid;    /* the effective one: the second of "Uid:" */
    uint64_t ns_pid; /* the PID in the innermost PID namespace; 0 when not told */
    uint64_t n_threads;
    uint64_t cap_effective;
    bool has_vm;
    uint64_t vm_size_bytes, vm_data_bytes;
    uint64_t vm_stack_bytes; /* since 4.5 (84638335900f) every mapping that grows down */
    uint64_t vm_locked_bytes;
    bool has_anonymous;
    uint64_t anonymous_bytes; /* RssAnon, since 4.5 */
    uint64_t swap_bytes;
};

bool status_parse(struct str text, struct status_record *status, struct err *err);

#endif
