/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds the host's memory, on one screen of 80 columns and 24 lines where that can be. */
#include "render/host.h"

#include "render/paper.h"
#include "render/safe.h"

#include <inttypes.h>
#include <limits.h>

/* Widths of the account's columns; sizes in bytes are longer. */
enum { NAME_COLUMNS = 12, SIZE_COLUMNS = 7, BYTES_COLUMNS = 13, PERCENT_COLUMNS = 6 };

/* Of names that others chose. */
enum { LEAST_NAME_COLUMNS = 16, MOST_NAME_COLUMNS = 25, PATH_COLUMNS = 32, LABEL_COLUMNS = 10 };

/* What one line is printed with. */
struct page {
    const struct host_report *report;
    const struct style *style;
    FILE *out;
    struct arena *arena;
};

static const char *size_of(const struct page *page, uint64_t bytes)
{
    char text[UNITS_TEXT];

    return arena_printf(page->arena, "%s", paper_size(page->style, bytes, text));
}

static int size_columns(const struct page *page)
{
    return page->style->in_bytes ? BYTES_COLUMNS : SIZE_COLUMNS;
}

static const char *safe_name(const struct page *page, const char *name)
{
    return safe_text(page->arena, str_of(name));
}

/* The safe text within so many columns, four or more. */
static const char *cut(const struct page *page, const char *text, unsigned int columns)
{
    size_t n = 0, column = 0;

    if (safe_width(str_of(text)) <= columns)
        return text;
    while (column < columns - 3 || (text[n] & 0xc0) == 0x80) {
        column += (text[n] & 0xc0) != 0x80; /* a character, not a further byte of one */
        n++;
    }
    return arena_printf(page->arena, "%.*s...", (int)n, text);
}

static const char *key_text(const struct page *page, enum meminfo_key key)
{
    const struct meminfo *meminfo = &page->report->memory->meminfo;

    return meminfo->has[key] ? size_of(page, meminfo->bytes[key]) : "?";
}

static const char *swap_text(const struct page *page)
{
    const struct meminfo *meminfo = &page->report->memory->meminfo;

    if (!meminfo->has[MEMINFO_SWAP_TOTAL])
        return "swap ?";
    if (meminfo->bytes[MEMINFO_SWAP_TOTAL] == 0)
        return "no swap";
    return arena_printf(page->arena, "swap %s, %s of it free", key_text(page, MEMINFO_SWAP_TOTAL),
                        key_text(page, MEMINFO_SWAP_FREE));
}

static void print_head(const struct page *page)
{
    fputs(paper_bold_on(page->style), page->out);
    paper_wrap(page->out, page->style, 0, "",
               arena_printf(page->arena, "%s.", page->report->account->summary));
    fputs(paper_off(page->style), page->out);
    paper_wrap(page->out, page->style, 0, "",
               arena_printf(page->arena, "%s of memory, %s available; %s",
                            key_text(page, MEMINFO_TOTAL), key_text(page, MEMINFO_AVAILABLE),
                            swap_text(page)));
}

/* Too little room for a text beside what stands before it. */
enum { LEAST_BESIDE = 20 };

/* From that column on, or below when there is too little room. */
static void print_beside(const struct page *page, unsigned int column, const char *text)
{
    if (*text && column + 2 + LEAST_BESIDE > page->style->width) {
        putc('\n', page->out);
        paper_wrap(page->out, page->style, 4, "", text);
        return;
    }
    if (*text)
        fputs("  ", page->out);
    paper_wrap_from(page->out, page->style, column + 2, column + 2, text);
}

/* "  slab  37.4G  60 %  "; without a percentage that cannot be. */
static void print_figures(const struct page *page, const char *name, const char *size,
                          unsigned int percent)
{
    fprintf(page->out, "  %-*s%*s", NAME_COLUMNS, name, size_columns(page), size);
    if (percent <= 100)
        fprintf(page->out, " %3u %%", percent);
}

/* Of the account; nothing for one that has no bytes. */
static void print_group(const struct page *page, const char *name, enum account_group group,
                        const char *text)
{
    const struct account *account = page->report->account;
    int64_t bytes = account->group_bytes[group];
    uint64_t size = bytes < 0 ? 0 - (uint64_t)bytes : (uint64_t)bytes;

    if (!account->group_has[group]) {
        print_figures(page, name, "?", UINT_MAX);
        putc('\n', page->out);
        return;
    }
    if (bytes == 0)
        return;
    print_figures(page, name,
                  arena_printf(page->arena, "%s%s", bytes < 0 ? "-" : "", size_of(page, size)),
                  percent_of(size, account->total_bytes));
    print_beside(page, 2 + NAME_COLUMNS + (unsigned int)size_columns(page) + PERCENT_COLUMNS, text);
}

