/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/query.h"

/* The limit with the least room, when that is less than `bytes`. */
static const struct limit_fact *refusing(const struct growth *growth, uint64_t bytes)
{
    const struct limit_fact *least = growth_binding(growth);

    return least && least->room < bytes ? least : NULL;
}

/* What no known limit refuses, one that is not known may refuse. */
static void doubt_fit(struct fit *fit, const struct growth *growth, struct image *image)
{
    fit->unknown = growth_unknown_text(growth, image);
    fit->known = !fit->unknown;
}

void query_brk(struct fit *fit, const struct facts *facts, struct image *image, uint64_t size)
{
    const struct brk_facts *brk = &facts->brk;
    uint64_t value = image->brk.value, target;

    *fit = (struct fit){.asked = true, .size = size, .known = brk->known};
    if (!brk->known)
        return;
    fit->fits = !__builtin_add_overflow(value, size, &target) && target <= brk->max;
    if (!fit->fits)
        fit->limit = growth_binding(&brk->growth);
    else
        doubt_fit(fit, &brk->growth, image);
}

void query_mmap(struct fit *fit, const struct facts *facts, struct image *image, uint64_t size)
{
    const struct growth *growth = &facts->mmap.growth;
    uint64_t length = align_up(size, image->page_size);

    *fit = (struct fit){.asked = true, .size = size, .known = growth->known};
    if (!growth->known)
        return;
    fit->limit = refusing(growth, length);
    fit->fits = !fit->limit && size > 0;
    if (fit->fits)
        doubt_fit(fit, growth, image);
    if (fit->fits)
        fit->has_address = mmap_place(image, length, &fit->address);
}

/* vm.mmap_min_addr; what the kernel was built with bounds its own search only. */
static uint64_t least_fixed_address(const struct image *image)
{
    return image->host.has_mmap_min_addr ? image->host.mmap_min_addr : image->page_size;
}

void query_range(struct answers *answers, const struct image *image, const char *name,
                 struct range range)
{
    struct occupancy *occupancy;
    uint32_t i;

    if (answers->n_ranges == MAX_OCCUPANCIES)
        return;
    range.start = align_down(range.start, image->page_size); /* what is mapped is whole pages */
    range.end = align_up(range.end, image->page_size);
    occupancy = &answers->ranges[answers->n_ranges++];
    *occupancy = (struct occupancy){
        .name = name,
        .range = range,
        .usable = range.start >= least_fixed_address(image) &&
                  (!image->layout.task_size || range.end <= image->layout.task_size),
        .first_mapping = image_find(image, range.start),
    };
    for (i = occupancy->first_mapping;
         i < image->n_mappings && image->mappings[i].range.start < range.end; i++)
        occupancy->n_mappings++;
    occupancy->is_free = occupancy->n_mappings == 0;
    occupancy->known = !occupancy->is_free || !image_incomplete(image);
}

/* The layouts of gcc 12's and clang 14's runtimes, as their processes show them. */
static const struct {
    const char *sanitizer;
    const char *name;
    struct range range;
} sanitizer_ranges[] = {
    {"asan", "shadow", {0x7fff7000, 0x10007fff8000}},
    {"asan", "allocator", {0x600000000000, 0x640000002000}},
    {"tsan", "reserved", {0x008000000000, 0x010000000000}},
    {"tsan", "shadow", {0x010000000000, 0x200000000000}},
    {"tsan", "reserved", {0x200000000000, 0x300000000000}},
    {"tsan", "metainfo", {0x300000000000, 0x340000000000}},
    {"tsan", "reserved", {0x340000000000, 0x550000000000}},
    {"tsan", "traces and heap", {0x568000000000, 0x7c0000000000}},
};

bool query_sanitizer(struct answers *answers, const struct image *image, const char *name)
{
    bool found = false;

    for (size_t i = 0; i < sizeof(sanitizer_ranges) / sizeof(sanitizer_ranges[0]); i++) {
        if (!str_eq(str_of(name), str_of(sanitizer_ranges[i].sanitizer)))
            continue;
        query_range(answers, image, sanitizer_ranges[i].name, sanitizer_ranges[i].range);
        found = true;
    }
    return found;
}
