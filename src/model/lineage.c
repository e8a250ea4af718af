/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ancestors of a process, as far as they explain its layout: personality, limits and, on some
 * kernels, word size are handed down through fork and exec.
 */
#include "model/ancestry.h"
#include "model/build.h"
#include "source/objfile.h"

static const struct {
    uint32_t flag;
    const char *name;
} personality_flags[] = {
    {0x0020000, "UNAME26"},
    {PERSONALITY_NO_RANDOMIZE, "ADDR_NO_RANDOMIZE"},
    {0x0080000, "FDPIC_FUNCPTRS"},
    {0x0100000, "MMAP_PAGE_ZERO"},
    {PERSONALITY_COMPAT_LAYOUT, "ADDR_COMPAT_LAYOUT"},
    {PERSONALITY_READ_IMPLIES_EXEC, "READ_IMPLIES_EXEC"},
    {PERSONALITY_LIMIT_32BIT, "ADDR_LIMIT_32BIT"},
    {0x1000000, "SHORT_INODE"},
    {0x2000000, "WHOLE_SECONDS"},
    {0x4000000, "STICKY_TIMEOUTS"},
    {PERSONALITY_LIMIT_3GB, "ADDR_LIMIT_3GB"},
};

const char *personality_name(uint32_t personality, unsigned int n)
{
    if ((personality & 0xff) == 8 && n-- == 0)
        return "PER_LINUX32";
    for (size_t i = 0; i < sizeof(personality_flags) / sizeof(personality_flags[0]); i++)
        if ((personality & personality_flags[i].flag) && n-- == 0)
            return personality_flags[i].name;
    return NULL;
}

static void note(struct ancestor *ancestor, struct arena *arena, const char *why)
{
    if (!ancestor->missing)
        ancestor->missing = arena_strndup(arena, why, strlen(why));
}

static void read_personality(struct ancestor *ancestor, struct capture *capture,
                             struct arena *arena)
{
    const struct blob *blob = capture_get(capture, CAPTURE_PERSONALITY);
    uint64_t number;

    if (blob->missing)
        note(ancestor, arena, blob->missing);
    if (!str_hex_to_u64(str_trim(blob->bytes), &number) || number > UINT32_MAX)
        return;
    ancestor->has_personality = true;
    ancestor->personality = (uint32_t)number;
}

static void read_stack_limit(struct ancestor *ancestor, struct capture *capture,
                             struct arena *arena)
{
    const struct blob *blob = capture_get(capture, CAPTURE_LIMITS);
    struct limits_record limits = {0};

    if (blob->missing)
        note(ancestor, arena, blob->missing);
    limits_parse(blob->bytes, &limits);
    ancestor->stack_limit = limits.stack;
}

/* Of one whose maps cannot be read, as far as its executable can. */
static void read_class(struct ancestor *ancestor, struct capture *capture, struct arena *arena)
{
    struct objfile file;
    struct reader reader;
    struct elfhead head;
    struct err err;

    if (!objfile_open_exe(capture, &file, &err)) {
        note(ancestor, arena, err.text);
        return;
    }
    reader = objfile_reader(&file);
    if (elfhead_parse(&head, arena, &reader, NULL))
        ancestor->elf_class = head.elf_class;
    objfile_close(&file);
}

/* Its layout is inferred as that of any process: from an image of its own. */
static void read_layout(struct ancestor *ancestor, struct capture *capture, struct filecache *files,
                        struct arena *arena)
{
    struct image image;
    struct err err = {0};

    if (image_init_sharing(&image, capture, ancestor->pid, files, false, &err) == IMAGE_READY) {
        ancestor->elf_class = image.elf_class;
        ancestor->mode = image.layout.mode;
        ancestor->aslr = image.layout.aslr;
        ancestor->mmap_base = image.layout.base;
        ancestor->start_brk = image.brk.start;
    } else {
        note(ancestor, arena, *err.text ? err.text : "permission denied");
        read_class(ancestor, capture, arena);
    }
    image_deinit(&image);
}

