/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "base/intern.h"

#include <stdarg.h>

struct finding *finding_add(struct checker *checker, enum severity severity, const char *title, ...)
{
    struct arena *arena = checker->arena;
    struct finding *finding;
    va_list ap;

    if (checker->n_findings == checker->n_room) {
        struct finding *former = checker->findings;

        checker->n_room = checker->n_room ? checker->n_room * 2 : 8;
        checker->findings = arena_alloc(arena, checker->n_room * sizeof(*former));
        if (former)
            memcpy(checker->findings, former, checker->n_findings * sizeof(*former));
    }
    finding = &checker->findings[checker->n_findings];
    *finding = (struct finding){
        .rule = checker->rule, .number = checker->n_findings++, .severity = severity};
    va_start(ap, title);
    finding->title = arena_vprintf(arena, title, ap);
    va_end(ap);
    finding->detail = "";
    finding->remedy = "";
    return finding;
}

void finding_detail(struct checker *checker, struct finding *finding, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    finding->detail = arena_vprintf(checker->arena, fmt, ap);
    va_end(ap);
}

void finding_remedy(struct checker *checker, struct finding *finding, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    finding->remedy = arena_vprintf(checker->arena, fmt, ap);
    va_end(ap);
}

static const char *copy(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

static const struct place *copy_places(struct arena *arena, const struct evidence *evidence)
{
    struct place *places = arena_alloc(arena, evidence->n_places * sizeof(*places));

    for (uint32_t i = 0; i < evidence->n_places; i++) {
        places[i] = evidence->places[i];
        places[i].name = copy(arena, places[i].name);
    }
    return places;
}

struct finding finding_copy(struct arena *arena, const struct finding *finding)
{
    struct finding result = *finding;

    result.title = copy(arena, finding->title);
    result.detail = copy(arena, finding->detail);
    result.remedy = copy(arena, finding->remedy);
    for (unsigned int i = 0; i < result.n_evidence; i++) {
        result.evidence[i].text = copy(arena, finding->evidence[i].text);
        result.evidence[i].places = copy_places(arena, &finding->evidence[i]);
    }
    return result;
}

void finding_cause(struct finding *finding, const struct rule *cause)
{
    for (unsigned int i = 0; i < finding->n_causes; i++)
        if (finding->causes[i] == cause)
            return;
    if (finding->n_causes == MAX_CAUSES)
        __builtin_trap();
    finding->causes[finding->n_causes++] = cause;
}

void finding_twin(struct finding *finding, const struct rule *twin)
{
    finding->twin = twin;
}

/* MAX_EVIDENCE is more than any rule adds; one that adds more is a mistake that tests must see. */
static struct evidence *evidence_add(struct finding *finding, const char *key,
                                     enum evidence_type type)
{
    struct evidence *evidence;

    if (finding->n_evidence == MAX_EVIDENCE)
        __builtin_trap();
    evidence = &finding->evidence[finding->n_evidence++];
    *evidence = (struct evidence){.key = key, .type = type};
    return evidence;
}

void evidence_address(struct finding *finding, const char *key, uint64_t address)
{
    evidence_add(finding, key, EVIDENCE_ADDRESS)->number = address;
}

void evidence_bytes(struct finding *finding, const char *key, uint64_t bytes)
{
    evidence_add(finding, key, EVIDENCE_BYTES)->number = bytes;
}

void evidence_count(struct finding *finding, const char *key, uint64_t count)
{
    evidence_add(finding, key, EVIDENCE_COUNT)->number = count;
}

void evidence_text(struct finding *finding, const char *key, const char *text)
{
    evidence_add(finding, key, EVIDENCE_TEXT)->text = text;
}

void evidence_places(struct finding *finding, const char *key, const struct place *places,
                     uint32_t n_places)
{
    struct evidence *evidence = evidence_add(finding, key, EVIDENCE_PLACES);

    evidence->places = places;
    evidence->n_places = n_places;
}

void rule_not_run(struct checker *checker, const char *reason)
{
    struct not_run *rows = arena_alloc(checker->arena, (checker->n_not_run + 1) * sizeof(*rows));

    if (checker->n_not_run > 0)
        memcpy(rows, checker->not_run, checker->n_not_run * sizeof(*rows));
    rows[checker->n_not_run++] = (struct not_run){checker->rule, reason};
    checker->not_run = rows;
}

void places_add(struct checker *checker, struct places *places, const char *name,
                struct range range, unsigned int perms)
{
    if (places->n == places->room) {
        struct place *former = places->list;

        places->room = places->room ? places->room * 2 : 8;
        places->list = arena_alloc(checker->arena, places->room * sizeof(*former));
        if (former)
            memcpy(places->list, former, places->n * sizeof(*former));
    }
    places->list[places->n++] = (struct place){name, range, perms};
}

static const char *place_name(struct checker *checker, struct str name)
{
    if (name.n == 0)
        return "anonymous memory";
    return arena_strndup(checker->arena, name.p, name.n);
}

void places_add_mapping(struct checker *checker, struct places *places,
                        const struct mapping *mapping)
{
    const struct object *object = mapping_object(checker->image, mapping);
    struct str name = short_name(object ? object->path : mapping_name(checker->image, mapping));

    if (name.n == 0 && mapping->role == ROLE_STACK)
        name = STR("[stack]"); /* a part that lost the label */
    places_add(checker, places, place_name(checker, name), mapping->range, mapping->perms);
}

void places_add_instance(struct checker *checker, struct places *places, uint32_t instance)
{
    const struct image *image = checker->image;
    const struct object *object = &image->objects[image->instances[instance].object];

    places_add(checker, places, place_name(checker, short_name(object->path)),
               image->instances[instance].seen, 0);
}

void places_add_instances(struct checker *checker, struct places *places,
                          bool (*wanted)(const struct checker *checker, uint32_t instance))
{
    const struct image *image = checker->image;

    for (uint32_t i = 0; i < image->n_instances; i++)
        if (range_size(image->instances[i].seen) > 0 && wanted(checker, i))
            places_add_instance(checker, places, i);
}

/* How many names there are, and where the first of them stand; a name counts once. */
static uint32_t count_names(const struct places *places, struct arena *arena, uint32_t *first,
                            uint32_t max_first)
{
    struct intern names;
    uint32_t n = 0;

    intern_init(&names, arena);
    for (uint32_t i = 0; i < places->n; i++) {
        uint32_t n_before = names.n_names;

        intern_add(&names, str_of(places->list[i].name));
        if (names.n_names == n_before)
            continue;
        if (n < max_first)
            first[n] = i;
        n++;
    }
    intern_deinit(&names);
    return n;
}

const char *places_text(struct checker *checker, const struct places *places)
{
    enum { MAX_SHOWN = 4 };
    struct arena *arena = checker->arena;
    uint32_t shown[MAX_SHOWN];
    uint32_t n = count_names(places, arena, shown, MAX_SHOWN);
    uint32_t n_shown = n < MAX_SHOWN ? n : MAX_SHOWN;
    const char *text = "";

    for (uint32_t k = 0; k < n_shown; k++) {
        bool is_last = k + 1 == n_shown && n == n_shown;
        const char *before = k == 0 ? "" : is_last ? " and " : ", ";

        text = arena_printf(arena, "%s%s%s", text, before, places->list[shown[k]].name);
    }
    if (n > n_shown)
        text = arena_printf(arena, "%s and %u more", text, n - n_shown);
    return text;
}
