/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The break is not exported.  Its start is (stat field 47, since 3.3).  The break itself is read
 * from the variable in which libc keeps it, where memory can be read; else it follows from the
 * mappings that the kernel labels [heap]: anonymous ones between start_brk and the break
 * (fs/proc/task_mmu.c vma_is_initial_heap()).  The label can stand on several mappings (part of the
 * heap was mprotected, locked or unmapped) or begin in the bss that the heap merged with.
 */
#include "base/units.h"
#include "model/build.h"
#include "model/filecache.h"
#include "model/objectfile.h"
#include "parse/symbols.h"
#include "parse/word.h"

#include <elf.h>

static bool is_heap(const struct image *image, const struct mapping *mapping)
{
    return str_eq(mapping_name(image, mapping), STR("[heap]"));
}

static void find_heap(struct image *image)
{
    struct break_state *brk = &image->brk;

    brk->first_heap = NONE;
    brk->last_heap = NONE;
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        if (!is_heap(image, &image->mappings[i]))
            continue;
        if (brk->first_heap == NONE)
            brk->first_heap = i;
        brk->last_heap = i;
    }
}

/* Where bss ends, which is where the break starts when it is not randomised; 0: unknown. */
static uint64_t end_of_bss(const struct image *image)
{
    const struct instance *program;

    if (image->program == NONE)
        return 0;
    program = &image->instances[image->program];
    return program->has_bias ? program->range.end : 0;
}

/*
 * Without headers: the heap follows the data of the program directly, so that the bss is a part of
 * the same mapping, and where the break started inside it is not known.
 */
static bool is_bss_inside(const struct image *image)
{
    uint64_t start = image->mappings[image->brk.first_heap].range.start;
    const struct instance *program;
    uint32_t data;

    if (image->program == NONE)
        return false;
    program = &image->instances[image->program];
    data = image_find(image, start - 1);
    return !program->has_bias && program->seen.end == start && image->mappings[data].is_file;
}

/* Where the heap ends by its labels, once its start is known. */
static void measure_heap(struct image *image)
{
    struct break_state *brk = &image->brk;

    brk->end = align_up(brk->start, image->page_size);
    if (brk->last_heap == NONE)
        return;
    if (image->mappings[brk->last_heap].range.end > brk->end)
        brk->end = image->mappings[brk->last_heap].range.end;
    brk->merged_with_bss =
        image->mappings[brk->first_heap].range.start < align_down(brk->start, image->page_size);
}

/* 0 is none, nor is what lies in the last page of all: a file can say so that no kernel wrote. */
static bool is_told_start(const struct image *image)
{
    uint64_t start = image->stat.start_brk;

    return image->stat.has_data && start != 0 && align_up(start, image->page_size) >= start;
}

/* From start_brk and labels: the kernel shows neither the break nor where its last page ends. */
static void infer(struct image *image)
{
    struct break_state *brk = &image->brk;

    if (is_told_start(image)) {
        brk->known = brk->is_start_known = true;
        brk->start = image->stat.start_brk;
    } else if (brk->first_heap != NONE) {
        brk->known = true;
        brk->start = image->mappings[brk->first_heap].range.start;
        brk->is_start_known = !is_bss_inside(image);
        if (brk->start < end_of_bss(image))
            brk->start = end_of_bss(image);
    }
    if (!brk->known) {
        brk->missing = "where the break starts is not known, and no mapping is labelled [heap]";
        return;
    }
    measure_heap(image);
}

/* Before 6.6 the label also stands on what begins where the break ends. */
static bool labels_are_strict(const struct image *image)
{
    return image->host.kernel_version >= KERNEL(6, 6);
}

/* The last mapping with the label, before the one at `index`; NONE: there is no other. */
static uint32_t label_before(const struct image *image, uint32_t index)
{
    while (index-- > 0)
        if (is_heap(image, &image->mappings[index]))
            return index;
    return NONE;
}

/* libc's break is where the heap ends: nothing above is of it. */
static bool is_never_heap(const struct mapping *mapping)
{
    (void)mapping;
    return false;
}

/* libc never moved the break: bare system calls may have, for memory to write to. */
static bool may_be_of_system_calls(const struct mapping *mapping)
{
    return (mapping->perms & (PERM_WRITE | PERM_EXEC)) == PERM_WRITE;
}

/* libc's break is not known: what nobody can write to is seldom the end of the heap. */
static bool may_be_end(const struct mapping *mapping)
{
    return mapping->perms & PERM_WRITE;
}

/*
 * Takes the label from mappings that older kernels give it for their place alone: from the last one
 * down those that begin at `end` or above, up to one that may be heap all the same.
 */