/* Fills one ancestor and tells its parent; *parent is 0 when there is none to look at. */
static void read_ancestor(struct image *image, pid_t pid, struct ancestor *ancestor, pid_t *parent)
{
    struct arena *arena = &image->arena;
    struct capture *capture;
    struct stat_record stat;
    const struct blob *blob;

    *parent = 0;
    *ancestor = (struct ancestor){.pid = pid};
    if (!capture_open_process(&capture, capture_host(image->capture), pid, NULL)) {
        ancestor->missing = "/proc does not show it: it has ended, or is hidden (hidepid)";
        return;
    }
    blob = capture_get(capture, CAPTURE_STAT);
    if (blob->missing) {
        note(ancestor, arena, blob->missing);
    } else if (stat_parse(blob->bytes, &stat, NULL)) {
        ancestor->comm = arena_strndup(arena, stat.comm.p, stat.comm.n);
        *parent = (pid_t)stat.ppid;
        read_layout(ancestor, capture, image->files, arena);
        read_personality(ancestor, capture, arena);
        read_stack_limit(ancestor, capture, arena);
    }
    capture_close(capture);
}

/* PIDs that were given again while they are read can point in a circle. */
static bool is_listed(const struct image *image, pid_t pid)
{
    for (uint32_t i = 0; i < image->n_ancestors; i++)
        if (image->ancestors[i].pid == pid)
            return true;
    return false;
}

void image_read_ancestors(struct image *image)
{
    pid_t pid = (pid_t)image->stat.ppid;

    if (image->has_ancestors)
        return;
    image->has_ancestors = true;
    if (ancestors_take_saved(image))
        return;
    image->ancestors = arena_alloc(&image->arena, MAX_ANCESTORS * sizeof(*image->ancestors));
    while (pid > 0 && image->n_ancestors < MAX_ANCESTORS - 1 && !is_listed(image, pid))
        read_ancestor(image, pid, &image->ancestors[image->n_ancestors++], &pid);
    if (pid > 0 && !is_listed(image, pid))
        image->ancestors[image->n_ancestors++] =
            (struct ancestor){.pid = pid, .missing = "it is farther away than is looked at"};
}

static enum answer answer_of(bool known, bool yes)
{
    return !known ? ANSWER_UNKNOWN : yes ? ANSWER_YES : ANSWER_NO;
}

enum answer ancestor_has(const struct ancestor *ancestor, enum trait trait)
{
    switch (trait) {
    case TRAIT_COMPAT_LAYOUT:
        return answer_of(ancestor->has_personality,
                         ancestor->personality & PERSONALITY_COMPAT_LAYOUT);
    case TRAIT_NO_RANDOMIZE:
        return answer_of(ancestor->has_personality,
                         ancestor->personality & PERSONALITY_NO_RANDOMIZE);
    case TRAIT_UNLIMITED_STACK:
        return answer_of(ancestor->stack_limit.known, ancestor->stack_limit.soft == LIMIT_INFINITY);
    }
    return ANSWER_UNKNOWN;
}

struct origin lineage_origin(struct image *image, enum trait trait)
{
    struct origin origin = {NULL, false};
    uint32_t n = 0;

    image_read_ancestors(image);
    while (n < image->n_ancestors && ancestor_has(&image->ancestors[n], trait) == ANSWER_YES)
        origin.ancestor = &image->ancestors[n++];
    origin.is_cut_off =
        n < image->n_ancestors && ancestor_has(&image->ancestors[n], trait) == ANSWER_UNKNOWN;
    return origin;
}

/* Random addresses are drawn at each exec: only fork() hands them down. */
static bool is_forked_from(const struct image *image, const struct ancestor *ancestor)
{
    return ancestor->elf_class == image->elf_class && ancestor->mmap_base &&
           ancestor->mmap_base == image->layout.base && ancestor->start_brk == image->brk.start;
}

const struct ancestor *lineage_executor(struct image *image)
{
    uint32_t i = 0;

    image_read_ancestors(image);
    while (i < image->n_ancestors && is_forked_from(image, &image->ancestors[i]))
        i++;
    return i < image->n_ancestors ? &image->ancestors[i] : NULL;
}
