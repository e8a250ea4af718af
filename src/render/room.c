/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far brk, mmap and the stack can grow: a table of limits for each, the binding one marked. */
#include "render/room.h"

#include "render/paper.h"
#include "render/safe.h"

#include <libsmartcols.h>

/* What a limit's details have at least, however wide the rest is. */
enum { LEAST_WIDTH = 20 };

enum { COLUMN_MARK, COLUMN_LIMIT, COLUMN_VALUE, COLUMN_ROOM, COLUMN_DETAIL, N_COLUMNS };

static struct libscols_table *new_table(const struct style *style, FILE *out)
{
    static const struct {
        const char *name;
        int flags;
    } columns[N_COLUMNS] = {
        [COLUMN_MARK] = {"", 0},
        [COLUMN_LIMIT] = {"LIMIT", 0},
        [COLUMN_VALUE] = {"VALUE", SCOLS_FL_RIGHT},
        [COLUMN_ROOM] = {"ROOM", SCOLS_FL_RIGHT},
        [COLUMN_DETAIL] = {"WHY", SCOLS_FL_WRAP},
    };
    struct libscols_table *table = scols_new_table();

    if (!table)
        return NULL;
    scols_table_set_stream(table, out);
    scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
    scols_table_set_termwidth(table, style->width);
    paper_table_as_is(table);
    for (int i = 0; i < N_COLUMNS; i++) {
        struct libscols_column *column =
            scols_table_new_column(table, columns[i].name, 0, columns[i].flags);

        if (!column) {
            scols_unref_table(table);
            return NULL;
        }
        if (columns[i].flags & SCOLS_FL_WRAP)
            scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
    }
    return table;
}

static const char *limit_room_text(struct image *image, const struct style *style,
                                   const struct limit_fact *limit)
{
    char room[UNITS_TEXT], tolerance[UNITS_TEXT];

    paper_size(style, limit->room, room);
    return arena_printf(&image->arena, "%s%s%s", room, limit->tolerance > 0 ? " +-" : "",
                        limit->tolerance > 0 ? paper_size(style, limit->tolerance, tolerance) : "");
}

static void widen(size_t *width, const char *text)
{
    size_t n = safe_width(str_of(text));

    *width = n > *width ? n : *width;
}

/* What the other columns leave, with a blank between two. */
static size_t detail_width(struct image *image, const struct growth *growth,
                           const struct style *style)
{
    size_t limit = strlen("LIMIT"), value = strlen("VALUE"), room = strlen("ROOM"), used;

    for (unsigned int i = 0; i < growth->n_limits; i++) {
        widen(&limit, limit_name(growth->limits[i].kind));
        widen(&value, growth->limits[i].value);
        widen(&room, limit_room_text(image, style, &growth->limits[i]));
    }
    used = strlen(">") + limit + value + room + N_COLUMNS - 1;
    return used + LEAST_WIDTH < style->width ? style->width - used : LEAST_WIDTH;
}

static bool add_limit(struct libscols_table *table, struct image *image, const struct style *style,
                      const struct limit_fact *limit, bool binds, size_t width)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);

    return line && scols_line_set_data(line, COLUMN_MARK, binds ? ">" : "") == 0 &&
           scols_line_set_data(line, COLUMN_LIMIT, limit_name(limit->kind)) == 0 &&
           scols_line_set_data(line, COLUMN_VALUE, limit->value) == 0 &&
           scols_line_set_data(line, COLUMN_ROOM, limit_room_text(image, style, limit)) == 0 &&
           scols_line_set_data(line, COLUMN_DETAIL,
                               paper_break(&image->arena,
                                           safe_text(&image->arena, str_of(limit->detail)),
                                           width)) == 0;
}

static void print_limits(struct image *image, const struct growth *growth,
                         const struct style *style, FILE *out)
{
    struct libscols_table *table = new_table(style, out);
    const struct limit_fact *binding = growth->known ? growth_binding(growth) : NULL;
    size_t width = detail_width(image, growth, style);

    for (unsigned int i = 0; table && i < growth->n_limits; i++)
        if (!add_limit(table, image, style, &growth->limits[i], &growth->limits[i] == binding,
                       width))
            break;
    if (table)
        scols_print_table(table);
    scols_unref_table(table);
}

