/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a TARGET on the command line to a report, for the commands that take one. */
#ifndef CMD_INSPECT_H
#define CMD_INSPECT_H

#include "cmd/options.h"

/* Room for the host's capture and the report of one target at a time. */
struct inspection {
    struct capture *host;
    struct capture *process;
    struct image image;
    struct facts facts;
    struct checker checker;
    struct report report;
    char path[64];
};

bool inspection_init(struct inspection *inspection, struct err *err);
void inspection_deinit(struct inspection *inspection);

/*
 * Inspects one target; inspection->report is valid until inspection_end().  On false err says why,
 * and inspection_end() must not be called.
 */
bool inspection_begin(struct inspection *inspection, const char *target,
                      const struct options *options, struct err *err);
void inspection_end(struct inspection *inspection);

/* The exit status that a report means by the options. */
int inspection_status(const struct inspection *inspection, const struct options *options);

#endif
