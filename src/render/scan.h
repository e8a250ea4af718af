/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every process of a host at a glance: a row each, with what `check` would find. */
#ifndef RENDER_SCAN_H
#define RENDER_SCAN_H

#include "analyze/vitals.h"
#include "render/report.h"

enum scan_state {
    SCAN_READ,
    SCAN_KERNEL_THREAD,
    SCAN_ENDED, /* meanwhile, or a zombie: no error */
    SCAN_DENIED,
    SCAN_STUCK,  /* reading it took longer than --timeout */
    SCAN_FAILED, /* for another reason */
    N_SCAN_STATES
};

struct scan_finding {
    const struct rule *rule;
    enum severity severity;
    const char *title;
};

/* What groups of processes have in common. */
enum scan_by { SCAN_BY_COMM, SCAN_BY_UNIT, SCAN_BY_CGROUP, SCAN_BY_USER, N_SCAN_BY };

/* Text is the target's, as it came; NULL is what is not known. */
struct scan_row {
    pid_t pid;
    enum scan_state state;
    bool is_filtered; /* the filters leave it out; it was asked for nevertheless */
    const char
        *reason; /* why it was not read, as a sentence; NULL when it was, and of those ended */
    const char *comm;
    const char *exe;
    const char *cgroup;
    const char *unit; /* the part of it that names a service or a container */
    const char *user; /* its name, or number */
    bool has_uid;
    uint64_t uid;
    unsigned int elf_class; /* 32, 64, or 0 */
    enum mmap_mode mode;
    bool has_room;
    uint64_t room;          /* that one brk() gets */
    uint64_t room_in_steps; /* that many get */
    const char *limit;      /* what binds, or NULL */
    bool has_mmap_room;
    uint64_t mmap_room;
    uint32_t n_mappings;
    bool is_bound;                       /* there are at most so many mappings */
    bool is_quick;                       /* it was not looked at as a whole: there was no need */
    bool is_incomplete;                  /* something was missing, or could not be checked */
    const struct scan_finding *findings; /* the worst story first */
    uint32_t n_findings;
    int severity;       /* of the worst; -1: there is none */
    bool fails;         /* by --fail-on, or a line of the policy does not hold */
    const char **unmet; /* lines of the policy that do not hold: "brk.room >= 64M: found ..." */
    uint32_t n_unmet;
    const struct vitals *vitals; /* for whoever asked for them; else NULL */
};

struct scan {
    const struct scan_row *rows; /* the worst first */
    uint32_t n_rows;
    uint32_t
        n_by_state[N_SCAN_STATES]; /* of all processes, of which some may not be among the rows */
    uint32_t n_matching;           /* were read and are what the filters ask for */
    uint32_t n_missed;             /* were not, for rights or another reason, and are or may be */
    bool is_interrupted;
    bool has_all;       /* the rows of all were asked for */
    bool has_notes;     /* findings of severity info count: they are told */
    bool is_quick;      /* only the rules that are marked so were run */
    struct image *host; /* with the host's facts */
    uint64_t duration_ms;
    uint64_t ended_at; /* seconds since 1970 */
    enum scan_by by;   /* where processes are told by the group */
};

/* "read", "kernel-thread", ... */
const char *scan_state_name(enum scan_state state);

/* The table, equal findings of many processes once, and a line on all. */
bool render_scan(const struct scan *scan, const struct style *style, FILE *out, struct err *err);

/* Checks a list of columns. */
bool scan_columns_check(const char *list, struct err *err);

/* Whether a column of the list, which is good, needs what cgroup a process is in. */
bool scan_columns_tell_cgroup(const char *list);
void render_scan_columns(FILE *out);

/* The whole as one document, or the rows alone, a line each. */
void json_scan(const struct scan *scan, FILE *out);
void json_scan_lines(const struct scan *scan, FILE *out);

#endif
