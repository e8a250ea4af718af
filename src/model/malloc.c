/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which allocator serves malloc: the first object in the loader's order that defines it.  Symbols
 * that only one allocator has together tell which it is.  What each does with the break was seen
 * with strace, with the break free and blocked (jemalloc 5.3, gperftools 2.10, mimalloc 2.0, musl
 * 1.2.3, glibc 2.36, libsanitizer of gcc 12, Go 1.19), and for Google's newer TCMalloc and for bash
 * read in the source.
 */
#include "model/about.h"
#include "model/subject.h"

/* Among what an object offers to others; in its symbol table, where a bundled copy is. */
enum { OFFERED = 1, INSIDE = 2, ANYWHERE = OFFERED | INSIDE };

/*
 * jemalloc takes the break only after mmap has failed (opt.dss "secondary").  musl's mallocng has
 * only its tables there, its older allocator everything; both go on with mmap.
 */
enum { MAX_SYMBOLS = 3 };
static const struct known {
    const char *symbols[MAX_SYMBOLS]; /* telling: nothing else has them all */
    const char *name;
    enum break_use use;
    enum runtime runtime; /* that it belongs to, or N_RUNTIMES */
    unsigned int where;   /* the symbols tell something there */
} known[] = {
    {{"__asan_init", "__asan_report_load1"}, "asan", BREAK_USE_NONE, RUNTIME_ASAN, ANYWHERE},
    {{"__hwasan_init", "__hwasan_load1"}, "hwasan", BREAK_USE_NONE, RUNTIME_HWASAN, ANYWHERE},
    {{"__tsan_init", "__tsan_read1"}, "tsan", BREAK_USE_NONE, RUNTIME_TSAN, ANYWHERE},
    {{"__msan_init", "__msan_poison"}, "msan", BREAK_USE_NONE, RUNTIME_MSAN, ANYWHERE},
    {{"__lsan_init", "__lsan_ignore_object"}, "lsan", BREAK_USE_NONE, RUNTIME_LSAN, ANYWHERE},
    {{"mallctl", "mallctlnametomib", "malloc_stats_print"},
     "jemalloc",
     BREAK_USE_NONE,
     N_RUNTIMES,
     ANYWHERE},
    {{"tc_malloc", "tc_free", "tc_version"}, "tcmalloc", BREAK_USE_FIRST, N_RUNTIMES, ANYWHERE},
    {{"MallocExtension_Internal_GetNumericProperty",
      "MallocExtension_Internal_ReleaseMemoryToSystem"},
     "google-tcmalloc",
     BREAK_USE_NONE,
     N_RUNTIMES,
     ANYWHERE},
    {{"mi_malloc", "mi_free", "mi_version"}, "mimalloc", BREAK_USE_NONE, N_RUNTIMES, ANYWHERE},
    /* lib/malloc of bash, which maps large blocks since 5.1; dlsym is for its loadable builtins */
    {{"sh_malloc", "sh_realloc", "sh_free"}, "bash", BREAK_USE_ONLY, N_RUNTIMES, OFFERED},
    {{"gnu_get_libc_version", "__libc_malloc"}, "glibc", BREAK_USE_FIRST, N_RUNTIMES, OFFERED},
    {{"_int_malloc", "main_arena"}, "glibc", BREAK_USE_FIRST, N_RUNTIMES, INSIDE},
    {{"__malloc_alloc_meta", "__malloc_context"}, "musl", BREAK_USE_FIRST, N_RUNTIMES, INSIDE},
    {{"__simple_malloc"}, "musl", BREAK_USE_FIRST, N_RUNTIMES, INSIDE},
    {{"__expand_heap"}, "musl", BREAK_USE_FIRST, N_RUNTIMES, INSIDE},
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

/* How a malloc can get its memory, from the kernel or from another one. */
static const char *const sources[] = {
    "sbrk",   "__sbrk",          "brk",           "__brk",          "mmap",
    "mmap64", "__mmap",          "mremap",        "shmat",          "syscall",
    "dlsym",  "dlvsym",          "__libc_malloc", "__libc_calloc",  "__libc_realloc",
    "calloc", "realloc",         "memalign",      "posix_memalign", "aligned_alloc",
    "dlopen", "__libc_memalign", "valloc",
};
enum {
    N_SOURCES = sizeof(sources) / sizeof(sources[0]),
    BY_BREAK = 0xf,
    BY_MMAP = 0x1f << 4,
    BY_SYSCALL = 1 << 9,
    BY_NEXT = 0x1fff << 10,
    BY_KERNEL = BY_BREAK | BY_MMAP | BY_SYSCALL,
    BY_LIBRARY = 1 << N_SOURCES, /* it may be handed on to another library */
    BY_UNKNOWN = 1 << (N_SOURCES + 1),
};

/* Libraries that give nobody memory, but for what they take from malloc. */
static const char *const plain_libraries[] = {
    "libc.so",     "libm.so",      "libdl.so",    "libpthread.so", "librt.so",
    "libgcc_s.so", "ld-linux",     "libtinfo",    "libncurses",    "libcurses",
    "libcrypt.so", "libresolv.so", "libutil.so.", "libc.musl-",
};
enum { N_PLAIN = sizeof(plain_libraries) / sizeof(plain_libraries[0]) };

static const char *title_of(struct image *image, uint32_t instance)
{
    struct str name = short_name(image->objects[image->instances[instance].object].path);

    return arena_strndup(&image->arena, name.p, name.n);
}

static void take(struct subject *subject, const char *name, enum break_use use,
                 const char *evidence)
{
    subject->image->allocator = (struct allocator){
        .name = name, .instance = subject->instance, .use = use, .evidence = evidence};
}

static void take_known(struct subject *subject, const struct known *row)
{
    struct image *image = subject->image;

    if (row->runtime != N_RUNTIMES)
        image->runtimes |= UINT32_C(1) << row->runtime;
    take(subject, row->name, row->use,
         arena_printf(&image->arena, "%s defines malloc and %s", title_of(image, subject->instance),
                      row->symbols[0]));
}

/*
 * musl's libc is the loader, whatever it is called; glibc's defines no __libc_start_main.  The
 * loader's two later stages have names of their own.
 */
static bool is_musl(const struct subject *subject, const struct dynamic *dynamic)
{
    static const char *const names[] = {"__libc_start_main", "_dlstart", "__dls3"};
    uint64_t value;

    if (subject->instance != subject->image->interp)
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!dynamic_find(dynamic, names[i], &value))
            return false;
    return true;
}