static void drop_false_labels(struct image *image, uint64_t end,
                              bool (*may_be_heap)(const struct mapping *mapping))
{
    struct break_state *brk = &image->brk;

    if (labels_are_strict(image))
        return;
    while (brk->last_heap != NONE) {
        const struct mapping *mapping = &image->mappings[brk->last_heap];

        if (mapping->range.start < align_up(end, image->page_size) || may_be_heap(mapping))
            break;
        brk->last_heap = label_before(image, brk->last_heap);
    }
    if (brk->last_heap == NONE)
        brk->first_heap = NONE;
    measure_heap(image);
}

static bool read_word(const struct image *image, const struct reader *memory, uint64_t address,
                      uint64_t *value)
{
    return word_read(memory, address, image->elf_class == 64 ? 8 : 4, image->big_endian, value);
}

/* A core seldom holds the symbols, but the file can be on this machine. */
static enum curbrk find_in_file(const struct image *image, const struct object *object,
                                uint64_t *value)
{
    struct elf_view view = {.head = &object->head};
    struct objfile file;
    struct reader reader, memory;
    bool found;

    if (!object_open(image, object, &file, NULL))
        return CURBRK_UNREADABLE;
    reader = objfile_reader(&file);
    view.file = &reader;
    memory = elf_view_reader(&view);
    found = symbol_find_loaded(&object->head, &memory, 0, "__curbrk", value);
    objfile_close(&file);
    return found ? CURBRK_FOUND : CURBRK_NONE;
}

/* The same for all processes that map the file. */
static enum curbrk find_shared(const struct image *image, const struct instance *instance,
                               uint64_t *address)
{
    const struct object *object = &image->objects[instance->object];
    struct cached_file *file = object->shared;

    if (file->curbrk == CURBRK_UNKNOWN)
        file->curbrk = find_in_file(image, object, &file->curbrk_value);
    *address = instance->bias + file->curbrk_value;
    return file->curbrk;
}

static bool find_libc_variable(const struct image *image, const struct instance *instance,
                               const struct reader *memory, uint64_t *address)
{
    const struct object *object = &image->objects[instance->object];

    enum curbrk shared = object->shared ? find_shared(image, instance, address) : CURBRK_UNREADABLE;

    if (shared != CURBRK_UNREADABLE)
        return shared == CURBRK_FOUND;
    if (symbol_find_loaded(&object->head, memory, instance->bias, "__curbrk", address))
        return true;
    if (!image->core || find_in_file(image, object, address) != CURBRK_FOUND)
        return false;
    *address += instance->bias;
    return true;
}

/*
 * Where a libc that is loaded as a library keeps the break: glibc exports the variable that its
 * brk() sets.  A process can have several copies (dlmopen); the highest value is the newest, for
 * each copy reads the kernel's answer.
 */
static bool read_of_libraries(const struct image *image, const struct reader *memory,
                              uint64_t *value)
{
    bool found = false;

    for (uint32_t i = 0; i < image->n_instances; i++) {
        const struct instance *instance = &image->instances[i];
        const struct object *object = &image->objects[instance->object];
        uint64_t address, word;

        if (!instance->has_bias || !str_starts(short_name(object->path), STR("libc")) ||
            !find_libc_variable(image, instance, memory, &address) ||
            !read_word(image, memory, address, &word))
            continue;
        if (!found || word > *value)
            *value = word;
        found = true;
    }
    return found;
}

static bool find_in_symbol_table(const struct image *image, const struct object *object,
                                 uint64_t *offset)
{
    struct objfile file;
    struct reader reader;
    bool found;

    if (!object_open(image, object, &file, NULL))
        return false;
    reader = objfile_reader(&file);
    found = symbol_find_variable(&object->head, &reader, "__curbrk", offset);
    objfile_close(&file);
    return found;
}

static bool find_static_variable(const struct image *image, const struct object *object,
                                 uint64_t *offset)
{
    struct cached_file *file = object->shared;

    if (!file)
        return find_in_symbol_table(image, object, offset);
    if (file->static_curbrk == CURBRK_UNKNOWN) {
        if (find_in_symbol_table(image, object, &file->static_curbrk_value))
            file->static_curbrk = CURBRK_FOUND;
        else if (!image_has_ended(image))
            file->static_curbrk = CURBRK_NONE;
    }
    *offset = file->static_curbrk_value;
    return file->static_curbrk == CURBRK_FOUND;
}

/* The same variable of a static program, by the symbol table of its file. */
static bool read_of_program(const struct image *image, const struct reader *memory, uint64_t *value)
{
    const struct instance *program = &image->instances[image->program];
    const struct object *object = &image->objects[program->object];
    uint64_t offset;

    return program->has_bias && object->is_exe && !image->is_go &&
           find_static_variable(image, object, &offset) &&
           read_word(image, memory, program->bias + offset, value);
}

