/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What malloc holds: who serves it, how it grows, settings and limits, a table of arenas. */
#include "render/paper.h"
#include "render/safe.h"

#include <inttypes.h>
#include <libsmartcols.h>

/* What one line is printed with. */
struct page {
    const struct report *report;
    const struct heap_facts *facts;
    const struct style *style;
    FILE *out;
    struct arena *arena;
};

/* The column at which text begins that a label stands before. */
enum { LABEL = 11 };

static const char *size_of(const struct page *page, uint64_t bytes)
{
    char text[UNITS_TEXT];

    return arena_printf(page->arena, "%s", paper_size(page->style, bytes, text));
}

static void print_row(const struct page *page, const char *label, const char *text)
{
    paper_wrap(page->out, page->style, LABEL, label, safe_text(page->arena, str_of(text)));
}

static void print_allocator(const struct page *page)
{
    const struct heap *heap = page->facts->heap;

    print_row(page, "malloc", heap->allocator ? heap->allocator : "not known");
    for (unsigned int i = 0; i < heap->n_evidence; i++)
        print_row(page, "", heap->evidence[i]);
    if (heap->missing)
        print_row(page, "memory", arena_printf(page->arena, "not read: %s", heap->missing));
    else if (heap->pagemap_missing)
        print_row(page, "memory",
                  arena_printf(page->arena, "read page by page, for pagemap is missing: %s",
                               heap->pagemap_missing));
}

static const char *growth_text(enum heap_growth growth)
{
    static const char *const texts[] = {
        [HEAP_GROWTH_UNKNOWN] = "not known",
        [HEAP_GROWTH_NONE] = "the main arena is empty",
        [HEAP_GROWTH_BRK] = "the main arena grows by brk",
        [HEAP_GROWTH_LEFT] = "the main arena has left brk, and takes memory by mmap",
    };

    return texts[growth];
}

static void print_growth(const struct page *page)
{
    print_row(page, "growth", growth_text(page->facts->growth));
    for (unsigned int i = 0; i < page->facts->n_signs; i++)
        print_row(page, "", page->facts->signs[i]);
}

static void print_settings(const struct page *page)
{
    const struct glibc_par *par = &page->facts->malloc->par;

    if (!par->known) {
        print_row(page, "settings", "not found in memory");
        return;
    }
    print_row(page, "settings",
              arena_printf(page->arena,
                           "mmap_threshold %s, trim_threshold %s%s; top_pad %s; mmap_max %" PRIu64,
                           size_of(page, par->mmap_threshold), size_of(page, par->trim_threshold),
                           par->is_dynamic ? " (both grow when mapped chunks are freed)" : "",
                           size_of(page, par->top_pad), par->n_mmaps_max));
    if (par->thp_page_size != 0 || par->huge_page_size != 0)
        print_row(page, "",
                  arena_printf(page->arena, "huge pages: %s, %s",
                               par->huge_page_size != 0 ? size_of(page, par->huge_page_size)
                                                        : "none mapped",
                               par->thp_page_size != 0 ? "transparent ones asked for"
                                                       : "transparent ones not asked for"));
    print_row(page, "mapped",
              arena_printf(page->arena, "%" PRIu64 " chunks, %s (at most %" PRIu64 ", %s)",
                           par->n_mmaps, size_of(page, par->mmapped_bytes), par->max_n_mmaps,
                           size_of(page, par->max_mmapped_bytes)));
}

static void print_limit(const struct page *page)
{
    const struct heap_facts *facts = page->facts;
    const char *most = "how many there can be is not known";

    if (facts->has_arena_limit)
        most = arena_printf(page->arena, "at most %" PRIu64 " (%s)", facts->arena_limit,
                            facts->arena_limit_why);
    print_row(page, "arenas",
              arena_printf(page->arena, "%u, %s; together %s", facts->malloc->n_arenas, most,
                           size_of(page, facts->system_bytes)));
}

enum { ARENA, THREADS, HEAPS, SYSTEM, TOP, TOP_SIZE, NOTES, N_COLUMNS };

