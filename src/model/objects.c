/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which ELF objects are loaded, and where.  An object is a file with an executable mapping; a file
 * that is only mapped as data is none, whatever it holds, nor is one of another format: a memory
 * image of a runtime (sbcl.core), a PE file of Wine.  An instance is one loading of it: the bias
 * follows from an executable mapping and the PT_LOAD segment whose file offset it shows.
 */
#include "model/build.h"
#include "model/filename.h"
#include "model/objectfile.h"

#include <elf.h>
#include <stdlib.h>

/* Tables that only live while the objects are found. */
struct finder {
    struct image *image;
    uint32_t *object_of_name; /* the newest object with that name, or NONE */
    struct str exe_name;
    uint32_t n_objects_room;
    uint32_t n_instances_room;
};

/* The executed file as maps names it: there, and only there, a newline is written as \\012. */
static struct str exe_name(struct image *image)
{
    const char *exe = image->exe ? image->exe : "";
    char *name = arena_alloc(&image->arena, strlen(exe) * 4 + 1), *to = name;

    for (; *exe; exe++) {
        if (*exe == '\n')
            to = mempcpy(to, "\\012", 4);
        else
            *to++ = *exe;
    }
    return (struct str){name, (size_t)(to - name)};
}

static bool is_same_file(const struct object *object, const struct file_id *id)
{
    return object->inode == id->inode;
}

/*
 * The kernel appends " (deleted)" to the path of a file that has no name any more.  A name may end
 * so by itself, and then the file is there.
 */
static enum file_fate find_fate(const struct image *image, const struct object *object)
{
    struct str suffix = STR(" (deleted)"), path = object->path;
    struct file_id id;

    if (!str_ends(path, suffix) || str_starts(path, STR("/memfd:")))
        return FILE_IN_PLACE;
    if (image->core && (object_is_here(image, object, path) ||
                        object_is_here(image, object, (struct str){path.p, path.n - suffix.n})))
        return FILE_IN_PLACE;
    if (!image_is_live(image))
        return FILE_DELETED;
    if (objfile_identify(image->capture, path, &id) == PATH_HERE && is_same_file(object, &id))
        return FILE_IN_PLACE;
    path.n -= suffix.n;
    if (objfile_identify(image->capture, path, &id) != PATH_HERE)
        return FILE_REMOVED;
    return is_same_file(object, &id) ? FILE_IN_PLACE : FILE_REPLACED;
}

static uint32_t object_add(struct finder *finder, const struct mapping *mapping)
{
    struct image *image = finder->image;
    struct object *object;

    if (image->n_objects == finder->n_objects_room) {
        struct object *former = image->objects;

        finder->n_objects_room = finder->n_objects_room ? finder->n_objects_room * 2 : 16;
        image->objects =
            arena_alloc(&image->arena, finder->n_objects_room * sizeof(*image->objects));
        if (former)
            memcpy(image->objects, former, image->n_objects * sizeof(*former));
    }
    object = &image->objects[image->n_objects++];
    *object = (struct object){
        .path = mapping_name(image, mapping),
        .inode = mapping->inode,
        .dev_major = mapping->dev_major,
        .dev_minor = mapping->dev_minor,
    };
    object->is_exe = object->path.n > 0 && str_eq(object->path, finder->exe_name);
    if (image->n_objects > MAX_OBJECTS) {
        object->missing = "too many objects";
    } else if (!object_take_saved(image, object)) {
        object_read_head(image, object, mapping);
        object->fate = find_fate(image, object);
    }
    finder->object_of_name[mapping->name] = image->n_objects - 1;
    return image->n_objects - 1;
}

/*
 * A table without permissions: files with code are called libraries, or have several mappings in a
 * row, at different offsets; data is mapped in one piece.
 */
static bool is_object_by_names(const struct image *image, const struct mapping *mapping)
{
    const struct mapping *next = mapping + 1;

    if (filename_is_library(mapping_name(image, mapping)))
        return true;
    return next < image->mappings + image->n_mappings && next->is_file &&
           next->name == mapping->name && next->offset != mapping->offset;
}

