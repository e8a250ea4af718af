/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at many processes: in helpers, none of which can hang the caller. */
#ifndef CMD_SCAN_H
#define CMD_SCAN_H

#include "cmd/options.h"
#include "render/scan.h"

struct scan_request {
    const pid_t *pids; /* these alone, with a row each; NULL: all processes of the host */
    uint32_t n_pids;
    void *context;
    /* Of all processes: one that gets a row whatever the filters choose; NULL: none. */
    bool (*is_kept)(void *context, pid_t pid);
    bool (*goes_on)(void *context);                       /* false ends it before its time */
    void (*feed)(void *context, const struct scan *scan); /* valid during the call */
};

/* One look.  False, with the reason, when there can be none, or without when it was ended. */
bool scan_look(const struct options *options, const struct scan_request *request, struct err *err);

#endif
