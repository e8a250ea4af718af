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

const char *render_unstopped(const struct heap *heap, struct arena *arena)
{
    unsigned int n = heap->n_unstopped;

    return n == 0 ? NULL
                  : arena_printf(arena,
                                 "%u thread%s did not stop in time, in uninterruptible sleep: the "
                                 "kernel may have written to memory meanwhile",
                                 n, n == 1 ? "" : "s");
}

static void print_unstopped(const struct page *page)
{
    const char *text = render_unstopped(page->facts->heap, page->arena);

    if (text)
        print_row(page, "stop", text);
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
    print_row(page, "growth",
              page->facts->is_back ? "the main arena had left brk, which serves it again"
                                   : growth_text(page->facts->growth));
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

enum { ARENA, THREADS, HEAPS, SYSTEM, USED, FREE, TOP, TRIM, NOTES, N_ARENA_COLUMNS };

struct column {
    const char *name;
    int flags;
};

static const struct column arena_columns[N_ARENA_COLUMNS] = {
    [ARENA] = {"ARENA", 0},
    [THREADS] = {"THREADS", SCOLS_FL_RIGHT},
    [HEAPS] = {"HEAPS", SCOLS_FL_RIGHT},
    [SYSTEM] = {"SYSTEM", SCOLS_FL_RIGHT},
    [USED] = {"USED", SCOLS_FL_RIGHT},
    [FREE] = {"FREE", SCOLS_FL_RIGHT},
    [TOP] = {"TOP", SCOLS_FL_RIGHT},
    [TRIM] = {"TRIM", SCOLS_FL_RIGHT},
    [NOTES] = {"NOTES", 0},
};

static struct libscols_table *new_table(const struct page *page, const struct column *columns,
                                        int n_columns)
{
    struct libscols_table *table = scols_new_table();

    if (!table)
        return NULL;
    scols_table_set_stream(table, page->out);
    scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
    scols_table_set_termwidth(table, page->style->width);
    scols_table_enable_noheadings(table, page->style->no_headings);
    paper_table_as_is(table);
    for (int i = 0; i < n_columns; i++)
        if (!scols_table_new_column(table, columns[i].name, 0, columns[i].flags)) {
            scols_unref_table(table);
            return NULL;
        }
    return table;
}

static bool add_line(struct libscols_table *table, const char *const *cells, size_t n_cells)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);

    for (size_t i = 0; line && i < n_cells; i++)
        if (scols_line_set_data(line, i, cells[i]) != 0)
            return false;
    return line;
}

static const char *notes_text(const struct page *page, const struct glibc_arena *arena)
{
    const char *name = !arena->is_main                      ? ""
                       : arena->flags & GLIBC_NONCONTIGUOUS ? "left brk"
                                                            : "main";

    return arena_printf(page->arena, "%s%s%s", name, *name && arena->is_locked ? ", " : "",
                        arena->is_locked ? "locked" : "");
}

/* Of a heap that does not fit together the sums are not shown: they would be wrong. */
static bool is_walk_shown(const struct page *page)
{
    uint64_t address;

    return page->facts->malloc && page->facts->heap->walk &&
           !heap_inconsistency(page->facts->heap, &address);
}

static uint64_t free_bytes(const struct heap_tally *tally)
{
    return tally->binned.bytes + tally->fast.bytes + tally->cached.bytes;
}

static bool add_arena(struct libscols_table *table, const struct page *page, uint32_t n)
{
    const struct glibc_malloc *malloc = page->facts->malloc;
    const struct glibc_arena *arena = &malloc->arenas[n];
    const struct heap_tally *tally =
        is_walk_shown(page) ? &page->facts->heap->walk->arenas[n].tally : NULL;
    char address[UNITS_TEXT];
    const char *cells[N_ARENA_COLUMNS] = {
        [ARENA] = address_text(arena->address, address),
        [THREADS] = malloc->layout.has_attached
                        ? arena_printf(page->arena, "%" PRIu64, arena->attached)
                        : "-",
        [HEAPS] = arena->is_main ? "-" : arena_printf(page->arena, "%u", arena->n_heaps),
        [SYSTEM] = size_of(page, arena->system_bytes),
        [USED] = tally ? size_of(page, tally->used.bytes) : "-",
        [FREE] = tally ? size_of(page, free_bytes(tally)) : "-",
        [TOP] = arena->is_initialized ? size_of(page, arena->top_size) : "-",
        [TRIM] = tally ? size_of(page, tally->trim_bytes) : "-",
        [NOTES] = notes_text(page, arena),
    };

    return add_line(table, cells, N_ARENA_COLUMNS);
}

