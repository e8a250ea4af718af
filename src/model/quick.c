/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/quick.h"

#include "model/build.h"
#include "source/ask.h"

#include <sys/resource.h>

struct sieve {
    struct quick *quick;
    struct quick_memo *memo;
    const struct image *host;
    pid_t pid;
    int maps;
    uint64_t most_mappings;
    /* While maps is read as text. */
    struct maps_parser parser;
    unsigned int n_heaps;
    bool has_next;
    bool is_size_known; /* and allows too many */
};

static bool is_called(const struct vma *vma, const char *name)
{
    return strcmp(vma->name, name) == 0;
}

/* By questions. */

static uint64_t *remembered(struct quick_memo *memo, const struct vma *first)
{
    size_t n = sizeof(memo->programs) / sizeof(memo->programs[0]), i = first->inode % n;

    if (memo->programs[i].inode != first->inode || memo->programs[i].device != first->device) {
        memo->programs[i].inode = first->inode;
        memo->programs[i].device = first->device;
        memo->programs[i].bytes = 0;
    }
    return &memo->programs[i].bytes;
}

/* No mapping is smaller than a page. */
static uint64_t most_within(const struct sieve *sieve, uint64_t bytes)
{
    return bytes / sieve->host->page_size;
}

static void take_heap(struct quick *quick, const struct vma *vma)
{
    quick->heap = vma->range;
    quick->begins_forbidden = vma->is_forbidden;
}

/* Where the data of another process ended that runs the same program. */
static bool find_heap_again(struct sieve *sieve, const struct vma *first, uint64_t bytes)
{
    uint64_t end = first->range.start + bytes;
    struct vma vma;

    if (ask_vma(sieve->maps, end, VMA_NAME, &vma) != VMA_FOUND || vma.range.start < end ||
        !is_called(&vma, "[heap]"))
        return false;
    take_heap(sieve->quick, &vma);
    sieve->quick->n_mappings = most_within(sieve, bytes) + 1;
    return true;
}

/*
 * From the first mapping that is written to, the program's data, one after the other: its bss and
 * the heap come next.  It is the heap where the program is above it.  *end: of what comes before.
 */
static enum vma_answer walk_to_heap(struct sieve *sieve, const struct vma *first, uint64_t *end)
{
    enum { MAX_BEFORE = 6 };
    struct quick *quick = sieve->quick;
    struct vma vma;
    enum vma_answer answer = ask_vma(sieve->maps, 0, VMA_WRITABLE | VMA_NAME, &vma);

    if (answer == VMA_FOUND) {
        *end = vma.range.start;
        quick->n_mappings = most_within(sieve, *end - first->range.start) + 1;
    }
    for (int i = 0; answer == VMA_FOUND && i < MAX_BEFORE; i++) {
        if (is_called(&vma, "[heap]")) {
            take_heap(quick, &vma);
            return VMA_FOUND;
        }
        *end = vma.range.end;
        answer = ask_vma(sieve->maps, *end, VMA_NAME, &vma);
        quick->n_mappings++;
    }
    return answer == VMA_FOUND ? VMA_NONE : answer;
}

/* A bss that is large is not remembered: it would have to be counted by its pages. */
static enum vma_answer find_heap(struct sieve *sieve)
{
    enum { MOST_SHARE = 8 };
    struct vma first;
    enum vma_answer answer = ask_vma(sieve->maps, 0, 0, &first);
    uint64_t *bytes, end;

    if (answer != VMA_FOUND)
        return answer;
    sieve->quick->n_mappings = 1;
    bytes = remembered(sieve->memo, &first);
    if (*bytes > 0 && find_heap_again(sieve, &first, *bytes))
        return VMA_FOUND;
    answer = walk_to_heap(sieve, &first, &end);
    if (answer == VMA_FOUND && first.inode != 0 &&
        most_within(sieve, end - first.range.start) < sieve->most_mappings / MOST_SHARE) {
        *bytes = end - first.range.start;
        sieve->quick->n_mappings = most_within(sieve, *bytes) + 1;
    }
    return answer;
}

static bool take_next(struct quick *quick, const struct vma *vma)
{
    if (is_called(vma, "[heap]"))
        return false;
    quick->next = vma->range;
    quick->next_is_stack = is_called(vma, "[stack]");
    return true;
}

/*
 * musl's heap begins with a page that nobody can use.  With other parts, where it ends is not all
 * that there is to tell: its top can be locked.
 */
static bool find_next(const struct sieve *sieve)
{
    struct quick *quick = sieve->quick;
    struct vma vma;

    if (ask_vma(sieve->maps, quick->heap.end, VMA_NAME, &vma) != VMA_FOUND)
        return false;
    if (quick->begins_forbidden && is_called(&vma, "[heap]") &&
        vma.range.start == quick->heap.end) {
        quick->heap.end = vma.range.end;
        quick->n_mappings++;
        if (ask_vma(sieve->maps, quick->heap.end, VMA_NAME, &vma) != VMA_FOUND)
            return false;
    }
    return take_next(quick, &vma);
}

/*
 * Above the heap and the next mapping there are no more than the pages of each stretch that a
 * question leaps over, and the mapping that is found behind it.
 */