/* The telling symbols one after another, as symtab_find() wants them; returns how many. */
static unsigned int list_symbols(const char **names)
{
    unsigned int n = 0;

    for (int i = 0; i < N_KNOWN; i++)
        for (int k = 0; k < MAX_SYMBOLS && known[i].symbols[k]; k++)
            names[n++] = known[i].symbols[k];
    return n;
}

/* The first row of which all symbols were found; bit i: the i-th of list_symbols(). */
static const struct known *first_known(uint64_t found, unsigned int where)
{
    for (int i = 0; i < N_KNOWN; i++) {
        bool all = known[i].where & where;

        for (int k = 0; k < MAX_SYMBOLS && known[i].symbols[k]; k++, found >>= 1)
            all = all && (found & 1);
        if (all)
            return &known[i];
    }
    return NULL;
}

static const struct known *find_known(const struct subject *subject, const struct dynamic *dynamic)
{
    const char *names[N_KNOWN * MAX_SYMBOLS];
    unsigned int n = list_symbols(names);
    const struct known *row;
    uint64_t found = 0, value;

    for (unsigned int i = 0; i < n; i++)
        if (dynamic_find(dynamic, names[i], &value))
            found |= UINT64_C(1) << i;
    row = first_known(found, OFFERED);
    if (row)
        return row;
    if (symtab_find(&subject->object->head, &subject->file_reader, names, n, &found))
        row = first_known(found, INSIDE);
    return row;
}

