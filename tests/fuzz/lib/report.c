/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include "fuzz.h"

#include <stdlib.h>

void page_open(struct page *page)
{
    page->out = open_memstream(&page->text, &page->n);
}

static void page_end(struct page *page)
{
    must(!ferror(page->out) && fclose(page->out) == 0);
    must(is_harmless(page->text, page->n));
    must(page->n == 0 || page->text[page->n - 1] == '\n');
}

void page_close_text(struct page *page)
{
    page_end(page);
    free(page->text);
}

json_t *page_close_json(struct page *page)
{
    json_t *document;

    page_end(page);
    document = json_loadb(page->text, page->n, JSON_REJECT_DUPLICATES, NULL);
    must(document);
    free(page->text);
    return document;
}

const struct style *style_number(unsigned int i)
{
    static const struct style styles[] = {
        {.width = 80},
        {.width = 40, .verbose = true},
        {.width = 200, .in_bytes = true, .quiet = true},
    };

    return i < sizeof(styles) / sizeof(styles[0]) ? &styles[i] : NULL;
}

static void evidence_is_sound(const struct evidence *evidence)
{
    must(evidence->key && *evidence->key);
    must(evidence->type != EVIDENCE_TEXT || evidence->text);
    for (uint32_t i = 0; evidence->type == EVIDENCE_PLACES && i < evidence->n_places; i++)
        must(evidence->places[i].range.start <= evidence->places[i].range.end);
}

void findings_are_sound(const struct report *report)
{
    for (uint32_t i = 0; i < report->n_findings; i++) {
        const struct finding *finding = &report->findings[i];

        must(finding->title && *finding->title && finding->detail && finding->remedy);
        must(strstr(finding->rule->severities, severity_name(finding->severity)));
        must(finding->story_severity >= finding->severity);
        must(finding->n_evidence <= MAX_EVIDENCE && finding->n_causes <= MAX_CAUSES);
        for (unsigned int k = 0; k < finding->n_evidence; k++)
            evidence_is_sound(&finding->evidence[k]);
    }
    for (uint32_t i = 0; i < report->n_not_run; i++)
        must(report->not_run[i].reason && *report->not_run[i].reason);
}