static bool is_object_file(const struct finder *finder, const struct mapping *mapping)
{
    struct str name = mapping_name(finder->image, mapping);

    if ((mapping->perms & PERM_EXEC) && name.n > 0 && str_eq(name, finder->exe_name))
        return true; /* also out of a memfd, as container runtimes run themselves */
    if (!mapping->is_file || name.n == 0 || *name.p == '[' || str_starts(name, STR("/memfd:")) ||
        str_starts(name, STR("/dev/")) || str_starts(name, STR("/SYSV")) ||
        str_starts(name, STR("anon_inode:")) || str_starts(name, STR("socket:")))
        return false;
    return mapping->perms & PERM_UNKNOWN
               ? is_object_by_names(finder->image, mapping)
               : (mapping->perms & (PERM_EXEC | PERM_SHARED)) == PERM_EXEC;
}

static uint32_t object_of(struct finder *finder, const struct mapping *mapping)
{
    uint32_t index = finder->object_of_name[mapping->name];

    if (index != NONE && finder->image->objects[index].inode == mapping->inode)
        return index;
    return object_add(finder, mapping);
}

/* The bias with which the mapping shows a segment of its file that has the flags. */
static bool segment_bias(const struct image *image, const struct elfhead *head,
                         const struct mapping *mapping, uint32_t flags, uint64_t *bias)
{
    for (unsigned int i = 0; i < head->n_segments; i++) {
        const struct segment *segment = &head->segments[i];
        uint64_t first = align_down(segment->offset, image->page_size);

        if (segment->type != PT_LOAD || (segment->flags & flags) != flags ||
            mapping->offset < first ||
            mapping->offset - first >= segment->file_bytes + (segment->offset - first))
            continue;
        *bias = mapping->range.start - (mapping->offset - first) -
                align_down(segment->vaddr, image->page_size);
        return true;
    }
    return false;
}

/*
 * An executable mapping begins with an executable segment, or with the one before it when the two
 * became one mapping: under READ_IMPLIES_EXEC all that can be read is executable.
 */
static bool mapping_bias(const struct image *image, const struct elfhead *head,
                         const struct mapping *mapping, uint64_t *bias)
{
    return segment_bias(image, head, mapping, PF_X, bias) ||
           segment_bias(image, head, mapping, 0, bias);
}

/*
 * Where the segments of an object lie with a bias; an empty range when the headers make no sense.
 */
static struct range loaded_range(const struct image *image, const struct elfhead *head,
                                 uint64_t bias)
{
    struct range range = {UINT64_MAX, 0};

    for (unsigned int i = 0; i < head->n_segments; i++) {
        const struct segment *segment = &head->segments[i];
        uint64_t end;

        if (segment->type != PT_LOAD ||
            __builtin_add_overflow(segment->vaddr, segment->memory_bytes, &end))
            continue;
        if (segment->vaddr < range.start)
            range.start = segment->vaddr;
        if (end > range.end)
            range.end = end;
    }
    if (range.end <= range.start)
        return (struct range){0, 0};
    range.start = align_down(range.start, image->page_size) + bias;
    range.end = align_up(range.end, image->page_size) + bias;
    return range.end > range.start ? range : (struct range){0, 0};
}

static void instance_add(struct finder *finder, struct instance instance)
{
    struct image *image = finder->image;

    if (range_size(instance.range) == 0)
        return;
    if (image->n_instances == finder->n_instances_room) {
        struct instance *former = image->instances;

        finder->n_instances_room = finder->n_instances_room ? finder->n_instances_room * 2 : 16;
        image->instances =
            arena_alloc(&image->arena, finder->n_instances_room * sizeof(*image->instances));
        if (former)
            memcpy(image->instances, former, image->n_instances * sizeof(*former));
    }
    instance.seen = (struct range){UINT64_MAX, 0};
    image->instances[image->n_instances++] = instance;
}

/* Whether a segment's first page is mapped from the object's file where the bias puts it. */
static bool segment_is_mapped(const struct image *image, const struct object *object,
                              const struct segment *segment, uint64_t bias)
{
    uint64_t start = align_down(segment->vaddr, image->page_size) + bias;
    uint32_t i = image_find(image, start);
    const struct mapping *mapping = &image->mappings[i];

    return i < image->n_mappings && mapping->range.start <= start &&
           mapping_shows(image, mapping, object) &&
           mapping->offset + (start - mapping->range.start) ==
               align_down(segment->offset, image->page_size);
}

/*
 * An object is loaded when, beside the executable mapping, another of its segments is in its place
 * too.  A runtime can map a piece of its own text once more (V8 does), and that is no loading.
 */
