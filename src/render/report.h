/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report: one process, what is known of it and what was found.  Renderers print it to a FILE and
 * compute nothing about the target.
 */
#ifndef RENDER_REPORT_H
#define RENDER_REPORT_H

#include "check/finding.h"
#include "render/repetition.h"
#include "render/verdict.h"

#include <stdio.h>

/* The moment of a process's life at which the program that started it looked. */
struct moment {
    const char *point;    /* "entry", "2s": as it was asked for */
    char *const *command; /* what was started; ends with NULL */
    bool has_brk; /* brk() was refused: the break that was asked for, and the one that stays */
    uint64_t brk_asked, brk_kept;
    const struct repetition *repetition; /* NULL: it was started only once */
};

struct report {
    struct image *image;
    const struct facts *facts;
    const struct finding *findings; /* story by story, without ignored ones */
    uint32_t n_findings;
    uint32_t n_ignored;
    const char *blocker; /* what the findings call the mapping that stops the break, or NULL */
    const struct not_run *not_run;
    uint32_t n_not_run;
    const char *path;              /* "/proc/1234" */
    const struct moment *moment;   /* NULL: it was not started for this */
    bool with_memory;              /* JSON: "memory", null when it could not be read */
    bool with_mappings;            /* JSON: every mapping */
    bool with_heap;                /* facts.heap was asked for */
    const struct verdict *verdict; /* of the policy; NULL without one */
    /* What makes it a failure. */
    bool strict; /* all that is missing does */
    bool never_fail;
    enum severity fail_on;
    const struct policy *policy; /* what was ignored; NULL: nothing */
    const char *access; /* how to get at what was denied; NULL: nothing was, or not asked */
};

/* Whether anything could not be read or checked, or is not of one moment. */
bool report_is_incomplete(const struct report *report);

/* How to print it. */
struct style {
    bool color;
    bool in_bytes; /* sizes as plain numbers of bytes */
    bool verbose;
    bool quiet;
    bool no_headings;
    unsigned int width;  /* of the terminal */
    const char *columns; /* of tables; NULL: the default ones */
};

void render_text(const struct report *report, const struct style *style, FILE *out);

/* Findings, their number, and with --verbose what is not known: the end of every report. */
void render_findings(const struct report *report, const struct style *style, FILE *out);

/*
 * For --quiet: a line a finding that a report shows, and one for those that were ignored; nothing
 * when there is none.  WHO begins each line and is safe.
 */
void render_quiet(const struct report *report, const char *who, const struct style *style,
                  FILE *out);

/* The lines of the policy that do not hold, and how many do; nothing without a policy. */
void render_verdict(const struct report *report, const struct style *style, FILE *out);

/* The same for --quiet: a line for each that does not hold. */
void render_verdict_quiet(const struct report *report, const char *who, FILE *out);

/* What many runs have shown, before the report of the worst of them. */
void render_repetition(const struct report *report, const struct style *style, FILE *out);

/* The same for --quiet: a line. */
void render_repetition_quiet(const struct report *report, const char *who, FILE *out);

/* The vertical picture of the address space; a part of render_text(). */
void render_picture(const struct report *report, const struct style *style, FILE *out);

/* The line of ancestors down to the process, and what each hands down. */
void render_lineage(struct image *image, const struct style *style, FILE *out);

/* What malloc holds: a part of render_text(), and all that `heap` shows. */
void render_heap(const struct report *report, const struct style *style, FILE *out);

/* A sentence on threads that --stop did not stop; NULL: there are none. */
const char *render_unstopped(const struct heap *heap, struct arena *arena);

/* The table of mappings.  False when style->columns names an unknown column. */
bool render_map(const struct report *report, const struct style *style, FILE *out, struct err *err);

/* "NAME  meaning" lines of the columns of render_map(). */
void render_map_columns(FILE *out);

/* Meaning and remedy of a rule, or the list of all. */
void render_rule(const struct rule *rule, const struct style *style, FILE *out);
void render_rules(const struct style *style, FILE *out);
void render_rules_in_full(const struct style *style, FILE *out);

#endif
