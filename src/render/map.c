/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every mapping with its role, and the gaps between them, as a table. */
#include "render/map.h"

#include "render/paper.h"
#include "render/safe.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <strings.h>

enum column {
    COLUMN_START,
    COLUMN_END,
    COLUMN_SIZE,
    COLUMN_PERMS,
    COLUMN_ROLE,
    COLUMN_NAME,
    COLUMN_OFFSET,
    COLUMN_DEVICE,
    COLUMN_INODE,
    COLUMN_OBJECT,
    COLUMN_RSS,
    COLUMN_PSS,
    COLUMN_SWAP,
    N_COLUMNS
};

static const struct {
    const char *name;
    double width_hint;
    int flags;
    bool is_default;
    bool reads_smaps;
    const char *meaning;
} columns[N_COLUMNS] = {
    [COLUMN_START] = {"START", 14, SCOLS_FL_RIGHT, true, false, "first address"},
    [COLUMN_END] = {"END", 14, SCOLS_FL_RIGHT, false, false, "first address after it"},
    [COLUMN_SIZE] = {"SIZE", 6, SCOLS_FL_RIGHT, true, false, "size"},
    [COLUMN_PERMS] = {"PERMS", 4, 0, true, false, "read, write, execute, private or shared"},
    [COLUMN_ROLE] = {"ROLE", 12, 0, true, false, "what it is for"},
    [COLUMN_NAME] = {"NAME", 20, SCOLS_FL_TRUNC, true, false,
                     "file or label, as the kernel names it"},
    [COLUMN_OFFSET] = {"OFFSET", 8, SCOLS_FL_RIGHT, false, false, "offset into the file"},
    [COLUMN_DEVICE] = {"DEVICE", 7, SCOLS_FL_RIGHT, false, false,
                       "device of the file, major:minor"},
    [COLUMN_INODE] = {"INODE", 8, SCOLS_FL_RIGHT, false, false, "inode of the file"},
    [COLUMN_OBJECT] = {"OBJECT", 12, 0, false, false, "loaded object that it is a part of"},
    [COLUMN_RSS] = {"RSS", 6, SCOLS_FL_RIGHT, false, true, "resident memory (reads smaps)"},
    [COLUMN_PSS] = {"PSS", 6, SCOLS_FL_RIGHT, false, true,
                    "proportional share of it (reads smaps)"},
    [COLUMN_SWAP] = {"SWAP", 6, SCOLS_FL_RIGHT, false, true, "swapped out (reads smaps)"},
};

struct selection {
    enum column list[N_COLUMNS];
    unsigned int n;
};

void render_map_columns(FILE *out)
{
    for (int i = 0; i < N_COLUMNS; i++)
        fprintf(out, "  %-8s %s\n", columns[i].name, columns[i].meaning);
}

static bool select_column(struct selection *selection, struct str name, struct err *err)
{
    if (name.n == 0)
        return err_set(err, "a name is missing in the list of columns");
    for (int i = 0; i < N_COLUMNS; i++) {
        if (strlen(columns[i].name) != name.n || strncasecmp(columns[i].name, name.p, name.n) != 0)
            continue;
        for (unsigned int k = 0; k < selection->n; k++)
            if (selection->list[k] == (enum column)i)
                return true;
        selection->list[selection->n++] = (enum column)i;
        return true;
    }
    return err_set(err, "there is no column \"%.*s\"; layoutcheck map --help lists them",
                   (int)name.n, name.p);
}

/* "+RSS,SWAP" adds to the default columns, "START,RSS" replaces them. */
static bool select_columns(struct selection *selection, const char *list, struct err *err)
{
    struct str rest = str_of(list), name;

    selection->n = 0;
    if (!list || *list == '+')
        for (int i = 0; i < N_COLUMNS; i++)
            if (columns[i].is_default)
                selection->list[selection->n++] = (enum column)i;
    if (rest.n > 0 && *rest.p == '+') {
        rest.p++;
        rest.n--;
    }
    while (str_next_field(&rest, ',', &name))
        if (!select_column(selection, name, err))
            return false;
    return selection->n > 0 || err_set(err, "the list of columns is empty");
}

bool map_columns_check(const char *list, bool *reads_smaps, struct err *err)
{
    struct selection selection;

    *reads_smaps = false;
    if (!select_columns(&selection, list, err))
        return false;
    for (unsigned int i = 0; i < selection.n; i++)
        *reads_smaps |= columns[selection.list[i]].reads_smaps;
    return true;
}

