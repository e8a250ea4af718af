/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/policy.h"

#include "cmd/command.h"
#include "parse/policyscan.h"
#include "render/safe.h"
#include "source/userfile.h"

/* Policies while they are read. */
struct loader {
    struct demands *demands;
    struct options *options;
    struct policy policy; /* what the lines say; the command line comes over it */
    const char *file;     /* as it was named; NULL: --expect */
    unsigned int documents;
    unsigned int n_faults;
};

enum { MAX_FAULTS = 20 };

static void tell_fault(struct loader *loader, unsigned int number, const struct policy_fault *fault)
{
    const char *file = loader->file ? loader->file : "--expect";

    if (loader->n_faults++ < MAX_FAULTS)
        complain("%s:%u:%u: %s", file, number, fault->column, fault->err.text);
}

static struct demand *demand_add(struct demands *demands, const struct demand *demand)
{
    if (demands->n == demands->room) {
        struct demand *former = demands->list;

        demands->room = demands->room ? demands->room * 2 : 16;
        demands->list = arena_alloc(&demands->arena, demands->room * sizeof(*former));
        if (former)
            memcpy(demands->list, former, demands->n * sizeof(*former));
    }
    demands->list[demands->n] = *demand;
    return &demands->list[demands->n++];
}

/* Of several lines about one finding the last counts. */
static void unforbid(struct demands *demands, const struct rule *rule)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < demands->n; i++)
        if (demands->list[i].rule != rule)
            demands->list[n++] = demands->list[i];
    demands->n = n;
}

static void unignore(struct policy *policy, const struct rule *rule)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < policy->n_ignored; i++)
        if (policy->ignored[i] != rule)
            policy->ignored[n++] = policy->ignored[i];
    policy->n_ignored = n;
}

/* Each rule stands there once, so that there is room for all. */
static void ignore(struct policy *policy, const struct rule *rule)
{
    unignore(policy, rule);
    policy->ignored[policy->n_ignored++] = rule;
}

static void set_severity(struct policy *policy, const struct rule *rule, enum severity severity)
{
    unsigned int i = 0;

    while (i < policy->n_severities && policy->severities[i].rule != rule)
        i++;
    policy->severities[i].rule = rule;
    policy->severities[i].severity = severity;
    if (i == policy->n_severities)
        policy->n_severities++;
}

/* What is read and listed only when somebody asks for it. */
static void note_path(struct demands *demands, struct str path)
{
    bool of_mappings = str_starts(path, STR("mappings"));

    demands->needs_mappings |= of_mappings;
    demands->needs_heap |= str_starts(path, STR("heap"));
    demands->needs_memory |= str_starts(path, STR("memory")) || str_ends(path, STR("s[].rss")) ||
                             str_ends(path, STR("s[].pss")) ||
                             (of_mappings && str_ends(path, STR("s[].swap")));
}

static void note_needs(struct demands *demands, const struct demand *demand)
{
    note_path(demands, str_of(demand->path));
    for (unsigned int i = 0; i < demand->line->n_steps; i++)
        if (demand->picks[i])
            note_path(demands, str_of(demand->picks[i]->path));
}

static bool take_expect(struct loader *loader, struct demand *demand, struct policy_fault *fault)
{
    if (!demand_resolve(&loader->demands->arena, demand, loader->documents, fault))
        return false;
    note_needs(loader->demands, demand);
    demand_add(loader->demands, demand);
    return true;
}

static bool take_forbid(struct loader *loader, struct demand *demand, const struct rule *rule,
                        struct policy_fault *fault)
{
    if (!policy_check_rule(rule, loader->documents, &fault->err))
        return false;
    demand->rule = rule;
    unignore(&loader->policy, rule);
    unforbid(loader->demands, rule);
    loader->demands->needs_heap |= rule->needs_heap;
    demand_add(loader->demands, demand);
    return true;
}

static bool find_level(const struct policy_word *word, bool or_never, enum severity *severity,
                       bool *never, struct policy_fault *fault)
{
    const char *levels = or_never ? "error, warning, info or never" : "error, warning or info";

    *never = or_never && str_eq(word->text, STR("never"));
    if (*never || severity_parse(word->text, severity))
        return true;
    return policy_fault_set(fault, word->column, "there is no level \"%.*s\": %s",
                            scan_shown(word->text), word->text.p, levels);
}

static bool take_fail_on(struct loader *loader, const struct policy_line *line,
                         struct policy_fault *fault)
{
    enum severity severity = SEVERITY_ERROR;
    bool never;

