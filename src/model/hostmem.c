/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/hostmem.h"

#include "model/build.h"
#include "parse/keyed.h"
#include "parse/slabinfo.h"
#include "parse/zoneinfo.h"
#include "source/mounts.h"
#include "source/processes.h"
#include "source/slabfs.h"

#include <errno.h>
#include <stdlib.h>

void image_init_host(struct image *image, struct capture *host)
{
    *image = (struct image){
        .capture = host,
        .program = NONE,
        .interp = NONE,
        .page_size = capture_page_size(host),
        .consistent = true,
    };
    arena_init(&image->arena);
    intern_init(&image->names, &image->arena);
    host_read(image);
    host_read_guard(image);
}

static struct str row_or_note(struct image *image, enum capture_row row)
{
    const struct blob *blob = capture_get(image->capture, row);

    if (blob->missing)
        image_note_missing(image, capture_row_name(row), blob->missing);
    return blob->bytes;
}

/* The lines that such a kernel has, and this one has not: "Slab, Percpu"; "" when none is. */
static const char *absent_lines(const struct host_memory *memory, struct arena *arena)
{
    unsigned int version = memory->host->kernel_version;
    const char *names = "";

    for (int i = 0; i < N_MEMINFO; i++) {
        enum meminfo_key key = (enum meminfo_key)i;

        if (!memory->meminfo.has[key] && meminfo_is_told(key, version >> 8, version & 0xff))
            names = arena_printf(arena, "%s%s%s", names, *names ? ", " : "", meminfo_key_name(key));
    }
    return names;
}

static const char *contradiction_between(const struct meminfo *meminfo, enum meminfo_key part,
                                         enum meminfo_key whole, struct arena *arena)
{
    if (!meminfo->has[part] || !meminfo->has[whole] ||
        meminfo->bytes[part] <= meminfo->bytes[whole])
        return NULL;
    return arena_printf(arena, "%s is more than %s", meminfo_key_name(part),
                        meminfo_key_name(whole));
}

/* VmallocUsed is a size of address space before 5.3, and a balloon can be off MemTotal. */
static const char *find_contradiction(const struct meminfo *meminfo, struct arena *arena)
{
    static const struct {
        enum meminfo_key part, whole;
    } pairs[] = {
        {MEMINFO_FREE, MEMINFO_TOTAL},
        {MEMINFO_BUFFERS, MEMINFO_TOTAL},
        {MEMINFO_CACHED, MEMINFO_TOTAL},
        {MEMINFO_ANON_PAGES, MEMINFO_TOTAL},
        {MEMINFO_SHMEM, MEMINFO_TOTAL},
        {MEMINFO_SLAB, MEMINFO_TOTAL},
        {MEMINFO_SLAB_RECLAIMABLE, MEMINFO_SLAB},
        {MEMINFO_SLAB_UNRECLAIMABLE, MEMINFO_SLAB},
        {MEMINFO_KERNEL_STACK, MEMINFO_TOTAL},
        {MEMINFO_PAGE_TABLES, MEMINFO_TOTAL},
        {MEMINFO_SECONDARY_PAGE_TABLES, MEMINFO_TOTAL},
        {MEMINFO_PERCPU, MEMINFO_TOTAL},
        {MEMINFO_ZSWAP, MEMINFO_TOTAL},
        {MEMINFO_HUGETLB, MEMINFO_TOTAL},
        {MEMINFO_SWAP_FREE, MEMINFO_SWAP_TOTAL},
    };
    const char *found = NULL;

    for (size_t i = 0; !found && i < sizeof(pairs) / sizeof(pairs[0]); i++)
        found = contradiction_between(meminfo, pairs[i].part, pairs[i].whole, arena);
    return found;
}

