/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings that explain each other are one story: a heap without room, since a library is in the
 * way, since the kernel misplaced it, since a 32-bit program executed this one.  Rules name what
 * may explain their findings, or stem from the same; here what was found of these is kept, and the
 * findings put in the order in which the story is told: root causes first.
 */
#include "check/finding.h"

#include <stdlib.h>

/* The first of that rule, or NULL. */
static const struct finding *find(const struct checker *checker, const struct rule *rule)
{
    for (uint32_t i = 0; i < checker->n_findings; i++)
        if (checker->findings[i].rule == rule)
            return &checker->findings[i];
    return NULL;
}

static void keep_found_causes(const struct checker *checker, struct finding *finding)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < finding->n_causes; i++)
        if (find(checker, finding->causes[i]))
            finding->causes[n++] = finding->causes[i];
    finding->n_causes = n;
}

/* What is worse is told in full, and first: a story of its own. */
static void keep_found_twin(const struct checker *checker, struct finding *finding)
{
    const struct finding *twin = find(checker, finding->twin);

    if (!twin || twin->severity < finding->severity)
        finding->twin = NULL;
}

static bool is_told_after(const struct finding *finding, const struct finding *other)
{
    if (finding->twin == other->rule)
        return true;
    for (unsigned int i = 0; i < finding->n_causes; i++)
        if (finding->causes[i] == other->rule)
            return true;
    return false;
}

/* Joins two stories under the smaller number. */
static void merge(const struct checker *checker, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < checker->n_findings; i++) {
        struct finding *finding = &checker->findings[i];

        if (finding->story == a || finding->story == b)
            finding->story = a < b ? a : b;
    }
}

/*
 * Joins each finding with what is told before it, and counts how far it is from a root cause: rules
 * that named each other would count on for ever, so no story is longer than there are rules.
 */
static bool link_up(const struct checker *checker, struct finding *finding)
{
    bool changed = false;

    for (uint32_t i = 0; (finding->n_causes > 0 || finding->twin) && i < checker->n_findings; i++) {
        const struct finding *other = &checker->findings[i];

        if (!is_told_after(finding, other))
            continue;
        if (finding->story != other->story)
            merge(checker, finding->story, other->story);
        if (finding->depth <= other->depth && other->depth < MAX_RULES) {
            finding->depth = other->depth + 1;
            changed = true;
        }
    }
    return changed;
}

/* A story is called by the index of its first finding. */
static void find_severities(const struct checker *checker)
{
    struct finding *findings = checker->findings;

    for (uint32_t i = 0; i < checker->n_findings; i++)
        findings[i].story_severity = findings[i].severity;
    for (uint32_t i = 0; i < checker->n_findings; i++) {
        struct finding *first = &findings[findings[i].story];

        if (findings[i].severity > first->story_severity)
            first->story_severity = findings[i].severity;
    }
    for (uint32_t i = 0; i < checker->n_findings; i++)
        findings[i].story_severity = findings[findings[i].story].story_severity;
}

/* The worst story first, equals in the order of the rules; then from the root cause on. */
static int by_story(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;

    if (x->story_severity != y->story_severity)
        return y->story_severity > x->story_severity ? 1 : -1;
    if (x->story != y->story)
        return x->story > y->story ? 1 : -1;
    if (x->depth != y->depth)
        return x->depth > y->depth ? 1 : -1;
    return x->number > y->number ? 1 : -1;
}

void stories_join(struct checker *checker)
{
    bool changed = true;

    /* Findings come in the order of the rules, so the first of a story is its foremost. */
    for (uint32_t i = 0; i < checker->n_findings; i++) {
        keep_found_causes(checker, &checker->findings[i]);
        keep_found_twin(checker, &checker->findings[i]);
        checker->findings[i].story = i;
    }
    while (changed) {
        changed = false;
        for (uint32_t i = 0; i < checker->n_findings; i++)
            changed |= link_up(checker, &checker->findings[i]);
    }
    find_severities(checker);
    if (checker->n_findings > 0)
        qsort(checker->findings, checker->n_findings, sizeof(*checker->findings), by_story);
}