static bool is_loaded(const struct image *image, const struct object *object,
                      const struct mapping *mapping, uint64_t bias)
{
    unsigned int n_loads = 0;

    if (object->head.type == ET_EXEC && bias != 0)
        return false;
    for (unsigned int i = 0; i < object->head.n_segments; i++) {
        const struct segment *segment = &object->head.segments[i];
        uint64_t start = align_down(segment->vaddr, image->page_size) + bias;

        if (segment->type != PT_LOAD || segment->file_bytes == 0)
            continue;
        n_loads++;
        if (!range_has(mapping->range, start) && segment_is_mapped(image, object, segment, bias))
            return true;
    }
    return n_loads == 1;
}

/* Executed is only what was an ELF file then. */
static bool is_elf(const struct object *object)
{
    return object->is_exe || !object->head.other_format;
}

/* Each executable mapping of an object without headers would yield the range that the first did. */
static bool is_in_last(const struct image *image, const struct instance *instance, uint32_t index)
{
    const struct instance *last;

    if (image->n_instances == 0)
        return false;
    last = &image->instances[image->n_instances - 1];
    return last->object == instance->object && !last->has_bias &&
           range_has(last->range, image->mappings[index].range.start);
}

static void find_instance(struct finder *finder, uint32_t index)
{
    struct image *image = finder->image;
    const struct mapping *mapping = &image->mappings[index];
    struct instance instance = {.object = object_of(finder, mapping)};
    const struct object *object = &image->objects[instance.object];

    if (!is_elf(object))
        return;
    if (!object->has_head) {
        /* A core does not tell shared mappings from private ones, which objects are. */
        if (is_in_last(image, &instance, index) ||
            (image->core && !is_object_by_names(image, mapping)))
            return;
        instance.range = object_range_by_names(image, index);
    } else if (mapping_bias(image, &object->head, mapping, &instance.bias) &&
               is_loaded(image, object, mapping, instance.bias)) {
        instance.has_bias = true;
        instance.range = loaded_range(image, &object->head, instance.bias);
    } else {
        return;
    }
    instance_add(finder, instance);
}

/* Each executable mapping of an object yielded the same instance. */
static void drop_doubles(struct image *image)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < image->n_instances; i++) {
        const struct instance *last = n > 0 ? &image->instances[n - 1] : NULL;

        if (!last || last->object != image->instances[i].object ||
            last->range.start != image->instances[i].range.start)
            image->instances[n++] = image->instances[i];
    }
    image->n_instances = n;
}

static int by_start(const void *a, const void *b)
{
    const struct instance *x = a, *y = b;

    if (x->range.start != y->range.start)
        return x->range.start > y->range.start ? 1 : -1;
    return (x->object > y->object) - (x->object < y->object);
}

/*
 * Without headers: of memory between an object's parts nothing shows whose it is.  On machines with
 * pages of up to 64 KiB the loader has a hole there in smaller ones, which anything may fill.
 */
static bool is_between_parts(const struct image *image, const struct mapping *mapping,
                             const struct instance *instance)
{
    const struct object *object = &image->objects[instance->object];
    const struct mapping *end = image->mappings + image->n_mappings;

    if (instance->has_bias)
        return false;
    while (++mapping < end && mapping->range.start < instance->range.end)
        if (mapping->is_file && mapping_shows(image, mapping, object))
            return true;
    return false;
}

const struct segment *segment_at(const struct elfhead *head, uint32_t type, uint64_t vaddr,
                                 uint64_t page_size)
{
    for (unsigned int i = 0; i < head->n_segments; i++) {
        const struct segment *segment = &head->segments[i];

        if (segment->type == type && vaddr >= align_down(segment->vaddr, page_size) &&
            vaddr < align_up(segment->vaddr + segment->memory_bytes, page_size))
            return segment;
    }
    return NULL;
}

/* Memory that can be used, in a hole of an object that nothing fills: of whoever found it free. */
static bool is_in_hole(const struct image *image, const struct mapping *mapping,
                       const struct instance *instance)
{
    const struct elfhead *head = &image->objects[instance->object].head;

    return instance->has_bias && (mapping->perms & (PERM_READ | PERM_WRITE | PERM_EXEC)) &&
           !segment_at(head, PT_LOAD, mapping->range.start - instance->bias, image->page_size);
}

