/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/paper.h"

/* "(error below 4M, warning below 64M)" */
static const char *heading_text(const struct rule *rule, char *buf, size_t size)
{
    snprintf(buf, size, "(%s)", rule->severities);
    return buf;
}

void render_rule(const struct rule *rule, const struct style *style, FILE *out)
{
    char buf[512];

    fprintf(out, "%s%s%s ", paper_bold_on(style), rule->id, paper_off(style));
    paper_wrap_from(out, style, strlen(rule->id) + 1, 6, heading_text(rule, buf, sizeof(buf)));
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
