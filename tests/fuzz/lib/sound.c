/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sound.h"

#include "report.h"

#include "base/units.h"
#include "render/map.h"
#include "render/room.h"

static bool is_free(const struct image *image, struct range range)
{
    for (uint32_t i = 0; i < image->n_mappings; i++)
        if (range_overlaps(image->mappings[i].range, range))
            return false;
    return true;
}

static void image_is_sound(const struct image *image)
{
    uint64_t end = 0;

    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];

        must(end <= mapping->range.start && mapping->range.start <= mapping->range.end);
        must(mapping->role < N_ROLES && mapping->name < image->names.n_names);
        must(mapping->instance == NONE || mapping->instance < image->n_instances);
        end = mapping->range.end;
    }
    for (uint32_t i = 0; i < image->n_instances; i++)
        must(image->instances[i].object < image->n_objects);
    must(image->program == NONE || image->program < image->n_instances);
    must(image->interp == NONE || image->interp < image->n_instances);
    must(image->n_counted <= image->n_mappings);
    must(image->consistent || image->inconsistency);
    must(__builtin_popcountll(image->page_size) == 1);
}

static void growth_is_sound(const struct growth *growth, uint64_t page_size)
{
    const struct limit_fact *binding = growth_binding(growth);

    if (!growth->known)
        return;
    must(binding && binding->room == growth->room && binding->kind == growth->limit);
    must(growth->room % page_size == 0 && growth->room_in_steps >= growth->room);
    for (unsigned int i = 0; i < growth->n_limits; i++) {
        must(growth->limits[i].room >= growth->room);
        must(growth->limits[i].value && growth->limits[i].detail);
    }
}

static void regions_are_sound(const struct region *regions, uint32_t n, const struct image *image)
{
    uint64_t end = 0;
    uint32_t n_mappings = 0;

    for (uint32_t i = 0; i < n; i++) {
        must(regions[i].range.start <= regions[i].range.end && end <= regions[i].range.start);
        must((regions[i].n_mappings == 0) ==
             (regions[i].role == REGION_GAP ||
              (regions[i].role == REGION_BRK && range_size(regions[i].range) == 0)));
        n_mappings += regions[i].n_mappings;
        end = regions[i].range.end;
    }
    must(n == 0 || n_mappings == image->n_mappings);
}

static void facts_are_sound(const struct facts *facts, const struct image *image)
{
    const struct brk_facts *brk = &facts->brk;

    growth_is_sound(&brk->growth, image->page_size);
    growth_is_sound(&facts->mmap.growth, image->page_size);
    growth_is_sound(&facts->stack_growth.growth, image->page_size);
    regions_are_sound(facts->regions, facts->n_regions, image);
    must(is_free(image, facts->largest_gap) || range_size(facts->largest_gap) == 0);
    must(is_free(image, facts->low_2g_gap) || range_size(facts->low_2g_gap) == 0);
    if (brk->known) {
        must(brk->start <= brk->end && brk->size <= brk->end - brk->start);
        must(brk->growth.room <= brk->gap || !brk->growth.known);
        must(brk->gap == 0 || is_free(image, (struct range){brk->end, brk->end + brk->gap}));
    }
    if (facts->stack_growth.known)
        must(facts->stack_growth.reach.start <= facts->stack_growth.range.start &&
             facts->stack_growth.reach.end >= facts->stack_growth.range.end);
}

/* What is said to fit lies where nothing is. */
static void answers_are_sound(const struct answers *answers, const struct facts *facts,
                              const struct image *image)
{
    const struct fit *mmap = &answers->mmap;

    if (mmap->fits && mmap->has_address)
        must(
            is_free(image, (struct range){mmap->address,
                                          mmap->address + align_up(mmap->size, image->page_size)}));
    if (mmap->known)
        must(mmap->fits ==
             (mmap->size > 0 && align_up(mmap->size, image->page_size) <= facts->mmap.growth.room));
    if (answers->brk.fits)
        must(answers->brk.size <= facts->brk.growth.room + image->page_size);
    for (unsigned int i = 0; i < answers->n_ranges; i++)
        must(answers->ranges[i].is_free == is_free(image, answers->ranges[i].range));
}

static void ask(struct answers *answers, const struct report *report, struct dice *dice)
{
    struct range range;

    range.start = dice_roll(dice, UINT64_C(1) << (16 + dice_roll(dice, 47)));
    range.end = range.start + 1 + dice_roll(dice, UINT64_C(1) << (12 + dice_roll(dice, 50)));
    *answers = (struct answers){0};
    query_brk(&answers->brk, report->facts, report->image, dice_roll(dice, 64 * MIB));
    query_mmap(&answers->mmap, report->facts, report->image,
               dice_roll(dice, UINT64_C(1) << (1 + dice_roll(dice, 50))));
    query_range(answers, report->image, "", range);
    query_sanitizer(answers, report->image, "tsan");
}

static void text_is_sound(const struct report *report, const struct answers *answers)
{
    const struct style *style;

    for (unsigned int i = 0; (style = style_number(i)); i++) {
        struct style with_columns = *style;
        struct page page;
        struct err err;

        page_open(&page);
        render_text(report, style, page.out);
        page_close_text(&page);
        page_open(&page);
        if (i > 0)
            with_columns.columns = "+RSS,PSS,SWAP";
        must(render_map(report, &with_columns, page.out, &err));
        page_close_text(&page);
        page_open(&page);
        render_room(report, answers, style, page.out);
        page_close_text(&page);
    }
}

static void json_is_sound(const struct report *report, const struct answers *answers)
{
    struct page page;
    json_t *document;

    page_open(&page);
    json_print(json_room(report, answers), page.out);
    document = page_close_json(&page);
    must(json_array_size(json_object_get(document, "mappings")) == report->image->n_mappings);
    must(json_array_size(json_object_get(document, "findings")) == report->n_findings);
    must(json_array_size(json_object_get(document, "not_run")) == report->n_not_run);
    must(json_array_size(json_object_get(json_object_get(document, "source"), "missing")) ==
         report->image->n_missing);
    json_decref(document);
}

void report_is_sound(struct image *image, const char *path, struct str input)
{
    struct dice dice = dice_of(input);
    struct checker checker;
    struct answers answers;
    struct facts facts;
    struct report report;

    image_is_sound(image);
    image_read_memory(image, NULL);
    image_read_cgroup(image);
    image_read_ancestors(image);
    image_read_allocator(image);
    facts_compute(&facts, image);
    facts_are_sound(&facts, image);
    check_run(&checker, image, &facts, NULL);
    report = (struct report){.image = image,
                             .facts = &facts,
                             .findings = checker.findings,
                             .n_findings = checker.n_findings,
                             .blocker = checker.blocker,
                             .not_run = checker.not_run,
                             .n_not_run = checker.n_not_run,
                             .path = path,
                             .with_memory = true,
                             .with_mappings = true};
    findings_are_sound(&report);
    ask(&answers, &report, &dice);
    answers_are_sound(&answers, &facts, image);
    text_is_sound(&report, &answers);
    json_is_sound(&report, &answers);
}