static bool belongs_to(const struct image *image, const struct mapping *mapping,
                       const struct instance *instance)
{
    const struct object *object = &image->objects[instance->object];
    struct str name = mapping_name(image, mapping);

    if (!range_has(instance->range, mapping->range.start))
        return false;
    if (mapping->is_file)
        return mapping_shows(image, mapping, object);
    return (name.n == 0 || str_eq(name, STR("[heap]"))) &&
           !is_between_parts(image, mapping, instance) && !is_in_hole(image, mapping, instance);
}

static void assign(struct image *image, uint32_t index, uint32_t k)
{
    struct mapping *mapping = &image->mappings[index];
    struct instance *instance = &image->instances[k];

    mapping->instance = k;
    if (mapping->range.start < instance->seen.start)
        instance->seen.start = mapping->range.start;
    if (mapping->range.end > instance->seen.end)
        instance->seen.end = mapping->range.end;
}

/*
 * Both tables are in address order, so one pass over both gives each mapping its instance.  Ranges
 * overlap when an object was overwritten in place, for its headers are another version's: `last` is
 * the innermost, `first` the outermost.
 */
static void assign_instances(struct image *image)
{
    uint32_t first = 0, last = 0;

    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];

        while (first < image->n_instances &&
               image->instances[first].range.end <= mapping->range.start)
            first++;
        if (first == image->n_instances)
            break;
        last = last < first ? first : last;
        while (last + 1 < image->n_instances &&
               image->instances[last + 1].range.start <= mapping->range.start)
            last++;
        if (belongs_to(image, mapping, &image->instances[last]))
            assign(image, i, last);
        else if (belongs_to(image, mapping, &image->instances[first]))
            assign(image, i, first);
    }
}

static uint32_t find_exe_instance(const struct image *image)
{
    for (uint32_t i = 0; i < image->n_instances; i++)
        if (image->objects[image->instances[i].object].is_exe)
            return i;
    return NONE;
}

static bool is_program(const struct elfhead *head)
{
    return head->type == ET_EXEC || head->is_pie;
}

/*
 * When ld.so is executed with a program as its argument, the executed file is ld.so: a shared
 * object without an interpreter that is not marked as a PIE.  The program is another instance.
 */
static uint32_t find_program_of_loader(const struct image *image, uint32_t exe)
{
    const struct elfhead *head = &image->objects[image->instances[exe].object].head;

    if (head->type != ET_DYN || head->interp || head->is_pie)
        return NONE;
    for (uint32_t i = 0; i < image->n_instances; i++) {
        const struct object *object = &image->objects[image->instances[i].object];

        if (i != exe && object->has_head && is_program(&object->head) && object->head.interp)
            return i;
    }
    return NONE;
}

static enum program_type type_of(const struct elfhead *head)
{
    if (head->type == ET_EXEC)
        return head->interp ? PROGRAM_EXEC : PROGRAM_STATIC;
    if (head->type == ET_DYN)
        return head->interp ? PROGRAM_PIE : PROGRAM_STATIC_PIE;
    return PROGRAM_UNKNOWN;
}

/* Where ranges overlap, the innermost. */
static uint32_t find_instance_at(const struct image *image, uint64_t address)
{
    for (uint32_t i = image->n_instances; i-- > 0;)
        if (range_has(image->instances[i].range, address))
            return i;
    return NONE;
}

/* Without auxv: the object with the base name of PT_INTERP; its directory is often a link. */
static uint32_t find_instance_named(const struct image *image, const char *path)
{
    struct str wanted = str_basename(str_of(path));

    for (uint32_t i = 0; i < image->n_instances; i++)
        if (str_eq(short_name(image->objects[image->instances[i].object].path), wanted))
            return i;
    return NONE;
}

/* By its headers, which also name the interpreter. */
static void read_program(struct image *image, uint32_t exe)
{
    uint32_t program = find_program_of_loader(image, exe);
    const struct object *object = &image->objects[image->instances[exe].object];

    if (program != NONE) {
        image->via_loader = true;
        image->program = program;
        image->interp = exe;
        object = &image->objects[image->instances[program].object];
    } else if (image->auxv.base) {
        image->interp = find_instance_at(image, image->auxv.base);
    } else if (object->head.interp) {
        image->interp = find_instance_named(image, object->head.interp);
    }
    image->program_type = type_of(&object->head);
    image->is_go = object->head.is_go;
    image->elf_class = object->head.elf_class;
    image->machine = object->head.machine;
}

