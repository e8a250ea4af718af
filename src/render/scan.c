/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scan on paper: a row a process, equal findings of many once, and a line on all of them. */
#include "render/scan.h"

#include "render/paper.h"
#include "render/safe.h"

#include <libsmartcols.h>
#include <stdlib.h>
#include <strings.h>

enum column {
    COLUMN_PID,
    COLUMN_USER,
    COLUMN_COMM,
    COLUMN_UNIT,
    COLUMN_BITS,
    COLUMN_MODE,
    COLUMN_ROOM,
    COLUMN_CALL,
    COLUMN_LIMIT,
    COLUMN_MMAP,
    COLUMN_MAPS,
    COLUMN_SHARE,
    COLUMN_SEVERITY,
    COLUMN_FINDINGS,
    COLUMN_EXE,
    COLUMN_CGROUP,
    N_COLUMNS
};

static const struct {
    const char *name;
    double width_hint;
    int flags;
    bool is_default;
    const char *meaning;
} columns[N_COLUMNS] = {
    [COLUMN_PID] = {"PID", 0, SCOLS_FL_RIGHT, true, "process"},
    [COLUMN_USER] = {"USER", 0, 0, true, "whose it is"},
    [COLUMN_COMM] = {"COMM", 0, SCOLS_FL_TRUNC, true, "its name"},
    [COLUMN_UNIT] = {"UNIT", 12, SCOLS_FL_TRUNC, false, "systemd's unit, or the container's id"},
    [COLUMN_BITS] = {"BITS", 0, SCOLS_FL_RIGHT, false, "word size"},
    [COLUMN_MODE] = {"MODE", 0, 0, false, "where mmap begins: top-down or bottom-up"},
    [COLUMN_ROOM] = {"ROOM", 0, SCOLS_FL_RIGHT, true, "how far the heap can grow"},
    [COLUMN_CALL] = {"CALL", 0, SCOLS_FL_RIGHT, false, "... in one call of brk()"},
    [COLUMN_LIMIT] = {"LIMIT", 0, 0, true, "what stops it in the end"},
    [COLUMN_MMAP] = {"MMAP", 0, SCOLS_FL_RIGHT, false, "the largest mmap that fits"},
    [COLUMN_MAPS] = {"MAPS", 0, SCOLS_FL_RIGHT, true, "mappings"},
    [COLUMN_SHARE] = {"MAPS%", 0, SCOLS_FL_RIGHT, false, "their share of vm.max_map_count"},
    [COLUMN_SEVERITY] = {"SEVERITY", 0, 0, true, "of the worst finding"},
    [COLUMN_FINDINGS] = {"FINDINGS", 20, SCOLS_FL_WRAP, true, "all that is wrong"},
    [COLUMN_EXE] = {"EXE", 20, SCOLS_FL_TRUNC, false, "the executed file"},
    [COLUMN_CGROUP] = {"CGROUP", 20, SCOLS_FL_TRUNC, false, "the cgroup that its memory is in"},
};

struct selection {
    enum column list[N_COLUMNS];
    unsigned int n;
};

void render_scan_columns(FILE *out)
{
    for (int i = 0; i < N_COLUMNS; i++)
        fprintf(out, "  %-8s %s\n", columns[i].name, columns[i].meaning);
}

const char *scan_state_name(enum scan_state state)
{
    static const char *const names[N_SCAN_STATES] = {
        [SCAN_READ] = "read",   [SCAN_KERNEL_THREAD] = "kernel-thread",
        [SCAN_ENDED] = "ended", [SCAN_DENIED] = "denied",
        [SCAN_STUCK] = "stuck", [SCAN_FAILED] = "failed",
    };

    return names[state];
}

static void add_column(struct selection *selection, enum column column)
{
    for (unsigned int i = 0; i < selection->n; i++)
        if (selection->list[i] == column)
            return;
    selection->list[selection->n++] = column;
}

static bool select_column(struct selection *selection, struct str name, struct err *err)
{
    if (name.n == 0)
        return err_set(err, "a name is missing in the list of columns");
    for (int i = 0; i < N_COLUMNS; i++)
        if (strlen(columns[i].name) == name.n &&
            strncasecmp(columns[i].name, name.p, name.n) == 0) {
            add_column(selection, (enum column)i);
            return true;
        }
    return err_set(err, "there is no column \"%.*s\"; layoutcheck scan --help lists them",
                   (int)name.n, name.p);
}

static bool select_columns(struct selection *selection, const char *list, struct err *err)
{
    struct str rest = str_of(list), name;

    selection->n = 0;
    if (!list || *list == '+')
        for (int i = 0; i < N_COLUMNS; i++)
            if (columns[i].is_default)
                add_column(selection, (enum column)i);
    if (rest.n > 0 && *rest.p == '+') {
        rest.p++;
        rest.n--;
    }
    while (str_next_field(&rest, ',', &name))
        if (!select_column(selection, name, err))
            return false;
    return selection->n > 0 || err_set(err, "the list of columns is empty");
}

