/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address space from high to low: a box for each region, the gaps between them, the addresses
 * of their edges, the break and what stands above it.
 *
 *     0x7fff77bd6000 +------------------+
 *                    | stack       132K |
 *     0x7fff77bb5000 +------------------+
 *                    :             85G  :
 */
#include "render/paper.h"
#include "render/safe.h"

enum {
    ADDRESS_WIDTH = 16,
    NAME_WIDTH = 13,
};

/* The width of a size: "1022.9M", or as many digits as addresses have. */
static int size_width(const struct style *style)
{
    return style->in_bytes ? 15 : 7;
}

/* Between the edges of a box: a blank on each side, name and size. */
static int box_width(const struct style *style)
{
    return 1 + NAME_WIDTH + size_width(style) + 1;
}

struct picture {
    const struct report *report;
    const struct style *style;
    FILE *out;
    uint64_t edge;         /* the edge that is not printed yet */
    const char *edge_note; /* NULL: there is none */
};

/* Prints at most what fits the line. */
static void print_note(const struct picture *picture, const char *note)
{
    struct str s = str_of(note);
    size_t column = ADDRESS_WIDTH + 2 + (size_t)box_width(picture->style) + 3;
    size_t room = picture->style->width > column ? picture->style->width - column : 0;

    if (room < 8)
        return; /* too narrow for notes; the findings say it all */
    if (safe_width(s) > room) {
        while (s.n > 0 && safe_width(s) > room - 3)
            s.n--;
        fprintf(picture->out, "  %.*s...", (int)s.n, s.p);
    } else if (s.n > 0) {
        fprintf(picture->out, "  %s", note);
    }
}

static void print_edge(const struct picture *picture, uint64_t address, const char *note)
{
    char text[UNITS_TEXT];

    fprintf(picture->out, "%*s +", ADDRESS_WIDTH, address_text(address, text));
    for (int i = 0; i < box_width(picture->style); i++)
        putc('-', picture->out);
    putc('+', picture->out);
    print_note(picture, note);
    putc('\n', picture->out);
}

static void print_inside(const struct picture *picture, char edge, const char *name,
                         const char *size)
{
    fprintf(picture->out, "%*s %c %-*s%*s %c", ADDRESS_WIDTH, "", edge, NAME_WIDTH, name,
            size_width(picture->style), size, edge);
}

static bool has_place_in(const struct finding *finding, struct range range)
{
    for (unsigned int k = 0; k < finding->n_evidence; k++)
        for (uint32_t p = 0; p < finding->evidence[k].n_places; p++)
            if (range_overlaps(finding->evidence[k].places[p].range, range))
                return true;
    return false;
}

static bool has_blocker_in(const struct report *report, const struct finding *finding,
                           struct range range)
{
    uint32_t next = report->facts->brk.next;

    return next != NONE && finding->is_about_blocker &&
           range_has(range, report->image->mappings[next].range.start);
}

/*
 * The worst finding that names a part of the region as evidence, of equals the last, which is the
 * most special one; if none does, the one that the region causes by stopping the heap; or NULL.
 */
static const struct finding *find_trouble(const struct report *report, struct range range)
{
    const struct finding *worst = NULL, *stopped = NULL;

    for (uint32_t i = 0; i < report->n_findings; i++) {
        const struct finding *finding = &report->findings[i];

        if (finding->severity == SEVERITY_INFO)
            continue;
        if (has_place_in(finding, range) && (!worst || finding->severity >= worst->severity))
            worst = finding;
        if (has_blocker_in(report, finding, range) &&
            (!stopped || finding->severity > stopped->severity))
            stopped = finding;
    }
    return worst ? worst : stopped;
}

static const char *display_name(const struct region *region)
{
    switch (region->role) {
    case REGION_BRK:
        return "heap (brk)";
    case REGION_THREAD_STACKS:
        return "thread stacks";
    default:
        return region_name(region->role);
    }
}

/* A second line for the trouble, so that neither the name nor the finding is cut. */
static void print_trouble(const struct picture *picture, const struct finding *trouble)
{
    print_inside(picture, '|', "", "");
    fputs(paper_severity_on(picture->style, trouble->severity), picture->out);
    fprintf(picture->out, "  ! %s", trouble->rule->id);
    fputs(paper_off(picture->style), picture->out);
    putc('\n', picture->out);
}

static void print_region(const struct picture *picture, const struct region *region)
{
    const struct finding *trouble = find_trouble(picture->report, region->range);
    struct arena *arena = &picture->report->image->arena;
    char size[UNITS_TEXT];

    print_inside(picture, '|', display_name(region),
                 paper_size(picture->style, region->mapped_bytes, size));
    if (region->name)
        print_note(picture, safe_text(arena, str_of(region->name)));
    putc('\n', picture->out);
    if (trouble)
        print_trouble(picture, trouble);
}

/* What is to be said at the upper edge of a region. */
static const char *edge_note(const struct picture *picture, const struct region *region)
{
    const struct report *report = picture->report;
    const struct layout *layout = &report->image->layout;
    const struct brk_facts *brk = &report->facts->brk;
    char room[UNITS_TEXT];

    if (region->role == REGION_BRK && (!brk->known || region->range.end < brk->end))
        return "";
    if (region->role == REGION_BRK && brk->growth.room == 0)
        return "break, cannot grow";
    if (region->role == REGION_BRK)
        return arena_printf(&report->image->arena,
                            brk->growth.unknown ? "break, can grow at most %s"
                                                : "break, can grow %s",
                            paper_size(picture->style, brk->growth.room_in_steps, room));
    if (layout->has_base && layout->mode == MMAP_TOP_DOWN && region->range.end == layout->base)
        return "mmap base, grows down";
    if (region->role == REGION_STACK && report->facts->stack_growth.grows_up)
        return "grows up";
    return "";
}

/* The lower edge of the lowest region of a stretch without gap. */
static const char *lower_edge_note(const struct picture *picture, const struct region *region)
{
    const struct layout *layout = &picture->report->image->layout;

    if (layout->has_base && layout->mode == MMAP_BOTTOM_UP && region->range.start == layout->base)
        return "mmap base, grows up";
    return "";
}

/* An edge waits until it is known whether the next region below shares it. */
static void flush_edge(struct picture *picture)
{
    if (picture->edge_note)
        print_edge(picture, picture->edge, picture->edge_note);
    picture->edge_note = NULL;
}

static void draw_edge(struct picture *picture, uint64_t address, const char *note)
{
    if (picture->edge_note && picture->edge == address && !*note)
        return;
    if (picture->edge != address)
        flush_edge(picture);
    picture->edge = address;
    picture->edge_note = note;
}

static void draw_region(struct picture *picture, const struct region *region)
{
    char size[UNITS_TEXT];

    if (region->role == REGION_GAP) {
        flush_edge(picture);
        print_inside(picture, ':', "", paper_size(picture->style, range_size(region->range), size));
        putc('\n', picture->out);
        return;
    }
    draw_edge(picture, region->range.end, edge_note(picture, region));
    if (range_size(region->range) == 0)
        return;
    flush_edge(picture);
    print_region(picture, region);
    draw_edge(picture, region->range.start, lower_edge_note(picture, region));
}

void render_picture(const struct report *report, const struct style *style, FILE *out)
{
    struct picture picture = {.report = report, .style = style, .out = out};

    for (uint32_t i = report->facts->n_outline; i-- > 0;)
        draw_region(&picture, &report->facts->outline[i]);
    flush_edge(&picture);
}
