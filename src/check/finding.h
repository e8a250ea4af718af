/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings, and the rules that yield them.  One rule is one file with one `const struct rule`, and
 * one row in rules.list.  A rule holds facts against what it knows; it opens nothing.
 */
#ifndef CHECK_FINDING_H
#define CHECK_FINDING_H

#include "analyze/facts.h"
#include "model/hostmem.h"

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

const char *severity_name(enum severity severity);
bool severity_parse(struct str s, enum severity *severity);

/* A place in the target's memory, as evidence. */
struct place {
    const char *name;
    struct range range;
    unsigned int perms;
};

enum evidence_type {
    EVIDENCE_ADDRESS,
    EVIDENCE_BYTES,
    EVIDENCE_COUNT,
    EVIDENCE_TEXT,
    EVIDENCE_PLACES
};

struct evidence {
    const char *key; /* snake_case; never data of the target */
    enum evidence_type type;
    uint64_t number;
    const char *text;
    const struct place *places;
    uint32_t n_places;
};

enum { MAX_EVIDENCE = 12, MAX_CAUSES = 5 };

struct finding {
    const struct rule *rule;
    uint32_t number; /* of equals, the first found comes first */
    enum severity severity;
    /* The findings that explain it: after check_run() only such as were found. */
    const struct rule *causes[MAX_CAUSES];
    unsigned int n_causes;
    const struct rule *twin;      /* of the same origin, told before it and as bad; NULL: none */
    uint32_t story;               /* shared by findings that explain each other, and twins */
    unsigned int depth;           /* in its story: 0 is a root cause */
    enum severity story_severity; /* the worst in its story */
    bool is_about_malloc;         /* what it means depends on the allocator */
    bool is_about_lineage;        /* the ancestors are part of the evidence */
    bool is_about_blocker;        /* the mapping that stops the break is to blame */
    const char *title;            /* one line, no full stop */
    const char *detail;           /* what is so and why: sentences */
    const char *remedy;           /* what to do: sentences */
    struct evidence evidence[MAX_EVIDENCE];
    unsigned int n_evidence;
};

struct not_run {
    const struct rule *rule;
    const char *reason;
};

enum { MAX_RULES = 64 };

/* What the user makes of findings. */
struct policy {
    const struct rule *ignored[MAX_RULES];
    unsigned int n_ignored;
    struct {
        const struct rule *rule;
        enum severity severity;
    } severities[MAX_RULES];
    unsigned int n_severities;
};

struct checker {
    struct arena *arena; /* holds what rules write */
    struct image *image; /* NULL while the host is judged */
    const struct facts *facts;
    const struct host_memory *host_memory; /* NULL while a process is judged */
    const struct rule *rule;               /* the one that runs */
    const char *blocker; /* what findings call the mapping that stops the break; NULL: none does */
    /* Once all have run: the worst story first, in each its root causes first. */
    struct finding *findings;
    uint32_t n_findings, n_room;
    uint32_t n_ignored; /* by the policy; not among the findings */
    struct not_run *not_run;
    uint32_t n_not_run;
};

struct rule {
    const char *id;
    const char *severities;               /* "error", "warning or info" */
    const char *when;                     /* one line: the state that it names */
    const char *meaning;                  /* for `explain`: what it means and where it comes from */
    const char *remedy;                   /* for `explain`: what to do */
    void (*run)(struct checker *checker); /* judges a process, or NULL */
    void (*run_host)(struct checker *checker); /* judges the host, or NULL */
    bool is_quick;                             /* sieve_passes() tells that it finds nothing */
    bool needs_heap;                           /* judges what image_read_heap() reads */
};

/* All rules, in the order of rules.list; NULL ends the list. */
extern const struct rule *const rules[];

/* NULL when there is no such id. */
const struct rule *rule_find(struct str id);

/*
 * Runs all rules on a process, does what the policy says (NULL: nothing) and joins the findings to
 * stories.  The result lives in the image's arena.  An image that may be a mixture of two programs
 * is not judged: no rule is run then.
 */
void check_run(struct checker *checker, struct image *image, const struct facts *facts,
               const struct policy *policy);

/* The last step, after the rules. */
void stories_join(struct checker *checker);

/* The same of the rules that judge the host.  The result lives in the arena. */
void check_run_host(struct checker *checker, struct arena *arena, const struct host_memory *memory,
                    const struct policy *policy);

/* For rules: a new finding of the running rule. */
struct finding *finding_add(struct checker *checker, enum severity severity, const char *title, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull));
void finding_detail(struct checker *checker, struct finding *finding, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void finding_remedy(struct checker *checker, struct finding *finding, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* With all that it points to, but for rules, in the arena. */
struct finding finding_copy(struct arena *arena, const struct finding *finding);

/* If `cause` was found too, it explains this finding. */
void finding_cause(struct finding *finding, const struct rule *cause);

/*
 * If `twin` was found too, and is no less severe, it is told before this finding, in one story:
 * the same stands behind both, and neither explains the other.
 */
void finding_twin(struct finding *finding, const struct rule *twin);
void evidence_address(struct finding *finding, const char *key, uint64_t address);
void evidence_bytes(struct finding *finding, const char *key, uint64_t bytes);
void evidence_count(struct finding *finding, const char *key, uint64_t count);
void evidence_text(struct finding *finding, const char *key, const char *text);
void evidence_places(struct finding *finding, const char *key, const struct place *places,
                     uint32_t n_places);

/* For rules: what they need was not readable. */
void rule_not_run(struct checker *checker, const char *reason);

/* A growing list of places in the image's arena. */
struct places {
    struct place *list;
    uint32_t n, room;
};

void places_add(struct checker *checker, struct places *places, const char *name,
                struct range range, unsigned int perms);
void places_add_mapping(struct checker *checker, struct places *places,
                        const struct mapping *mapping);

/* A loaded object, as one place over its mappings. */
void places_add_instance(struct checker *checker, struct places *places, uint32_t instance);

/* The instances of loaded objects that `wanted` accepts. */
void places_add_instances(struct checker *checker, struct places *places,
                          bool (*wanted)(const struct checker *checker, uint32_t instance));

/* "a", "a and b", "a, b and 3 more": the names of places, each once. */
const char *places_text(struct checker *checker, const struct places *places);

#endif