    if (!find_level(&line->level, true, &severity, &never, fault))
        return false;
    if (!loader->options->has_fail_on) {
        loader->options->fail_on = severity;
        loader->options->never_fail = never;
    }
    return true;
}

static bool take_severity(struct loader *loader, const struct policy_line *line,
                          const struct rule *rule, struct policy_fault *fault)
{
    enum severity severity = SEVERITY_INFO;
    bool never;

    if (!find_level(&line->level, false, &severity, &never, fault))
        return false;
    set_severity(&loader->policy, rule, severity);
    return true;
}

/* A line about a finding. */
static bool take_finding(struct loader *loader, struct demand *demand, struct policy_fault *fault)
{
    const struct policy_line *line = demand->line;
    const struct rule *rule;

    fault->column = line->id.column;
    rule = policy_find_rule(line->id.text, &fault->err);
    if (!rule)
        return false;
    if (line->verb == POLICY_FORBID)
        return take_forbid(loader, demand, rule, fault);
    if (line->verb == POLICY_SEVERITY)
        return take_severity(loader, line, rule, fault);
    unforbid(loader->demands, rule);
    ignore(&loader->policy, rule);
    return true;
}

static bool take_line(struct loader *loader, struct demand *demand, struct policy_fault *fault)
{
    switch (demand->line->verb) {
    case POLICY_EXPECT:
        return take_expect(loader, demand, fault);
    case POLICY_FAIL_ON:
        return take_fail_on(loader, demand->line, fault);
    default:
        return take_finding(loader, demand, fault);
    }
}

static void load_text(struct loader *loader, struct str text, unsigned int number,
                      enum policy_state (*parse)(struct arena *, struct str, unsigned int,
                                                 struct policy_line *, struct policy_fault *))
{
    struct arena *arena = &loader->demands->arena;
    struct policy_line line, *kept;
    struct policy_fault fault;
    enum policy_state state = parse(arena, text, number, &line, &fault);

    if (state == POLICY_NOTHING)
        return;
    if (state == POLICY_FAULT) {
        tell_fault(loader, number, &fault);
        return;
    }
    kept = arena_alloc(arena, sizeof(*kept));
    *kept = line;
    if (!take_line(loader,
                   &(struct demand){
                       .file = loader->file, .line = kept, .text = safe_text(arena, line.text)},
                   &fault))
        tell_fault(loader, number, &fault);
}

static void load_file(struct loader *loader, const char *path)
{
    struct arena *arena = &loader->demands->arena;
    struct str text, line;
    unsigned int number = 0;
    struct err err;

    loader->file = strcmp(path, "-") == 0 ? "standard input" : safe_text(arena, str_of(path));
    if (!userfile_read(arena, path, &text, &err)) {
        complain("%s", err.text);
        loader->n_faults++;
        return;
    }
    if (str_starts(text, STR("\xef\xbb\xbf"))) /* as some editors begin a text in UTF-8 */
        text = (struct str){text.p + 3, text.n - 3};
    while (str_next_line(&text, &line))
        load_text(loader, line, ++number, policy_parse_line);
}

/* The command line says the last word. */
static void merge(struct loader *loader)
{
    struct policy *given = &loader->options->policy;

    for (unsigned int i = 0; i < given->n_ignored; i++) {
        ignore(&loader->policy, given->ignored[i]);
        unforbid(loader->demands, given->ignored[i]);
    }
    for (unsigned int i = 0; i < given->n_severities; i++)
        set_severity(&loader->policy, given->severities[i].rule, given->severities[i].severity);
    *given = loader->policy;
}

static unsigned int documents_of(const struct options *options)
{
    switch (options->command->options) {
    case FOR_HOST:
        return IN_HOST;
    case FOR_ROOM:
        return IN_REPORT | IN_ROOM;
    default:
        return IN_REPORT;
    }
}

bool demands_init(struct demands *demands, struct options *options)
{
    struct loader loader = {
        .demands = demands, .options = options, .documents = documents_of(options)};

    *demands = (struct demands){0};
    arena_init(&demands->arena);
    for (unsigned int i = 0; i < options->n_policies; i++)
        load_file(&loader, options->policies[i]);
    loader.file = NULL;
    for (unsigned int i = 0; i < options->n_expectations; i++)
        load_text(&loader, str_of(options->expectations[i]), i + 1, policy_parse_expectation);
    if (loader.n_faults > MAX_FAULTS)
        complain("%u mistakes in all", loader.n_faults);
    merge(&loader);
    if (options->n_policies + options->n_expectations > 0)
        options->demands = demands;
    return loader.n_faults == 0;
}

void demands_deinit(struct demands *demands)
{
    arena_deinit(&demands->arena);
}
