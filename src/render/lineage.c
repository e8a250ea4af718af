/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ancestors as a tree down to the process, with what goes from one to the next. */
#include "render/paper.h"
#include "render/safe.h"

#include <libsmartcols.h>

enum column { COLUMN_PROCESS, COLUMN_PID, COLUMN_BITS, COLUMN_STACK, COLUMN_LAYOUT, COLUMN_FLAGS };

static const struct {
    const char *name;
    int flags;
} columns[] = {
    [COLUMN_PROCESS] = {"lineage", SCOLS_FL_TREE},
    [COLUMN_PID] = {"pid", SCOLS_FL_RIGHT},
    [COLUMN_BITS] = {"bits", SCOLS_FL_RIGHT},
    [COLUMN_STACK] = {"stack limit", SCOLS_FL_RIGHT},
    [COLUMN_LAYOUT] = {"mmap", 0},
    [COLUMN_FLAGS] = {"personality", SCOLS_FL_WRAP},
};

enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

enum { SHOWN_TOP = 3, SHOWN_NEAR = 4, NAME_BYTES = 24 };

static bool hands_down(const struct ancestor *ancestor)
{
    return ancestor->elf_class == 32 ||
           ancestor_has(ancestor, TRAIT_UNLIMITED_STACK) == ANSWER_YES ||
           ancestor_has(ancestor, TRAIT_COMPAT_LAYOUT) == ANSWER_YES ||
           ancestor_has(ancestor, TRAIT_NO_RANDOMIZE) == ANSWER_YES;
}

/* How many ancestors matter: the topmost is the first above all that hand something down. */
static uint32_t count_shown(const struct image *image)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < image->n_ancestors; i++)
        if (hands_down(&image->ancestors[i]))
            n = i + 1;
    return n < image->n_ancestors ? n + 1 : n;
}

/* Of a long line the middle is left out: the tree stays short and within the width. */
static bool is_left_out(uint32_t i, uint32_t n_shown)
{
    return n_shown > SHOWN_TOP + SHOWN_NEAR + 1 && i >= SHOWN_NEAR && i + SHOWN_TOP < n_shown;
}

/* The process itself, as the last of the line. */
static struct ancestor self(const struct image *image)
{
    return (struct ancestor){
        .pid = image->pid,
        .comm = image->comm,
        .elf_class = image->elf_class,
        .has_personality = image->has_personality,
        .personality = image->personality,
        .stack_limit = image->limits.stack,
        .mode = image->layout.mode,
    };
}

/* A line a flag. */
static const char *flags_text(struct arena *arena, const struct ancestor *ancestor)
{
    const char *name, *text = "";

    if (!ancestor->has_personality)
        return "?";
    for (unsigned int i = 0; (name = personality_name(ancestor->personality, i)); i++)
        text = arena_printf(arena, "%s%s%s", text, i > 0 ? "\n" : "", name);
    return *text ? text : "-";
}

/* A name of escapes only can be four times as long as it was. */
static const char *name_text(struct arena *arena, const struct ancestor *ancestor)
{
    const char *name = ancestor->comm ? safe_text(arena, str_of(ancestor->comm)) : "?";
    size_t n = strlen(name);

    if (n <= NAME_BYTES)
        return name;
    for (n = NAME_BYTES; n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80;)
        n--;
    return arena_strndup(arena, name, n);
}

static const char *cell(struct arena *arena, const struct style *style,
                        const struct ancestor *ancestor, enum column column)
{
    static const char *const modes[] = {"?", "top-down", "bottom-up"};
    char size[UNITS_TEXT];

    switch (column) {
    case COLUMN_PROCESS:
        return name_text(arena, ancestor);
    case COLUMN_PID:
        return arena_printf(arena, "%d", (int)ancestor->pid);
    case COLUMN_BITS:
        return ancestor->elf_class ? arena_printf(arena, "%u", ancestor->elf_class) : "?";
    case COLUMN_STACK:
        if (!ancestor->stack_limit.known)
            return "?";
        if (ancestor->stack_limit.soft == LIMIT_INFINITY)
            return "unlimited";
        return arena_printf(arena, "%s", paper_size(style, ancestor->stack_limit.soft, size));
    case COLUMN_LAYOUT:
        return modes[ancestor->mode];
    case COLUMN_FLAGS:
        return flags_text(arena, ancestor);
    }
    return "";
}

static struct libscols_line *add_row(struct libscols_table *table, struct libscols_line *parent,
                                     struct arena *arena, const struct style *style,
                                     const struct ancestor *ancestor)
{
    struct libscols_line *line = scols_table_new_line(table, parent);

    for (unsigned int i = 0; line && i < N_COLUMNS; i++)
        if (scols_line_set_data(line, i, cell(arena, style, ancestor, (enum column)i)) != 0)
            return NULL;
    return line;
}

/* Where some are left out: how many, or 0 for those at the top. */
static struct libscols_line *add_ellipsis(struct libscols_table *table,
                                          struct libscols_line *parent, struct arena *arena,
                                          uint32_t n)
{
    struct libscols_line *line = scols_table_new_line(table, parent);

    if (line)
        scols_line_set_data(line, COLUMN_PROCESS,
                            n > 0 ? arena_printf(arena, "... %u more", n) : "...");
    return line;
}

static void fill(struct libscols_table *table, struct image *image, const struct style *style)
{
    struct libscols_line *line = NULL;
    struct ancestor last = self(image);
    uint32_t n = count_shown(image);

    if (n < image->n_ancestors)
        line = add_ellipsis(table, NULL, &image->arena, 0);
    for (uint32_t i = n; i-- > 0;) {
        if (!is_left_out(i, n))
            line = add_row(table, line, &image->arena, style, &image->ancestors[i]);
        else if (i == SHOWN_NEAR)
            line = add_ellipsis(table, line, &image->arena, n - SHOWN_TOP - SHOWN_NEAR);
    }
    add_row(table, line, &image->arena, style, &last);
}

/* Why there is a question mark. */
static void print_unknown(struct image *image, const struct style *style, FILE *out)
{
    uint32_t n = count_shown(image);

    for (uint32_t i = n; i-- > 0;)
        if (image->ancestors[i].missing && !is_left_out(i, n))
            paper_wrap(out, style, 2, "",
                       arena_printf(&image->arena, "not all is known of PID %d: %s",
                                    (int)image->ancestors[i].pid,
                                    safe_text(&image->arena, str_of(image->ancestors[i].missing))));
}

void render_lineage(struct image *image, const struct style *style, FILE *out)
{
    struct libscols_table *table = scols_new_table();

    if (!table)
        return;
    scols_table_set_stream(table, out);
    scols_table_enable_ascii(table, 1);
    scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    paper_table_as_is(table);
    for (unsigned int i = 0; i < N_COLUMNS; i++)
        scols_table_new_column(table, columns[i].name, 0, columns[i].flags);
    scols_column_set_wrapfunc(scols_table_get_column(table, COLUMN_FLAGS), scols_wrapnl_chunksize,
                              scols_wrapnl_nextchunk, NULL);
    fill(table, image, style);
    putc('\n', out);
    scols_print_table(table);
    scols_unref_table(table);
    print_unknown(image, style, out);
}
