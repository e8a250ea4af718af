/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands: one file each, and one row in commands.list. */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "cmd/options.h"

enum exit_status {
    EXIT_CLEAN = 0,            /* nothing at or above --fail-on */
    EXIT_FINDING = 1,          /* something is */
    EXIT_TROUBLE = 2,          /* wrong usage, or a target could not be inspected */
    EXIT_NOT_EXECUTABLE = 126, /* by run, as by env, nohup, timeout and shells */
    EXIT_NOT_FOUND = 127,
    EXIT_PROGRAM = 1 << 16 /* and a status of waitpid(): end as what was started did */
};

struct command {
    const char *name;
    unsigned int options;                                 /* FOR_ bit in options.list */
    const char *usage;                                    /* what follows the command's name */
    const char *summary;                                  /* one line */
    const char *operands;                                 /* what these can be, or NULL */
    int (*run)(const struct options *options, FILE *out); /* an exit_status */
    void (*print_details)(FILE *out);                     /* more help, or NULL */
    bool writes;                                          /* files of its own */
    bool starts;                                          /* a program, with the caller's rights */
};

/* Of the commands that take any target. */
#define OPERANDS_TARGET                                                                   \
    "TARGET is a PID, an ELF core, a directory that \"layoutcheck save\" or cp made of\n" \
    "/proc/PID, or a file with a memory map as text; - is standard input."

#define COMMAND(symbol) extern const struct command command_##symbol;
#include "cmd/commands.list"
#undef COMMAND

/* NULL ends the list; the first is the default. */
extern const struct command *const commands[];

/* A complaint on standard error, on one line and without control characters. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same of a wrong command line, with the advice where to look. */
void complain_usage(const char *text);

/*
 * The exit status when a command cannot even begin, which was complained of: EXIT_TROUBLE, but for
 * a format that has statuses of its own.  That gets a document on it, too.
 */
int trouble_status(const struct options *options, const char *text, FILE *out);

#endif
