/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/heap.h"

#include "base/units.h"
#include "model/build.h"
#include "model/heapkeep.h"
#include "parse/memorylist.h"
#include "source/targetmem.h"

#include <elf.h>
#include <stdlib.h>

static void add_evidence(struct heap *heap, const char *sentence)
{
    if (heap->n_evidence < HEAP_MAX_EVIDENCE && sentence)
        heap->evidence[heap->n_evidence++] = sentence;
}

/* Private memory that is no device's: reads of anything else can have effects, or hang. */
static bool is_readable(const struct mapping *mapping)
{
    if (!(mapping->perms & PERM_READ) ||
        mapping->perms & (PERM_SHARED | PERM_UNKNOWN | PERM_SHARING_UNKNOWN))
        return false;
    return mapping->role != ROLE_DEVICE && mapping->role != ROLE_SHARED &&
           mapping->role != ROLE_VVAR && mapping->role != ROLE_VSYSCALL;
}

/* A core does not say what is shared; its memory is a file's. */
static bool can_read(const struct image *image, const struct mapping *mapping)
{
    return image->core ? !(mapping->perms & PERM_UNKNOWN) : is_readable(mapping);
}

static struct range *list_ranges(struct image *image, uint32_t *n)
{
    struct range *ranges = arena_alloc(&image->arena, (image->n_mappings + 1) * sizeof(*ranges));

    *n = 0;
    for (uint32_t i = 0; i < image->n_mappings; i++)
        if (can_read(image, &image->mappings[i]))
            ranges[(*n)++] = image->mappings[i].range;
    return ranges;
}

static bool is_data(const struct image *image, const struct mapping *mapping, uint32_t instance)
{
    return mapping->instance == instance && mapping->perms & PERM_WRITE && can_read(image, mapping);
}

static const char *title_of(struct image *image, uint32_t instance)
{
    struct str name = short_name(image->objects[image->instances[instance].object].path);

    return arena_strndup(&image->arena, name.p, name.n);
}

struct segments {
    struct glibc_segment *list;
    uint32_t n;
    bool *has; /* of each instance */
};

/* The writable mappings of an instance that adjoin are one. */
static void add_segments(struct image *image, struct segments *segments, uint32_t instance)
{
    const char *title = title_of(image, instance);
    uint64_t end = 0;

    if (segments->has[instance])
        return;
    segments->has[instance] = true;
    for (uint32_t i = image_find(image, image->instances[instance].seen.start);
         i < image->n_mappings &&
         image->mappings[i].range.start < image->instances[instance].seen.end;
         i++) {
        const struct mapping *mapping = &image->mappings[i];

        if (!is_data(image, mapping, instance))
            continue;
        if (end != mapping->range.start || segments->n == 0)
            segments->list[segments->n++] = (struct glibc_segment){mapping->range, title};
        else
            segments->list[segments->n - 1].range.end = mapping->range.end;
        end = mapping->range.end;
    }
}

static bool is_libc(const struct image *image, uint32_t instance)
{
    struct str name = short_name(image->objects[image->instances[instance].object].path);

    return str_starts(name, STR("libc.so")) || str_starts(name, STR("libc-2."));
}

/* The likeliest first, so that what looks like a copy without being one comes late. */
static struct segments list_segments(struct image *image)
{
    struct segments segments = {
        .list = arena_alloc(&image->arena, (image->n_mappings + 1) * sizeof(*segments.list)),
        .has = arena_alloc(&image->arena, (image->n_instances + 1) * sizeof(*segments.has)),
    };

    if (image->allocator.instance != NONE)
        add_segments(image, &segments, image->allocator.instance);
    for (uint32_t i = 0; i < image->n_instances; i++)
        if (is_libc(image, i))
            add_segments(image, &segments, i);
    if (image->program != NONE)
        add_segments(image, &segments, image->program);
    for (uint32_t i = 0; i < image->n_instances; i++)
        add_segments(image, &segments, i);
    return segments;
}

/* Where a long double is aligned to 16 bytes, chunks are as well. */
static bool is_wide(const struct image *image)
{
    return image->machine == EM_386 || image->machine == EM_X86_64 || image->machine == EM_PPC ||
           image->machine == EM_RISCV;
}

/* What malloc may have its memory in: all that is private, writable and no file's. */
static struct range *list_anonymous(struct image *image, size_t *n)
{
    struct range *ranges = arena_alloc(&image->arena, (image->n_mappings + 1) * sizeof(*ranges));

    *n = 0;
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];

        if (mapping->perms & PERM_WRITE && can_read(image, mapping) &&
            (!mapping->is_file || mapping_is_huge(image, mapping)))
            ranges[(*n)++] = mapping->range;
    }
    return ranges;
}

