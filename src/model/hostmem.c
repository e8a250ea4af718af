/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/hostmem.h"

#include "model/build.h"
#include "parse/slabinfo.h"
#include "parse/zoneinfo.h"
#include "source/mounts.h"
#include "source/processes.h"
#include "source/slabfs.h"

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
}

static struct str row_or_note(struct image *image, enum capture_row row)
{
    const struct blob *blob = capture_get(image->capture, row);

    if (blob->missing)
        image_note_missing(image, capture_row_name(row), blob->missing);
    return blob->bytes;
}

/* "nr_zspages 12": pages of zsmalloc, since 4.9 (91537fee0013). */
static void read_zspages(struct host_memory *memory, struct image *image)
{
    struct str text = row_or_note(image, CAPTURE_VMSTAT), line, word;
    uint64_t n_pages;

    while (str_next_line(&text, &line))
        if (str_next_word(&line, &word) && str_eq(word, STR("nr_zspages")) &&
            str_to_u64(str_trim(line), &n_pages) && n_pages <= UINT32_MAX) {
            memory->has_zspages = true;
            memory->zspage_bytes = n_pages * image->page_size;
        }
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

static void add_cache(struct host_memory *memory, struct image *image,
                      const struct slab_record *record)
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
        .n_objects = record->n_objects,
        .n_active = record->n_active,
        .object_bytes = record->object_bytes,
    };
    if (!slabfs_reclaimable(image->capture, record->name, &cache->reclaimable))
        cache->reclaimable = slab_is_reclaimable(record->name);
    if (__builtin_mul_overflow(record->n_slabs, record->slab_pages, &cache->bytes) ||
        __builtin_mul_overflow(cache->bytes, image->page_size, &cache->bytes))
        cache->bytes = 0; /* no machine has so much: these are not its figures */
}

static void read_slabs(struct host_memory *memory, struct image *image)
{
    struct str text = row_or_note(image, CAPTURE_SLABINFO);
    struct slab_record record;
    enum slab_line line;

    memory->slab_missing = capture_get(image->capture, CAPTURE_SLABINFO)->missing;
    while ((line = slabinfo_next(&text, &record)) == SLAB_RECORD)
        add_cache(memory, image, &record);
    if (line == SLAB_BAD) {
        memory->slab_missing = "a line of it is not understood";
        memory->n_caches = 0;
        image_note_missing(image, "slabinfo", "a line of it is not understood");
    }
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

/* "Name:" of status, in which the kernel writes a newline as \n. */
static const char *name_of(struct image *image, struct str status)
{
    struct str line, name = STR("");

    if (str_next_line(&status, &line) && str_starts(line, STR("Name:")))
        name = str_trim((struct str){line.p + 5, line.n - 5});
    return arena_strndup(&image->arena, name.p, name.n);
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

static bool is_swap_used(const struct host_memory *memory)
{
    const uint64_t *bytes = memory->meminfo.bytes;

    return bytes[MEMINFO_SWAP_TOTAL] > bytes[MEMINFO_SWAP_FREE];
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
    meminfo_parse(row_or_note(image, CAPTURE_MEMINFO), &memory->meminfo);
    read_zspages(memory, image);
    read_cpu_lists(memory, image);
    read_sysctls(memory, image);
    read_dentries(memory, image);
    read_slabs(memory, image);
    read_tmpfs(memory, image);
    read_holders(memory, image);
}
