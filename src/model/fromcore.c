/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process as a core shows it.  The kernel writes a program header for each mapping, even of what
 * it does not dump, and the names of files, but none of its own labels: [stack], [vdso] and the
 * others are told by what the program was told at exec.  Which mapping is the heap, only libc's
 * copy of the break shows: see corebreak.c.
 */
#include "model/build.h"
#include "parse/core.h"

#include <elf.h>
#include <inttypes.h>
#include <limits.h>

/* Where the kernel puts pages that are no mappings of the process: NULL for all other addresses. */
static const char *fixed_name(const struct core *core, uint64_t address)
{
    if (core->head.machine == EM_X86_64 && address == 0xffffffffff600000)
        return "[vsyscall]";
    if (core->head.machine == EM_ARM && address == 0xffff0000)
        return "[vectors]";
    return NULL;
}

/* Mappings of a core, by their numbers; NONE: there is none. */
struct landmarks {
    uint32_t stack, vdso;
    uint32_t first_vvar, n_vvars; /* the kernel's data for the vdso, right beside it */
};

static uint32_t index_at(const struct core *core, uint64_t address)
{
    const struct core_mapping *mapping = core_find(core, address);

    return mapping ? (uint32_t)(mapping - core->mappings) : NONE;
}

static bool is_plain(const struct core *core, uint32_t index)
{
    return index != NONE && !core->mappings[index].is_file;
}

/*
 * The kernel's label is on what holds the start of the stack.  AT_RANDOM and AT_EXECFN point to
 * what it put a little above.  The stack pointer of the main thread comes last, for a program may
 * have switched to a stack of its own.
 */
static uint32_t find_stack(const struct core *core, const struct reader *memory)
{
    static const uint64_t types[] = {AT_RANDOM, AT_EXECFN, AT_PLATFORM};
    const struct core_thread *main_thread = core_main_thread(core);
    uint64_t address;

    if (core_find_start_stack(core, memory, &address) && is_plain(core, index_at(core, address)))
        return index_at(core, address);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (core_auxv(core, types[i], &address) && is_plain(core, index_at(core, address)))
            return index_at(core, address);
    if (main_thread && main_thread->has_sp && is_plain(core, index_at(core, main_thread->sp)))
        return index_at(core, main_thread->sp);
    return NONE;
}

static bool is_vvar(const struct core *core, uint32_t index)
{
    const struct core_mapping *mapping = &core->mappings[index];

    return !mapping->is_file && mapping->perms == PERM_READ;
}

static bool touch(const struct core *core, uint32_t lower)
{
    return core->mappings[lower].range.end == core->mappings[lower + 1].range.start;
}

/* Below the vdso on most machines, above it on some and in older kernels. */
static void find_vvars(const struct core *core, struct landmarks *marks)
{
    enum { MOST = 2 };
    uint32_t i = marks->vdso;

    for (; i > 0 && marks->n_vvars < MOST && touch(core, i - 1) && is_vvar(core, i - 1); i--)
        marks->n_vvars++;
    marks->first_vvar = i;
    if (marks->n_vvars > 0)
        return;
    marks->first_vvar = i = marks->vdso + 1;
    for (; i < core->n_mappings && marks->n_vvars < MOST && touch(core, i - 1) && is_vvar(core, i);
         i++)
        marks->n_vvars++;
}

static struct landmarks find_landmarks(const struct core *core, const struct reader *memory)
{
    struct landmarks marks = {.stack = find_stack(core, memory), .vdso = NONE};
    uint64_t address;

    if (core_auxv(core, AT_SYSINFO_EHDR, &address) && is_plain(core, index_at(core, address)))
        marks.vdso = index_at(core, address);
    if (marks.vdso != NONE)
        find_vvars(core, &marks);
    return marks;
}

/* As maps shows it: a newline in a name is \012 there. */
static struct str maps_name(struct image *image, struct str path)
{
    char *name, *to;

    if (path.n == 0 || !memchr(path.p, '\n', path.n))
        return path;
    name = to = arena_alloc(&image->arena, path.n * 4);
    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] == '\n')
            to = mempcpy(to, "\\012", 4);
        else
            *to++ = path.p[i];
    }
    return (struct str){name, (size_t)(to - name)};
}

static struct str name_of(struct image *image, const struct landmarks *marks, uint32_t index)
{
    const struct core_mapping *mapping = &image->core->mappings[index];
    const char *fixed = fixed_name(image->core, mapping->range.start);

    if (mapping->is_file)
        return maps_name(image, mapping->path);
    if (fixed)
        return str_of(fixed);
    if (index == marks->stack)
        return STR("[stack]");
    if (index == marks->vdso)
        return STR("[vdso]");
    if (index - marks->first_vvar < marks->n_vvars)
        return index == marks->first_vvar ? STR("[vvar]") : STR("[vvar_vclock]");
    return STR("");
}

/*
 * Whether a mapping is shared, a core never says; but what is shared has a file, if only in memory,
 * which NT_FILE names then.
 */
static unsigned int perms_of(const struct core *core, const struct core_mapping *mapping)
{
    unsigned int perms = mapping->perms;

    if (!mapping->has_load)
        return PERM_UNKNOWN;
    if (!core->reads_known)
        perms = (perms & ~(unsigned int)PERM_READ) | PERM_READ_UNKNOWN;
    return perms | (mapping->is_file || !core->files_known ? PERM_SHARING_UNKNOWN : 0);
}

static unsigned int unknown_of(const struct core *core, const struct core_mapping *mapping)
{
    if (mapping->is_file)
        return MAPPING_DEVICE_UNKNOWN | MAPPING_INODE_UNKNOWN;
    return core->files_known ? 0
                             : MAPPING_DEVICE_UNKNOWN | MAPPING_INODE_UNKNOWN |
                                   MAPPING_OFFSET_UNKNOWN | MAPPING_NAME_UNKNOWN;
}

