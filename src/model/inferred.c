/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program, its interpreter and how they were linked, where no headers can be read: by the names
 * of what is mapped, and where.  A memory map that somebody pasted has nothing else.
 */
#include "model/build.h"

#include "base/units.h"
#include "model/filename.h"

/* Of two mappings of a file in one loading the distance less that in the file: alignment. */
#define MAX_SHIFT (32 * MIB)

/* The distance at which a mapping shows its file. */
static uint64_t shift_of(const struct mapping *mapping)
{
    return mapping->range.start - mapping->offset;
}

static bool is_same_file(const struct mapping *a, const struct mapping *b)
{
    return b->is_file && a->name == b->name && a->inode == b->inode;
}

/* Whether two mappings of a file, `upper` above `lower`, can be parts of one loading of it. */
static bool are_parts(const struct mapping *lower, const struct mapping *upper)
{
    if ((lower->unknown | upper->unknown) & MAPPING_OFFSET_UNKNOWN)
        return upper->range.start - lower->range.end <= MAX_SHIFT;
    return upper->offset >= lower->offset && shift_of(upper) - shift_of(lower) <= MAX_SHIFT;
}

static bool is_no_part(const struct image *image, const struct mapping *mapping)
{
    struct str name = mapping_name(image, mapping);

    return str_eq(name, STR("[heap]")) || str_eq(name, STR("[stack]"));
}

/*
 * The segments of a loader that is aligned for pages of 64 KiB are apart in smaller pages, and the
 * kernel fills the hole with what it maps next, files too.
 */
static bool are_parts_around(const struct mapping *lower, const struct mapping *upper)
{
    return !((lower->unknown | upper->unknown) & MAPPING_OFFSET_UNKNOWN) &&
           are_parts(lower, upper) && shift_of(upper) - shift_of(lower) <= 64 * KIB;
}

static bool is_next(const struct mapping *lower, const struct mapping *upper, bool is_close)
{
    return is_close ? are_parts(lower, upper) : are_parts_around(lower, upper);
}

/* The next part of the loading that `index` belongs to, in steps of 1 or -1; NONE: no more. */
static uint32_t next_part(const struct image *image, uint32_t index, int step)
{
    enum { MAX_BETWEEN = 2, MAX_IN_HOLE = 16 };
    const struct mapping *from = &image->mappings[index];
    bool is_close = true; /* anonymous memory in the hole, or [vdso], and no more */

    for (uint32_t i = index + (uint32_t)step, n = 0; i < image->n_mappings && n <= MAX_IN_HOLE;
         i += (uint32_t)step, n++) {
        const struct mapping *mapping = &image->mappings[i];

        if (is_same_file(from, mapping))
            return (step > 0 ? is_next(from, mapping, is_close)
                             : from->offset > 0 && is_next(mapping, from, is_close))
                       ? i
                       : NONE;
        if (is_no_part(image, mapping))
            return NONE;
        is_close = is_close && !mapping->is_file && n < MAX_BETWEEN;
    }
    return NONE;
}

struct range object_range_by_names(const struct image *image, uint32_t index)
{
    struct range range = image->mappings[index].range;

    for (uint32_t i = index; (i = next_part(image, i, -1)) != NONE;)
        range.start = image->mappings[i].range.start;
    for (uint32_t i = index; (i = next_part(image, i, 1)) != NONE;)
        range.end = image->mappings[i].range.end;
    return range;
}

static struct str path_of(const struct image *image, uint32_t instance)
{
    return image->objects[image->instances[instance].object].path;
}

static bool may_be_program(const struct image *image, uint32_t instance)
{
    return !filename_is_no_program(path_of(image, instance));
}

/* Where the heap begins; 0 without one. */
static uint64_t heap_start(const struct image *image)
{
    for (uint32_t i = 0; i < image->n_mappings; i++)
        if (str_eq(mapping_name(image, &image->mappings[i]), STR("[heap]")))
            return image->mappings[i].range.start;
    return 0;
}

/*
 * The kernel starts the break above the program's bss, so that of several files that may be
 * programs (an emulator and its guest) the last one below the heap is executed.  Without a heap,
 * the lowest.
 */
static uint32_t find_by_place(const struct image *image)
{
    uint64_t heap = heap_start(image);
    uint32_t below = NONE, lowest = NONE, n = 0;

    for (uint32_t i = 0; i < image->n_instances; i++) {
        if (!may_be_program(image, i))
            continue;
        if (n++ == 0)
            lowest = i;
        if (image->instances[i].range.end <= heap)
            below = i;
    }
    if (below != NONE)
        return below;
    return heap == 0 || n == 1 ? lowest : NONE;
}

/* Of two, as an emulator has, the highest is the process's own. */
static uint32_t find_loader(const struct image *image)
{
    for (uint32_t i = image->n_instances; i-- > 0;)
        if (i != image->program && filename_is_loader(path_of(image, i)))
            return i;
    return NONE;
}

static bool is_bss(const struct image *image, const struct mapping *data,
                   const struct mapping *mapping)
{
    struct str name = mapping_name(image, mapping);

    return data->is_file && (data->perms & (PERM_WRITE | PERM_UNKNOWN)) && !mapping->is_file &&
           !(mapping->perms & PERM_SHARED) && mapping->range.start == data->range.end &&
           (name.n == 0 || str_eq(name, STR("[anon:.bss]")));
}

/*
 * The loader maps a library's bss with the permissions of its data; the kernel makes the program's
 * and has its own idea of what is executable.
 */