static void read_meminfo(struct host_memory *memory, struct image *image)
{
    struct str text = row_or_note(image, CAPTURE_MEMINFO);
    const char *absent;
    struct err err;

    meminfo_parse(text, &memory->meminfo);
    absent = absent_lines(memory, &image->arena);
    if (str_trim(text).n == 0)
        image_note_missing(image, "meminfo", "it is empty"); /* or the former reason */
    else if (*absent) {
        err_format(&err, "lines are missing, or not understood: %s", absent);
        image_note_missing(image, "meminfo", err.text);
    }
    memory->contradiction = find_contradiction(&memory->meminfo, &image->arena);
    if (memory->contradiction) {
        err_format(&err, "they contradict each other: %s", memory->contradiction);
        image_note_missing(image, "figures of meminfo", err.text);
    }
}

/* "nr_zspages 12": pages of zsmalloc, since 4.9 (91537fee0013). */
static void read_zspages(struct host_memory *memory, struct image *image)
{
    struct str text = row_or_note(image, CAPTURE_VMSTAT), line, word;
    uint64_t n;

    memory->has_vmstat = text.n > 0;
    while (str_next_line(&text, &line)) {
        if (!str_next_word(&line, &word) || !str_to_u64(str_trim(line), &n)) {
            memory->has_vmstat = false;
        } else if (str_eq(word, STR("nr_zspages")) && n <= UINT32_MAX) {
            memory->has_zspages = true;
            memory->zspage_bytes = n * image->page_size;
        }
    }
    if (!memory->has_vmstat)
        image_note_missing(image, "vmstat", "it is not understood"); /* or the former reason */
}

static void read_cpu_lists(struct host_memory *memory, struct image *image)
{
    struct str text = row_or_note(image, CAPTURE_ZONEINFO);
    uint64_t n_pages;

    memory->has_cpu_lists = zoneinfo_pages_of_cpus(text, &n_pages);
    if (memory->has_cpu_lists)
        memory->cpu_lists_bytes = n_pages * image->page_size;
    else
        image_note_missing(image, "zoneinfo", "it is not understood"); /* or the former reason */
}

/*
 * "dentries unused age want_pages negative 0".  The fifth number was 0 until af0c9af1b3f6
 * ("fs/dcache: Track & report number of negative dentries"), v5.0, which some older kernels have.
 */
static void read_dentries(struct host_memory *memory, struct image *image)
{
    struct str text = str_trim(row_or_note(image, CAPTURE_DENTRY_STATE)), word;
    struct dentry_state *dentries = &memory->dentries;
    uint64_t numbers[5] = {0};
    int n = 0;

    while (n < 5 && str_next_word(&text, &word) && str_to_u64(word, &numbers[n]))
        n++;
    dentries->known = n >= 2;
    if (!dentries->known)
        image_note_missing(image, "fs.dentry-state", "it is not understood");
    dentries->n = numbers[0];
    dentries->n_unused = numbers[1];
    dentries->has_negative =
        n == 5 && (memory->host->kernel_version >= KERNEL(5, 0) || numbers[4] > 0);
    dentries->n_negative = numbers[4];
}