static bool is_part_of_stack(const struct mapping *mapping)
{
    return !mapping->is_file && mapping->name == 0 && mapping->perms & (PERM_READ | PERM_WRITE);
}

/*
 * Nothing else comes to lie right below the stack, for the kernel keeps a gap: what touches it was
 * split off by mprotect() or madvise(), and goes on growing.  Above, it ends with the string that
 * AT_EXECFN points to.
 */
static void extend_stack(struct image *image, uint32_t stack)
{
    const struct core *core = image->core;
    struct mapping *mappings = image->mappings;
    uint64_t top;

    for (uint32_t i = stack; i > 0 && touch(core, i - 1) && is_part_of_stack(&mappings[i - 1]); i--)
        mappings[i - 1].grows_down = true;
    if (!core_auxv(core, AT_EXECFN, &top))
        return;
    for (uint32_t i = stack; i + 1 < image->n_mappings && mappings[i + 1].range.start <= top &&
                             touch(core, i) && is_part_of_stack(&mappings[i + 1]);
         i++)
        mappings[i + 1].grows_down = true;
}

static void take_mappings(struct image *image, const struct reader *memory)
{
    const struct core *core = image->core;
    const struct landmarks marks = find_landmarks(core, memory);

    for (uint32_t i = 0; i < core->n_mappings; i++) {
        const struct core_mapping *from = &core->mappings[i];
        struct maps_line line = {
            .range = from->range,
            .offset = from->offset,
            .perms = perms_of(core, from),
            .name = name_of(image, &marks, i),
        };
        struct mapping *mapping;

        mappings_add(image, &line);
        mapping = &image->mappings[image->n_mappings - 1];
        mapping->is_file = from->is_file;
        mapping->unknown = (uint8_t)unknown_of(core, from);
        if (mapping->name != 0 && !from->is_file)
            mapping->unknown = 0;
    }
    if (marks.stack != NONE)
        extend_stack(image, marks.stack);
}

/* What it was started as, by where the kernel told the program that its headers and entry are. */
static const char *find_exe(struct image *image)
{
    static const uint64_t types[] = {AT_PHDR, AT_ENTRY};
    const struct core *core = image->core;
    const char *noted = capture_corefile(image->capture)->notes.exe;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        uint64_t address;
        const struct core_mapping *mapping =
            core_auxv(core, types[i], &address) ? core_find(core, address) : NULL;

        if (mapping && mapping->is_file && mapping->path.n > 0)
            return arena_strndup(&image->arena, mapping->path.p, mapping->path.n);
    }
    return *noted ? noted : NULL;
}

static void take_identity(struct image *image)
{
    const struct core *core = image->core;
    const char *noted = capture_corefile(image->capture)->notes.comm;

    image->elf_class = core->head.elf_class;
    image->machine = core->head.machine;
    image->pid = core->pid <= INT_MAX ? (pid_t)core->pid : 0;
    if (core->has_process && core->writer != CORE_WRITER_GDB) /* its is the file's name */
        image->comm = core->comm;
    else if (*noted)
        image->comm = noted;
    image->exe = find_exe(image);
    image->status.n_threads = core->n_threads; /* thread stacks are looked for by it */
}

static void take_page_size(struct image *image)
{
    const struct core *core = image->core;

    image->page_size = core->page_size;
    if (core->page_size_source == CORE_PAGE_UNKNOWN)
        page_size_guess(image);
    else if (core->page_size_source == CORE_PAGE_ALIGN)
        image_note_missing(image, "page size",
                           "nothing tells it: the alignment of the core's segments");
    image->is_page_size_guessed |= core->page_size_source == CORE_PAGE_ALIGN;
}

static void note_all(struct image *image)
{
    const struct core *core = image->core;
    const char *trouble = capture_corefile(image->capture)->trouble;

    for (size_t i = 0; i < core->n_missing; i++)
        image_note_missing(image, core->missing[i].what, core->missing[i].reason);
    if (*trouble)
        image_note_missing(image, "packed content", trouble);
    if (core->incomplete)
        image_note_missing(image, "mappings",
                           arena_printf(&image->arena, "there may be more: %s", core->incomplete));
    if (core->files_known)
        image_note_missing(image, "sharing", "a core does not say which mappings are shared");
}

/* What the core is read with, for as long as the image lives. */
struct source {
    struct core core;
    struct reader file;
    struct core_view view;
};

static bool open_core(struct image *image, struct reader *memory, struct err *err)
{
    struct corefile *file = capture_corefile(image->capture);
    struct source *source = arena_alloc(&image->arena, sizeof(*source));

    source->file = corefile_reader(file);
    if (!core_parse(&source->core, &image->arena, &source->file, file->n_bytes, err))
        return false;
    image->core = &source->core;
    source->view = (struct core_view){&source->core, &source->file};
    *memory = core_memory(&source->view);
    capture_put_memory(image->capture, memory);
    if (source->core.auxv.n > 0)
        capture_put(image->capture, CAPTURE_AUXV, source->core.auxv);
    return true;
}

enum image_state core_read(struct image *image, struct err *err)
{
    struct reader memory;
    struct sums sums;

    if (!open_core(image, &memory, err))
        return IMAGE_FAILED;
    take_identity(image);
    if (image->exe)
        capture_put(image->capture, CAPTURE_EXE, str_of(image->exe));
    take_mappings(image, &memory);
    take_page_size(image);
    note_all(image);
    sums = mappings_sum(image);
    image->size_bytes = sums.all_bytes;
    image->data_and_stack_bytes = sums.private_writable_bytes;
    image->consistent = true;
    image->n_reads = 1;
    return IMAGE_READY;
}
