/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One process that is watched: what the last look has shown, and what the next one has changed. */
#ifndef CMD_WATCHED_H
#define CMD_WATCHED_H

#include "cmd/options.h"
#include "render/watch.h"

/* Where events go, and what they have in common. */
struct teller {
    const struct options *options;
    FILE *out;
    struct style style;
    bool is_host; /* all processes are watched: only what matters is told */
    uint64_t n_findings;
    struct vitals host; /* the host's settings, once known, for they are told once */
};

/* Tells of it if it matters enough; fills in the time. */
void teller_tell(struct teller *teller, struct event *event, bool is_detail);

struct watched {
    pid_t pid;
    bool is_known;      /* it was read */
    bool is_unreadable; /* now, and that was told */
    bool is_denied;     /* when that was told: for want of rights */
    bool is_present;    /* in the present look; the caller's */
    bool fails;
    char comm[32];
    char *exe;
    struct vitals last;
    struct {
        bool is_there;
        enum severity severity; /* the worst of this rule's */
    } found[MAX_RULES];
    struct trend *trends[N_SUPPLIES]; /* NULL: it never changed */
    struct outlook outlooks[N_SUPPLIES];
    uint64_t begin_ns;
    struct watch_summary summary;
};

/* What a look has shown of it.  False when it has ended, which was told. */
bool watched_update(struct watched *watched, const struct scan_row *row, struct teller *teller);

/* It has ended, and nothing more is to be seen. */
void watched_end(struct watched *watched, struct teller *teller);

/* The watching ends. */
void watched_sum_up(struct watched *watched, struct teller *teller);

void watched_deinit(struct watched *watched);

#endif