static void print_arenas(const struct page *page)
{
    struct libscols_table *table = new_table(page, arena_columns, N_ARENA_COLUMNS);

    putc('\n', page->out);
    for (uint32_t i = 0; table && i < page->facts->malloc->n_arenas; i++)
        if (!add_arena(table, page, i))
            break;
    if (table)
        scols_print_table(table);
    scols_unref_table(table);
}

static const char *sum_text(const struct page *page, const struct heap_sum *sum)
{
    return arena_printf(page->arena, "%" PRIu64 " chunk%s, %s", sum->n, sum->n == 1 ? "" : "s",
                        size_of(page, sum->bytes));
}

static void print_totals(const struct page *page)
{
    const struct heap_tally *total = &page->facts->heap->walk->total;

    print_row(page, "in use",
              arena_printf(page->arena, "%s; malloc's own: %s", sum_text(page, &total->used),
                           size_of(page, total->overhead_bytes)));
    print_row(page, "free",
              arena_printf(page->arena,
                           "in bins %s (the largest %s); in fastbins %s; in the caches of threads "
                           "%s; at the ends of arenas %s",
                           sum_text(page, &total->binned), size_of(page, total->largest_free),
                           sum_text(page, &total->fast), sum_text(page, &total->cached),
                           size_of(page, total->top.bytes)));
    if (total->fallback.n > 0)
        print_row(page, "fallback",
                  arena_printf(page->arena,
                               "%" PRIu64
                               " segment%s of the main arena, %s, by mmap instead of brk",
                               total->fallback.n, total->fallback.n == 1 ? "" : "s",
                               size_of(page, total->fallback.bytes)));
    if (total->foreign_bytes > 0)
        print_row(page, "foreign",
                  arena_printf(page->arena,
                               "%s between segments of the heap, taken by others with sbrk and "
                               "counted as malloc's",
                               size_of(page, total->foreign_bytes)));
    print_row(page, "trim",
              arena_printf(page->arena, "malloc_trim(0) would give back %s%s",
                           page->facts->heap->is_trim_most ? "at most " : "",
                           size_of(page, total->trim_bytes)));
}

/* What keeps free memory from being given back when something is freed. */
static void print_pin(const struct page *page, uint32_t n)
{
    const struct heap_pin *pin = &page->facts->heap->walk->arenas[n].pin;
    char arena[UNITS_TEXT], chunk[UNITS_TEXT];

    print_row(page, "pinned",
              arena_printf(page->arena,
                           "%s lie free in arena %s below a chunk of %s at %s, %s: without it the "
                           "end would be %s larger",
                           size_of(page, pin->free_bytes),
                           address_text(page->facts->malloc->arenas[n].address, arena),
                           size_of(page, pin->size), address_text(pin->address, chunk),
                           pin->is_cached ? "which is in a thread's cache" : "which is in use",
                           size_of(page, pin->size + pin->run_bytes)));
}

/* No more of them than a screen has, and none of less than malloc itself would keep. */
static void print_pins(const struct page *page)
{
    enum { MOST = 6 };
    const uint64_t least = 128 * KIB;
    unsigned int n_printed = 0;

    for (uint32_t i = 0; i < page->facts->malloc->n_arenas && n_printed < MOST; i++)
        if (page->facts->heap->walk->arenas[i].pin.free_bytes >= least) {
            print_pin(page, i);
            n_printed++;
        }
}