static int by_bytes(uint64_t a, uint64_t b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

static int compare_caches(const void *a, const void *b)
{
    const struct slab_cache *x = a, *y = b;
    int order = by_bytes(x->bytes, y->bytes);

    return order ? order : strcmp(x->name, y->name);
}

/* False when no machine has so much, or not this one: these are not its figures. */
static bool bytes_of_cache(const struct host_memory *memory, const struct image *image,
                           const struct slab_record *record, uint64_t *bytes)
{
    return !__builtin_mul_overflow(record->n_slabs, record->slab_pages, bytes) &&
           !__builtin_mul_overflow(*bytes, image->page_size, bytes) &&
           (memory->meminfo.bytes[MEMINFO_TOTAL] == 0 ||
            *bytes <= memory->meminfo.bytes[MEMINFO_TOTAL]);
}

static void add_cache(struct host_memory *memory, struct image *image,
                      const struct slab_record *record, uint64_t bytes)
{
    struct slab_cache *cache;

    if (memory->n_caches % 64 == 0) {
        struct slab_cache *former = memory->caches;

        memory->caches = arena_alloc(&image->arena, (memory->n_caches + 64) * sizeof(*former));
        if (former)
            memcpy(memory->caches, former, memory->n_caches * sizeof(*former));
    }
    cache = &memory->caches[memory->n_caches++];
    *cache = (struct slab_cache){
        .name = arena_strndup(&image->arena, record->name.p, record->name.n),
        .meaning = slab_meaning(&image->arena, record->name),
        .bytes = bytes,
        .n_objects = record->n_objects,
        .n_active = record->n_active,
        .object_bytes = record->object_bytes,
    };
    if (!slabfs_reclaimable(image->capture, record->name, &cache->reclaimable))
        cache->reclaimable = slab_is_reclaimable(record->name);
}

static void note_slabs(struct host_memory *memory, struct image *image)
{
    struct err err;

    if (memory->n_caches_not_understood > 0)
        err_format(&err, "%u of its lines are not understood", memory->n_caches_not_understood);
    else
        err_format(&err, "it tells of no cache");
    if (memory->n_caches_not_understood > 0 || memory->n_caches == 0)
        image_note_missing(image, "slabinfo", err.text); /* or the former reason */
    if (memory->n_caches == 0 && !memory->slab_missing)
        memory->slab_missing = arena_printf(&image->arena, "%s", err.text);
}

static void read_slabs(struct host_memory *memory, struct image *image)
{
    struct str text = row_or_note(image, CAPTURE_SLABINFO);
    struct slab_record record;
    enum slab_line line;
    uint64_t bytes;

    memory->slab_missing = capture_get(image->capture, CAPTURE_SLABINFO)->missing;
    while ((line = slabinfo_next(&text, &record)) != SLAB_END) {
        if (line == SLAB_RECORD && bytes_of_cache(memory, image, &record, &bytes))
            add_cache(memory, image, &record, bytes);
        else
            memory->n_caches_not_understood++;
    }
    note_slabs(memory, image);
    if (memory->n_caches > 0)
        qsort(memory->caches, memory->n_caches, sizeof(*memory->caches), compare_caches);
}

/* A process by what statm tells. */
struct candidate {
    pid_t pid;
    uint64_t anonymous_bytes;
};

/* What the callbacks below add to. */
struct reading {
    struct host_memory *memory;
    struct image *image;
    struct candidate *candidates;
    uint32_t n, room;
    bool saw_first; /* process 1, which every PID namespace has */
};

static int compare_tmpfs(const void *a, const void *b)
{
    const struct tmpfs_usage *x = a, *y = b;

    return by_bytes(x->bytes, y->bytes);
}

static void add_tmpfs(void *context, struct str point, uint64_t used_bytes)
{
    struct reading *reading = context;
    struct host_memory *memory = reading->memory;
    struct arena *arena = &reading->image->arena;

    if (memory->n_tmpfs % 16 == 0) {
        struct tmpfs_usage *former = memory->tmpfs;

        memory->tmpfs = arena_alloc(arena, (memory->n_tmpfs + 16) * sizeof(*former));
        if (former)
            memcpy(memory->tmpfs, former, memory->n_tmpfs * sizeof(*former));
    }
    memory->tmpfs[memory->n_tmpfs++] =
        (struct tmpfs_usage){arena_strndup(arena, point.p, point.n), used_bytes};
}

static void read_tmpfs(struct host_memory *memory, struct image *image)
{
    struct reading reading = {.memory = memory, .image = image};

    row_or_note(image, CAPTURE_OWN_MOUNTS);
    mounts_each_tmpfs(image->capture, add_tmpfs, &reading);
    if (memory->n_tmpfs > 0)
        qsort(memory->tmpfs, memory->n_tmpfs, sizeof(*memory->tmpfs), compare_tmpfs);
}

/* statm: size resident shared ...; what is resident and not shared is anonymous (fs/proc). */
static bool anonymous_of(struct str statm, uint64_t page_size, uint64_t *bytes)
{
    uint64_t pages[3];
    struct str word;

    for (int i = 0; i < 3; i++)
        if (!str_next_word(&statm, &word) || !str_to_u64(word, &pages[i]))
            return false;
    *bytes = pages[1] > pages[2] ? (pages[1] - pages[2]) * page_size : 0;
    return pages[0] > 0;
}

static void add_candidate(void *context, struct process_row row)
{
    struct reading *reading = context;
    uint64_t bytes;

    reading->saw_first |= row.pid == 1;
    if (row.statm.n == 0) {
        reading->memory->n_hidden++;
        return;
    }
    if (!anonymous_of(row.statm, reading->image->page_size, &bytes))
        return;
    if (reading->n == reading->room) {
        reading->room = reading->room ? reading->room * 2 : 256;
        reading->candidates =
            xreallocarray(reading->candidates, reading->room, sizeof(*reading->candidates));
    }
    reading->candidates[reading->n++] = (struct candidate){row.pid, bytes};
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    int order = by_bytes(x->anonymous_bytes, y->anonymous_bytes);

    return order ? order : (x->pid > y->pid) - (x->pid < y->pid);
}

static uint64_t held_bytes(const struct holder *holder)
{
    return holder->anonymous_bytes + holder->swap_bytes;
}

/* Keeps the list in order, and short. */
static void add_holder(struct host_memory *memory, const struct holder *holder)
{
    uint32_t at = memory->n_holders;

    while (at > 0 && held_bytes(&memory->holders[at - 1]) < held_bytes(holder))
        at--;
    if (at == MAX_HOLDERS)
        return;
    if (memory->n_holders < MAX_HOLDERS)
        memory->n_holders++;
    memmove(&memory->holders[at + 1], &memory->holders[at],
            (memory->n_holders - at - 1) * sizeof(*memory->holders));
    memory->holders[at] = *holder;
}

/*
 * fs/proc/array.c proc_task_name(): in status, unlike in stat, newline and backslash are escaped.
 */
static const char *name_of(struct image *image, struct str status)
{
    static const char key[] = "Name:\t";
    struct str line, name = STR("");
    char *text, *to;

    if (str_next_line(&status, &line) && str_starts(line, STR(key)))
        name = (struct str){line.p + sizeof(key) - 1, line.n - (sizeof(key) - 1)};
    text = to = arena_strndup(&image->arena, name.p, name.n);
    for (const char *from = text; *from; from++) {
        bool escaped = *from == '\\' && (from[1] == 'n' || from[1] == '\\');

        from += escaped;
        *to++ = escaped && *from == 'n' ? '\n' : *from;
    }
    *to = '\0';
    return text;
}

/* A process that ended meanwhile is none any more. */
static void look_at(struct host_memory *memory, struct image *image,
                    const struct candidate *candidate)
{
    struct status_record status;
    struct capture *process;
    struct holder holder;
    struct str text;

    if (!capture_open_process(&process, image->capture, candidate->pid, NULL))
        return;
    text = capture_get(process, CAPTURE_STATUS)->bytes;
    if (status_parse(text, &status, NULL)) {
        holder = (struct holder){
            .pid = candidate->pid,
            .comm = name_of(image, text),
            .uid = status.uid,
            .anonymous_bytes =
                status.has_anonymous ? status.anonymous_bytes : candidate->anonymous_bytes,
            .swap_bytes = status.swap_bytes,
        };
        if (held_bytes(&holder) > 0)
            add_holder(memory, &holder);
    }
    capture_close(process);
}

/* Where it is not known, some may be. */
static bool is_swap_used(const struct host_memory *memory)
{
    const struct meminfo *meminfo = &memory->meminfo;

    return !meminfo->has[MEMINFO_SWAP_TOTAL] || !meminfo->has[MEMINFO_SWAP_FREE] ||
           meminfo->bytes[MEMINFO_SWAP_TOTAL] > meminfo->bytes[MEMINFO_SWAP_FREE];
}

/* PROC_PID_INIT_INO (include/linux/proc_ns.h), the same since 3.8. */
static const char first_namespace[] = "pid:[4026531836]";

/* The second process of the first namespace is the parent of kernel threads, and has none. */
static bool is_kthreadd_seen(struct image *image)
{
    struct capture *process;
    struct str status, name, parent;
    bool seen;

    if (!capture_open_process(&process, image->capture, 2, NULL))
        return false;
    status = capture_get(process, CAPTURE_STATUS)->bytes;
    seen = keyed_find(status, STR("Name"), &name) && str_eq(name, STR("kthreadd")) &&
           keyed_find(status, STR("PPid"), &parent) && str_eq(parent, STR("0"));
    capture_close(process);
    return seen;
}

/* A /proc of another namespace than the reader's is that of one above. */
static bool sees_all_namespaces(struct image *image)
{
    const struct blob *own = capture_get(image->capture, CAPTURE_OWN_PID_NS);

    if (own->missing) /* ENOENT: this kernel has but one */
        return own->error == ENOENT;
    return str_eq(own->bytes, STR(first_namespace)) || is_kthreadd_seen(image);
}

/* Of the mount that is seen, the last one there: hidepid= with a number, or a word since 5.8. */
static bool is_proc_hiding(struct image *image)
{
    struct str text = capture_get(image->capture, CAPTURE_OWN_MOUNTS)->bytes, line, word;
    bool hiding = false;

    while (str_next_line(&text, &line)) {
        for (int i = 0; i < 5; i++)
            str_next_word(&line, &word);
        if (str_eq(word, STR("/proc")))
            hiding = memmem(line.p, line.n, STR("hidepid=").p, STR("hidepid=").n) != NULL;
    }
    return hiding;
}

/* Whether what /proc lists is all that there is. */
static void judge_listing(struct host_memory *memory, struct image *image, bool saw_first)
{
    if (!sees_all_namespaces(image)) {
        memory->unseen = "only those of one PID namespace are seen";
        image_note_missing(image, "processes of the host",
                           "only those of one PID namespace are seen");
    } else if (!saw_first && is_proc_hiding(image)) {
        memory->unseen = "/proc hides those of others (hidepid)";
        image_note_missing(image, "processes of other users",
                           "permission denied: /proc is mounted with hidepid");
    } else if (memory->n_hidden > 0) {
        memory->unseen = "those of other users may not be read";
    }
}

/*
 * statm does not tell what is swapped out: where nothing is, the first few are the largest, else
 * all have to be asked.
 */
static void read_holders(struct host_memory *memory, struct image *image)
{
    struct reading reading = {.memory = memory, .image = image};
    uint32_t n_asked;
    struct err err;

    if (!processes_each(image->capture, add_candidate, &reading, &err))
        image_note_missing(image, "processes", err.text);
    if (memory->n_hidden > 0)
        image_note_missing(image, "statm of other users' processes", "permission denied");
    judge_listing(memory, image, reading.saw_first);
    memory->n_processes = reading.n;
    if (reading.n > 0)
        qsort(reading.candidates, reading.n, sizeof(*reading.candidates), compare_candidates);
    n_asked = is_swap_used(memory) || reading.n < MAX_HOLDERS ? reading.n : MAX_HOLDERS;
    for (uint32_t i = 0; i < n_asked; i++)
        look_at(memory, image, &reading.candidates[i]);
    free(reading.candidates);
}

static void read_sysctls(struct host_memory *memory, struct image *image)
{
    memory->has_mmap_rnd_bits = sysctl_number(image, CAPTURE_MMAP_RND_BITS, &memory->mmap_rnd_bits);
    memory->has_mmap_rnd_compat_bits =
        sysctl_number(image, CAPTURE_MMAP_RND_COMPAT_BITS, &memory->mmap_rnd_compat_bits);
    memory->has_overcommit_ratio =
        sysctl_number(image, CAPTURE_OVERCOMMIT_RATIO, &memory->overcommit_ratio);
    memory->has_overcommit_kbytes =
        sysctl_number(image, CAPTURE_OVERCOMMIT_KBYTES, &memory->overcommit_kbytes);
}

void hostmem_read(struct host_memory *memory, struct image *image)
{
    *memory = (struct host_memory){.host = &image->host};
    read_meminfo(memory, image);
    read_zspages(memory, image);
    read_cpu_lists(memory, image);
    read_sysctls(memory, image);
    read_dentries(memory, image);
    read_slabs(memory, image);
    read_tmpfs(memory, image);
    read_holders(memory, image);
}
