/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address space in a few stretches: neighbouring mappings of one purpose become a region.
 * Small holes inside the mmap area (alignment, freed memory) do not split it.
 */
#include "analyze/facts.h"

#include "base/units.h"

#include <stdlib.h>

/*
 * The kernel aligns large mappings to 2 MiB; a hole up to that is no gap that a person looks for.
 */
#define SMALL_HOLE (2 * MIB)

static enum region_role role_of(const struct image *image, uint32_t i)
{
    const struct mapping *mapping = &image->mappings[i];

    if (mapping->role == ROLE_OBJECT_HOLE && mapping->instance == image->program)
        return REGION_TEXT;
    if (mapping->role == ROLE_GUARD && i + 1 < image->n_mappings &&
        image->mappings[i + 1].role == ROLE_THREAD_STACK)
        return REGION_THREAD_STACKS;
    return role_region(mapping->role);
}

static bool continues(const struct region *region, enum region_role role, uint64_t start)
{
    uint64_t hole = start - region->range.end;

    if (region->role != role)
        return false;
    return hole == 0 ||
           (hole <= SMALL_HOLE && (role == REGION_MMAP || role == REGION_BRK ||
                                   role == REGION_TEXT || role == REGION_THREAD_STACKS));
}

struct builder {
    struct facts *facts;
    uint32_t room;
};

static struct region *region_add(struct builder *builder, enum region_role role, struct range range)
{
    struct facts *facts = builder->facts;
    struct region *region;

    if (!facts->regions || facts->n_regions == builder->room) {
        builder->room = builder->room ? builder->room * 2 : 32;
        facts->regions = xreallocarray(facts->regions, builder->room, sizeof(*facts->regions));
    }
    region = &facts->regions[facts->n_regions++];
    *region = (struct region){.role = role, .range = range, .first_mapping = NONE};
    return region;
}

static void add_mapping(struct builder *builder, const struct image *image, uint32_t i)
{
    const struct mapping *mapping = &image->mappings[i];
    struct facts *facts = builder->facts;
    enum region_role role = role_of(image, i);
    struct region *last = facts->n_regions ? &facts->regions[facts->n_regions - 1] : NULL;

    if (!last || !continues(last, role, mapping->range.start)) {
        if (last && last->range.end < mapping->range.start && role != REGION_VSYSCALL)
            region_add(builder, REGION_GAP, (struct range){last->range.end, mapping->range.start});
        last = region_add(builder, role, mapping->range);
        last->first_mapping = i;
    }
    last->range.end = mapping->range.end;
    last->n_mappings++;
    last->mapped_bytes += range_size(mapping->range);
    if (image->usage) {
        last->has_rss = true;
        last->rss_bytes += image->usage[i].rss_bytes;
    }
}

/* The mapping behind the last one of the region. */
static uint32_t region_end(const struct image *image, const struct region *region)
{
    uint32_t end = region->first_mapping + region->n_mappings;

    return region->first_mapping == NONE ? 0 : end < image->n_mappings ? end : image->n_mappings;
}

static const char *count_text(struct image *image, uint32_t n, const char *what)
{
    return arena_printf(&image->arena, "%u %s%s", n, what, n == 1 ? "" : "s");
}

static uint32_t count_role(const struct image *image, const struct region *region, enum role role)
{
    uint32_t n = 0;

    for (uint32_t i = region->first_mapping; i < region_end(image, region); i++)
        n += image->mappings[i].role == role;
    return n;
}

