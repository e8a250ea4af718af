/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/build.h"

#include "base/units.h"

#include <elf.h>

static const struct {
    const char *name;
    enum region_role region;
} roles[N_ROLES] = {
#define ROLE(symbol, name, region) [ROLE_##symbol] = {name, region},
#include "model/roles.list"
#undef ROLE
};

const char *role_name(enum role role)
{
    return roles[role].name;
}

enum region_role role_region(enum role role)
{
    return roles[role].region;
}

/* The part of an object that begins at a mapping, in terms of a library. */
static enum role part_without_head(const struct mapping *mapping)
{
    if (!mapping->is_file)
        return ROLE_LIB_BSS;
    if (mapping->perms & PERM_UNKNOWN)
        return ROLE_LIBRARY;
    if (mapping->perms & PERM_EXEC)
        return ROLE_LIB_TEXT;
    if (mapping->perms & PERM_WRITE)
        return ROLE_LIB_DATA;
    return mapping->perms & PERM_READ ? ROLE_LIB_RODATA : ROLE_OBJECT_HOLE;
}

static enum role part_of_segment(const struct image *image, const struct mapping *mapping,
                                 const struct elfhead *head, uint64_t bias)
{
    uint64_t vaddr = mapping->range.start - bias;
    const struct segment *load = segment_at(head, PT_LOAD, vaddr, image->page_size);

    if (!load)
        return mapping->perms & (PERM_READ | PERM_WRITE | PERM_EXEC) ? ROLE_LIB_RODATA
                                                                     : ROLE_OBJECT_HOLE;
    if (load->flags & PF_X)
        return ROLE_LIB_TEXT;
    if (!(load->flags & PF_W))
        return mapping->perms & PERM_EXEC ? ROLE_LIB_TEXT : ROLE_LIB_RODATA;
    if (!(mapping->perms & PERM_WRITE) && segment_at(head, PT_GNU_RELRO, vaddr, image->page_size))
        return ROLE_LIB_RELRO;
    if (!mapping->is_file && vaddr >= load->vaddr + load->file_bytes)
        return ROLE_LIB_BSS;
    return ROLE_LIB_DATA;
}

static enum role program_part(enum role part)
{
    switch (part) {
    case ROLE_LIB_TEXT:
        return ROLE_TEXT;
    case ROLE_LIB_RODATA:
        return ROLE_RODATA;
    case ROLE_LIB_RELRO:
        return ROLE_RELRO;
    case ROLE_LIB_DATA:
        return ROLE_DATA;
    case ROLE_LIB_BSS:
        return ROLE_BSS;
    case ROLE_LIBRARY:
        return ROLE_PROGRAM;
    default:
        return part;
    }
}

static enum role object_role(const struct image *image, const struct mapping *mapping)
{
    const struct instance *instance = &image->instances[mapping->instance];
    const struct object *object = &image->objects[instance->object];
    enum role part = instance->has_bias
                         ? part_of_segment(image, mapping, &object->head, instance->bias)
                         : part_without_head(mapping);

    return mapping->instance == image->program ? program_part(part) : part;
}

static const struct {
    const char *name;
    enum role role;
} special_names[] = {
    {"[heap]", ROLE_HEAP},    {"[stack]", ROLE_STACK},      {"[vdso]", ROLE_VDSO},
    {"[vvar]", ROLE_VVAR},    {"[vvar_vclock]", ROLE_VVAR}, {"[vsyscall]", ROLE_VSYSCALL},
    {"[sigpage]", ROLE_VDSO}, {"[vectors]", ROLE_VSYSCALL},
};

/* proc(5): [stack:TID] in kernels 3.4 to 4.4; [anon:...] since 5.17 is set by the program. */
static enum role bracket_role(const struct mapping *mapping, struct str name)
{
    for (size_t i = 0; i < sizeof(special_names) / sizeof(special_names[0]); i++)
        if (str_eq(name, str_of(special_names[i].name)))
            return special_names[i].role;
    if (str_starts(name, STR("[stack:")))
        return ROLE_THREAD_STACK;
    if (str_starts(name, STR("[anon")))
        return mapping->perms & PERM_EXEC ? ROLE_ANON_EXEC : ROLE_ANON;
    return ROLE_SPECIAL;
}