static void find_lost(struct image *image, struct heap *heap, const struct glibc_place *place)
{
    size_t n;
    const struct range *anonymous = list_anonymous(image, &n);

    for (uint32_t i = 0; i < heap->glibc.n_mallocs; i++)
        glibc_find_lost(&heap->glibc.mallocs[i], place, anonymous, n);
}

static void find_glibc(struct image *image, struct heap *heap, const struct reader *memory)
{
    struct segments segments = list_segments(image);
    struct glibc_place place = {
        .arena = &image->arena,
        .memory = memory,
        .word = image->elf_class == 64 ? 8 : 4,
        .is_big_endian = image->big_endian,
        .is_wide = is_wide(image),
        .page_size = image->page_size,
        .start_brk = image->brk.known && image->brk.is_start_known ? image->brk.start : 0,
        .segments = segments.list,
        .n_segments = segments.n,
    };

    glibc_find(&heap->glibc, &place);
    if (capture_kind(image->capture) != CAPTURE_SNAPSHOT)
        find_lost(image, heap, &place);
}

static bool is_name(const char *name, const char *other)
{
    return name && strcmp(name, other) == 0;
}

/* Nothing but a signature tells what a stripped program, or a library of no known make, has. */
static bool is_of_no_known_make(const struct allocator *allocator)
{
    return !allocator->name || is_name(allocator->name, "own") || is_name(allocator->name, "other");
}

static bool lies_in(struct image *image, const struct glibc_malloc *malloc, uint32_t instance)
{
    return instance != NONE &&
           range_has(image->instances[instance].seen, malloc->arenas[0].address);
}

/* The copy that lies in the object that serves malloc, or in a static program. */
static const struct glibc_malloc *serving(struct image *image, const struct heap *heap)
{
    const struct allocator *allocator = &image->allocator;
    bool is_static =
        image->program_type == PROGRAM_STATIC || image->program_type == PROGRAM_STATIC_PIE;
    uint32_t instance = allocator->instance;

    if (!is_name(allocator->name, "glibc") && !is_of_no_known_make(allocator))
        return NULL;
    if (instance == NONE && is_static)
        instance = image->program;
    for (uint32_t i = 0; i < heap->glibc.n_mallocs; i++)
        if (lies_in(image, &heap->glibc.mallocs[i], instance))
            return &heap->glibc.mallocs[i];
    return NULL;
}

static struct str program_name(const struct image *image)
{
    return image->program != NONE
               ? short_name(image->objects[image->instances[image->program].object].path)
               : STR("");
}

/* What else the process has is its own: numbers of malloc's are not to be taken for all. */
static void add_other_memory(const struct image *image, struct heap *heap)
{
    if (image_has_runtime(image, RUNTIME_JVM))
        add_evidence(heap, "this is but the native part: Java's heap, its classes and compiled "
                           "code are mapped by the JVM itself");
    else if (str_eq(program_name(image), STR("node")))
        add_evidence(heap, "this is but the native part: the heap of JavaScript is mapped by V8 "
                           "itself");
    else if (str_starts(program_name(image), STR("python")))
        add_evidence(heap, "this is but a part: memory for small objects is mapped by Python "
                           "itself");
}

static void judge_glibc(struct image *image, struct heap *heap)
{
    const struct glibc *glibc = &heap->glibc;

    heap->malloc = serving(image, heap);
    if (heap->malloc && heap->malloc->is_used)
        add_other_memory(image, heap);
    else if (!heap->malloc && glibc->is_cut)
        add_evidence(heap, "not all data of all objects was searched for glibc's malloc: it is too "
                           "much");
    if (heap->malloc && heap->malloc->is_used)
        heap->allocator = "glibc";
    for (uint32_t i = 0; glibc->mallocs && i < glibc->n_mallocs; i++) {
        const struct glibc_malloc *malloc = &glibc->mallocs[i];
        char address[UNITS_TEXT];

        address_text(malloc->arenas[0].address, address);
        add_evidence(heap,
                     malloc->is_used
                         ? arena_printf(&image->arena,
                                        "%s has glibc's malloc in use: its main arena is at %s",
                                        malloc->object, address)
                         : arena_printf(&image->arena,
                                        "%s has glibc's malloc, which was never used: its main "
                                        "arena at %s is untouched",
                                        malloc->object, address));
    }
}

static bool is_there(void *context, uint64_t address)
{
    return targetmem_is_present(context, address);
}

static struct range *list_huge(struct image *image, size_t *n)
{
    struct range *ranges = arena_alloc(&image->arena, (image->n_mappings + 1) * sizeof(*ranges));

    *n = 0;
    for (uint32_t i = 0; i < image->n_mappings; i++)
        if (mapping_is_huge(image, &image->mappings[i]))
            ranges[(*n)++] = image->mappings[i].range;
    return ranges;
}

