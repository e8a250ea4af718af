/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All processes of a host, with the one small file that tells how much memory each has. */
#ifndef SOURCE_PROCESSES_H
#define SOURCE_PROCESSES_H

#include "source/capture.h"
#include "source/privilege.h"

/* What is told of a process. */
struct process_row {
    pid_t pid;
    struct str statm; /* empty when it may not be read; valid during the call */
};

/* The numbers of all processes that /proc lists.  False, with the reason, when it cannot. */
bool processes_list(struct capture *host, void (*feed)(void *context, pid_t pid), void *context,
                    struct err *err);

/* The first TASK_COMM_LEN bytes of its name; empty when it cannot be read.  No lock delays that. */
enum { PROCESS_NAME = 16 };
void process_name(struct capture *host, pid_t pid, char name[static PROCESS_NAME]);

/*
 * Tells of each process that /proc lists.  One that ends meanwhile is left out.  False, with the
 * reason, when /proc cannot be listed.
 */
bool processes_each(struct capture *host, void (*feed)(void *context, struct process_row row),
                    void *context, struct err *err);

/* Its directory may not be entered; whose it is can be seen, by the effective ids alone. */
bool process_is_closed(struct capture *host, pid_t pid, struct owner *owner);

#endif
