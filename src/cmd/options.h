/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: one table of options for all commands, in options.list. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "base/err.h"
#include "check/finding.h"
#include "render/format.h"

/* Bits of the commands that take an option. */
enum {
    FOR_CHECK = 1,
    FOR_MAP = 2,
    FOR_EXPLAIN = 4,
    FOR_ROOM = 8,
    FOR_HOST = 16,
    FOR_RUN = 64,
    FOR_SCAN = 128,
    FOR_WATCH = 256,
    FOR_HEAP = 512,
    FOR_RESULTS = FOR_CHECK | FOR_HOST | FOR_RUN, /* what passed and what failed */
    FOR_TARGETS = FOR_CHECK | FOR_MAP | FOR_ROOM | FOR_HEAP,
    FOR_REPORTS = FOR_TARGETS | FOR_HOST | FOR_RUN,
    FOR_ALL = FOR_REPORTS | FOR_EXPLAIN,
    FOR_SAVE = 32,
    FOR_MANY = FOR_SCAN | FOR_WATCH, /* of processes */
    FOR_ANY = FOR_ALL | FOR_SAVE | FOR_MANY,
};

enum { MAX_POLICIES = 64, MAX_EXPECTATIONS = 256 };

struct options {
    const struct command *command;
    const struct format *format;
    const char *unknown_format; /* the name of one that there is not, or NULL */
    bool json;                  /* that it is */
    bool with_mappings;
    bool with_memory;
    bool with_heap;
    bool no_walk; /* over the chunks of the heap */
    bool stop;    /* all threads, while the heap is read */
    bool strict;
    bool is_private;
    bool keep; /* no option: all that is read is to be saved, and must be of one moment */
    bool has_brk_size;
    uint64_t brk_size;
    bool has_mmap_size;
    uint64_t mmap_size;
    const char *at; /* --at as it was given */
    bool help;
    bool version;
    bool never_fail;
    enum severity fail_on;
    bool has_fail_on;
    struct policy policy;               /* --ignore, --severity; then what policies say, too */
    const char *policies[MAX_POLICIES]; /* --policy: files */
    unsigned int n_policies;
    const char *expectations[MAX_EXPECTATIONS]; /* --expect */
    unsigned int n_expectations;
    const struct demands *demands; /* no option: what both of these come to; NULL: nothing */
    bool with_vitals;              /* no option: rows of a scan shall have them */
    bool judges_itself;  /* no option: the command holds the policy against a document of its own */
    const char *program; /* run: whose process to look at; NULL: the first */
    bool kill;           /* run */
    uint32_t repeat;     /* run: how many times; 0: once */
    const char *save;    /* run: directory to be made; NULL: none */
    const char *name, *user, *cgroup; /* scan: patterns; NULL: any */
    bool has_least;                   /* scan: only processes with a finding so severe */
    enum severity least;
    bool has_by; /* scan */
    enum scan_by by;
    bool quick;              /* scan */
    unsigned int timeout_ms; /* scan: for one process */
    uint64_t interval_ns;    /* watch: 0: the usual one */
    uint64_t count;          /* watch: looks; 0: until a signal comes */
    bool all;                /* explain: every finding in full; scan, watch: every process */
    const char *output;      /* NULL: standard output */
    int color_when;          /* -1: auto, 0: never, 1: always */
    struct style style;
    char **arguments; /* what is not an option, without the command's name */
    int n_arguments;
};

/* Reads argv; the first word that is no option may name the command, else it is `check`. */
bool options_parse(struct options *options, int argc, char **argv, struct err *err);

/* Colour and width, from the stream that the report goes to. */
void options_set_style(struct options *options, FILE *out);

void options_print_help(const struct options *options, FILE *out);

#endif