/* What it takes from others, and system calls that it defines itself. */
static uint32_t find_sources(const struct dynamic *dynamic)
{
    uint64_t found = 0, value;

    if (!dynamic_imports(dynamic, sources, N_SOURCES, &found))
        return BY_UNKNOWN;
    for (int i = 0; i < N_SOURCES; i++)
        if ((BY_KERNEL >> i & 1) && dynamic_find(dynamic, sources[i], &value))
            found |= 1U << i;
    if (!dynamic_needs_only(dynamic, plain_libraries, N_PLAIN))
        found |= BY_LIBRARY;
    return (uint32_t)found;
}

/* "Only" and "none" want proof: nothing there that could lead elsewhere. */
static enum break_use use_of_sources(uint32_t found)
{
    if (found & ~(uint32_t)(BY_BREAK | BY_MMAP))
        return BREAK_USE_UNKNOWN;
    if (!(found & BY_MMAP))
        return found ? BREAK_USE_ONLY : BREAK_USE_UNKNOWN;
    return found & BY_BREAK ? BREAK_USE_UNKNOWN : BREAK_USE_NONE;
}

static const char *sources_text(uint32_t found)
{
    if (found & BY_UNKNOWN)
        return "takes from others what cannot be read";
    if (found & BY_BREAK && found & BY_MMAP)
        return "takes memory by sbrk and by mmap";
    if (found & BY_SYSCALL)
        return "makes system calls of its own";
    if (found & BY_NEXT)
        return "may hand on to another malloc";
    if (found & BY_LIBRARY)
        return "may take memory by another library";
    if (!(found & BY_KERNEL))
        return "takes memory from nobody that is known";
    return found & BY_BREAK ? "takes memory by sbrk, never by mmap"
                            : "takes memory by mmap, never by sbrk";
}

/*
 * A malloc of no known make.  One that takes no memory from the kernel only hands on to the next,
 * as tools that count allocations do.
 */
static bool take_other(struct subject *subject, const struct dynamic *dynamic)
{
    struct image *image = subject->image;
    uint32_t found = find_sources(dynamic);

    if (!(found & (BY_KERNEL | BY_UNKNOWN)) && found & BY_NEXT)
        return false;
    take(subject, subject->instance == image->program ? "own" : "other", use_of_sources(found),
         arena_printf(&image->arena, "%s defines malloc, of no known make, and %s",
                      title_of(image, subject->instance), sources_text(found)));
    return true;
}

/* Whether the object serves malloc. */
static bool judge(struct subject *subject, const struct dynamic *dynamic)
{
    const struct known *row;
    uint64_t value;

    if (!dynamic_find(dynamic, "malloc", &value))
        return false;
    if (is_musl(subject, dynamic)) {
        take(subject, "musl", BREAK_USE_FIRST,
             arena_printf(&subject->image->arena, "%s is libc and loader",
                          title_of(subject->image, subject->instance)));
        return true;
    }
    if (subject->instance == subject->image->interp)
        return false; /* ld.so had a small malloc for itself until glibc 2.31 */
    row = find_known(subject, dynamic);
    if (!row)
        return take_other(subject, dynamic);
    take_known(subject, row);
    if (row->use == BREAK_USE_ONLY && find_sources(dynamic) & (BY_MMAP | BY_UNKNOWN))
        subject->image->allocator.use = BREAK_USE_UNKNOWN;
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
            subject->image->allocator.by_name = true;
            return true;
        }
    return false;
}

enum verdict { SERVES_NOT, SERVES, NOT_READ };

static enum verdict judge_instance(struct image *image, uint32_t instance, struct meter *meter)
{
    struct subject subject;
    struct dynamic dynamic;
    bool was_read = subject_open(&subject, image, instance, meter), found = false;

    if (was_read && dynamic_read(&dynamic, &subject.object->head, &subject.memory, subject.bias))
        found = judge(&subject, &dynamic);
    else
        was_read = was_read && (subject.is_file || !subject.object->head.has_dynamic);
    subject_close(&subject);
    if (meter->is_spent)
        return NOT_READ;
    if (found || (!was_read && judge_by_name(&subject)))
        return SERVES;
    return was_read ? SERVES_NOT : NOT_READ;
}

