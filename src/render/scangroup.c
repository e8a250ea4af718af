/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/scangroup.h"

#include "base/intern.h"
#include "render/safe.h"

#include <stdlib.h>

static const char *const names[N_SCAN_BY] = {
    [SCAN_BY_COMM] = "comm",
    [SCAN_BY_UNIT] = "unit",
    [SCAN_BY_CGROUP] = "cgroup",
    [SCAN_BY_USER] = "user",
};

const char *scan_by_name(enum scan_by by)
{
    return names[by];
}

bool scan_by_parse(struct str name, enum scan_by *by)
{
    for (int i = 0; i < N_SCAN_BY; i++)
        if (str_eq(name, str_of(names[i]))) {
            *by = (enum scan_by)i;
            return true;
        }
    return false;
}

static const char *name_of(const struct scan_row *row, enum scan_by by)
{
    const char *const all[N_SCAN_BY] = {
        [SCAN_BY_COMM] = row->comm,
        [SCAN_BY_UNIT] = row->unit,
        [SCAN_BY_CGROUP] = row->cgroup,
        [SCAN_BY_USER] = row->user,
    };

    return all[by] && *all[by] ? all[by] : "none";
}

static bool is_inside_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* What tells long names apart is at their end, what they are at their beginning. */
static const char *shorten(struct arena *arena, const char *text)
{
    enum { PART = (MAX_SCAN_GROUP_NAME - 3) / 2 };
    size_t n = strlen(text), head = PART, tail = n - PART;

    if (n <= MAX_SCAN_GROUP_NAME)
        return text;
    while (is_inside_character(text[head]))
        head--;
    while (is_inside_character(text[tail]))
        tail++;
    return arena_printf(arena, "%.*s...%s", (int)head, text, text + tail);
}

/* The group's number in the table, each name once. */
static uint32_t number_of(struct intern *table, const struct scan_row *row, enum scan_by by)
{
    struct arena arena;
    uint32_t number;

    arena_init(&arena);
    number =
        intern_add(table, str_of(shorten(&arena, safe_text(&arena, str_of(name_of(row, by))))));
    arena_deinit(&arena);
    return number;
}

static void lower(bool *has, uint64_t *least, bool has_value, uint64_t value)
{
    if (has_value && (!*has || value < *least))
        *least = value;
    *has |= has_value;
}

static void add_figures(struct scan_group *group, const struct scan_group *more)
{
    group->n_processes += more->n_processes;
    group->n_failing += more->n_failing;
    lower(&group->has_room, &group->room, more->has_room, more->room);
    lower(&group->has_mmap_room, &group->mmap_room, more->has_mmap_room, more->mmap_room);
    if (more->n_mappings > group->n_mappings)
        group->n_mappings = more->n_mappings;
    if (more->severity > group->severity)
        group->severity = more->severity;
}

static struct scan_group group_of_row(const struct scan_row *row)
{
    return (struct scan_group){
        .n_processes = 1,
        .n_failing = row->fails,
        .has_room = row->has_room,
        .room = row->room,
        .has_mmap_room = row->has_mmap_room,
        .mmap_room = row->mmap_room,
        .n_mappings = row->n_mappings,
        .severity = row->severity,
    };
}

static uint32_t rule_place(const struct rule *rule)
{
    uint32_t place = 0;

    while (rules[place] && rules[place] != rule)
        place++;
    return place;
}

/* A process counts once, however often it has the same. */
static void add_findings(struct scan_group *group, const struct scan_row *row)
{
    for (uint32_t i = 0; i < row->n_findings; i++) {
        const struct scan_finding *finding = &row->findings[i];
        uint32_t k = 0;

        while (row->findings[k].rule != finding->rule ||
               row->findings[k].severity != finding->severity)
            k++;
        if (k == i)
            group->n_with[rule_place(finding->rule)][finding->severity]++;
    }
}

static int order(uint64_t x, uint64_t y)
{
    return (x > y) - (x < y);
}

/* One of all groups that there are, before the few are chosen that are told. */
struct candidate {
    struct scan_group group;
    uint32_t number;
};

