/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include "base/units.h"
#include "cmd/command.h"
#include "render/scangroup.h"

#include <getopt.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What getopt returns for the n-th row of the table: its letter, or a number past all letters. */
enum { FIRST_LONG_ONLY = 256 };

static const struct row {
    int letter;
    const char *name;
    const char *argument;
    unsigned int commands;
    const char *help;
} table[] = {
#define OPTION(letter, name, argument, commands, help) {letter, name, argument, commands, help},
#include "cmd/options.list"
#undef OPTION
};

enum { N_ROWS = sizeof(table) / sizeof(table[0]) };

static int value_of(size_t i)
{
    return table[i].letter ? table[i].letter : FIRST_LONG_ONLY + (int)i;
}

static const struct row *find_row(int value)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (value_of(i) == value)
            return &table[i];
    return NULL;
}

/* With `in_order` what follows the first word that is no option is left alone. */
static void fill_getopt(struct option longs[static N_ROWS + 1], char shorts[static 2 * N_ROWS + 3],
                        bool in_order)
{
    if (in_order)
        *shorts++ = '+';
    *shorts++ = ':';
    for (size_t i = 0; i < N_ROWS; i++) {
        longs[i] = (struct option){
            .name = table[i].name,
            .has_arg = table[i].argument ? required_argument : no_argument,
            .val = value_of(i),
        };
        /* --color alone means --color=always, as everywhere in util-linux */
        if (strcmp(table[i].name, "color") == 0)
            longs[i].has_arg = optional_argument;
        if (table[i].letter) {
            *shorts++ = (char)table[i].letter;
            if (table[i].argument)
                *shorts++ = ':';
        }
    }
    longs[N_ROWS] = (struct option){0};
    *shorts = '\0';
}

/* Which formats there are depends on the command, which may come later. */
static void set_format(struct options *options, const char *name)
{
    const struct format *format = format_find(name);

    options->unknown_format = format ? NULL : name;
    if (format)
        options->format = format;
    options->json = format == &format_json;
}

static bool set_by(struct options *options, const char *name, struct err *err)
{
    options->has_by = true;
    return scan_by_parse(str_of(name), &options->by) ||
           err_set(err, "unknown --group \"%s\": comm, unit, cgroup or user", name);
}

static bool set_color(struct options *options, const char *when, struct err *err)
{
    if (!when || strcmp(when, "always") == 0)
        options->color_when = 1;
    else if (strcmp(when, "never") == 0)
        options->color_when = 0;
    else if (strcmp(when, "auto") == 0)
        options->color_when = -1;
    else
        return err_set(err, "unknown --color \"%s\": auto, always or never", when);
    return true;
}

static bool set_walk(struct options *options, const char *when, struct err *err)
{
    options->no_walk = strcmp(when, "no") == 0;
    return options->no_walk || strcmp(when, "yes") == 0 ||
           err_set(err, "unknown --walk \"%s\": yes or no", when);
}

static bool set_fail_on(struct options *options, const char *severity, struct err *err)
{
    options->has_fail_on = true;
    options->never_fail = strcmp(severity, "never") == 0;
    return options->never_fail || severity_parse(str_of(severity), &options->fail_on) ||
           err_set(err, "unknown --fail-on \"%s\": error, warning, info or never", severity);
}

static bool find_rule(struct str id, const struct rule **rule, struct err *err)
{
    *rule = rule_find(id);
    return *rule || err_set(err, "there is no finding \"%.*s\": \"layoutcheck explain\" lists them",
                            (int)id.n, id.p);
}

static bool add_ignored(struct policy *policy, const char *id, struct err *err)
{
    const struct rule *rule;

    if (!find_rule(str_of(id), &rule, err))
        return false;
    if (policy->n_ignored == MAX_RULES)
        return err_set(err, "--ignore is given too often");
    policy->ignored[policy->n_ignored++] = rule;
    return true;
}

