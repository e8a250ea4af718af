/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a TARGET on the command line to a report, for the commands that take one. */
#ifndef CMD_INSPECT_H
#define CMD_INSPECT_H

#include "cmd/options.h"
#include "render/format.h"
#include "render/json.h"
#include "source/privilege.h"

/* The host's capture and the report of one target at a time, or why there is none. */
struct inspection {
    struct capture *host;
    bool has_procfs; /* the host was looked at, and is one */
    struct capture *process;
    struct image image;
    struct facts facts;
    struct checker checker;
    struct report report;
    struct filecache *files;     /* for many targets, the caller's; or NULL */
    const struct moment *moment; /* for the report; NULL: the process was not started for this */
    const char *path;            /* of the target: `directory`, or the argument when it is no PID */
    const char *kind;            /* capture_kind_name(), or NULL while it is not known */
    enum image_state state;      /* of the last one */
    bool slept;                  /* all threads did, before --stop stopped them */
    bool is_kernel_thread;       /* that is why there is no memory */
    bool has_threads;            /* ... is not shown, for the main one has ended */
    char directory[32];
    char failure[sizeof(struct err) + 2 + PRIVILEGE_TEXT];
};

void inspection_init(struct inspection *inspection);
void inspection_deinit(struct inspection *inspection);

/* Opens /proc as the host's, which inspection_begin() else does when it needs it first. */
bool inspection_open_host(struct inspection *inspection, struct err *err);

/*
 * Inspects one target; inspection->report is valid until inspection_end().  On false
 * inspection->failure says why, and inspection_end() must not be called.
 */
bool inspection_begin(struct inspection *inspection, const char *target,
                      const struct options *options);
/*
 * The same of the host itself: reads `memory`, which is valid as long as the report.
 */
bool inspection_begin_host(struct inspection *inspection, struct host_memory *memory,
                           const struct options *options);

void inspection_end(struct inspection *inspection);

/*
 * What every command does when inspection_begin() fails: complains on standard error.  With --json
 * the reason is also the document that it returns, to be printed; else that is NULL.
 */
json_t *inspection_failure(const struct inspection *inspection, const struct options *options);

/* The same into a document. */
void inspection_fail(const struct inspection *inspection, struct document *document);

/* How to get at inputs that were denied, as a sentence, or NULL when none was. */
const char *inspection_access(const struct inspection *inspection);

/*
 * Holds the report against the policy of the options, if there is one, by the document, which it
 * takes.  inspection_begin() does it unless options->judges_itself; for the host the command does.
 */
void inspection_judge(struct inspection *inspection, const struct options *options,
                      json_t *document);

/* The report with all that a policy asks for, to make a document for inspection_judge() from. */
struct report inspection_report_in_full(const struct inspection *inspection,
                                        const struct options *options);

/* Whether a line of the policy does not hold, and that matters. */
bool inspection_policy_failed(const struct inspection *inspection, const struct options *options);

/* By a policy or --fail-on, whatever was missing. */
bool inspection_fails(const struct inspection *inspection, const struct options *options);

/* The exit status that a report means by the options. */
int inspection_status(const struct inspection *inspection, const struct options *options);

#endif