/* The worst first; what is the same in both decides nothing, but names differ. */
static int by_weight(const void *a, const void *b)
{
    const struct scan_group *x = &((const struct candidate *)a)->group;
    const struct scan_group *y = &((const struct candidate *)b)->group;
    int result = y->severity - x->severity;

    if (result == 0)
        result = order(y->n_failing > 0, x->n_failing > 0);
    if (result == 0)
        result = order(x->has_room ? x->room : UINT64_MAX, y->has_room ? y->room : UINT64_MAX);
    if (result == 0)
        result = order(y->n_mappings, x->n_mappings);
    return result ? result : strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
    const struct scan_group *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* From rows to candidates, and on to groups. */
struct grouping {
    const struct scan *scan;
    struct intern table;
    uint32_t *number;             /* of each row's candidate; 0: the row was not read */
    struct candidate *candidates; /* by number, which begins at 1, and then by weight */
    uint32_t *place;              /* in the list, of each number */
};

static void number_rows(struct grouping *grouping, struct arena *arena)
{
    const struct scan *scan = grouping->scan;

    grouping->number = arena_alloc(arena, (scan->n_rows + 1) * sizeof(*grouping->number));
    for (uint32_t i = 0; i < scan->n_rows; i++)
        if (scan->rows[i].state == SCAN_READ)
            grouping->number[i] = number_of(&grouping->table, &scan->rows[i], scan->by);
}

static void fold_rows(struct grouping *grouping, struct arena *arena)
{
    const struct scan *scan = grouping->scan;
    uint32_t n = grouping->table.n_names;

    grouping->candidates = arena_alloc(arena, n * sizeof(*grouping->candidates));
    for (uint32_t i = 1; i < n; i++)
        grouping->candidates[i] = (struct candidate){
            .group = {.name = intern_get(&grouping->table, i).p, .severity = -1}, .number = i};
    for (uint32_t i = 0; i < scan->n_rows; i++) {
        const struct scan_group row = group_of_row(&scan->rows[i]);

        if (grouping->number[i])
            add_figures(&grouping->candidates[grouping->number[i]].group, &row);
    }
}

static struct scan_group *group_add(struct scan_groups *groups, const char *name,
                                    struct arena *arena)
{
    struct scan_group *group = &groups->list[groups->n++];
    uint32_t n_rules = rule_place(NULL);

    *group = (struct scan_group){.name = name, .severity = -1};
    group->n_with = arena_alloc(arena, n_rules * sizeof(*group->n_with));
    return group;
}

/* The group called so among those that were chosen, or a new one: no name is told twice. */
static struct scan_group *group_for_others(struct scan_groups *groups, struct arena *arena)
{
    for (uint32_t i = 0; i < groups->n; i++)
        if (strcmp(groups->list[i].name, "other") == 0)
            return &groups->list[i];
    return group_add(groups, "other", arena);
}

static void choose(struct scan_groups *groups, struct grouping *grouping, struct arena *arena)
{
    uint32_t n = groups->n_names;
    struct scan_group *others = NULL;

    qsort(grouping->candidates + 1, n, sizeof(*grouping->candidates), by_weight);
    groups->list = arena_alloc(arena, (MAX_SCAN_GROUPS + 1) * sizeof(*groups->list));
    grouping->place = arena_alloc(arena, (n + 1) * sizeof(*grouping->place));
    for (uint32_t i = 1; i <= n; i++) {
        const struct candidate *candidate = &grouping->candidates[i];
        struct scan_group *group;

        if (i == MAX_SCAN_GROUPS + 1)
            others = group_for_others(groups, arena);
        group = others ? others : group_add(groups, candidate->group.name, arena);
        add_figures(group, &candidate->group);
        grouping->place[candidate->number] = (uint32_t)(group - groups->list);
    }
}

static void count_findings(struct scan_groups *groups, const struct grouping *grouping)
{
    const struct scan *scan = grouping->scan;

    for (uint32_t i = 0; i < scan->n_rows; i++)
        if (grouping->number[i])
            add_findings(&groups->list[grouping->place[grouping->number[i]]], &scan->rows[i]);
}

void scan_groups_init(struct scan_groups *groups, const struct scan *scan, struct arena *arena)
{
    struct grouping grouping = {.scan = scan};

    intern_init(&grouping.table, arena);
    number_rows(&grouping, arena);
    fold_rows(&grouping, arena);
    *groups = (struct scan_groups){.n_names = grouping.table.n_names - 1};
    choose(groups, &grouping, arena);
    count_findings(groups, &grouping);
    qsort(groups->list, groups->n, sizeof(*groups->list), by_name);
    intern_deinit(&grouping.table);
}