static bool add_severity(struct policy *policy, const char *argument, struct err *err)
{
    struct str level = str_of(argument), id;
    const struct rule *rule;
    enum severity severity;

    if (!strchr(argument, '=') || !str_next_field(&level, '=', &id))
        return err_set(err, "--severity takes ID=LEVEL, not \"%s\"", argument);
    if (!find_rule(id, &rule, err))
        return false;
    if (!severity_parse(level, &severity))
        return err_set(err, "unknown --severity level \"%.*s\": error, warning or info",
                       (int)level.n, level.p);
    if (policy->n_severities == MAX_RULES)
        return err_set(err, "--severity is given too often");
    policy->severities[policy->n_severities].rule = rule;
    policy->severities[policy->n_severities++].severity = severity;
    return true;
}

static bool add_text(const char **list, unsigned int *n, unsigned int most, const char *text,
                     const char *name, struct err *err)
{
    if (*n == most)
        return err_set(err, "--%s is given too often", name);
    list[(*n)++] = text;
    return true;
}

/* Sizes beyond what any address space has are a slip of the keyboard. */
static bool set_size(uint64_t *size, bool *has, const char *name, const char *text, struct err *err)
{
    *has = true;
    return (size_parse(str_of(text), size) && *size <= INT64_MAX) ||
           err_set(err, "--%s takes a size such as 4096, 64K, 1G, not \"%s\"", name, text);
}

static bool set_timeout(struct options *options, const char *text, struct err *err)
{
    uint64_t seconds;

    if (!str_to_u64(str_of(text), &seconds) || seconds == 0 || seconds > 3600)
        return err_set(err, "--timeout takes a number of seconds from 1 to 3600, not \"%s\"", text);
    options->timeout_ms = (unsigned int)seconds * 1000;
    return true;
}

static bool set_least(struct options *options, const char *text, struct err *err)
{
    options->has_least = true;
    return severity_parse(str_of(text), &options->least) ||
           err_set(err, "--severity takes ID=LEVEL, or with scan LEVEL, not \"%s\"", text);
}

/* So many runs are a day's work; their figures have to fit into memory. */
enum { MAX_REPEAT = 1000000 };

static bool set_repeat(struct options *options, const char *text, struct err *err)
{
    uint64_t n;

    if (!str_to_u64(str_of(text), &n) || n == 0 || n > MAX_REPEAT)
        return err_set(err, "--repeat takes a number of runs from 1 to 1000000, not \"%s\"", text);
    options->repeat = (uint32_t)n;
    return true;
}

/* Seconds with as many as nine digits after the point. */
static bool set_interval(struct options *options, const char *text, struct err *err)
{
    struct str rest = str_of(text), whole, part = STR("");
    uint64_t seconds = 0, ns = 0;
    bool ok = str_next_field(&rest, '.', &whole) && str_to_u64(whole, &seconds);

    if (ok && whole.n < strlen(text)) {
        part = rest;
        ok = part.n <= 9 && str_to_u64(part, &ns);
    }
    for (size_t i = part.n; i < 9; i++)
        ns *= 10;
    if (!ok || seconds > 86400 || (seconds == 0 && ns < 10000000))
        return err_set(err, "--interval takes a number of seconds from 0.01 to 86400, not \"%s\"",
                       text);
    options->interval_ns = seconds * 1000000000 + ns;
    return true;
}

static bool set_count(struct options *options, const char *text, struct err *err)
{
    return (str_to_u64(str_of(text), &options->count) && options->count > 0) ||
           err_set(err, "--count takes a number of looks, at least 1, not \"%s\"", text);
}

static bool set_scan_option(struct options *options, const char *name, const char *argument,
                            struct err *err)
{
    if (strcmp(name, "interval") == 0)
        return set_interval(options, argument, err);
    if (strcmp(name, "count") == 0)
        return set_count(options, argument, err);
    if (strcmp(name, "group") == 0)
        return set_by(options, argument, err);
    if (strcmp(name, "timeout") == 0)
        return set_timeout(options, argument, err);
    if (strcmp(name, "quick") == 0)
        options->quick = true;
    else if (strcmp(name, "name") == 0)
        options->name = argument;
    else if (strcmp(name, "user") == 0)
        options->user = argument;
    else if (strcmp(name, "cgroup") == 0)
        options->cgroup = argument;
    return true;
}