bool scan_columns_check(const char *list, struct err *err)
{
    struct selection selection;

    return select_columns(&selection, list, err);
}

bool scan_columns_tell_cgroup(const char *list)
{
    struct selection selection;
    struct err err;

    if (!select_columns(&selection, list, &err))
        return false;
    for (unsigned int i = 0; i < selection.n; i++)
        if (selection.list[i] == COLUMN_UNIT || selection.list[i] == COLUMN_CGROUP)
            return true;
    return false;
}

/* Ids, the worst first, each once, "brk-room-low lib-in-brk-gap"; notes only where asked for. */
static const char *findings_text(const struct scan *scan, const struct scan_row *row,
                                 struct arena *arena)
{
    const char *text = "";

    for (uint32_t i = 0; i < row->n_findings; i++) {
        const char *id = row->findings[i].rule->id;

        if ((row->findings[i].severity > SEVERITY_INFO || scan->has_notes) && !strstr(text, id))
            text = arena_printf(arena, "%s%s%s", text, *text ? " " : "", id);
    }
    for (uint32_t i = 0; i < row->n_unmet; i++)
        text = arena_printf(arena, "%s%s%s", text, *text ? " " : "", "policy");
    return text;
}

static const char *share_text(const struct scan *scan, const struct scan_row *row,
                              struct arena *arena)
{
    uint64_t max = scan->host->host.max_map_count;

    if (!scan->host->host.has_max_map_count || max == 0)
        return "?";
    return arena_printf(arena, "%s%.1f", row->is_bound ? "<=" : "",
                        100.0 * row->n_mappings / (double)max);
}

static const char *size_of(bool known, uint64_t bytes, const struct style *style,
                           struct arena *arena)
{
    char text[UNITS_TEXT];

    return known ? arena_printf(arena, "%s", paper_size(style, bytes, text)) : "?";
}

static const char *safe(struct arena *arena, const char *text)
{
    return text ? safe_text(arena, str_of(text)) : "?";
}

static const char *cell_of_read(const struct scan *scan, const struct scan_row *row,
                                const struct style *style, enum column column, struct arena *arena)
{
    static const char *const modes[] = {"?", "top-down", "bottom-up"};

    switch (column) {
    case COLUMN_BITS:
        return row->elf_class ? arena_printf(arena, "%u", row->elf_class) : "?";
    case COLUMN_MODE:
        return modes[row->mode];
    case COLUMN_ROOM:
        return size_of(row->has_room, row->room_in_steps, style, arena);
    case COLUMN_CALL:
        return size_of(row->has_room, row->room, style, arena);
    case COLUMN_LIMIT:
        return row->limit ? row->limit : "";
    case COLUMN_MMAP:
        return size_of(row->has_mmap_room, row->mmap_room, style, arena);
    case COLUMN_MAPS:
        return arena_printf(arena, "%s%u", row->is_bound ? "<=" : "", row->n_mappings);
    case COLUMN_SHARE:
        return share_text(scan, row, arena);
    case COLUMN_SEVERITY:
        return row->severity < 0 ? "" : severity_name((enum severity)row->severity);
    default:
        return findings_text(scan, row, arena);
    }
}

static const char *cell(const struct scan *scan, const struct scan_row *row,
                        const struct style *style, enum column column, struct arena *arena)
{
    switch (column) {
    case COLUMN_PID:
        return arena_printf(arena, "%d", (int)row->pid);
    case COLUMN_USER:
        return safe(arena, row->user);
    case COLUMN_COMM:
        return safe(arena, row->comm);
    case COLUMN_UNIT:
        return safe(arena, row->unit ? row->unit : "");
    case COLUMN_EXE:
        return safe(arena, row->exe);
    case COLUMN_CGROUP:
        return safe(arena, row->cgroup);
    default:
        break;
    }
    if (row->state == SCAN_READ)
        return cell_of_read(scan, row, style, column, arena);
    return column == COLUMN_FINDINGS ? scan_state_name(row->state) : "";
}

static size_t widest_cell(const struct scan *scan, enum column column, const struct style *style,
                          size_t width, struct arena *arena)
{
    for (uint32_t i = 0; i < scan->n_rows; i++) {
        size_t n = safe_width(str_of(cell(scan, &scan->rows[i], style, column, arena)));

        width = n > width ? n : width;
    }
    return width;
}

