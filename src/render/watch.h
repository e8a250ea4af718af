/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to processes that are watched: events, each told at once, on a line of its own. */
#ifndef RENDER_WATCH_H
#define RENDER_WATCH_H

#include "analyze/trend.h"
#include "render/scan.h"

#include <time.h>

enum event_type {
    EVENT_BEGIN,   /* a process is watched from now on, or another program in it */
    EVENT_CHANGE,  /* figures or limits are others than in the look before */
    EVENT_FINDING, /* a new one, or one that is judged otherwise now */
    EVENT_FINDING_GONE,
    EVENT_EXEC,
    EVENT_END,
    EVENT_DESELECTED, /* the filters do not choose it any more */
    EVENT_UNREADABLE,
    EVENT_READABLE, /* again */
    EVENT_FORECAST,
    EVENT_FORECAST_WITHDRAWN,
    EVENT_LATE,    /* from one look to the next it took longer than the interval */
    EVENT_SUMMARY, /* of a process, or of one program in it */
    EVENT_TOTAL,   /* of all: the last one */
    N_EVENT_TYPES
};

/* Since a process was seen first, or another program in it. */
struct watch_summary {
    double seconds;
    uint64_t n_looks;
    struct extremes figures[N_VITALS];
};

struct watch_total {
    double seconds;
    uint64_t n_looks;
    uint64_t n_late; /* looks that were left out, for the one before was not done */
    uint32_t n_processes;
    uint32_t n_seen;     /* processes, in all looks */
    uint32_t n_failing;  /* that have a finding at or above --fail-on in the last look */
    uint64_t n_findings; /* new ones, those of the beginning included */
    const char *reason;  /* why it ended */
};

/* What is not of the type is zeros.  Text is the target's, as it came. */
struct event {
    enum event_type type;
    struct timespec time; /* since 1970 */
    pid_t pid;            /* 0: it is about none */
    const char *comm;
    bool is_among_many;           /* processes, so that text has the name on each line */
    const char *exe;              /* BEGIN, EXEC */
    const char *former_exe;       /* EXEC */
    const struct vitals *vitals;  /* BEGIN */
    const struct change *changes; /* CHANGE */
    unsigned int n_changes;
    const struct scan_finding *finding; /* FINDING */
    const struct rule *rule;            /* FINDING_GONE */
    bool has_former;                    /* FINDING: it was there, and judged so */
    enum severity former;
    const char *reason; /* UNREADABLE, FORECAST_WITHDRAWN */
    enum supply supply; /* both FORECASTs */
    const struct forecast *forecast;
    double took, interval; /* LATE: seconds */
    const struct watch_summary *summary;
    const struct watch_total *total;
};

/* "begin", "finding-gone": part of the JSON contract. */
const char *event_name(enum event_type type);

/* A line each; on a terminal it goes on in the next ones. */
void render_event(const struct event *event, const struct style *style, FILE *out);

/* The same as an object on a line. */
void json_event(const struct event *event, const struct style *style, FILE *out);

#endif
