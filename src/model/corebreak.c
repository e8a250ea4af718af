/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The break of a process in a core, which holds neither start_brk nor the label [heap].  libc's
 * copy of the break, in memory, is where the heap ends; the anonymous memory right below is the
 * heap, and begins where the break did.  Without that copy the heap is what looks most like it: the
 * first writable memory of nobody where the kernel can have put it.
 */
#include "base/units.h"
#include "model/build.h"

static bool is_of_program(const struct image *image, const struct mapping *mapping)
{
    return image->program != NONE && mapping->instance == image->program;
}

/*
 * What was reserved beside the heap is not a part of it; a small piece can be one that was
 * protected.
 */
static bool is_reserved(const struct mapping *mapping)
{
    return !(mapping->perms & (PERM_READ | PERM_WRITE | PERM_EXEC | PERM_READ_UNKNOWN)) &&
           range_size(mapping->range) > MIB;
}

/* Private memory that is nobody's; bss can be a part of it. */
static bool may_be_heap(const struct image *image, const struct mapping *mapping)
{
    return !mapping->is_file && mapping->name == 0 && !(mapping->perms & PERM_SHARED) &&
           !is_reserved(mapping) && (mapping->instance == NONE || is_of_program(image, mapping));
}

/* Where bss ends by the headers, or for all that is known of it; 0: no program. */
static uint64_t end_of_program(const struct image *image)
{
    const struct instance *program;

    if (image->program == NONE)
        return 0;
    program = &image->instances[image->program];
    return program->has_bias ? program->range.end : program->seen.end;
}

/* The same when the heap is above it, where heap and bss can be one mapping; else 0: static PIE. */
static uint64_t bss_below(const struct image *image, uint64_t address)
{
    uint64_t end = end_of_program(image);

    return end <= address ? end : 0;
}

static void label(struct image *image, uint32_t first, uint32_t last)
{
    uint32_t name = intern_add(&image->names, STR("[heap]"));

    for (uint32_t i = first; i <= last; i++) {
        image->mappings[i].name = name;
        image->mappings[i].unknown = 0;
    }
    image->brk.first_heap = first;
    image->brk.last_heap = last;
}

/* The first of the mappings without a hole between them that end with `last` and may be heap. */
static uint32_t first_of_run(const struct image *image, uint32_t last)
{
    uint64_t bss = bss_below(image, image->mappings[last].range.end);
    uint32_t i = last;

    while (i > 0 && image->mappings[i - 1].range.end == image->mappings[i].range.start &&
           may_be_heap(image, &image->mappings[i - 1]) && image->mappings[i - 1].range.end > bss)
        i--;
    return i;
}

/* The mapping in which the heap ends that has its break there; NONE: it is empty. */
static uint32_t find_end(const struct image *image, uint64_t value)
{
    uint32_t i = value > 0 ? image_find(image, value - 1) : image->n_mappings;

    if (i == image->n_mappings || image->mappings[i].range.start >= value ||
        !may_be_heap(image, &image->mappings[i]) ||
        image->mappings[i].range.end <= bss_below(image, value))
        return NONE;
    return i;
}

/*
 * The lowest mapping between the program and an address that may be a part of the heap, cut off by
 * a hole; NONE: there is none.
 */
static uint32_t find_more_below(const struct image *image, uint64_t address)
{
    uint64_t bss = bss_below(image, address);

    for (uint32_t i = bss ? image_find(image, bss) : image->n_mappings;
         i < image->n_mappings && image->mappings[i].range.end < address; i++)
        if (may_be_heap(image, &image->mappings[i]) && !(image->mappings[i].perms & PERM_EXEC))
            return i;
    return NONE;
}

/*
 * The least that the start can be, where it is not known: all that is free below may be the heap's.
 */
static uint64_t least_start(const struct image *image, uint64_t address)
{
    uint32_t i = image_find(image, address - 1);

    return i > 0 ? image->mappings[i - 1].range.end : address;
}

/* The heap begins in a mapping that may be bss in part. */
static void take_start(struct image *image)
{
    struct break_state *brk = &image->brk;
    uint64_t bss = end_of_program(image);

    brk->start = image->mappings[brk->first_heap].range.start;
    brk->is_start_known = true;
    brk->merged_with_bss = is_of_program(image, &image->mappings[brk->first_heap]);
    if (!brk->merged_with_bss)
        return;
    brk->is_start_known = image->instances[image->program].has_bias;
    if (brk->is_start_known)
        brk->start = bss;
}

/*
 * What stands between the program and a heap that begins at `address` may be the lower part of it.
 */
static void doubt_start(struct image *image, uint64_t address)
{
    struct break_state *brk = &image->brk;
    uint32_t more = find_more_below(image, address);

    if (more == NONE)
        return;
    brk->is_start_known = false;
    brk->start = image->mappings[more].range.start;
    brk->uncertain = "other memory lies between the program and the heap, which begins there if a "
                     "part of it was unmapped";
}