static struct libscols_table *new_table(const struct page *page)
{
    static const struct {
        const char *name;
        int flags;
    } columns[N_COLUMNS] = {
        [ARENA] = {"ARENA", 0},
        [THREADS] = {"THREADS", SCOLS_FL_RIGHT},
        [HEAPS] = {"HEAPS", SCOLS_FL_RIGHT},
        [SYSTEM] = {"SYSTEM", SCOLS_FL_RIGHT},
        [TOP] = {"TOP", 0},
        [TOP_SIZE] = {"FREE", SCOLS_FL_RIGHT},
        [NOTES] = {"NOTES", 0},
    };
    struct libscols_table *table = scols_new_table();

    if (!table)
        return NULL;
    scols_table_set_stream(table, page->out);
    scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
    scols_table_set_termwidth(table, page->style->width);
    scols_table_enable_noheadings(table, page->style->no_headings);
    paper_table_as_is(table);
    for (int i = 0; i < N_COLUMNS; i++)
        if (!scols_table_new_column(table, columns[i].name, 0, columns[i].flags)) {
            scols_unref_table(table);
            return NULL;
        }
    return table;
}

static const char *notes_text(const struct page *page, const struct glibc_arena *arena)
{
    return arena_printf(page->arena, "%s%s%s", arena->is_main ? "main" : "",
                        arena->flags & GLIBC_NONCONTIGUOUS && arena->is_main ? ", left brk" : "",
                        !arena->is_locked ? ""
                        : arena->is_main  ? ", locked"
                                          : "locked");
}

static bool add_arena(struct libscols_table *table, const struct page *page,
                      const struct glibc_arena *arena)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    char address[UNITS_TEXT], top[UNITS_TEXT];
    const char *threads = "-", *heaps = "-";

    if (page->facts->malloc->layout.has_attached)
        threads = arena_printf(page->arena, "%" PRIu64, arena->attached);
    if (!arena->is_main)
        heaps = arena_printf(page->arena, "%u", arena->n_heaps);
    return line && scols_line_set_data(line, ARENA, address_text(arena->address, address)) == 0 &&
           scols_line_set_data(line, THREADS, threads) == 0 &&
           scols_line_set_data(line, HEAPS, heaps) == 0 &&
           scols_line_set_data(line, SYSTEM, size_of(page, arena->system_bytes)) == 0 &&
           scols_line_set_data(line, TOP,
                               arena->is_initialized ? address_text(arena->top, top) : "-") == 0 &&
           scols_line_set_data(line, TOP_SIZE,
                               arena->is_initialized ? size_of(page, arena->top_size) : "-") == 0 &&
           scols_line_set_data(line, NOTES, notes_text(page, arena)) == 0;
}

static void print_arenas(const struct page *page)
{
    const struct glibc_malloc *malloc = page->facts->malloc;
    struct libscols_table *table = new_table(page);

    for (uint32_t i = 0; table && i < malloc->n_arenas; i++)
        if (!add_arena(table, page, &malloc->arenas[i]))
            break;
    if (table)
        scols_print_table(table);
    scols_unref_table(table);
}

/* Whether what stands above can be believed. */
static void print_exact(const struct page *page)
{
    const struct heap *heap = page->facts->heap;
    char at[UNITS_TEXT];
    uint64_t address;
    const char *inconsistency = heap_inconsistency(heap, &address);

    if (!inconsistency)
        print_row(page, "exact", "all of it fits together");
    else
        print_row(page, "exact",
                  arena_printf(page->arena, "no: inconsistent after %u %s: %s (at %s)",
                               heap->n_tries, heap->n_tries == 1 ? "try" : "tries", inconsistency,
                               address_text(address, at)));
}

void render_heap(const struct report *report, const struct style *style, FILE *out)
{
    struct page page = {report, &report->facts->heap, style, out, &report->image->arena};

    print_allocator(&page);
    if (page.facts->heap->malloc)
        print_growth(&page);
    if (page.facts->malloc) {
        print_settings(&page);
        print_limit(&page);
    }
    if (page.facts->heap->malloc || heap_inconsistency(page.facts->heap, &(uint64_t){0}))
        print_exact(&page);
    if (page.facts->malloc)
        print_arenas(&page);
}
