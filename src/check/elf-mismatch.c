/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the memory of each loaded object is what its program headers say.  Only what cannot be
 * innocent counts: a piece of an executable segment that is not mapped at all, shows another file,
 * or shows the file at another place.  Protections change for good reasons (RELRO, text
 * relocations, code patching), and anonymous memory in place of text is how programs move
 * themselves to huge pages.
 */
#include "check/rules.h"

#include "base/units.h"

#include <elf.h>

enum { MAX_PLACES = 8 };

/* What is wrong with one object. */
struct mismatch {
    struct places places;
    const char *first; /* what there is at the first of the places */
};

static bool is_foreign(const struct image *image, const struct mapping *mapping,
                       const struct object *object)
{
    return mapping->is_file && !mapping_shows(image, mapping, object);
}

static bool is_shifted(const struct mapping *mapping, uint64_t segment_start, uint64_t file_start)
{
    return mapping->is_file && mapping->offset - file_start != mapping->range.start - segment_start;
}

/* What a core or a text does not show may be mapped all the same. */
static void add_hole(struct checker *checker, struct mismatch *mismatch, struct range hole)
{
    if (image_incomplete(checker->image))
        return;
    if (mismatch->places.n == 0)
        mismatch->first = "nothing";
    places_add(checker, &mismatch->places, "not mapped", hole, 0);
}

static void add_other(struct checker *checker, struct mismatch *mismatch,
                      const struct object *object, const struct mapping *mapping)
{
    places_add_mapping(checker, &mismatch->places, mapping);
    if (mismatch->places.n > 1)
        return;
    if (is_foreign(checker->image, mapping, object))
        mismatch->first =
            arena_printf(checker->arena, "another file, %s", mismatch->places.list[0].name);
    else
        mismatch->first = "another part of the file";
}

/* Holds the mappings of [range) against a segment whose first page shows the file at file_start. */
static void compare(struct checker *checker, const struct object *object, struct range range,
                    uint64_t file_start, struct mismatch *mismatch)
{
    const struct image *image = checker->image;
    uint64_t expected = range.start;

    for (uint32_t i = image_find(image, range.start);
         expected < range.end && mismatch->places.n < MAX_PLACES; i++) {
        struct range rest = {expected, range.end};
        const struct mapping *mapping;

        if (i == image->n_mappings || image->mappings[i].range.start >= range.end) {
            add_hole(checker, mismatch, rest);
            return;
        }
        mapping = &image->mappings[i];
        if (mapping->range.start > expected)
            add_hole(checker, mismatch, (struct range){expected, mapping->range.start});
        if (is_foreign(image, mapping, object) || is_shifted(mapping, range.start, file_start))
            add_other(checker, mismatch, object, mapping);
        expected = mapping->range.end;
    }
}

static void check_instance(struct checker *checker, const struct instance *instance,
                           struct mismatch *mismatch)
{
    const struct image *image = checker->image;
    const struct object *object = &image->objects[instance->object];
    uint64_t page = image->page_size;

    for (unsigned int i = 0; i < object->head.n_segments; i++) {
        const struct segment *segment = &object->head.segments[i];
        struct range range;

        if (segment->type != PT_LOAD || !(segment->flags & PF_X) || segment->file_bytes == 0)
            continue;
        range.start = align_down(segment->vaddr, page) + instance->bias;
        range.end = align_up(segment->vaddr + segment->file_bytes, page) + instance->bias;
        compare(checker, object, range, align_down(segment->offset, page), mismatch);
    }
}

static void report(struct checker *checker, const struct instance *instance,
                   const struct mismatch *mismatch)
{
    const struct object *object = &checker->image->objects[instance->object];
    const struct places *places = &mismatch->places;
    struct str name = short_name(object->path);
    struct finding *finding;
    char start[UNITS_TEXT], end[UNITS_TEXT];

    finding =
        finding_add(checker, SEVERITY_WARNING, "%.*s in memory is not what its program headers say",
                    (int)name.n, name.p);
    finding_detail(
        checker, finding,
        "Its code should be mapped from the file; from %s to %s there is %s. A part that was "
        "unmapped or replaced crashes or does something else when it is called.",
        address_text(places->list[0].range.start, start),
        address_text(places->list[0].range.end, end), mismatch->first);
    finding_remedy(checker, finding, "%s",
                   "Find the munmap or the mmap with MAP_FIXED: start the program under "
                   "\"" TRACE_MEMORY "\". If the file was overwritten in place (cp over a "
                   "running library), install it anew and restart the program.");
    evidence_text(finding, "object", arena_strndup(checker->arena, object->path.p, object->path.n));
    evidence_address(finding, "bias", instance->bias);
    evidence_places(finding, "places", places->list, places->n);
}

static bool any_head(const struct image *image)
{
    for (uint32_t i = 0; i < image->n_instances; i++)
        if (image->instances[i].has_bias)
            return true;
    return false;
}

static void run(struct checker *checker)
{
    const struct image *image = checker->image;

    if (!any_head(image)) {
        rule_not_run(checker, "the ELF headers of its objects are not known");
        return;
    }
    for (uint32_t i = 0; i < image->n_instances; i++) {
        const struct instance *instance = &image->instances[i];
        struct mismatch mismatch = {0};

        if (!instance->has_bias)
            continue;
        check_instance(checker, instance, &mismatch);
        if (mismatch.places.n > 0)
            report(checker, instance, &mismatch);
    }
}

const struct rule rule_elf_mismatch = {
    .id = "elf-mismatch",
    .severities = "warning",
    .when = "mappings of an object disagree with its program headers",
    .meaning =
        "The executable segments of an ELF object should be mapped from its file, all of them, at "
        "one distance. Here a piece is not mapped, shows another file, or another part of the "
        "file. Reasons are munmap or MAP_FIXED calls that hit the wrong place, libraries "
        "overwritten in place while they are in use, and code injection.",
    .remedy =
        "\"" TRACE_MEMORY "\" finds the call. Install libraries by renaming a new file over the "
        "old one, never by writing into it.",
    .run = run,
};