/* The limits that somebody has set, and the one that binds in any case. */
static bool is_worth_raising(const struct limit_fact *limit, const struct limit_fact *binding)
{
    return limit == binding || limit->kind == LIMIT_RLIMIT_STACK ||
           limit->kind == LIMIT_RLIMIT_DATA || limit->kind == LIMIT_RLIMIT_AS ||
           limit->kind == LIMIT_RLIMIT_MEMLOCK || limit->kind == LIMIT_MAX_MAP_COUNT ||
           limit->kind == LIMIT_OVERCOMMIT;
}

static void print_remedies(struct image *image, const struct growth *growth,
                           const struct style *style, FILE *out)
{
    const struct limit_fact *binding = growth_binding(growth);

    for (unsigned int i = 0; i < growth->n_limits; i++)
        if (is_worth_raising(&growth->limits[i], binding))
            paper_wrap(out, style, 4, "",
                       arena_printf(&image->arena, "%s is set by: %s",
                                    limit_name(growth->limits[i].kind),
                                    limit_remedy(growth->limits[i].kind)));
}

static void print_growth(struct image *image, const char *head, const char *summary,
                         const struct growth *growth, const struct style *style, FILE *out)
{
    fprintf(out, "%s%s%s  ", paper_bold_on(style), head, paper_off(style));
    paper_wrap_from(out, style, safe_width(str_of(head)) + 2, 2, summary);
    if (growth->n_limits > 0)
        print_limits(image, growth, style, out);
    if (growth->n_limits > 0)
        print_remedies(image, growth, style, out);
    if (growth->uncertain)
        paper_wrap(out, style, 2, "",
                   arena_printf(&image->arena, "uncertain: %s",
                                safe_text(&image->arena, str_of(growth->uncertain))));
    putc('\n', out);
}

static const char *room_text(struct image *image, const struct growth *growth,
                             const struct style *style)
{
    char room[UNITS_TEXT], steps[UNITS_TEXT];

    if (growth->room_in_steps == growth->room)
        return arena_printf(&image->arena, "%s%s", growth->unknown ? "at most " : "",
                            paper_size(style, growth->room, room));
    return arena_printf(&image->arena, "%s in one call, %s in many",
                        paper_size(style, growth->room, room),
                        paper_size(style, growth->room_in_steps, steps));
}

static void print_brk(const struct report *report, const struct style *style, FILE *out)
{
    const struct brk_facts *brk = &report->facts->brk;
    struct image *image = report->image;
    char end[UNITS_TEXT], max[UNITS_TEXT];
    const char *summary = NULL;

    if (brk->known)
        summary =
            arena_printf(&image->arena, "%s, from %s to %s%s",
                         room_text(image, &brk->growth, style), address_text(image->brk.value, end),
                         address_text(brk->max, max), brk->exact ? "" : " (inferred)");
    else
        summary = safe_text(&image->arena, str_of(image->brk.missing));
    print_growth(image, "brk", summary, &brk->growth, style, out);
}

static void print_mmap(const struct report *report, const struct style *style, FILE *out)
{
    const struct facts *facts = report->facts;
    struct image *image = report->image;
    char address[UNITS_TEXT], gap[UNITS_TEXT];
    const char *summary = "not known";

    if (facts->mmap.growth.known)
        summary = arena_printf(
            &image->arena, "%s%s%s%s", room_text(image, &facts->mmap.growth, style),
            facts->mmap.has_address ? arena_printf(&image->arena, ", would be put at %s",
                                                   address_text(facts->mmap.address, address))
                                    : "",
            facts->has_low_2g ? "; under 2G: " : "",
            facts->has_low_2g ? paper_size(style, range_size(facts->low_2g_gap), gap) : "");
    print_growth(image, "mmap", summary, &facts->mmap.growth, style, out);
}

static void print_stack(const struct report *report, const struct style *style, FILE *out)
{
    const struct stack_facts *stack = &report->facts->stack_growth;
    struct image *image = report->image;
    char from[UNITS_TEXT], to[UNITS_TEXT];
    const char *summary = report->facts->has_stack ? "not known" : "the stack was not found";

    if (stack->known)
        summary = arena_printf(
            &image->arena, "%s, from %s %s to %s", room_text(image, &stack->growth, style),
            address_text(stack->grows_up ? stack->range.end : stack->range.start, from),
            stack->grows_up ? "up" : "down",
            address_text(stack->grows_up ? stack->reach.end : stack->reach.start, to));
    print_growth(image, "stack", summary, &stack->growth, style, out);
}