static bool peek(void *context, uint64_t address, void *buf, size_t n)
{
    return capture_peek(context, address, buf, n);
}

/* Whether libc's symbols were read for another process, so that a word is all that is needed. */
static bool is_place_known(const struct image *image)
{
    bool known = image->interp == NONE;

    for (uint32_t i = 0; i < image->n_instances; i++) {
        const struct object *object = &image->objects[image->instances[i].object];

        if (!str_starts(short_name(object->path), STR("libc")))
            continue;
        if (!object->shared || object->shared->curbrk < CURBRK_NONE)
            return false;
        known = true;
    }
    return known;
}

/* Without opening its memory. */
static bool peek_break(const struct image *image, uint64_t *value)
{
    struct reader memory = {.read = peek, .context = image->capture};

    return is_place_known(image) &&
           (read_of_libraries(image, &memory, value) ||
            (image->interp == NONE && read_of_program(image, &memory, value)));
}

/* A snapshot has no memory but notes what was read from it. */
static bool read_saved_break(struct image *image, uint64_t *value)
{
    struct str text;

    return about_find(image, STR("libc_break"), &text) && str_hex_to_u64(text, value);
}

static bool is_libc(const struct image *image, uint32_t instance)
{
    const struct object *object = &image->objects[image->instances[instance].object];

    return str_starts(short_name(object->path), STR("libc")) ||
           (image->interp == NONE && instance == image->program);
}

/* A core holds libc's variables, but seldom the symbols that tell where they are. */
static const char *why_no_copy(struct image *image)
{
    for (uint32_t i = 0; image->core && i < image->n_instances; i++) {
        const struct object *object = &image->objects[image->instances[i].object];
        struct str name = short_name(object->path);
        struct objfile file;
        struct err err;

        if (!is_libc(image, i))
            continue;
        if (object->has_head && object_open(image, object, &file, &err)) {
            objfile_close(&file);
            continue;
        }
        return arena_printf(&image->arena, "where %.*s keeps it cannot be seen (%s)", (int)name.n,
                            name.p, object->has_head ? err.text : object->missing);
    }
    return "its libc keeps no copy of the break that could be found";
}

bool break_read_libc(struct image *image, uint64_t *value, const char **why_not)
{
    struct reader memory;
    struct err err;

    if (read_saved_break(image, value))
        return true;
    *why_not = about_text(image, STR("missing libc_break"));
    if (*why_not)
        return false;
    if (image->program == NONE) {
        *why_not = "the program was not found";
        return false;
    }
    if (capture_kind(image->capture) == CAPTURE_TEXT) {
        *why_not = "a map holds no memory";
        return false;
    }
    if (image->in_passing && peek_break(image, value))
        return true;
    if (!capture_memory(image->capture, &memory, &err)) {
        *why_not = arena_printf(&image->arena, "its memory cannot be read: %s", err.text);
        return false;
    }
    if (read_of_libraries(image, &memory, value) ||
        (image->interp == NONE && read_of_program(image, &memory, value)))
        return true;
    *why_not = why_no_copy(image);
    return false;
}

static bool is_heap_kind(const struct image *image, const struct mapping *mapping)
{
    struct str name = mapping_name(image, mapping);

    return !mapping->is_file && !(mapping->perms & PERM_SHARED) &&
           (name.n == 0 || str_eq(name, STR("[heap]")));
}

/*
 * The kernel labels an anonymous mapping [heap] when it begins below the break and ends above its
 * start (fs/proc/task_mmu.c, since 6.6; before, also when it only touches).  A value that disagrees
 * with the labels is not the break: prctl(PR_SET_MM) moved it, or libc was not asked.
 */
static bool agrees_with_labels(const struct image *image, uint64_t value)
{
    bool strict = labels_are_strict(image);
    uint64_t start = image->brk.start;

    if (value < start)
        return false;
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];

        if (is_heap(image, mapping) &&
            (strict ? mapping->range.start >= value : mapping->range.start > value))
            return false;
        if (strict && !is_heap(image, mapping) && is_heap_kind(image, mapping) &&
            mapping->range.start < value && mapping->range.end > start)
            return false;
    }
    return true;
}

/*
 * Between the kernel's moving the break and libc's noting it lie some instructions, in which a
 * thread can be interrupted.  What looks wrong is looked at again, a little later.
 */
static bool looks_unsettled(const struct image *image, uint64_t value)
{
    return !agrees_with_labels(image, value) || image->brk.end > align_up(value, image->page_size);
}

/* Its only thread is stopped or traced: waiting changes nothing. */
static bool stands_still(struct image *image)
{
    uint64_t n_threads;

    return image->has_stat && (image->stat.state == 'T' || image->stat.state == 't') &&
           image_n_threads(image, &n_threads) && n_threads == 1;
}

