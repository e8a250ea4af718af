/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formats of reports, of scans, or of both.  A document holds the reports of all targets, and says
 * so of one that could not be inspected.  A report is all that a format knows of a target.
 */
#ifndef RENDER_FORMAT_H
#define RENDER_FORMAT_H

#include "render/report.h"
#include "render/scan.h"
#include "render/watch.h"

#include <jansson.h>

/* A target that could not be inspected.  Texts as they came, with the bytes of others. */
struct failure {
    const char *kind; /* capture_kind_name(), or NULL */
    const char *path;
    const char *reason;
};

struct document {
    const struct format *format;
    const struct style *style;
    FILE *out;
    unsigned int n_targets; /* that there will be */
    unsigned int n_reports; /* up to now */
    struct arena arena;     /* for what outlives a report */
    json_t *names;          /* how often each was asked for by document_name() */
    void *state;            /* the format's own, in the arena; zeros at first */
};

struct format {
    const char *name;
    bool is_full; /* has all of every command's report; others only tell what passed and failed */
    bool has_own_status;
    size_t state_size;     /* of document.state */
    bool is_for_all_users; /* a file of it may be read by everybody, whatever the umask is */
    bool has_all_rows;     /* of a scan: also of processes of which nothing is wrong */
    bool has_denied_rows;  /* ... and of those that may not be looked at */
    void (*begin)(struct document *document); /* this one and `end` may be NULL */
    void (*report)(struct document *document, const struct report *report); /* NULL: only scans */
    void (*failure)(struct document *document, const struct failure *failure);
    int (*end)(struct document *document, int status); /* the exit status, by that of others */
    /* NULL: no scans. */
    bool (*scan)(const struct scan *scan, const struct style *style, FILE *out, struct err *err);
    void (*event)(const struct event *event, const struct style *style, FILE *out); /* NULL: none */
};

#define FORMAT(symbol) extern const struct format format_##symbol;
#include "render/formats.list"
#undef FORMAT

/* NULL ends the list; the first is the default. */
extern const struct format *const formats[];

/* NULL when there is none. */
const struct format *format_find(const char *name);

void document_begin(struct document *document, const struct format *format,
                    const struct style *style, unsigned int n_targets, FILE *out);
void document_report(struct document *document, const struct report *report);
void document_failure(struct document *document, const struct failure *failure);

/* "nginx", then "nginx 2" and so on: safe text as before, that stands for one target only. */
const char *document_name(struct document *document, const char *name);

/* `status` is that of the reports in every other format; returns what it is in this one. */
int document_end(struct document *document, int status);

#endif
