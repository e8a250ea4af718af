/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/paper.h"

void render_rule(const struct rule *rule, const struct style *style, FILE *out)
{
    fprintf(out, "%s%s%s (%s)\n", paper_bold_on(style), rule->id, paper_off(style),
            rule->severities);
    paper_wrap(out, style, 2, "  ", rule->when);
    putc('\n', out);
    paper_wrap(out, style, 2, "", rule->meaning);
    putc('\n', out);
    paper_wrap(out, style, 8, "  do", rule->remedy);
}

void render_rules(const struct style *style, FILE *out)
{
    for (size_t i = 0; rules[i]; i++) {
        fprintf(out, "%s%s%s\n", paper_bold_on(style), rules[i]->id, paper_off(style));
        paper_wrap(out, style, 6, "", rules[i]->when);
    }
}

void render_rules_in_full(const struct style *style, FILE *out)
{
    for (size_t i = 0; rules[i]; i++) {
        if (i > 0)
            putc('\n', out);
        render_rule(rules[i], style, out);
    }
}
