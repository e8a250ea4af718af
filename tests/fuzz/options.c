/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line, an argument a line: it is accepted and makes sense, or refused with a sentence;
 * the order of options and targets does not matter.
 */
#include "lib/fuzz.h"

#include "cmd/command.h"
#include "cmd/options.h"

#include <getopt.h>
#include <stdlib.h>

enum { MAX_ARGUMENTS = 40 };

struct line {
    char *argv[MAX_ARGUMENTS + 2];
    int argc;
};

static void line_add(struct line *line, struct str s)
{
    if (line->argc <= MAX_ARGUMENTS)
        line->argv[line->argc++] = strndup(s.p, s.n);
    line->argv[line->argc] = NULL;
}

static void line_free(struct line *line)
{
    for (int i = 0; i < line->argc; i++)
        free(line->argv[i]);
}

static void line_split(struct line *line, struct str input)
{
    size_t at = 0;
    struct str s;

    *line = (struct line){{NULL}, 0};
    line_add(line, STR("layoutcheck"));
    while (plain_line(input, &at, &s))
        line_add(line, s);
}

/* getopt_long() keeps where it is, and sorts what it is given. */
static bool parse(struct options *options, struct line *line, struct err *err)
{
    optind = 0;
    return options_parse(options, line->argc, line->argv, err);
}

static void accepted_makes_sense(const struct options *options)
{
    must(options->command && options->n_arguments >= 0);
    for (int i = 0; i < options->n_arguments; i++)
        must(options->arguments[i]);
    must(!options->arguments[options->n_arguments]);
    must(!options->has_brk_size || options->brk_size <= INT64_MAX);
    must(!options->has_mmap_size || options->mmap_size <= INT64_MAX);
    for (uint32_t i = 0; i < options->policy.n_ignored; i++)
        must(options->policy.ignored[i]);
    must(options->color_when >= -1 && options->color_when <= 1);
}

static bool has_room(const struct line *line)
{
    return line->argc <= MAX_ARGUMENTS;
}

/* What may be given anywhere, and changes no answer. */
static void quiet_changes_nothing(struct str input, bool accepted, const struct options *expected)
{
    struct options options;
    struct line line, longer = {{NULL}, 0};
    struct err err;

    line_split(&line, input);
    line_add(&longer, STR("layoutcheck"));
    line_add(&longer, STR("--fail-on=warning"));
    for (int i = 1; i < line.argc && has_room(&longer); i++)
        line_add(&longer, str_of(line.argv[i]));
    if (accepted && expected->command->options & FOR_REPORTS && line.argc < MAX_ARGUMENTS) {
        must(parse(&options, &longer, &err));
        must(options.command == expected->command);
        must(options.n_arguments == expected->n_arguments);
        must(options.json == expected->json && options.strict == expected->strict);
    }
    line_free(&line);
    line_free(&longer);
}

void fuzz_input(struct str input)
{
    struct options options;
    struct line line;
    struct err err = {""};
    bool accepted;

    if (memchr(input.p, '\0', input.n))
        return;
    line_split(&line, input);
    accepted = parse(&options, &line, &err);
    if (accepted)
        accepted_makes_sense(&options);
    else
        must(*err.text);
    quiet_changes_nothing(input, accepted, &options);
    line_free(&line);
}