struct row {
    const struct report *report;
    const struct style *style;
    struct range range;
    uint32_t mapping; /* NONE: a gap */
    char text[64];    /* for numbers */
};

static const char *usage_text(struct row *row, enum column column)
{
    const struct usage *usage = row->report->image->usage;

    if (!usage)
        return "";
    usage += row->mapping;
    return paper_size(row->style,
                      column == COLUMN_RSS   ? usage->rss_bytes
                      : column == COLUMN_PSS ? usage->pss_bytes
                                             : usage->swap_bytes,
                      row->text);
}

static const char *mapping_cell(struct row *row, enum column column)
{
    struct image *image = row->report->image;
    const struct mapping *mapping = &image->mappings[row->mapping];
    const struct object *object = mapping_object(image, mapping);

    switch (column) {
    case COLUMN_PERMS:
        return perms_text(mapping->perms, row->text);
    case COLUMN_ROLE:
        return role_name(mapping->role);
    case COLUMN_NAME:
        return safe_text(&image->arena, mapping_name(image, mapping));
    case COLUMN_OFFSET:
        return mapping->unknown & MAPPING_OFFSET_UNKNOWN ? "?"
                                                         : address_text(mapping->offset, row->text);
    case COLUMN_DEVICE:
        if (mapping->unknown & MAPPING_DEVICE_UNKNOWN)
            return "?";
        snprintf(row->text, sizeof(row->text), "%02x:%02x", mapping->dev_major, mapping->dev_minor);
        return row->text;
    case COLUMN_INODE:
        if (mapping->unknown & MAPPING_INODE_UNKNOWN)
            return "?";
        snprintf(row->text, sizeof(row->text), "%" PRIu64, mapping->inode);
        return row->text;
    case COLUMN_OBJECT:
        return object ? safe_text(&image->arena, short_name(object->path)) : "";
    case COLUMN_RSS:
    case COLUMN_PSS:
    case COLUMN_SWAP:
        return usage_text(row, column);
    default:
        return "";
    }
}

static const char *cell(struct row *row, enum column column)
{
    switch (column) {
    case COLUMN_START:
        return address_text(row->range.start, row->text);
    case COLUMN_END:
        return address_text(row->range.end, row->text);
    case COLUMN_SIZE:
        return paper_size(row->style, range_size(row->range), row->text);
    default:
        break;
    }
    if (row->mapping != NONE)
        return mapping_cell(row, column);
    return column == COLUMN_ROLE ? "gap" : "";
}

static bool add_row(struct libscols_table *table, const struct selection *selection,
                    struct row *row)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);

    if (!line)
        return false;
    for (unsigned int i = 0; i < selection->n; i++)
        if (scols_line_set_data(line, i, cell(row, selection->list[i])) != 0)
            return false;
    return true;
}

static bool fill(struct libscols_table *table, const struct selection *selection,
                 const struct report *report, const struct style *style)
{
    const struct image *image = report->image;
    uint64_t last_end = 0;

    for (uint32_t i = 0; i < image->n_mappings; i++) {
        struct range range = image->mappings[i].range;
        struct row gap = {report, style, {last_end, range.start}, NONE, ""};
        struct row row = {report, style, range, i, ""};

        if (i > 0 && range.start > last_end && image->mappings[i].role != ROLE_VSYSCALL &&
            !add_row(table, selection, &gap))
            return false;
        if (!add_row(table, selection, &row))
            return false;
        last_end = range.end;
    }
    return true;
}

bool render_map(const struct report *report, const struct style *style, FILE *out, struct err *err)
{
    struct selection selection;
    struct libscols_table *table;
    bool ok;

    if (!select_columns(&selection, style->columns, err))
        return false;
    table = scols_new_table();
    if (!table)
        return err_set(err, "cannot make a table");
    scols_table_set_stream(table, out);
    scols_table_enable_noheadings(table, style->no_headings);
    scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    paper_table_as_is(table);
    ok = true;
    for (unsigned int i = 0; ok && i < selection.n; i++)
        ok = scols_table_new_column(table, columns[selection.list[i]].name,
                                    columns[selection.list[i]].width_hint,
                                    columns[selection.list[i]].flags) != NULL;
    ok = ok && fill(table, &selection, report, style) && scols_print_table(table) == 0;
    scols_unref_table(table);
    return ok || err_set(err, "cannot print the table");
}
