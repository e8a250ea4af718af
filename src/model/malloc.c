/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which allocator serves malloc: the first object in the loader's order that defines it.  A symbol
 * that only one allocator has tells which it is.  What each does with the break was seen with
 * strace, with the break free and blocked (jemalloc 5.3, gperftools 2.10, mimalloc 2.0, musl 1.2.3,
 * glibc 2.36, libsanitizer of gcc 12, Go 1.19), and for Google's newer TCMalloc read in its source.
 */
#include "model/image.h"
#include "parse/symbols.h"
#include "source/objfile.h"

/* Among what an object offers to others; in its symbol table, where a bundled copy is. */
enum { OFFERED = 1, INSIDE = 2, ANYWHERE = OFFERED | INSIDE };

/*
 * jemalloc takes the break only after mmap has failed (opt.dss "secondary").  musl's mallocng has
 * only its tables there, its older allocator everything; both go on with mmap.
 */
static const struct known {
    const char *symbol; /* telling: nothing else has it */
    const char *name;
    enum break_use use;
    enum runtime runtime; /* that it belongs to, or N_RUNTIMES */
    unsigned int where;   /* the symbol tells something there */
} known[] = {
    {"__asan_init", "asan", BREAK_USE_NONE, RUNTIME_ASAN, ANYWHERE},
    {"__hwasan_init", "hwasan", BREAK_USE_NONE, RUNTIME_HWASAN, ANYWHERE},
    {"__tsan_init", "tsan", BREAK_USE_NONE, RUNTIME_TSAN, ANYWHERE},
    {"__msan_init", "msan", BREAK_USE_NONE, RUNTIME_MSAN, ANYWHERE},
    {"__lsan_init", "lsan", BREAK_USE_NONE, RUNTIME_LSAN, ANYWHERE},
    {"mallctl", "jemalloc", BREAK_USE_NONE, N_RUNTIMES, ANYWHERE},
    {"tc_malloc", "tcmalloc", BREAK_USE_FIRST, N_RUNTIMES, ANYWHERE},
    {"MallocExtension_Internal_GetNumericProperty", "google-tcmalloc", BREAK_USE_NONE, N_RUNTIMES,
     ANYWHERE},
    {"mi_malloc", "mimalloc", BREAK_USE_NONE, N_RUNTIMES, ANYWHERE},
    {"gnu_get_libc_version", "glibc", BREAK_USE_FIRST, N_RUNTIMES, OFFERED},
    {"_int_malloc", "glibc", BREAK_USE_FIRST, N_RUNTIMES, INSIDE},
    {"__malloc_alloc_meta", "musl", BREAK_USE_FIRST, N_RUNTIMES, INSIDE},
    {"__simple_malloc", "musl", BREAK_USE_FIRST, N_RUNTIMES, INSIDE},
    {"__expand_heap", "musl", BREAK_USE_FIRST, N_RUNTIMES, INSIDE},
};
enum { N_KNOWN = sizeof(known) / sizeof(known[0]) };

/* Objects by name, for files that cannot be read any more: an update has replaced them. */
static const struct {
    const char *start;
    const char *name;
    enum break_use use;
} known_files[] = {
    {"libc.so.6", "glibc", BREAK_USE_FIRST},        {"libc-2.", "glibc", BREAK_USE_FIRST},
    {"libjemalloc.so", "jemalloc", BREAK_USE_NONE}, {"libtcmalloc", "tcmalloc", BREAK_USE_FIRST},
    {"libmimalloc", "mimalloc", BREAK_USE_NONE},
};

/* How a malloc can get its memory. */
static const char *const sources[] = {"sbrk", "__sbrk", "brk", "mmap", "mmap64", "syscall"};
enum {
    N_SOURCES = sizeof(sources) / sizeof(sources[0]),
    BY_BREAK = 1 << 0 | 1 << 1 | 1 << 2,
    BY_MMAP = 1 << 3 | 1 << 4,
    BY_SYSCALL = 1 << 5,
};

/* One object whose symbols are looked at. */
struct subject {
    struct image *image;
    uint32_t instance;
    const struct object *object;
    struct objfile file;
    struct reader file_reader, memory;
    struct elf_view view;
};

static bool subject_open(struct subject *subject, struct image *image, uint32_t instance)
{
    const struct object *object = &image->objects[image->instances[instance].object];

    *subject = (struct subject){
        .image = image, .instance = instance, .object = object, .file = {.fd = -1}};
    if (!object->has_head ||
        !(object->is_exe
              ? objfile_open_exe(image->capture, &subject->file, NULL)
              : objfile_open(image->capture, object->path, object->inode, &subject->file, NULL)))
        return false;
    subject->file_reader = objfile_reader(&subject->file);
    subject->view = (struct elf_view){&object->head, &subject->file_reader};
    subject->memory = elf_view_reader(&subject->view);
    return true;
}

static const char *title_of(struct image *image, uint32_t instance)
{
    struct str name = short_name(image->objects[image->instances[instance].object].path);

    return arena_strndup(&image->arena, name.p, name.n);
}