static bool set_option(struct options *options, const struct row *row, const char *argument,
                       struct err *err)
{
    const char *name = row->name;

    if (strcmp(name, "json") == 0 || strcmp(name, "jsonl") == 0)
        set_format(options, name);
    else if (strcmp(name, "format") == 0)
        set_format(options, argument);
    else if (strcmp(name, "mappings") == 0)
        options->with_mappings = true;
    else if (strcmp(name, "brk") == 0)
        return set_size(&options->brk_size, &options->has_brk_size, name, argument, err);
    else if (strcmp(name, "mmap") == 0)
        return set_size(&options->mmap_size, &options->has_mmap_size, name, argument, err);
    else if (strcmp(name, "at") == 0)
        options->at = argument;
    else if (strcmp(name, "memory") == 0)
        options->with_memory = true;
    else if (strcmp(name, "heap") == 0)
        options->with_heap = true;
    else if (strcmp(name, "walk") == 0)
        return set_walk(options, argument, err);
    else if (strcmp(name, "stop") == 0)
        options->stop = true;
    else if (strcmp(name, "output-columns") == 0)
        options->style.columns = argument;
    else if (strcmp(name, "noheadings") == 0)
        options->style.no_headings = true;
    else if (strcmp(name, "bytes") == 0)
        options->style.in_bytes = true;
    else if (strcmp(name, "quiet") == 0)
        options->style.quiet = true;
    else if (strcmp(name, "verbose") == 0)
        options->style.verbose = true;
    else if (strcmp(name, "color") == 0)
        return set_color(options, argument, err);
    else if (strcmp(name, "output") == 0)
        options->output = argument;
    else if (strcmp(name, "fail-on") == 0)
        return set_fail_on(options, argument, err);
    else if (strcmp(name, "ignore") == 0)
        return add_ignored(&options->policy, argument, err);
    else if (strcmp(name, "severity") == 0 && !strchr(argument, '='))
        return set_least(options, argument, err);
    else if (strcmp(name, "severity") == 0)
        return add_severity(&options->policy, argument, err);
    else if (strcmp(name, "policy") == 0)
        return add_text(options->policies, &options->n_policies, MAX_POLICIES, argument, name, err);
    else if (strcmp(name, "expect") == 0)
        return add_text(options->expectations, &options->n_expectations, MAX_EXPECTATIONS, argument,
                        name, err);
    else if (strcmp(name, "program") == 0)
        options->program = argument;
    else if (strcmp(name, "kill") == 0)
        options->kill = true;
    else if (strcmp(name, "repeat") == 0)
        return set_repeat(options, argument, err);
    else if (strcmp(name, "save") == 0)
        options->save = argument;
    else if (strcmp(name, "all") == 0)
        options->all = true;
    else if (strcmp(name, "private") == 0)
        options->is_private = true;
    else if (strcmp(name, "strict") == 0)
        options->strict = true;
    else if (strcmp(name, "help") == 0)
        options->help = true;
    else if (strcmp(name, "version") == 0)
        options->version = true;
    else
        return set_scan_option(options, name, argument, err);
    return true;
}

static void choose_command(struct options *options, int argc, char **argv)
{
    options->command = commands[0];
    options->arguments = argv + optind;
    options->n_arguments = argc - optind;
    for (size_t i = 0; options->n_arguments > 0 && commands[i]; i++) {
        if (strcmp(options->arguments[0], commands[i]->name) != 0)
            continue;
        options->command = commands[i];
        options->arguments++;
        options->n_arguments--;
        return;
    }
}