static bool read_settled_break(struct image *image, uint64_t *value, const char **why_not)
{
    enum { TRIES = 4, WAIT_MS = 2 };

    for (int i = 0; i < TRIES; i++) {
        if (i > 0)
            capture_wait(WAIT_MS);
        if (!break_read_libc(image, value, why_not))
            return false;
        if (!image_is_live(image) || !looks_unsettled(image, *value) || stands_still(image))
            return true;
    }
    return true;
}

struct look {
    uint64_t address;
    bool is_heap;
};

static void look_at_line(void *context, const struct maps_line *line)
{
    struct look *look = context;

    if (range_has(line->range, look->address))
        look->is_heap = str_eq(line->name, STR("[heap]"));
}

static bool feed_parser(void *context, struct str piece)
{
    maps_feed(context, piece);
    return true;
}

/* Whether the heap of a live process reaches up to there by now. */
static bool heap_reaches(struct image *image, uint64_t end)
{
    struct look look = {.address = end - 1};
    struct maps_parser *parser = arena_alloc(&image->arena, sizeof(*parser));
    int error;

    maps_parser_init(parser, look_at_line, &look);
    capture_stream(image->capture, CAPTURE_MAPS, feed_parser, parser, &error, NULL);
    maps_finish(parser, NULL);
    return look.is_heap;
}

/*
 * The heap grew between the reading of maps and that of memory, or the other way round.  Where
 * something else shrank by as much, the sums do not show it.
 */
static bool has_moved(struct image *image, uint64_t value)
{
    uint64_t end = align_up(value, image->page_size);

    if (!image_is_live(image))
        return false;
    return (!image->in_passing && !image_sums_hold(image)) ||
           (image->brk.end < end && heap_reaches(image, end));
}

static void take_libc_break(struct image *image, uint64_t value)
{
    struct break_state *brk = &image->brk;
    uint64_t inferred = brk->end;

    if (inferred > align_up(value, image->page_size) + 64 * KIB) {
        brk->uncertain = "the mapping labelled [heap] goes on far beyond libc's break: the program "
                         "moves the break without libc, and it was inferred";
        return;
    }
    brk->exact = true;
    brk->value = value;
    brk->end = align_up(value, image->page_size);
    if (inferred < brk->end)
        brk->uncertain =
            "the mapping labelled [heap] ends before libc's break: its top was unmapped, it grew "
            "as it was read, or the program moves the break without libc";
    if (inferred > brk->end)
        brk->uncertain = "the mapping labelled [heap] goes on beyond libc's break: something was "
                         "mapped right against it, or the program moves the break without libc";
}

/*
 * libc never asked, so the break is where it started, unless the program made bare system calls.
 * A heap that begins at the start of the break shows that; one that begins below it is bss or
 * another mapping that happens to reach over the start.
 */
static void take_unused_break(struct image *image)
{
    struct break_state *brk = &image->brk;

    if (brk->last_heap == NONE) {
        brk->exact = true;
        brk->value = brk->start;
    } else if (brk->merged_with_bss) {
        brk->value = brk->start;
        brk->end = align_up(brk->start, image->page_size);
        brk->uncertain =
            "libc never moved the break, but the mapping labelled [heap] goes on beyond "
            "it: something was mapped against it, or bare system calls moved it";
    } else {
        brk->uncertain =
            "the program moves the break without libc; it was inferred from the mapping "
            "labelled [heap]";
    }
}

void break_find(struct image *image)
{
    struct break_state *brk = &image->brk;
    const char *why_not;
    uint64_t value;

    if (image->core) {
        core_find_break(image);
        return;
    }
    find_heap(image);
    infer(image);
    brk->value = brk->end;
    if (!brk->known)
        return;
    if (!read_settled_break(image, &value, &why_not)) {
        brk->not_read = why_not;
        drop_false_labels(image, brk->start, may_be_end);
        brk->value = brk->end;
        brk->uncertain = arena_printf(&image->arena,
                                      "the break was inferred from the mapping "
                                      "labelled [heap], not read: %s",
                                      why_not);
        return;
    }
    brk->has_libc_value = true;
    brk->libc_value = value;
    drop_false_labels(image, value ? value : brk->start,
                      value ? is_never_heap : may_be_of_system_calls);
    brk->value = brk->end;
    if (value == 0) {
        take_unused_break(image);
    } else if (has_moved(image, value)) {
        brk->moved = true;
        brk->not_read = brk->uncertain = "the process moved its break while it was read";
    } else if (!agrees_with_labels(image, value)) {
        brk->uncertain =
            "libc's copy of the break disagrees with the mappings: prctl(PR_SET_MM) or "
            "a bare system call moved the break, and it was inferred";
    } else {
        take_libc_break(image, value);
    }
}