static void take(struct subject *subject, const char *name, enum break_use use,
                 const char *evidence)
{
    subject->image->allocator = (struct allocator){name, subject->instance, use, evidence};
}

static void take_known(struct subject *subject, const struct known *row)
{
    struct image *image = subject->image;

    if (row->runtime != N_RUNTIMES)
        image->runtimes |= UINT32_C(1) << row->runtime;
    take(subject, row->name, row->use,
         arena_printf(&image->arena, "%s defines malloc and %s", title_of(image, subject->instance),
                      row->symbol));
}

/* The program's interpreter is musl's libc when it is called so. */
static bool is_musl(const struct subject *subject)
{
    const struct image *image = subject->image;
    const struct object *program = &image->objects[image->instances[image->program].object];

    return subject->instance == image->interp && program->head.interp &&
           str_starts(str_basename(str_of(program->head.interp)), STR("ld-musl-"));
}

/* The first row of which a symbol was found; bit i: known[i]. */
static const struct known *first_known(uint32_t found, unsigned int where)
{
    for (int i = 0; i < N_KNOWN; i++)
        if ((known[i].where & where) && (found >> i & 1))
            return &known[i];
    return NULL;
}

static const struct known *find_known(const struct subject *subject, const struct dynamic *dynamic)
{
    const char *names[N_KNOWN];
    const struct known *row;
    uint32_t found = 0;
    uint64_t value;

    for (int i = 0; i < N_KNOWN; i++) {
        names[i] = known[i].symbol;
        if (dynamic_find(dynamic, known[i].symbol, &value))
            found |= 1U << i;
    }
    row = first_known(found, OFFERED);
    if (row)
        return row;
    if (symtab_find(&subject->object->head, &subject->file_reader, names, N_KNOWN, &found))
        row = first_known(found, INSIDE);
    return row;
}

static uint32_t find_sources(const struct dynamic *dynamic)
{
    uint32_t found = 0;
    uint64_t value;

    if (!dynamic_imports(dynamic, sources, N_SOURCES, &found))
        return BY_SYSCALL; /* not known */
    for (int i = 0; i < N_SOURCES; i++)
        if (dynamic_find(dynamic, sources[i], &value))
            found |= 1U << i;
    return found;
}

static enum break_use use_of_sources(uint32_t found)
{
    if (found & BY_SYSCALL)
        return BREAK_USE_UNKNOWN;
    if (!(found & BY_MMAP))
        return BREAK_USE_ONLY;
    return found & BY_BREAK ? BREAK_USE_UNKNOWN : BREAK_USE_NONE;
}

static const char *sources_text(uint32_t found)
{
    if (found & BY_SYSCALL)
        return "makes system calls of its own";
    if (!(found & BY_MMAP))
        return "takes memory by sbrk, never by mmap";
    return found & BY_BREAK ? "takes memory by sbrk and by mmap"
                            : "takes memory by mmap, never by sbrk";
}

/*
 * A malloc of no known make.  One that takes no memory from the kernel only hands on to the next,
 * as tools that count allocations do; and one that may hand on, having asked for the next, can use
 * the break by it.
 */
static bool take_other(struct subject *subject, const struct dynamic *dynamic)
{
    struct image *image = subject->image;
    bool own = subject->instance == image->program;
    uint32_t found = find_sources(dynamic);
    static const char *const next[] = {"dlsym", "dlvsym", "__libc_malloc"};
    enum break_use use = use_of_sources(found);
    uint32_t hands_on = 0;

    if (found == 0)
        return false;
    if (use == BREAK_USE_NONE &&
        (!dynamic_imports(dynamic, next, sizeof(next) / sizeof(next[0]), &hands_on) || hands_on))
        use = BREAK_USE_UNKNOWN;
    take(subject, own ? "own" : "other", use,
         arena_printf(&image->arena, "%s defines malloc, of no known make, and %s",
                      title_of(image, subject->instance), sources_text(found)));
    return true;
}

/* Whether the object serves malloc. */
static bool judge(struct subject *subject)
{
    const struct known *row;
    struct dynamic dynamic;
    uint64_t value;

    if (!dynamic_read(&dynamic, &subject->object->head, &subject->memory, 0) ||
        !dynamic_find(&dynamic, "malloc", &value))
        return false;
    if (is_musl(subject)) {
        take(subject, "musl", BREAK_USE_FIRST,
             arena_printf(&subject->image->arena, "%s is libc and loader",
                          title_of(subject->image, subject->instance)));
        return true;
    }
    if (subject->instance == subject->image->interp)
        return false; /* ld.so had a small malloc for itself until glibc 2.31 */
    row = find_known(subject, &dynamic);
    if (!row)
        return take_other(subject, &dynamic);
    take_known(subject, row);
    return true;
}

static bool judge_by_name(struct subject *subject)
{
    struct str name = short_name(subject->object->path);

    for (size_t i = 0; i < sizeof(known_files) / sizeof(known_files[0]); i++)
        if (str_starts(name, str_of(known_files[i].start))) {
            take(subject, known_files[i].name, known_files[i].use,
                 arena_printf(&subject->image->arena,
                              "by the name of %s, whose symbols cannot be "
                              "read",
                              title_of(subject->image, subject->instance)));
            return true;
        }
    return false;
}