static bool is_shared_memory(struct str name)
{
    return str_starts(name, STR("/memfd:")) || str_starts(name, STR("/SYSV")) ||
           str_starts(name, STR("/dev/zero")) || str_starts(name, STR("/dev/shm/")) ||
           str_starts(name, STR("/anon_hugepage")) || str_starts(name, STR("/drm mm object"));
}

static enum role file_role(const struct mapping *mapping, struct str name)
{
    if (name.n > 0 && name.p[0] != '/')
        return ROLE_SPECIAL; /* anon_inode:[...], socket:[...] */
    if (is_shared_memory(name))
        return ROLE_SHARED;
    if (str_starts(name, STR("/dev/")))
        return ROLE_DEVICE;
    return mapping->perms & PERM_SHARED && name.n == 0 ? ROLE_SHARED : ROLE_FILE;
}

static enum role anonymous_role(const struct mapping *mapping)
{
    if (mapping->perms & PERM_SHARED)
        return ROLE_SHARED;
    if (mapping->perms & PERM_EXEC)
        return ROLE_ANON_EXEC;
    if (!(mapping->perms & (PERM_READ | PERM_WRITE | PERM_UNKNOWN | PERM_READ_UNKNOWN)))
        return range_size(mapping->range) <= MIB ? ROLE_GUARD : ROLE_RESERVED;
    return ROLE_ANON;
}

/*
 * The kernel labels whatever reaches over start_brk.  In a process that never moved its break, that
 * is not the heap: V8 reserves 512 MiB near its code, and now and then the empty heap is inside.
 * Before 6.6 it also labels what begins at the break.
 */
static bool is_only_labelled_heap(const struct image *image, const struct mapping *mapping)
{
    const struct break_state *brk = &image->brk;

    if (!brk->known || mapping->instance != NONE ||
        !str_eq(mapping_name(image, mapping), STR("[heap]")))
        return false;
    if (brk->exact && mapping->range.start >= brk->end)
        return true;
    return brk->end == align_up(brk->start, image->page_size) &&
           mapping->range.start < align_down(brk->start, image->page_size) &&
           mapping->range.end > brk->end;
}

bool mapping_is_huge(const struct image *image, const struct mapping *mapping)
{
    return !(mapping->perms & PERM_SHARED) &&
           str_starts(mapping_name(image, mapping), STR("/anon_hugepage"));
}

static enum role role_of(const struct image *image, const struct mapping *mapping)
{
    struct str name = mapping_name(image, mapping);

    if (is_only_labelled_heap(image, mapping))
        return anonymous_role(mapping);
    if (name.n > 0 && name.p[0] == '[')
        return bracket_role(mapping, name);
    if (mapping->instance != NONE)
        return object_role(image, mapping);
    if ((name.n > 0 || mapping->is_file) && !mapping_is_huge(image, mapping))
        return file_role(mapping, name);
    return anonymous_role(mapping);
}

static bool is_plain_rw(const struct mapping *mapping)
{
    return mapping->role == ROLE_ANON && (mapping->perms & PERM_WRITE);
}

static bool is_no_access(const struct mapping *mapping)
{
    return mapping->role == ROLE_GUARD || mapping->role == ROLE_RESERVED;
}

/*
 * Go's arenas look like glibc's, but where they are is Go's own choice (runtime/malloc.go
 * mallocinit()): also in programs that gccgo built, or that only load a library written in Go.
 */
static bool is_go_arena(const struct image *image, const struct mapping *mapping)
{
    static const struct range first = {0xc000000000, 0xc100000000};

    return image->is_go || range_has(first, mapping->range.start);
}

/*
 * A glibc thread arena begins at a multiple of HEAP_MAX_SIZE (64 MiB) and is followed by the rest
 * of it without access (malloc/arena.c new_heap()).  In a 32-bit program the size is 1 MiB, which
 * too much else has.
 */