static const char *tmpfs_text(const struct page *page)
{
    const struct host_memory *memory = page->report->memory;
    uint32_t most = page->style->verbose ? memory->n_tmpfs : 3;
    const char *text = "tmpfs, shared memory";

    for (uint32_t i = 0; i < memory->n_tmpfs && i < most; i++)
        text = arena_printf(page->arena, "%s%s %s %s", text, i == 0 ? ":" : ",",
                            cut(page, safe_name(page, memory->tmpfs[i].path), PATH_COLUMNS),
                            size_of(page, memory->tmpfs[i].bytes));
    return text;
}

static const char *part_text(const struct page *page, enum account_part part)
{
    const struct account *account = page->report->account;

    return account->has[part] ? size_of(page, (uint64_t)account->bytes[part]) : "?";
}

static const char *slab_text(const struct page *page)
{
    return arena_printf(page->arena, "%s reclaimable, %s not",
                        part_text(page, ACCOUNT_SLAB_RECLAIMABLE),
                        part_text(page, ACCOUNT_SLAB_UNRECLAIMABLE));
}

/* The kernel's own, but slab: in one line what each is. */
static const char *kernel_text(const struct page *page)
{
    static const struct {
        enum account_part part;
        const char *name;
    } parts[] = {
        {ACCOUNT_PAGE_TABLES, "tables"},
        {ACCOUNT_KERNEL_STACKS, "stacks"},
        {ACCOUNT_VMALLOC, "vmalloc"},
        {ACCOUNT_PERCPU, "percpu"},
    };
    const char *text = "";

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        text = arena_printf(page->arena, "%s%s%s %s", text, *text ? ", " : "", parts[i].name,
                            part_text(page, parts[i].part));
    return text;
}

static const char *rest_text(const struct page *page)
{
    const struct account *account = page->report->account;

    if (account->is_contradictory)
        return "by figures that contradict each other";
    if (account->group_bytes[GROUP_UNACCOUNTED] < 0)
        return "in more than one figure of the kernel";
    return arena_printf(page->arena, "in no figure: %s, ...", account->rest);
}

static const char *free_text(const struct page *page)
{
    int64_t bytes = page->report->account->bytes[ACCOUNT_FREE_OF_CPUS];

    if (bytes == 0)
        return "";
    return arena_printf(page->arena, "%s of it on lists of single CPUs",
                        size_of(page, (uint64_t)bytes));
}

static void print_account(const struct page *page)
{
    const struct account *account = page->report->account;
    int64_t rest = account->group_bytes[GROUP_UNACCOUNTED];

    if (!account->known)
        return;
    putc('\n', page->out);
    print_group(page, "processes", GROUP_PROCESSES, "anonymous memory");
    print_group(page, "shared", GROUP_SHARED, tmpfs_text(page));
    print_group(page, "page cache", GROUP_PAGE_CACHE, "files; given up when needed");
    print_group(page, "slab", GROUP_SLAB, slab_text(page));
    print_group(
        page, "huge pages", GROUP_HUGE_PAGES,
        arena_printf(page->arena, "%s of them free",
                     account->has_huge_free ? size_of(page, account->huge_free_bytes) : "?"));
    print_group(page, "kernel", GROUP_KERNEL, kernel_text(page));
    print_group(page, "compressed", GROUP_COMPRESSED, "what zram and zswap take");
    print_group(page, rest < 0 ? "overcounted" : "unaccounted", GROUP_UNACCOUNTED, rest_text(page));
    print_group(page, "free", GROUP_FREE, free_text(page));
}

/* A row of the lower table, "  slab    dentry   35.2G  names of files looked up". */
static void print_row(const struct page *page, const char *label, const char *name,
                      const char *tail, uint64_t bytes, const char *text)
{
    unsigned int fixed = LABEL_COLUMNS + 1 + (unsigned int)size_columns(page);
    unsigned int room = page->style->width - fixed, columns = MOST_NAME_COLUMNS;

    if (page->style->width < fixed + LEAST_NAME_COLUMNS)
        columns = LEAST_NAME_COLUMNS;
    else if (room < columns)
        columns = room;
    name = arena_printf(page->arena, "%s%s", cut(page, name, columns - (unsigned int)strlen(tail)),
                        tail);
    fprintf(page->out, "%-*s%s%*s %*s", LABEL_COLUMNS, label, name,
            (int)(columns - safe_width(str_of(name))), "", size_columns(page),
            size_of(page, bytes));
    print_beside(page, fixed + columns, text);
}