/* What the other columns leave of a line for the findings; the longest of their ids at least. */
static size_t findings_width(const struct scan *scan, const struct selection *selection,
                             const struct style *style, struct arena *arena)
{
    enum { LEAST_WIDTH = 25 };
    size_t used = 0;

    for (unsigned int i = 0; i < selection->n; i++) {
        enum column column = selection->list[i];
        size_t width = strlen(columns[column].name);

        if (column == COLUMN_FINDINGS)
            continue;
        if (columns[column].width_hint > 0)
            width = (size_t)columns[column].width_hint;
        else
            width = widest_cell(scan, column, style, width, arena);
        used += width + 1;
    }
    return used + LEAST_WIDTH < style->width ? style->width - used : LEAST_WIDTH;
}

static bool add_row(struct libscols_table *table, const struct selection *selection,
                    const struct scan *scan, const struct scan_row *row, const struct style *style,
                    size_t width, struct arena *arena)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);

    for (unsigned int i = 0; line && i < selection->n; i++) {
        const char *text = cell(scan, row, style, selection->list[i], arena);

        if (selection->list[i] == COLUMN_FINDINGS)
            text = paper_break(arena, text, width);
        if (scols_line_set_data(line, i, text) != 0)
            return false;
    }
    return line != NULL;
}

static bool put_column(struct libscols_table *table, enum column column)
{
    struct libscols_column *added = scols_table_new_column(
        table, columns[column].name, columns[column].width_hint, columns[column].flags);

    return added && (column != COLUMN_FINDINGS ||
                     scols_column_set_wrapfunc(added, scols_wrapnl_chunksize,
                                               scols_wrapnl_nextchunk, NULL) == 0);
}

static bool print_table(const struct scan *scan, const struct selection *selection,
                        const struct style *style, FILE *out, struct arena *arena)
{
    struct libscols_table *table = scols_new_table();
    bool ok = table != NULL;
    size_t width;

    if (!ok)
        return false;
    scols_table_set_stream(table, out);
    scols_table_enable_noheadings(table, style->no_headings);
    scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
    scols_table_set_termwidth(table, style->width);
    paper_table_as_is(table);
    for (unsigned int i = 0; ok && i < selection->n; i++)
        ok = put_column(table, selection->list[i]);
    width = findings_width(scan, selection, style, arena);
    for (uint32_t i = 0; ok && i < scan->n_rows; i++)
        ok = add_row(table, selection, scan, &scan->rows[i], style, width, arena);
    ok = ok && scols_print_table(table) == 0;
    scols_unref_table(table);
    return ok;
}

enum { NAMED = 4 };

/* What one rule finds: in how many processes, and the names of these. */
struct group {
    const struct rule *rule;
    enum severity severity;
    uint32_t n;
    const char *title; /* of the last one */
    struct {
        const char *comm;
        uint32_t n;
    } names[NAMED]; /* the first ones */
    unsigned int n_names;
    bool has_more;
};

static const char *comm_of(const struct scan_row *row)
{
    return row->comm ? row->comm : "?";
}

static const struct scan_finding *find_rule(const struct scan_row *row, const struct rule *rule)
{
    for (uint32_t i = 0; i < row->n_findings; i++)
        if (row->findings[i].rule == rule)
            return &row->findings[i];
    return NULL;
}

static void add_name(struct group *group, const char *comm)
{
    for (unsigned int i = 0; i < group->n_names; i++)
        if (strcmp(group->names[i].comm, comm) == 0) {
            group->names[i].n++;
            return;
        }
    if (group->n_names == NAMED) {
        group->has_more = true;
        return;
    }
    group->names[group->n_names].comm = comm;
    group->names[group->n_names++].n = 1;
}

static struct group group_of(const struct scan *scan, const struct rule *rule)
{
    struct group group = {.rule = rule};

    for (uint32_t i = 0; i < scan->n_rows; i++) {
        const struct scan_finding *finding = find_rule(&scan->rows[i], rule);

        if (!finding)
            continue;
        group.n++;
        group.title = finding->title;
        if (finding->severity > group.severity)
            group.severity = finding->severity;
        add_name(&group, comm_of(&scan->rows[i]));
    }
    return group;
}

/* "nginx (12), java, ..." */
static const char *names_text(const struct group *group, struct arena *arena)
{
    const char *text = "";

    for (unsigned int i = 0; i < group->n_names; i++) {
        text = arena_printf(arena, "%s%s%s", text, i > 0 ? ", " : "",
                            safe(arena, group->names[i].comm));
        if (group->names[i].n > 1)
            text = arena_printf(arena, "%s (%u)", text, group->names[i].n);
    }
    return group->has_more ? arena_printf(arena, "%s, ...", text) : text;
}

static void print_group(const struct group *group, const struct style *style, FILE *out,
                        struct arena *arena)
{
    const char *severity = severity_name(group->severity), *names = names_text(group, arena);