/* Files of a file system that may block have only their first bytes here: too few for symbols. */
static bool is_judged(struct image *image, uint32_t instance, bool *was_read)
{
    struct subject subject;
    bool found;

    *was_read = subject_open(&subject, image, instance);
    found = *was_read && judge(&subject);
    *was_read = *was_read && subject.file.fd >= 0;
    objfile_close(&subject.file);
    return found || (!*was_read && judge_by_name(&subject));
}

/* What the evidence leaves open.  The program itself comes first in any order. */
static void qualify(struct image *image, const struct load_order *order, uint32_t n_unread)
{
    struct allocator *allocator = &image->allocator;

    if (!order->is_read && allocator->instance != image->program)
        allocator->evidence = arena_printf(&image->arena, "%s; which object comes first is guessed",
                                           allocator->evidence);
    if (n_unread > 0)
        allocator->evidence = arena_printf(&image->arena, "%s; %u objects before it cannot be read",
                                           allocator->evidence, n_unread);
}

static void find_by_order(struct image *image)
{
    enum { MAX_LOOKED_AT = 1024 };
    struct load_order order;
    uint32_t n_unread = 0;

    load_order_find(image, &order);
    for (uint32_t i = 0; i < order.n && i < MAX_LOOKED_AT; i++) {
        bool was_read;

        if (is_judged(image, order.instances[i], &was_read)) {
            qualify(image, &order, n_unread);
            return;
        }
        n_unread += !was_read;
    }
    if (n_unread == 0 && order.n < MAX_LOOKED_AT)
        image->allocator =
            (struct allocator){"none", NONE, BREAK_USE_UNKNOWN, "no object defines malloc"};
    else
        image->allocator.evidence = "no object that could be read defines malloc";
}

/* Without malloc, brk or sbrk nothing uses the break, unless by bare system calls. */
static void take_static(struct subject *subject, uint32_t found, uint32_t found_sources,
                        bool has_malloc)
{
    const struct known *row = first_known(found, INSIDE);

    if (!has_malloc)
        take(subject, "none", found_sources & BY_BREAK ? BREAK_USE_UNKNOWN : BREAK_USE_NONE,
             "the static program defines no malloc");
    else if (row)
        take_known(subject, row);
    else
        take(subject, "own", found_sources ? use_of_sources(found_sources) : BREAK_USE_UNKNOWN,
             arena_printf(
                 &subject->image->arena, "the static program defines malloc, of no known make%s%s",
                 found_sources ? ", and " : "", found_sources ? sources_text(found_sources) : ""));
}

/* One pass for all names: the telling ones, the sources and malloc itself. */
static void find_in_static(struct image *image)
{
    enum { N_NAMES = N_KNOWN + N_SOURCES + 1 };
    const char *names[N_NAMES];
    struct subject subject;
    uint32_t found;

    for (int i = 0; i < N_KNOWN; i++)
        names[i] = known[i].symbol;
    memcpy(names + N_KNOWN, sources, sizeof(sources));
    names[N_NAMES - 1] = "malloc";
    image->allocator.evidence = "the symbol table of the static program was stripped";
    if (!subject_open(&subject, image, image->program))
        image->allocator.evidence = "the program's file cannot be read";
    else if (symtab_find(&subject.object->head, &subject.file_reader, names, N_NAMES, &found))
        take_static(&subject, found & ((1U << N_KNOWN) - 1),
                    found >> N_KNOWN & ((1U << N_SOURCES) - 1), found >> (N_NAMES - 1) & 1);
    objfile_close(&subject.file);
}

/* The emulated program's libraries are among the objects too, but serve nobody. */
static void take_valgrind(struct image *image)
{
    image->allocator = (struct allocator){
        "valgrind", image->program, BREAK_USE_NONE,
        "the program runs in valgrind, which has a break of its own making for it"};
}

/* Go's linker can name an interpreter and no library. */
static void take_go(struct image *image)
{
    image->allocator = (struct allocator){"go", image->program, BREAK_USE_NONE,
                                          "the program was linked by Go, without a libc"};
}

static bool defines_none(const struct allocator *allocator)
{
    return !allocator->name || strcmp(allocator->name, "none") == 0;
}

void image_read_allocator(struct image *image)
{
    if (image->has_allocator)
        return;
    image->has_allocator = true;
    image->allocator = (struct allocator){.instance = NONE};
    image->runtimes = runtimes_find(image);
    if (image->program == NONE)
        image->allocator.evidence = "the program was not found";
    else if (image_has_runtime(image, RUNTIME_VALGRIND))
        take_valgrind(image);
    else if (image->program_type == PROGRAM_STATIC || image->program_type == PROGRAM_STATIC_PIE)
        find_in_static(image);
    else
        find_by_order(image);
    if (image->is_go && defines_none(&image->allocator))
        take_go(image);
}