static bool bound_count(const struct sieve *sieve)
{
    enum { LEAPS = 3 };
    struct quick *quick = sieve->quick;
    uint64_t at = quick->next.end, n = quick->n_mappings + 1, leap;

    if (n + 2 * LEAPS >= sieve->most_mappings)
        return false;
    leap = (sieve->most_mappings - 1 - n) / LEAPS - 1;
    for (int i = 0; i < LEAPS; i++) {
        struct vma vma;
        enum vma_answer answer = ask_vma(sieve->maps, at + leap * sieve->host->page_size, 0, &vma);

        n += leap + (answer == VMA_FOUND);
        if (answer == VMA_NONE) {
            quick->n_mappings = n;
            return true;
        }
        if (answer != VMA_FOUND)
            return false;
        at = vma.range.end;
    }
    return false;
}

/* statm's first number counts the pages of all mappings. */
static bool bound_count_by_size(struct sieve *sieve)
{
    char text[256];
    size_t n = ask_file(sieve->host->capture, sieve->pid, "statm", text, sizeof(text));
    struct str rest = {text, n}, word;
    uint64_t pages;

    sieve->is_size_known = true;
    if (!str_next_word(&rest, &word) || !str_to_u64(word, &pages) || pages == 0 ||
        pages >= sieve->most_mappings)
        return false;
    sieve->quick->n_mappings = pages;
    return true;
}

/* By text. */

static void take_line(void *context, const struct maps_line *line)
{
    struct sieve *sieve = context;
    struct quick *quick = sieve->quick;

    if (str_eq(line->name, STR("[vsyscall]")))
        return;
    quick->n_mappings++;
    if (str_eq(line->name, STR("[heap]"))) {
        quick->heap = line->range;
        sieve->n_heaps++;
    } else if (sieve->n_heaps > 0 && !sieve->has_next) {
        sieve->has_next = true;
        quick->next = line->range;
        quick->next_is_stack = str_eq(line->name, STR("[stack]"));
    }
}

/* On to the mapping above the heap, and further when the size does not tell that few follow. */
static bool feed_text(void *context, struct str piece)
{
    struct sieve *sieve = context;

    maps_feed(&sieve->parser, piece);
    if (sieve->quick->n_mappings >= sieve->most_mappings)
        return false;
    if (!sieve->has_next || sieve->is_size_known)
        return true;
    return !bound_count_by_size(sieve);
}

static bool read_text(struct sieve *sieve)
{
    struct quick *quick = sieve->quick;
    bool ok;

    quick->n_mappings = 0;
    maps_parser_init(&sieve->parser, take_line, sieve);
    quick->is_counted = ask_stream(sieve->maps, feed_text, sieve);
    ok = !sieve->parser.overlaps && sieve->n_heaps == 1 && sieve->has_next &&
         quick->n_mappings < sieve->most_mappings;
    return maps_finish(&sieve->parser, NULL) && ok;
}

static bool read_maps(struct sieve *sieve)
{
    switch (find_heap(sieve)) {
    case VMA_FOUND:
        return find_next(sieve) &&
               (bound_count(sieve) || bound_count_by_size(sieve) || read_text(sieve));
    case VMA_UNSUPPORTED:
        return read_text(sieve);
    default:
        return false;
    }
}

/* The cheap way is closed for processes of other users, but not to the file. */
static void read_limits(struct quick *quick, const struct image *host, pid_t pid)
{
    struct limits_record limits = {.stack.known = false};
    char text[4096];
    size_t n;

    if (ask_limit(host->capture, pid, RLIMIT_DATA, &quick->data.soft) &&
        ask_limit(host->capture, pid, RLIMIT_AS, &quick->address_space.soft)) {
        quick->data.known = quick->address_space.known = true;
        return;
    }
    n = ask_file(host->capture, pid, "limits", text, sizeof(text));
    limits_parse((struct str){text, n}, &limits);
    quick->data = limits.data;
    quick->address_space = limits.address_space;
}

bool quick_read(struct quick *quick, struct quick_memo *memo, const struct image *host, pid_t pid,
                uint64_t most_mappings)
{
    struct sieve sieve = {
        .quick = quick, .memo = memo, .host = host, .pid = pid, .most_mappings = most_mappings};
    bool ok;

    *quick = (struct quick){.n_mappings = 0};
    sieve.maps = ask_open(host->capture, pid, "maps");
    if (sieve.maps < 0)
        return false;
    ok = read_maps(&sieve);
    quick->is_empty = quick->n_mappings == 0;
    ask_close(sieve.maps);
    if (ok)
        read_limits(quick, host, pid);
    return ok;
}

bool quick_is_kernel_thread(const struct image *host, pid_t pid)
{
    struct stat_record stat;
    char text[4096];
    size_t n = ask_file(host->capture, pid, "stat", text, sizeof(text));

    return stat_parse((struct str){text, n}, &stat, NULL) && stat.flags & PF_KTHREAD_BIT;
}

bool quick_identify(struct image *image, struct capture *process, pid_t pid)
{
    const struct blob *exe;

    *image = (struct image){.capture = process, .pid = pid, .program = NONE, .interp = NONE};
    arena_init(&image->arena);
    intern_init(&image->names, &image->arena);
    image->has_stat = stat_read(image, &image->stat, NULL);
    image->has_status = status_read(image, &image->status, NULL);
    if (image->has_stat)
        image->comm = arena_strndup(&image->arena, image->stat.comm.p, image->stat.comm.n);
    exe = capture_get(process, CAPTURE_EXE);
    if (!exe->missing)
        image->exe = arena_strndup(&image->arena, exe->bytes.p, exe->bytes.n);
    image_read_cgroup(image);
    return image->has_stat && image->has_status && image->status.has_vm;
}
