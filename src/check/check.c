/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include <stdlib.h>

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

static size_t rule_rank(const struct rule *rule)
{
    size_t rank = 0;

    while (rules[rank] != rule)
        rank++;
    return rank;
}

/* Worst first; equals in the order of the list. */
static int by_severity(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    size_t rank_x = rule_rank(x->rule), rank_y = rule_rank(y->rule);

    if (x->severity != y->severity)
        return y->severity > x->severity ? 1 : -1;
    if (rank_x != rank_y)
        return rank_x > rank_y ? 1 : -1;
    return x->number > y->number ? 1 : -1;
}

/* Parts of it may be the old program's and parts the new one's: of neither would a finding hold. */
static bool may_be_mixed(const struct image *image)
{
    return image->execed && !image->consistent;
}

void check_run(struct checker *checker, struct image *image, const struct facts *facts)
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
    if (checker->n_findings > 0)
        qsort(checker->findings, checker->n_findings, sizeof(*checker->findings), by_severity);
}