static void print_caches(const struct page *page)
{
    const struct host_memory *memory = page->report->memory;
    uint32_t most = page->style->verbose ? 10 : 3;

    putc('\n', page->out);
    if (memory->slab_missing)
        paper_wrap(page->out, page->style, 2, "",
                   arena_printf(page->arena, "slab caches: slabinfo was not read: %s",
                                memory->slab_missing));
    else if (memory->n_caches_not_understood > 0)
        paper_wrap(page->out, page->style, 2, "",
                   arena_printf(page->arena,
                                "slab caches: lines of slabinfo that are not understood: %u",
                                memory->n_caches_not_understood));
    for (uint32_t i = 0; i < memory->n_caches && i < most; i++) {
        const struct slab_cache *cache = &memory->caches[i];

        print_row(page, i == 0 ? "  slab" : "", safe_name(page, cache->name), "", cache->bytes,
                  cache->meaning ? cut(page, safe_name(page, cache->meaning), PATH_COLUMNS) : "");
    }
}

static void print_holders(const struct page *page)
{
    const struct host_memory *memory = page->report->memory;
    uint32_t most = page->style->verbose ? MAX_HOLDERS : 3;

    for (uint32_t i = 0; i < memory->n_holders && i < most; i++) {
        const struct holder *holder = &memory->holders[i];
        const char *tail = arena_printf(page->arena, " (%d)", (int)holder->pid);
        const char *text = "anonymous";

        if (holder->swap_bytes > 0)
            text = arena_printf(page->arena, "anonymous, and %s in swap",
                                size_of(page, holder->swap_bytes));
        print_row(page, i == 0 ? "  largest" : "", safe_name(page, holder->comm), tail,
                  holder->anonymous_bytes, text);
    }
}

static void print_unseen(const struct page *page)
{
    if (page->report->memory->unseen)
        paper_wrap(page->out, page->style, 10, "",
                   arena_printf(page->arena, "there may be larger ones: %s",
                                page->report->memory->unseen));
}

static const char *left_text(const struct page *page)
{
    const struct meminfo *meminfo = &page->report->memory->meminfo;
    uint64_t limit = meminfo->bytes[MEMINFO_COMMIT_LIMIT];
    uint64_t committed = meminfo->bytes[MEMINFO_COMMITTED];

    if (!meminfo->has[MEMINFO_COMMIT_LIMIT] || !meminfo->has[MEMINFO_COMMITTED])
        return "?";
    return size_of(page, limit > committed ? limit - committed : 0);
}

static const char *overcommit_text(const struct page *page)
{
    const struct host *host = page->report->memory->host;
    const char *committed = key_text(page, MEMINFO_COMMITTED);
    const char *limit = key_text(page, MEMINFO_COMMIT_LIMIT);

    if (host->has_overcommit && host->overcommit_memory == 2)
        return arena_printf(page->arena, "strict (2): %s of at most %s committed, %s left",
                            committed, limit, left_text(page));
    return arena_printf(page->arena, "%s; %s committed, CommitLimit %s does not bind",
                        !host->has_overcommit          ? "mode not known"
                        : host->overcommit_memory == 1 ? "always (1)"
                                                       : "heuristic (0)",
                        committed, limit);
}

static const char *setting(const struct page *page, bool known, const char *name, uint64_t value)
{
    if (!known)
        return arena_printf(page->arena, "%s ?", name);
    return arena_printf(page->arena, "%s %" PRIu64, name, value);
}

static const char *settings_text(const struct page *page)
{
    const struct host_memory *memory = page->report->memory;
    const struct host *host = memory->host;

    return arena_printf(
        page->arena, "%s, %s, %s, %s, %s, %s",
        setting(page, host->has_max_map_count, "max_map_count", host->max_map_count),
        setting(page, host->has_randomize, "randomize_va_space", host->randomize_va_space),
        setting(page, memory->has_mmap_rnd_bits, "mmap_rnd_bits", memory->mmap_rnd_bits),
        setting(page, memory->has_mmap_rnd_compat_bits, "mmap_rnd_compat_bits",
                memory->mmap_rnd_compat_bits),
        setting(page, host->has_mmap_min_addr, "mmap_min_addr", host->mmap_min_addr),
        setting(page, host->has_legacy, "legacy_va_layout", host->legacy_va_layout));
}

void render_host(const struct host_report *report, const struct style *style, FILE *out)
{
    struct page page = {report, style, out, &report->report.image->arena};

    if (style->quiet) {
        render_quiet(&report->report, "host", style, out);
        return;
    }
    print_head(&page);
    print_account(&page);
    print_caches(&page);
    print_holders(&page);
    print_unseen(&page);
    putc('\n', out);
    paper_wrap(out, style, 13, "  overcommit", overcommit_text(&page));
    paper_wrap(out, style, 13, "  sysctls", settings_text(&page));
    if (report->account->sanitizers)
        paper_wrap(out, style, 13, "", report->account->sanitizers);
    render_findings(&report->report, style, out);
}