/* The command's option of that name, which to another one can be a different thing; or NULL. */
static const struct row *find_option(const struct command *command, const char *name)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (strcmp(table[i].name, name) == 0 && table[i].commands & command->options)
            return &table[i];
    return NULL;
}

static bool check_fit(const struct options *options, const bool given[static N_ROWS],
                      struct err *err)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (given[i] && !find_option(options->command, table[i].name))
            return err_set(err, "option --%s does not go with \"%s\"", table[i].name,
                           options->command->name);
    return true;
}

/* Whether the command has reports in that format, or else scans. */
static bool suits(const struct format *format, const struct command *command)
{
    if (command->options & FOR_SCAN)
        return format->scan;
    if (command->options & FOR_WATCH)
        return format->event;
    return format->report && (format->is_full || command->options & FOR_RESULTS);
}

static bool check_format(const struct options *options, struct err *err)
{
    const struct command *command = options->command;
    const struct row *row = find_option(command, "format");

    if (!row)
        return true;
    if (options->unknown_format)
        return err_set(err, "unknown format \"%s\": %s", options->unknown_format, row->help);
    return suits(options->format, command) ||
           err_set(err, "format %s does not go with \"%s\": %s", options->format->name,
                   command->name, row->help);
}

/* Options that would silently do nothing in the chosen format. */
static bool check_sense(const struct options *options, struct err *err)
{
    if (!check_format(options, err))
        return false;
    if (options->stop && !options->with_heap && options->command != &command_heap)
        return err_set(err, "option --stop goes with --heap");
    if (options->with_mappings && !options->json)
        return err_set(err, "option --mappings goes with --json; for text: layoutcheck map");
    if (options->format != formats[0] && (options->style.columns || options->style.no_headings))
        return err_set(err,
                       "options --output-columns and --noheadings go with the table, not with "
                       "format %s",
                       options->format->name);
    if (options->has_by && options->format != &format_prometheus)
        return err_set(err, "option --group goes with format prometheus, not with %s",
                       options->format->name);
    if (options->quick && options->format == &format_prometheus)
        return err_set(err, "option --quick does not go with format prometheus, whose metrics are "
                            "those of all findings");
    if (options->quick && options->n_policies + options->n_expectations > 0)
        return err_set(err, "option --quick does not go with a policy, which asks for more");
    if (options->format != formats[0] && options->style.quiet)
        return err_set(err, "option --quiet goes with text, not with format %s",
                       options->format->name);
    return true;
}

/* Whether the command is one whose arguments are a command with options of its own. */
static bool ends_with_command(int argc, char **argv)
{
    struct option longs[N_ROWS + 1];
    char shorts[2 * N_ROWS + 3];
    int value;

    fill_getopt(longs, shorts, true);
    do
        value = getopt_long(argc, argv, shorts, longs, NULL);
    while (value != -1);
    return optind < argc && strcmp(argv[optind], command_run.name) == 0;
}

/* What of the command line getopt() has to know. */
struct command_line {
    int argc;
    char **argv;
    struct option longs[N_ROWS + 1];
    char shorts[2 * N_ROWS + 3];
    bool given[N_ROWS];
};

static bool take_option(struct options *options, struct command_line *line, int value,
                        struct err *err)
{
    const struct row *row = find_row(value);
    const char *word = line->argv[optind - 1];

    if (value == ':')
        return err_set(err, "option \"%s\" needs an argument", word);
    if (!row && optopt > 0 && optopt < FIRST_LONG_ONLY)
        return err_set(err, "unknown option \"-%c\"", optopt);
    if (!row)
        return err_set(err, "unknown or ambiguous option, or one that takes no argument: \"%s\"",
                       word);
    line->given[row - table] = true;
    return set_option(options, row, optarg, err);
}

/* Goes on after an error, which is the first one's: it is told in the format that comes later. */
static bool take_options(struct options *options, struct command_line *line, struct err *err)
{
    struct err later;
    bool ok = true;
    int value;

    while ((value = getopt_long(line->argc, line->argv, line->shorts, line->longs, NULL)) != -1)
        ok = take_option(options, line, value, ok ? err : &later) && ok;
    return ok;
}