static bool is_malloc_arena(const struct image *image, uint32_t i)
{
    const struct mapping *mapping = &image->mappings[i];
    uint64_t end = mapping->range.start + 64 * MIB;

    return image->elf_class == 64 && !is_go_arena(image, mapping) && is_plain_rw(mapping) &&
           mapping->range.start % (64 * MIB) == 0 && i + 1 < image->n_mappings &&
           is_no_access(&image->mappings[i + 1]) &&
           image->mappings[i + 1].range.start == mapping->range.end &&
           image->mappings[i + 1].range.end == end;
}

/*
 * A thread's stack, as pthread_create() of every libc makes it: a small guard without access
 * directly below writable anonymous memory.  The kernel does not know it as a stack, so this is a
 * guess; what goes on above as reserved memory is a runtime's own table, not a stack, unless it has
 * exactly the size that glibc gives: that of RLIMIT_STACK.
 */
static bool is_thread_stack(const struct image *image, uint32_t i)
{
    const struct mapping *mapping = &image->mappings[i], *guard, *next = mapping + 1;
    uint64_t size = range_size(mapping->range);

    if (image->status.n_threads < 2 || !is_plain_rw(mapping) || i == 0 || size < 16 * KIB ||
        size > GIB)
        return false;
    guard = &image->mappings[i - 1];
    if (guard->role != ROLE_GUARD || guard->range.end != mapping->range.start ||
        range_size(guard->range) > 64 * KIB)
        return false;
    return i + 1 == image->n_mappings || next->role != ROLE_RESERVED ||
           next->range.start != mapping->range.end ||
           (image->limits.stack.known && size == image->limits.stack.soft);
}

/*
 * mprotect(), madvise() and mlock() split a mapping whose parts differ then.  One that was mapped
 * right against the stack and grows down as well cannot be told from such a part, and need not be:
 * who overflows the stack touches it and makes it grow.
 */
static bool goes_on(const struct mapping *part, const struct mapping *lower,
                    const struct mapping *upper)
{
    return lower->range.end == upper->range.start && part->grows_down && part->name == 0;
}

/*
 * The parts of a split stack keep growing down but lose the label, which is given to the part that
 * holds the start of the stack.
 */
static void extend_stack(struct image *image)
{
    struct mapping *mappings = image->mappings;

    for (uint32_t i = image->n_mappings; i-- > 1;)
        if (mappings[i].role == ROLE_STACK &&
            goes_on(&mappings[i - 1], &mappings[i - 1], &mappings[i]))
            mappings[i - 1].role = ROLE_STACK;
    for (uint32_t i = 1; i < image->n_mappings; i++)
        if (mappings[i - 1].role == ROLE_STACK &&
            goes_on(&mappings[i], &mappings[i - 1], &mappings[i]))
            mappings[i].role = ROLE_STACK;
}

static bool has_role(const struct image *image, enum role role)
{
    for (uint32_t i = 0; i < image->n_mappings; i++)
        if (image->mappings[i].role == role)
            return true;
    return false;
}

/*
 * Some kernels and emulators do not name the vdso.  Where none has the name, it is the small piece
 * of anonymous code right at the interpreter, which the kernel maps next to it.
 */
static void find_unnamed_vdso(struct image *image)
{
    struct range interp;

    if (image->interp == NONE || has_role(image, ROLE_VDSO))
        return;
    interp = image->instances[image->interp].seen;
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        struct mapping *mapping = &image->mappings[i];

        if (mapping->role == ROLE_ANON_EXEC && mapping->perms == (PERM_READ | PERM_EXEC) &&
            mapping->name == 0 && range_size(mapping->range) <= 4 * image->page_size &&
            (mapping->range.end == interp.start || mapping->range.start == interp.end))
            mapping->role = ROLE_VDSO;
    }
}

/*
 * A name that is right for each mapping by itself first; then what only neighbours tell.  The bss
 * that merged with the heap is labelled [heap] and stays heap.
 */
void roles_assign(struct image *image)
{
    for (uint32_t i = 0; i < image->n_mappings; i++)
        image->mappings[i].role = (uint8_t)role_of(image, &image->mappings[i]);
    extend_stack(image);
    find_unnamed_vdso(image);
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        if (is_malloc_arena(image, i))
            image->mappings[i].role = ROLE_MALLOC_ARENA;
        else if (is_thread_stack(image, i))
            image->mappings[i].role = ROLE_THREAD_STACK;
    }
}
