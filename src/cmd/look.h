/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One start of a program and what is seen of it at its moment: for `run`, once or many times. */
#ifndef CMD_LOOK_H
#define CMD_LOOK_H

#include "cmd/inspect.h"
#include "source/launch.h"

enum look_result {
    LOOK_REPORT,        /* inspection.report holds it until look_end() */
    LOOK_UNREADABLE,    /* the moment came, and inspection.failure says why there is no report */
    LOOK_MISSED,        /* the moment did not come; look_reason() says why */
    LOOK_NEVER_REFUSED, /* ... for brk() was never refused */
    LOOK_UNSTARTED,     /* the command cannot be executed */
    LOOK_BROKEN         /* it could not be traced; nothing runs, and look_finish() has no sense */
};

struct look {
    const struct options *options;
    const struct launch_spec *spec;
    enum look_result result;
    struct launch launch;
    struct inspection inspection;
    struct moment moment;
    struct err err; /* LOOK_BROKEN */
};

void look_init(struct look *look, const struct options *options, const struct launch_spec *spec);

/* Starts the program, looks at it and lets it go on. */
enum look_result look_begin(struct look *look);

/* Waits for the end of the program; launch.wait_status is how it ended. */
void look_finish(struct look *look);

/* Why there is no report, as a sentence; valid as long as the look, once look_finish() is done. */
const char *look_reason(struct look *look);

/* The exit status that means the same. */
int look_status(const struct look *look);

/* Frees the report, if there is one. */
void look_end(struct look *look);
void look_deinit(struct look *look);

#endif
