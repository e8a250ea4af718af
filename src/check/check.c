/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

const struct rule *const rules[] = {
#define RULE(symbol) &rule_##symbol,
#include "check/rules.list"
#undef RULE
    NULL,
};

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {"info", "warning", "error"};

    return names[severity];
}

bool severity_parse(struct str s, enum severity *severity)
{
    for (int i = SEVERITY_INFO; i <= SEVERITY_ERROR; i++)
        if (str_eq(s, str_of(severity_name((enum severity)i)))) {
            *severity = (enum severity)i;
            return true;
        }
    return false;
}

const struct rule *rule_find(struct str id)
{
    for (size_t i = 0; rules[i]; i++)
        if (str_eq(id, str_of(rules[i]->id)))
            return rules[i];
    return NULL;
}

/* Parts of it may be the old program's and parts the new one's: of neither would a finding hold. */
static bool may_be_mixed(const struct image *image)
{
    return image->execed && !image->consistent;
}

static bool is_ignored(const struct policy *policy, const struct rule *rule)
{
    for (unsigned int i = 0; i < policy->n_ignored; i++)
        if (policy->ignored[i] == rule)
            return true;
    return false;
}

/* Of several for one rule the last counts, as options do. */
static void set_severity(struct finding *finding, const struct policy *policy)
{
    for (unsigned int i = 0; i < policy->n_severities; i++)
        if (policy->severities[i].rule == finding->rule)
            finding->severity = policy->severities[i].severity;
}

static void policy_apply(struct checker *checker, const struct policy *policy)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < checker->n_findings; i++) {
        struct finding *finding = &checker->findings[i];

        if (is_ignored(policy, finding->rule))
            continue;
        set_severity(finding, policy);
        checker->findings[n++] = *finding;
    }
    checker->n_ignored = checker->n_findings - n;
    checker->n_findings = n;
}

static void finish(struct checker *checker, const struct policy *policy)
{
    if (policy)
        policy_apply(checker, policy);
    stories_join(checker);
}

void check_run(struct checker *checker, struct image *image, const struct facts *facts,
               const struct policy *policy)
{
    *checker = (struct checker){.arena = &image->arena, .image = image, .facts = facts};
    for (size_t i = 0; rules[i]; i++) {
        checker->rule = rules[i];
        if (!rules[i]->run)
            continue;
        if (may_be_mixed(image))
            rule_not_run(checker, "the program was replaced while it was read");
        else
            rules[i]->run(checker);
    }
    finish(checker, policy);
}

void check_run_host(struct checker *checker, struct arena *arena, const struct host_memory *memory,
                    const struct policy *policy)
{
    *checker = (struct checker){.arena = arena, .host_memory = memory};
    for (size_t i = 0; rules[i]; i++) {
        checker->rule = rules[i];
        if (rules[i]->run_host)
            rules[i]->run_host(checker);
    }
    finish(checker, policy);
}