/* Up to two loaded objects by name, more by number, from the top; NULL when there is none. */
static const char *objects_in(struct image *image, const struct region *region)
{
    enum { SHOWN = 2 };
    struct str names[SHOWN];
    uint32_t last = NONE, n = 0;

    for (uint32_t i = region_end(image, region); i-- > region->first_mapping;) {
        const struct mapping *mapping = &image->mappings[i];

        if (mapping->instance == NONE || mapping->instance == last)
            continue;
        last = mapping->instance;
        if (n < SHOWN)
            names[n] = short_name(mapping_object(image, mapping)->path);
        n++;
    }
    if (n == 0)
        return NULL;
    if (n > SHOWN)
        return count_text(image, n, "object");
    return arena_printf(&image->arena, "%.*s%s%.*s", (int)names[0].n, names[0].p,
                        n == 2 ? ", " : "", n == 2 ? (int)names[1].n : 0, n == 2 ? names[1].p : "");
}

const char *region_describe(struct image *image, const struct region *region)
{
    const char *text = objects_in(image, region);
    uint32_t n_threads = count_role(image, region, ROLE_THREAD_STACK);

    if (!text && region->n_mappings == 1)
        return mapping_title(image, &image->mappings[region->first_mapping]);
    if (!text)
        text = count_text(image, region->n_mappings, "mapping");
    if (n_threads > 0)
        text = arena_printf(&image->arena, "%s, %s", text,
                            count_text(image, n_threads, "thread stack"));
    return text;
}

static const char *name_of(struct image *image, const struct region *region)
{
    switch (region->role) {
    case REGION_TEXT:
    case REGION_DATA:
    case REGION_BSS:
        return objects_in(image, region);
    case REGION_MMAP:
    case REGION_THREAD_STACKS:
        return region_describe(image, region);
    default:
        return NULL;
    }
}

static void build(struct builder *builder, const struct image *image)
{
    for (uint32_t i = 0; i < image->n_mappings; i++)
        add_mapping(builder, image, i);
}

/* Where the region that ends above the address is; n_regions when there is none. */
static uint32_t find_region(const struct facts *facts, uint64_t address)
{
    uint32_t i = 0;

    while (i < facts->n_regions && facts->regions[i].range.end <= address)
        i++;
    return i;
}

static bool has_brk(const struct facts *facts)
{
    for (uint32_t i = 0; i < facts->n_regions; i++)
        if (facts->regions[i].role == REGION_BRK)
            return true;
    return false;
}

static void insert_region(struct builder *builder, uint32_t at, struct region region)
{
    struct facts *facts = builder->facts;

    region_add(builder, region.role, region.range);
    memmove(&facts->regions[at + 1], &facts->regions[at],
            (facts->n_regions - 1 - at) * sizeof(region));
    facts->regions[at] = region;
}

/* A heap that nothing was taken of yet is an empty region, which splits the gap that it lies in. */
static void insert_empty_brk(struct builder *builder)
{
    struct facts *facts = builder->facts;
    uint64_t brk = facts->brk.end;
    uint32_t at = find_region(facts, brk);
    struct region empty = {.role = REGION_BRK, .range = {brk, brk}, .first_mapping = NONE};

    if (at < facts->n_regions && facts->regions[at].role == REGION_GAP &&
        facts->regions[at].range.start < brk) {
        struct region below = facts->regions[at];

        below.range.end = brk;
        facts->regions[at].range.start = brk;
        insert_region(builder, at++, below);
    } else if (at < facts->n_regions && facts->regions[at].range.start < brk) {
        return; /* inside of something, where prctl(PR_SET_MM) can put it */
    }
    insert_region(builder, at, empty);
}

void regions_compute(struct facts *facts, struct image *image)
{
    struct builder builder = {.facts = facts};
    struct region *regions;

    build(&builder, image);
    if (facts->brk.known && !has_brk(facts))
        insert_empty_brk(&builder);
    regions = facts->regions;
    if (!regions)
        return;
    facts->regions = arena_alloc(&image->arena, facts->n_regions * sizeof(*regions));
    memcpy(facts->regions, regions, facts->n_regions * sizeof(*regions));
    free(regions);
    for (uint32_t i = 0; i < facts->n_regions; i++)
        if (facts->regions[i].role != REGION_GAP)
            facts->regions[i].name = name_of(image, &facts->regions[i]);
}