static bool has_perms_of(const struct mapping *data, const struct mapping *mapping)
{
    return ((data->perms ^ mapping->perms) & (PERM_READ | PERM_WRITE | PERM_EXEC)) == 0;
}

/*
 * Directly above the data.  Above a library's there may be other memory instead, so that only a
 * little is taken for its bss.
 */
static void add_bss(struct image *image, uint32_t instance, bool is_program)
{
    uint64_t most = is_program ? UINT64_MAX : 4 * image->page_size;
    struct range *range = &image->instances[instance].range;
    uint32_t i = image_find(image, range->end);

    if (i > 0 && i < image->n_mappings &&
        is_bss(image, &image->mappings[i - 1], &image->mappings[i]) &&
        (is_program || has_perms_of(&image->mappings[i - 1], &image->mappings[i])) &&
        range_size(image->mappings[i].range) <= most)
        range->end = image->mappings[i].range.end;
}

void instances_add_bss(struct image *image)
{
    uint32_t program = image->exe ? NONE : find_by_place(image);

    for (uint32_t i = 0; i < image->n_instances; i++) {
        const struct instance *instance = &image->instances[i];

        if (!instance->has_bias)
            add_bss(image, i, i == program || image->objects[instance->object].is_exe);
    }
}

/* The whole map is there, not some lines of it: it has what every process has at its end. */
static bool is_whole(const struct image *image)
{
    for (uint32_t i = image->n_mappings; i-- > 0;)
        if (str_eq(mapping_name(image, &image->mappings[i]), STR("[stack]")))
            return true;
    return false;
}

enum answer_by { BY_NOTHING, YES, NO };

static enum answer_by has_loader(const struct image *image)
{
    if (image->interp != NONE || image->via_loader)
        return YES;
    if (image->auxv.known)
        return image->auxv.base ? YES : NO;
    return is_whole(image) && image->n_instances == 1 ? NO : BY_NOTHING;
}

/*
 * A 64-bit kernel puts no PIE below 4 GiB (ELF_ET_DYN_BASE is two thirds of the address space, or 4
 * GiB on powerpc), and linkers give programs no higher addresses, but for 0x120000000 on Alpha,
 * MIPS and LoongArch.  In 32-bit programs only the linkers' defaults tell: a PIE of i386 and arm
 * can lie at 4 MiB as well as a program of mips or s390 that is none.
 */
static enum answer_by is_linked_there(const struct image *image)
{
    static const uint64_t defaults_32[] = {0x8000, 0x10000, 0x8048000, 0x10000000};
    uint64_t start = image->instances[image->program].range.start;

    if (image->elf_class == 64)
        return start < 4 * GIB || start == 0x120000000 ? YES : NO;
    if (image->elf_class != 32)
        return BY_NOTHING;
    for (size_t i = 0; i < sizeof(defaults_32) / sizeof(defaults_32[0]); i++)
        if (start == defaults_32[i])
            return YES;
    return start >= GIB ? NO : BY_NOTHING;
}

static enum program_type type_by_place(const struct image *image)
{
    enum answer_by loader = has_loader(image), linked = is_linked_there(image);

    if (loader == BY_NOTHING || linked == BY_NOTHING)
        return PROGRAM_UNKNOWN;
    if (linked == YES)
        return loader == YES ? PROGRAM_EXEC : PROGRAM_STATIC;
    return loader == YES ? PROGRAM_PIE : PROGRAM_STATIC_PIE;
}

/*
 * Above 4 GiB there is only a 64-bit program.  That there is nothing shows a 32-bit one when the
 * stack or libraries are in the map; the program alone can be linked low.
 */
static unsigned int class_by_addresses(const struct image *image)
{
    if (image->n_mappings > 0 && image->mappings[image->n_mappings - 1].range.end > 4 * GIB)
        return 64;
    if (is_whole(image))
        return 32;
    for (uint32_t i = 0; i < image->n_instances; i++)
        if (filename_is_library(path_of(image, i)))
            return 32;
    return 0;
}

static unsigned int class_by_names(const struct image *image)
{
    for (uint32_t i = image->n_instances; i-- > 0;)
        if (filename_class(path_of(image, i)))
            return filename_class(path_of(image, i));
    return 0;
}

/* The executed file is the loader: the program is what it was given as its argument. */
static void step_over_loader(struct image *image)
{
    uint32_t program;

    if (image->program == NONE || !filename_is_loader(path_of(image, image->program)))
        return;
    program = find_by_place(image);
    if (program == NONE)
        return;
    image->via_loader = true;
    image->interp = image->program;
    image->program = program;
}

/* The break follows the executed file: of a program above the heap that is another, its loader. */
static bool is_above_heap(const struct image *image)
{
    return image->program != NONE && image->interp != NONE && heap_start(image) != 0 &&
           heap_start(image) < image->instances[image->program].range.start;
}

void program_infer(struct image *image)
{
    bool by_place = image->program == NONE && !image->exe;
    const char *what = by_place ? "program" : "program type";

    if (by_place)
        image->program = find_by_place(image);
    if (image->elf_class == 0)
        image->elf_class = class_by_addresses(image);
    if (image->elf_class == 0)
        image->elf_class = class_by_names(image);
    step_over_loader(image);
    if (image->interp == NONE && !image->auxv.known)
        image->interp = find_loader(image);
    image->via_loader = image->via_loader || (by_place && is_above_heap(image));
    if (image->program == NONE)
        return;
    image->program_type = type_by_place(image);
    image->program_evidence = by_place ? "inferred from names and addresses: there is no link to "
                                         "the executed file"
                                       : "inferred from its address: its ELF header is not known";
    image_note_missing(image, what, image->program_evidence);
}