/* The program itself comes first in any order. */
static void qualify(struct image *image, const struct load_order *order)
{
    struct allocator *allocator = &image->allocator;

    if (order->is_read || allocator->instance == image->program)
        return;
    allocator->evidence =
        arena_printf(&image->arena, "%s; which object comes first is guessed", allocator->evidence);
}

/* Any object that comes before and cannot be read may define malloc as well. */
static void doubt(struct image *image, uint32_t unread, uint32_t n_unread)
{
    const char *found = image->allocator.evidence;

    image->allocator = (struct allocator){
        .instance = NONE,
        .evidence = n_unread == 1 ? arena_printf(&image->arena,
                                                 "%s, but before it comes %s, which "
                                                 "cannot be read",
                                                 found, title_of(image, unread))
                                  : arena_printf(&image->arena,
                                                 "%s, but before it come %s and %u "
                                                 "more that cannot be read",
                                                 found, title_of(image, unread), n_unread - 1)};
}

/* Each object once, however often it is loaded. */
static void find_by_order(struct image *image)
{
    enum { MAX_LOOKED_AT = 1024 };
    bool *seen = arena_alloc(&image->arena, image->n_objects * sizeof(*seen));
    struct meter meter = meter_full();
    uint32_t unread = NONE, n_unread = 0, n_seen = 0;
    struct load_order order;

    load_order_find(image, &order);
    for (uint32_t i = 0; i < order.n && n_seen < MAX_LOOKED_AT && !meter.is_spent; i++) {
        uint32_t instance = order.instances[i];
        enum verdict verdict;

        if (seen[image->instances[instance].object])
            continue;
        seen[image->instances[instance].object] = true;
        n_seen++;
        verdict = judge_instance(image, instance, &meter);
        if (verdict == SERVES) {
            qualify(image, &order);
            if (n_unread > 0)
                doubt(image, unread, n_unread);
            return;
        }
        if (verdict == NOT_READ && n_unread++ == 0)
            unread = instance;
    }
    if (meter.is_spent)
        image->allocator = (struct allocator){
            .instance = NONE, .evidence = "its objects have more symbols than are looked at"};
    else if (n_unread == 0 && n_seen < MAX_LOOKED_AT)
        image->allocator =
            (struct allocator){"none", NONE, BREAK_USE_UNKNOWN, false, "no object defines malloc"};
    else
        image->allocator.evidence = "no object that could be read defines malloc";
}

/* Without malloc, brk or sbrk nothing uses the break, unless by bare system calls. */
static void take_static(struct subject *subject, uint64_t found, uint32_t found_sources,
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

/*
 * One pass for all names: malloc itself, the sources and the telling ones.  A static program has
 * calloc and the like for itself.
 */
static void find_in_static(struct image *image)
{
    const char *names[1 + N_SOURCES + N_KNOWN * MAX_SYMBOLS] = {"malloc"};
    struct meter meter = meter_full();
    struct subject subject;
    unsigned int n;
    uint64_t found;

    memcpy(names + 1, sources, sizeof(sources));
    n = 1 + N_SOURCES + list_symbols(names + 1 + N_SOURCES);
    image->allocator.evidence = "the symbol table of the static program was stripped";
    if (!subject_open(&subject, image, image->program, &meter))
        image->allocator.evidence = "the program's file cannot be read";
    else if (symtab_find(&subject.object->head, &subject.file_reader, names, n, &found))
        take_static(&subject, found >> (1 + N_SOURCES), (uint32_t)(found >> 1) & BY_KERNEL,
                    found & 1);
    else if (meter.is_spent)
        image->allocator.evidence = "the static program has more symbols than are looked at";
    subject_close(&subject);
}

/* The emulated program's libraries are among the objects too, but serve nobody. */
static void take_valgrind(struct image *image)
{
    image->allocator = (struct allocator){
        "valgrind", image->program, BREAK_USE_NONE, false,
        "the program runs in valgrind, which has a break of its own making for it"};
}

/* Go's linker can name an interpreter and no library. */
static void take_go(struct image *image)
{
    image->allocator = (struct allocator){"go", image->program, BREAK_USE_NONE, false,
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
    if (about_read_allocator(image))
        return;
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