/* When the executable's header cannot be read, other sources still tell the word size. */
static void guess_class(struct image *image)
{
    if (image->elf_class == 0 && image->auxv.known)
        image->elf_class = image->auxv.word_bytes * 8;
    for (uint32_t i = 0; i < image->n_objects && image->machine == 0; i++)
        if (image->objects[i].has_head) {
            image->machine = image->objects[i].head.machine;
            if (image->elf_class == 0)
                image->elf_class = image->objects[i].head.elf_class;
        }
}

/*
 * The file of exe may be mapped under no such name: PR_SET_MM_EXE_FILE, a copy of /proc.  The
 * kernel's AT_ENTRY lies in the executed file, too.
 */
static uint32_t find_executed(const struct image *image)
{
    uint32_t exe = find_exe_instance(image);

    return exe == NONE && image->auxv.entry ? find_instance_at(image, image->auxv.entry) : exe;
}

static void find_program(struct image *image)
{
    uint32_t exe = find_executed(image);

    image->program = exe;
    if (exe != NONE && image->objects[image->instances[exe].object].has_head) {
        read_program(image, exe);
        return;
    }
    guess_class(image);
    if (image->auxv.base)
        image->interp = find_instance_at(image, image->auxv.base);
    program_infer(image);
}

static bool any_head(const struct image *image)
{
    for (uint32_t i = 0; i < image->n_objects; i++)
        if (image->objects[i].has_head)
            return true;
    return false;
}

/* A hostile process can have 60,000 of them: the first few by name, the rest by number. */
static void note_unread(struct image *image)
{
    enum { NAMED = 8 };
    struct arena *arena = &image->arena;
    uint32_t n = 0;

    if (image->lacks && image->n_objects > 0 && !any_head(image)) {
        image_note_missing(image, "ELF headers", "neither a map nor a copy of /proc holds them");
        return;
    }
    for (uint32_t i = 0; i < image->n_objects; i++) {
        const struct object *object = &image->objects[i];

        if (object->has_head || !is_elf(object) || ++n > NAMED)
            continue;
        image_note_missing(
            image, arena_printf(arena, "ELF headers of %.*s", (int)object->path.n, object->path.p),
            object->missing);
    }
    if (n > NAMED)
        image_note_missing(image, arena_printf(arena, "ELF headers of %u more files", n - NAMED),
                           "they cannot be read, or are no ELF files");
}

/*
 * The executed file has no executable mapping any more when the program moved its text to huge
 * pages or put something else over it.  Its entry point, which the kernel noted at exec, tells the
 * bias.
 */
static void add_exe_by_entry(struct finder *finder)
{
    struct image *image = finder->image;
    const struct mapping *any = NULL;
    struct instance instance = {.has_bias = true};
    const struct elfhead *head;

    for (uint32_t i = 0; i < image->n_mappings && !any; i++)
        if (image->mappings[i].is_file && finder->exe_name.n > 0 &&
            str_eq(mapping_name(image, &image->mappings[i]), finder->exe_name))
            any = &image->mappings[i];
    if (!any)
        return;
    instance.object = object_of(finder, any);
    head = &image->objects[instance.object].head;
    if (!image->objects[instance.object].has_head || !image->auxv.entry)
        return;
    instance.bias = image->auxv.entry - head->entry;
    instance.range = loaded_range(image, head, instance.bias);
    if (instance.bias % image->page_size == 0 && range_has(instance.range, any->range.start))
        instance_add(finder, instance);
}

static bool has_exe_instance(const struct image *image)
{
    for (uint32_t i = 0; i < image->n_instances; i++)
        if (image->objects[image->instances[i].object].is_exe)
            return true;
    return false;
}

void objects_read(struct image *image)
{
    struct finder finder = {.image = image, .exe_name = exe_name(image)};

    finder.object_of_name =
        xreallocarray(NULL, image->names.n_names, sizeof(*finder.object_of_name));
    memset(finder.object_of_name, 0xff, image->names.n_names * sizeof(*finder.object_of_name));
    for (uint32_t i = 0; i < image->n_mappings; i++)
        if (is_object_file(&finder, &image->mappings[i]))
            find_instance(&finder, i);
    if (!has_exe_instance(image))
        add_exe_by_entry(&finder);
    free(finder.object_of_name);
    if (image->n_instances > 0)
        qsort(image->instances, image->n_instances, sizeof(*image->instances), by_start);
    drop_doubles(image);
    instances_add_bss(image);
    assign_instances(image);
    find_program(image);
    note_unread(image);
}