enum { SIZE, USED_N, USED_BYTES, FREE_N, FREE_BYTES, BAR, N_SIZE_COLUMNS };

static const struct column size_columns[N_SIZE_COLUMNS] = {
    [SIZE] = {"SIZE", SCOLS_FL_RIGHT},        [USED_N] = {"IN USE", SCOLS_FL_RIGHT},
    [USED_BYTES] = {"BYTES", SCOLS_FL_RIGHT}, [FREE_N] = {"FREE", SCOLS_FL_RIGHT},
    [FREE_BYTES] = {"BYTES", SCOLS_FL_RIGHT}, [BAR] = {"# IN USE  - FREE", 0},
};

static uint64_t bucket_bytes(const struct heap_bucket *bucket)
{
    return bucket->used.bytes + bucket->free.bytes;
}

/* As long as its bytes are of the largest bucket's. */
static const char *bar_text(const struct page *page, const struct heap_bucket *bucket,
                            uint64_t largest)
{
    enum { COLUMNS = 30 };
    double scale = (double)COLUMNS / (double)largest;
    int n = (int)((double)bucket_bytes(bucket) * scale + 0.5);
    int n_used = (int)((double)bucket->used.bytes * scale + 0.5);
    static const char used[] = "##############################";
    static const char unused[] = "------------------------------";

    return arena_printf(page->arena, "%.*s%.*s", n_used, used, n - n_used, unused);
}

static bool add_size(struct libscols_table *table, const struct page *page, int bucket,
                     uint64_t largest)
{
    const struct heap_bucket *sizes = &page->facts->heap->walk->total.sizes[bucket];
    const char *cells[N_SIZE_COLUMNS] = {
        [SIZE] = size_of(page, UINT64_C(1) << bucket),
        [USED_N] = arena_printf(page->arena, "%" PRIu64, sizes->used.n),
        [USED_BYTES] = size_of(page, sizes->used.bytes),
        [FREE_N] = arena_printf(page->arena, "%" PRIu64, sizes->free.n),
        [FREE_BYTES] = size_of(page, sizes->free.bytes),
        [BAR] = bar_text(page, sizes, largest),
    };

    return add_line(table, cells, N_SIZE_COLUMNS);
}

static void print_sizes(const struct page *page)
{
    struct libscols_table *table = new_table(page, size_columns, N_SIZE_COLUMNS);
    const struct heap_bucket *sizes = page->facts->heap->walk->total.sizes;
    uint64_t largest = 1;

    putc('\n', page->out);
    for (int i = 0; i < HEAP_BUCKETS; i++)
        largest = bucket_bytes(&sizes[i]) > largest ? bucket_bytes(&sizes[i]) : largest;
    for (int i = 0; table && i < HEAP_BUCKETS; i++)
        if (bucket_bytes(&sizes[i]) > 0 && !add_size(table, page, i, largest))
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
                  arena_printf(page->arena, "no: %s after %u %s: %s%s",
                               heap->is_corrupt ? "corrupt, or so it looks" : "inconsistent",
                               heap->n_tries, heap->n_tries == 1 ? "try" : "tries", inconsistency,
                               address == 0 ? ""
                                            : arena_printf(page->arena, " (at %s)",
                                                           address_text(address, at))));
}

void render_heap(const struct report *report, const struct style *style, FILE *out)
{
    struct page page = {report, &report->facts->heap, style, out, &report->image->arena};
    const struct heap *heap = page.facts->heap;
    uint64_t address;

    print_allocator(&page);
    print_unstopped(&page);
    if (heap->malloc)
        print_growth(&page);
    if (page.facts->malloc) {
        print_settings(&page);
        print_limit(&page);
    }
    if (is_walk_shown(&page)) {
        print_totals(&page);
        print_pins(&page);
    }
    if (heap->malloc || heap_inconsistency(heap, &address))
        print_exact(&page);
    if (page.facts->malloc)
        print_arenas(&page);
    if (is_walk_shown(&page))
        print_sizes(&page);
}