bool options_parse(struct options *options, int argc, char **argv, struct err *err)
{
    struct command_line line = {.argc = argc, .argv = argv};
    struct err later;
    bool in_order, ok;

    *options = (struct options){
        .format = formats[0], .fail_on = SEVERITY_ERROR, .color_when = -1, .timeout_ms = 2000};
    opterr = 0;
    in_order = ends_with_command(argc, argv);
    fill_getopt(line.longs, line.shorts, in_order);
    optind = 0; /* from the beginning */
    ok = take_options(options, &line, err);
    choose_command(options, argc, argv);
    if (in_order) {
        optind++; /* the word "run" */
        ok = take_options(options, &line, ok ? err : &later) && ok;
        options->arguments = argv + optind;
        options->n_arguments = argc - optind;
    }
    return ok && check_fit(options, line.given, err) && check_sense(options, err);
}

static unsigned int terminal_width(int fd)
{
    struct winsize size;

    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        return size.ws_col;
    return 80;
}

void options_set_style(struct options *options, FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    bool terminal = isatty(fileno(out));
    struct style *style = &options->style;

    style->width = terminal ? terminal_width(fileno(out)) : 80;
    style->color = options->color_when > 0 ||
                   (options->color_when < 0 && terminal && !(no_color && *no_color));
    if (options->format != formats[0])
        style->color = false;
}

/* "--color[=WHEN]", "--output FILE", "--json" */
static void option_text(const struct row *row, char *buf, size_t size)
{
    bool optional = strcmp(row->name, "color") == 0;

    if (!row->argument)
        snprintf(buf, size, "--%s", row->name);
    else
        snprintf(buf, size, optional ? "--%s[=%s]" : "--%s %s", row->name, row->argument);
}

static void print_option(const struct row *row, FILE *out)
{
    char text[40], letter[5] = "";

    option_text(row, text, sizeof(text));
    if (row->letter)
        snprintf(letter, sizeof(letter), "-%c, ", row->letter);
    fprintf(out, "  %4s%-22s %s\n", letter, text, row->help);
}

static void print_commands(FILE *out)
{
    fputs("\nCommands:\n", out);
    for (size_t i = 0; commands[i]; i++)
        fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
}

static void print_statuses(const struct command *command, FILE *out)
{
    const char *text = "\nExit status: 0 done, 2 wrong usage or it could not be done.\n";

    if (command->starts)
        text = "\nExit status: the command's own, or with --kill 0; 1 a finding at or above\n"
               "--fail-on or a policy that does not hold, 2 wrong usage or it was not looked at,\n"
               "126 it cannot be executed, 127 it was not found.\n";
    else if (command->options & (FOR_REPORTS | FOR_SCAN | FOR_WATCH))
        text =
            "\nExit status: 0 nothing wrong, 1 a finding at or above --fail-on or a policy that\n"
            "does not hold, 2 wrong usage or a target that could not be inspected.\n";
    fputs(text, out);
}

void options_print_help(const struct options *options, FILE *out)
{
    const struct command *command = options->command;
    bool is_default = command == commands[0];

    fprintf(out, "Usage: layoutcheck %s%s [OPTION...]%s%s\n\n%s.\n", is_default ? "[" : "",
            is_default ? "check]" : command->name, *command->usage ? " " : "", command->usage,
            command->summary);
    if (command->operands)
        fprintf(out, "%s\n", command->operands);
    if (is_default)
        print_commands(out);
    fputs("\nOptions:\n", out);
    for (size_t i = 0; i < N_ROWS; i++)
        if (table[i].commands & command->options)
            print_option(&table[i], out);
    if (command->print_details)
        command->print_details(out);
    print_statuses(command, out);
    fputs("More: layoutcheck(1), layoutcheck-policy(5), layoutcheck-findings(7).\n", out);
}