/* A cgroup refuses no call, so it is no row of the tables: it counts when the memory is touched. */
static void print_cgroup(const struct report *report, const struct style *style, FILE *out)
{
    struct image *image = report->image;
    const struct cgroup_level *level = image->cgroup_limit;
    char room[UNITS_TEXT], limit[UNITS_TEXT];

    if (!level)
        return;
    paper_wrap(
        out, style, 8, "cgroup",
        arena_printf(&image->arena,
                     "refuses nothing, but only %s of %s can still be touched in %s before the "
                     "OOM killer comes",
                     paper_size(style, cgroup_room(level), room),
                     paper_size(style, level->limit_bytes, limit),
                     safe_text(&image->arena, str_of(level->path))));
    putc('\n', out);
}

static void print_fit(const struct report *report, const struct fit *fit, const char *call,
                      const struct style *style, FILE *out)
{
    struct arena *arena = &report->image->arena;
    char size[UNITS_TEXT], address[UNITS_TEXT], room[UNITS_TEXT];
    const char *text;

    if (!fit->asked)
        return;
    paper_size(style, fit->size, size);
    if (!fit->known && fit->unknown)
        text = arena_printf(arena, "%s of %s: nothing that is known stops it, but %s may", call,
                            size, fit->unknown);
    else if (!fit->known)
        text = arena_printf(arena, "%s of %s: not known", call, size);
    else if (fit->fits)
        text = arena_printf(arena, "%s of %s would succeed%s%s", call, size,
                            fit->has_address ? " at " : "",
                            fit->has_address ? address_text(fit->address, address) : "");
    else
        text =
            arena_printf(arena, "%s of %s would fail: %s leaves %s; to raise it: %s", call, size,
                         fit->limit ? limit_name(fit->limit->kind) : "the kernel",
                         fit->limit ? paper_size(style, fit->limit->room, room) : "nothing",
                         fit->limit ? limit_remedy(fit->limit->kind) : "ask for more than 0 bytes");
    paper_wrap(out, style, 2, "", text);
}

/* A name is not broken, but goes to a line of its own. */
static void print_mapping(struct image *image, const struct mapping *mapping,
                          const struct style *style, FILE *out)
{
    char start[UNITS_TEXT], end[UNITS_TEXT];
    const char *name = safe_text(&image->arena, mapping_name(image, mapping));
    const char *head =
        arena_printf(&image->arena, "    %s-%s %s", address_text(mapping->range.start, start),
                     address_text(mapping->range.end, end), role_name(mapping->role));
    size_t width = safe_width(str_of(head)) + 1 + safe_width(str_of(name));

    fprintf(out, "%s%s%s\n", head, !*name ? "" : width > style->width ? "\n      " : " ", name);
}

static void print_occupancy(const struct report *report, const struct occupancy *occupancy,
                            const struct style *style, FILE *out)
{
    enum { SHOWN = 20 };
    struct image *image = report->image;
    char start[UNITS_TEXT], end[UNITS_TEXT];

    paper_wrap(out, style, 2, "",
               arena_printf(&image->arena, "%s%s%s-%s: %s", occupancy->name,
                            *occupancy->name ? " " : "",
                            address_text(occupancy->range.start, start),
                            address_text(occupancy->range.end, end),
                            !occupancy->usable    ? "outside what the process can map"
                            : !occupancy->is_free ? "not free"
                            : occupancy->known    ? "free"
                                                  : "nothing is known to lie there"));
    for (uint32_t i = 0; i < occupancy->n_mappings && i < SHOWN; i++)
        print_mapping(image, &image->mappings[occupancy->first_mapping + i], style, out);
    if (occupancy->n_mappings > SHOWN)
        fprintf(out, "    and %u more\n", occupancy->n_mappings - SHOWN);
}

void render_room(const struct report *report, const struct answers *answers,
                 const struct style *style, FILE *out)
{
    print_brk(report, style, out);
    print_mmap(report, style, out);
    print_stack(report, style, out);
    print_cgroup(report, style, out);
    print_fit(report, &answers->brk, "brk", style, out);
    print_fit(report, &answers->mmap, "mmap", style, out);
    for (unsigned int i = 0; i < answers->n_ranges; i++)
        print_occupancy(report, &answers->ranges[i], style, out);
    render_verdict(report, style, out);
}
