/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include "../rows.h"
#include "cmd/command.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { MAX_WORDS = 16 };

/* The words of a line, which are separated by one blank each. */
static int split(char *line, char *words[static MAX_WORDS + 1])
{
    int n = 0;

    for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
        ck_assert_int_lt(n, MAX_WORDS);
        words[n++] = word;
    }
    words[n] = NULL;
    return n;
}

/* The arguments that are left, joined again. */
static const char *join(const struct options *options)
{
    static char text[256];

    text[0] = '\0';
    for (int i = 0; i < options->n_arguments; i++) {
        strcat(text, i ? " " : "");
        strcat(text, options->arguments[i]);
    }
    return text;
}

/* The options point into the words. */
static bool parse(const char *name, struct options *options, struct err *err)
{
    static char line[256], *words[MAX_WORDS + 1];
    int n;

    snprintf(line, sizeof(line), "%s", name);
    n = split(line, words);
    *err = (struct err){""};
    return options_parse(options, n, words, err);
}

/* What follows the command of run is the command's own. */
static const struct run_row {
    const char *name;         /* the command line */
    const char *at, *program; /* NULL: not given */
    bool json, verbose, kill, help;
    const char *arguments;
} run_rows[] = {
    {"layoutcheck run ls", NULL, NULL, false, false, false, false, "ls"},
    {"layoutcheck run -- ls", NULL, NULL, false, false, false, false, "ls"},
    {"layoutcheck run -v ls -v", NULL, NULL, false, true, false, false, "ls -v"},
    {"layoutcheck run ls -v -J", NULL, NULL, false, false, false, false, "ls -v -J"},
    {"layoutcheck run --at exec -- ls --at", "exec", NULL, false, false, false, false, "ls --at"},
    {"layoutcheck run --at=2s ls --at=3s", "2s", NULL, false, false, false, false, "ls --at=3s"},
    {"layoutcheck run -- ls -- -J", NULL, NULL, false, false, false, false, "ls -- -J"},
    {"layoutcheck run -- --json", NULL, NULL, false, false, false, false, "--json"},
    {"layoutcheck -J run ls --help", NULL, NULL, true, false, false, false, "ls --help"},
    {"layoutcheck --at exit run --kill ls", "exit", NULL, false, false, true, false, "ls"},
    {"layoutcheck run --program b -- a -c b", NULL, "b", false, false, false, false, "a -c b"},
    {"layoutcheck run --prog b a", NULL, "b", false, false, false, false, "a"},
    {"layoutcheck --at run run run", "run", NULL, false, false, false, false, "run"},
    {"layoutcheck run --help", NULL, NULL, false, false, false, true, ""},
    {"layoutcheck run", NULL, NULL, false, false, false, false, ""},
    {"layoutcheck run --", NULL, NULL, false, false, false, false, ""},
};

START_TEST(options_of_run)
{
    const struct run_row *row = &run_rows[_i];
    struct options options;
    struct err err;

    ck_assert_msg(parse(row->name, &options, &err), "%s: %s", row->name, err.text);
    ROW_TEXT(row, options.command->name, "run");
    ROW_TEXT(row, options.at, row->at);
    ROW_TEXT(row, options.program, row->program);
    ROW_TRUE(row, options.json == row->json);
    ROW_TRUE(row, options.style.verbose == row->verbose);
    ROW_TRUE(row, options.kill == row->kill);
    ROW_TRUE(row, options.help == row->help);
    ROW_TEXT(row, join(&options), row->arguments);
    ROW_TRUE(row, options.n_arguments == 0 || !options.arguments[options.n_arguments]);
}
END_TEST

/* Elsewhere options may stand anywhere, and "run" is a word like others. */
static const struct other_row {
    const char *name, *command, *arguments;
    bool json;
} other_rows[] = {
    {"layoutcheck 1 -J", "check", "1", true},
    {"layoutcheck check run -J", "check", "run", true},
    {"layoutcheck map run --json", "map", "run", true},
    {"layoutcheck room 1 --at 0,1 -J", "room", "1", true},
    {"layoutcheck explain run", "explain", "run", false},
};

START_TEST(options_of_others)
{
    const struct other_row *row = &other_rows[_i];
    struct options options;
    struct err err;

    ck_assert_msg(parse(row->name, &options, &err), "%s: %s", row->name, err.text);
    ROW_TEXT(row, options.command->name, row->command);
    ROW_TRUE(row, options.json == row->json);
    ROW_TEXT(row, join(&options), row->arguments);
}
END_TEST

static const struct wrong_row {
    const char *name, *error;
} wrong_rows[] = {
    {"layoutcheck run -Z ls", "unknown option \"-Z\""},
    {"layoutcheck run --brk 1 ls", "option --brk does not go with \"run\""},
    {"layoutcheck check --kill 1", "option --kill does not go with \"check\""},
    {"layoutcheck check --at exec 1", "option --at does not go with \"check\""},
    {"layoutcheck run --at", "option \"--at\" needs an argument"},
    {"layoutcheck --format x self",
     "unknown format \"x\": text, json, junit, tap, github, sarif or nagios"},
    {"layoutcheck scan --format junit",
     "format junit does not go with \"scan\": text, json, jsonl or prometheus"},
    {"layoutcheck --format y scan", "unknown format \"y\": text, json, jsonl or prometheus"},
    {"layoutcheck --format prometheus 1", "format prometheus does not go with \"check\": text, "
                                          "json, junit, tap, github, sarif or nagios"},
    {"layoutcheck host --format jsonl",
     "format jsonl does not go with \"host\": text, json, junit, tap, github, sarif or nagios"},
    {"layoutcheck map --format tap 1", "format tap does not go with \"map\": text or json"},
    {"layoutcheck scan --group comm", "option --group goes with format prometheus, not with text"},
    {"layoutcheck scan --format prometheus --group pid",
     "unknown --group \"pid\": comm, unit, cgroup or user"},
    {"layoutcheck scan --jsonl -n",
     "options --output-columns and --noheadings go with the table, not with format jsonl"},
    {"layoutcheck run --mappings ls",
     "option --mappings goes with --json; for text: layoutcheck map"},
};

START_TEST(options_that_are_wrong)
{
    const struct wrong_row *row = &wrong_rows[_i];
    struct options options;
    struct err err;

    ROW_TRUE(row, !parse(row->name, &options, &err));
    ROW_TEXT(row, err.text, row->error);
}
END_TEST

Suite *options_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("parse");

    ROWS_ADD(tcase, options_of_run, run_rows);
    ROWS_ADD(tcase, options_of_others, other_rows);
    ROWS_ADD(tcase, options_that_are_wrong, wrong_rows);
    suite_add_tcase(suite, tcase);
    return suite;
}
