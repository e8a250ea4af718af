/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds the host's memory. */
#ifndef RENDER_HOST_H
#define RENDER_HOST_H

#include "analyze/account.h"
#include "render/json.h"

struct host_report {
    struct report report; /* its image is that of the host; no facts */
    const struct host_memory *memory;
    const struct account *account;
};

void render_host(const struct host_report *report, const struct style *style, FILE *out);

/* The same as a document.  The caller owns the reference. */
json_t *json_host_report(const struct host_report *report);

#endif