static void walk_heap(struct image *image, struct heap *heap, struct targetmem *mem,
                      const struct reader *memory)
{
    struct heapwalk_source source = {
        .malloc = heap->malloc,
        .memory = memory,
        .page_size = image->page_size,
        .brk = image->brk.known ? image->brk.value : 0,
        .is_present = is_there,
        .present_context = mem,
    };

    if (!heap->malloc || !heap->malloc->is_used)
        return;
    heap->is_trim_most =
        capture_kind(image->capture) != CAPTURE_LIVE || targetmem_missing(mem) != NULL;
    source.ranges = list_anonymous(image, &source.n_ranges);
    source.huge = list_huge(image, &source.n_huge);
    heap->walk = arena_alloc(&image->arena, sizeof(*heap->walk));
    heapwalk_run(heap->walk, &image->arena, &source);
    heap->is_trim_most |= heap->walk->is_trim_most;
    heap->is_corrupt = heap->walk->verdict == HEAP_CORRUPTED;
}

static void read_memory(struct image *image, struct heap *heap, struct heap_wish wish)
{
    struct targetmem *mem;
    struct reader memory;
    struct range *ranges;
    uint32_t n_ranges;
    struct err err;

    if (image->elf_class == 0 || image->page_size == 0) {
        heap->missing = "the size of an address, or of a page, is not known";
        return;
    }
    ranges = list_ranges(image, &n_ranges);
    if (!targetmem_open(&mem, image->capture, ranges, n_ranges, image->page_size, &err)) {
        heap->missing = arena_printf(&image->arena, "%s", err.text);
        return;
    }
    memory = targetmem_reader(mem);
    heap->pagemap_missing = targetmem_missing(mem);
    find_glibc(image, heap, &memory);
    judge_glibc(image, heap);
    if (wish.keep)
        heap->kept = heap_keep(&image->arena, &heap->glibc, &memory);
    if (wish.walk && capture_kind(image->capture) != CAPTURE_SNAPSHOT)
        walk_heap(image, heap, mem, &memory);
    targetmem_close(mem);
}

/* The file stands in for the memory; nothing else may take it for that. */
static void read_saved_memory(struct image *image, struct heap *heap, struct heap_wish wish)
{
    const struct blob *blob = capture_get(image->capture, CAPTURE_MEMORY);
    struct memorylist list;
    struct reader memory;
    struct err err;

    if (blob->missing || !memorylist_parse(&list, &image->arena, blob->bytes, &err)) {
        heap->missing = blob->missing ? "the snapshot holds no memory: save --heap keeps malloc's"
                                      : arena_printf(&image->arena, "%s", err.text);
        return;
    }
    memory = memorylist_reader(&list);
    capture_put_memory(image->capture, &memory);
    read_memory(image, heap, wish);
    capture_put_memory(image->capture, &(struct reader){NULL, NULL});
}

void image_read_heap(struct image *image, struct heap_wish wish)
{
    struct heap *heap = arena_alloc(&image->arena, sizeof(*heap));

    image_read_allocator(image);
    image->heap = heap;
    heap->allocator = image->allocator.name;
    add_evidence(heap, image->allocator.evidence);
    if (capture_kind(image->capture) == CAPTURE_SNAPSHOT)
        read_saved_memory(image, heap, wish);
    else
        read_memory(image, heap, wish);
}

enum image_state image_confirm_heap(struct image *image, struct err *err)
{
    struct stat_record now;

    if (!image_is_live(image) || !image->heap)
        return IMAGE_READY;
    if (!stat_read(image, &now, err) || now.vsize_bytes == 0)
        return row_error(image, CAPTURE_STAT, err);
    if (stat_same_image(&image->stat, &now))
        return IMAGE_READY;
    image->heap->is_of_another = true;
    image->consistent = false;
    image->inconsistency = "it executed another program while its heap was read";
    return IMAGE_READY;
}

const char *heap_inconsistency(const struct heap *heap, uint64_t *address)
{
    for (uint32_t i = 0; i < heap->glibc.n_mallocs; i++) {
        *address = heap->glibc.mallocs[i].broken_at;
        if (heap->glibc.mallocs[i].broken)
            return heap->glibc.mallocs[i].broken;
    }
    if (heap->walk && heap->walk->broken.kind != HEAP_INTACT) {
        *address = heap->walk->broken.address;
        return heap_break_text(heap->walk->broken.kind);
    }
    *address = heap->glibc.unproven;
    return heap->glibc.unproven != 0 ? "bins belong to no ring of arenas" : NULL;
}

bool heap_is_beyond(const char *inconsistency)
{
    return inconsistency == heap_break_text(HEAP_LIMIT);
}

bool heap_is_locked(const struct heap *heap)
{
    for (uint32_t i = 0; i < heap->glibc.n_mallocs; i++)
        for (uint32_t k = 0; k < heap->glibc.mallocs[i].n_arenas; k++)
            if (heap->glibc.mallocs[i].arenas[k].is_locked)
                return true;
    return false;
}