static void take_empty_heap(struct image *image, uint64_t value)
{
    struct break_state *brk = &image->brk;

    brk->is_start_known = value == brk->end && !image->core->incomplete;
    brk->start = brk->is_start_known ? value : least_start(image, value);
    if (brk->is_start_known)
        doubt_start(image, value);
    else
        brk->uncertain = image->core->incomplete
                             ? "the core does not show the memory right below libc's break"
                             : "nothing is mapped right below libc's break: the end of the heap "
                               "was unmapped, or the program moves the break without libc";
}

/* Parts of the heap are mappings of their own where it was locked or protected in part. */
static void doubt_left_out(struct image *image)
{
    if (image->core->incomplete && !image->brk.uncertain)
        image->brk.uncertain = "the core may leave out a lower part of the heap, which would begin "
                               "further down then";
}

static void take_heap(struct image *image, uint32_t last)
{
    struct break_state *brk = &image->brk;
    uint64_t end = image->mappings[last].range.end;

    label(image, first_of_run(image, last), last);
    take_start(image);
    if (!brk->merged_with_bss) {
        doubt_start(image, brk->start);
        doubt_left_out(image);
    }
    if (end > brk->end + 64 * KIB) {
        brk->exact = false;
        brk->value = brk->end = end;
        brk->uncertain = "memory goes on far beyond libc's break: the program moves the break "
                         "without libc, or something is mapped right against the heap";
    } else if (end > brk->end) {
        brk->uncertain = "memory goes on beyond libc's break: something was mapped right against "
                         "the heap, or the program moves the break without libc";
    }
}

static void take_libc_break(struct image *image, uint64_t value)
{
    struct break_state *brk = &image->brk;
    uint32_t last = find_end(image, value);

    brk->has_libc_value = true;
    brk->libc_value = value;
    if (value == 0) {
        brk->missing = "libc never asked for the break, and a core does not tell where it starts";
        return;
    }
    brk->known = brk->exact = true;
    brk->value = value;
    brk->end = align_up(value, image->page_size);
    if (last == NONE)
        take_empty_heap(image, value);
    else
        take_heap(image, last);
}

/*
 * arch_randomize_brk(): the break starts at most that far above bss; on powerpc alone it can be
 * further in 64-bit programs.  Static PIEs and programs that are run
 * by their loader have it elsewhere.
 */
static uint64_t window_bytes(const struct image *image)
{
    if (image->via_loader || image->program_type == PROGRAM_STATIC_PIE)
        return 0;
    return image->elf_class == 64 ? GIB : 32 * MIB;
}

static bool is_likely(const struct image *image, uint32_t index)
{
    return index < image->n_mappings && may_be_heap(image, &image->mappings[index]) &&
           image->mappings[index].perms & PERM_WRITE;
}

static uint32_t find_likely(const struct image *image)
{
    uint64_t bss = end_of_program(image), end = bss + window_bytes(image);

    for (uint32_t i = bss ? image_find(image, bss) : image->n_mappings;
         i < image->n_mappings && image->mappings[i].range.start <= end; i++)
        if (is_likely(image, i))
            return i;
    return NONE;
}

/* musl's malloc keeps a page without access in front of what it takes from the break. */
static bool has_guard_below(const struct image *image, uint32_t index)
{
    const struct mapping *guard = &image->mappings[index] - 1;

    return index > 0 && guard->range.end == image->mappings[index].range.start &&
           may_be_heap(image, guard) && range_size(guard->range) == image->page_size &&
           !(guard->perms & (PERM_READ | PERM_WRITE | PERM_EXEC));
}

static void label_likely(struct image *image, uint32_t first)
{
    uint32_t last = first;

    while (is_likely(image, last + 1) &&
           image->mappings[last].range.end == image->mappings[last + 1].range.start)
        last++;
    label(image, first - has_guard_below(image, first), last);
}

static void take_likely(struct image *image, const char *why_not)
{
    struct break_state *brk = &image->brk;
    uint32_t first = find_likely(image);

    if (first == NONE) {
        brk->missing = arena_printf(&image->arena,
                                    "a core does not tell where the break is, and nothing looks "
                                    "like the heap: %s",
                                    why_not);
        return;
    }
    brk->known = true;
    label_likely(image, first);
    take_start(image);
    brk->is_start_known &= !image->core->incomplete;
    brk->value = brk->end = image->mappings[brk->last_heap].range.end;
    brk->uncertain = arena_printf(&image->arena,
                                  "a core does not tell where the break is, and the first "
                                  "anonymous memory above the program was taken for the heap: %s",
                                  why_not);
}

void core_find_break(struct image *image)
{
    const char *why_not;
    uint64_t value;

    image->brk.first_heap = image->brk.last_heap = NONE;
    if (break_read_libc(image, &value, &why_not))
        take_libc_break(image, value);
    else
        take_likely(image, why_not);
}