    fprintf(out, "%s%s%s %s ", paper_severity_on(style, group->severity), severity,
            paper_off(style), group->rule->id);
    paper_wrap_from(out, style, strlen(severity) + strlen(group->rule->id) + 2, 6,
                    group->n == 1 ? arena_printf(arena, "%s: %s", names, safe(arena, group->title))
                                  : arena_printf(arena, "in %u processes: %s", group->n, names));
}

static void print_groups(const struct scan *scan, const struct style *style, FILE *out,
                         struct arena *arena)
{
    int least = scan->has_notes ? SEVERITY_INFO : SEVERITY_WARNING;

    for (int severity = SEVERITY_ERROR; severity >= least; severity--)
        for (uint32_t i = 0; rules[i]; i++) {
            struct group group = group_of(scan, rules[i]);

            if (group.n > 0 && (int)group.severity == severity)
                print_group(&group, style, out, arena);
        }
}

/* "312 processes: 280 read, 30 kernel threads, 2 denied" */
static const char *summary_text(const struct scan *scan, struct arena *arena)
{
    static const char *const what[N_SCAN_STATES] = {
        [SCAN_READ] = "read",
        [SCAN_KERNEL_THREAD] = "kernel threads",
        [SCAN_ENDED] = "ended meanwhile",
        [SCAN_DENIED] = "not readable for lack of rights",
        [SCAN_STUCK] = "stuck",
        [SCAN_FAILED] = "not readable",
    };
    const char *text, *separator = ": ";
    uint32_t n = 0;

    for (int i = 0; i < N_SCAN_STATES; i++)
        n += scan->n_by_state[i];
    text = arena_printf(arena, "%u processes", n);
    for (int i = 0; i < N_SCAN_STATES; i++) {
        if (scan->n_by_state[i] == 0)
            continue;
        text = arena_printf(arena, "%s%s%u %s", text, separator, scan->n_by_state[i], what[i]);
        separator = ", ";
    }
    return text;
}

/* What --quick leaves out is not told as if it were fine. */
static void print_looked_for(const struct scan *scan, const struct style *style, FILE *out,
                             struct arena *arena)
{
    const char *text = "", *separator = "looked for: ";

    if (!scan->is_quick)
        return;
    for (uint32_t i = 0; rules[i]; i++) {
        if (!rules[i]->is_quick)
            continue;
        text = arena_printf(arena, "%s%s%s", text, separator, rules[i]->id);
        separator = ", ";
    }
    paper_wrap(out, style, 0, "", text);
}

/* One cause can keep hundreds from being read: a few say it, unless all are asked for. */
static void print_reasons(const struct scan *scan, const struct style *style, FILE *out,
                          struct arena *arena)
{
    enum { ENOUGH = 10 };
    uint32_t n = 0;

    for (uint32_t i = 0; i < scan->n_rows; i++)
        if (scan->rows[i].reason && (n++ < ENOUGH || scan->has_all))
            paper_wrap(out, style, 2, "", safe(arena, scan->rows[i].reason));
    if (n > ENOUGH && !scan->has_all)
        fprintf(out, "%u more reasons: with --all\n", n - ENOUGH);
}

static void print_unmet(const struct scan *scan, const struct style *style, FILE *out,
                        struct arena *arena)
{
    for (uint32_t i = 0; i < scan->n_rows; i++)
        for (uint32_t k = 0; k < scan->rows[i].n_unmet; k++)
            paper_wrap(out, style, 6, "",
                       arena_printf(arena, "policy %d %s: %s", (int)scan->rows[i].pid,
                                    safe(arena, comm_of(&scan->rows[i])),
                                    safe(arena, scan->rows[i].unmet[k])));
}

/* What it means that the table is empty, or has nothing but reasons. */
static const char *nothing_text(const struct scan *scan)
{
    if (scan->n_by_state[SCAN_READ] == 0)
        return "no process could be read";
    if (scan->n_matching > 0)
        return "nothing wrong found";
    return scan->n_missed > 0 ? "no process that matches could be read" : "no process matches";
}

bool render_scan(const struct scan *scan, const struct style *style, FILE *out, struct err *err)
{
    struct selection selection;
    struct arena arena;
    bool ok;

    if (!select_columns(&selection, style->columns, err))
        return false;
    arena_init(&arena);
    ok = scan->n_rows == 0 || print_table(scan, &selection, style, out, &arena);
    if (ok && !style->quiet) {
        if (scan->n_rows > 0)
            putc('\n', out);
        print_groups(scan, style, out, &arena);
        print_reasons(scan, style, out, &arena);
        print_unmet(scan, style, out, &arena);
        paper_wrap(out, style, 0, "", summary_text(scan, &arena));
        print_looked_for(scan, style, out, &arena);
        if (scan->n_rows == 0 || scan->n_by_state[SCAN_READ] == 0)
            fprintf(out, "%s\n", nothing_text(scan));
    }
    arena_deinit(&arena);
    return ok || err_set(err, "cannot print the table");
}
