/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/snapshot.h"

#include "model/about.h"
#include "model/ancestry.h"
#include "model/heap.h"

struct job {
    struct image *image;
    const struct disguise *disguise; /* or NULL */
    const struct sink *sink;
    struct err *err;
    struct textbuf about;
    bool ok;
};

static void put(struct job *job, const char *file, struct str bytes)
{
    job->ok = job->ok && job->sink->put(job->sink->context, file, bytes, job->err);
}

static void put_text(struct job *job, const char *file, struct textbuf *text)
{
    put(job, file, textbuf_view(text));
    textbuf_deinit(text);
}

static struct str path_of(const struct job *job, struct str path)
{
    return job->disguise ? disguise_path(job->disguise, path) : path;
}

static const char *sentence_of(const struct job *job, const char *sentence)
{
    return job->disguise && sentence ? disguise_text(job->disguise, str_of(sentence)).p : sentence;
}

/* What must be said of rows that are not there, in the words that were true then. */
static void note_missing(struct job *job, enum capture_row row, const char *reason)
{
    textbuf_printf(&job->about, "missing %s: ", capture_row_name(row));
    textbuf_add_escaped(&job->about, str_of(reason));
    textbuf_add(&job->about, STR("\n"));
}

/* A link's text ends with a newline, for who reads it in a terminal. */
static void put_row(struct job *job, enum capture_row row, struct str bytes)
{
    char file[CAPTURE_FILE_TEXT];
    struct textbuf text = {0};

    capture_row_file(row, file);
    if (!capture_row_is_link(row)) {
        put(job, file, bytes);
        return;
    }
    textbuf_add(&text, bytes);
    textbuf_add(&text, STR("\n"));
    put_text(job, file, &text);
}

/* The row's bytes; false, with a note, when there are none. */
static bool get_row(struct job *job, enum capture_row row, struct str *bytes)
{
    const struct blob *blob = capture_get(job->image->capture, row);

    if (blob->missing)
        note_missing(job, row, blob->missing);
    *bytes = blob->bytes;
    return !blob->missing;
}

/* Byte by byte. */
static void put_plain_rows(struct job *job)
{
    static const enum capture_row rows[] = {
        CAPTURE_STAT,
        CAPTURE_STATUS,
        CAPTURE_LIMITS,
        CAPTURE_AUXV,
        CAPTURE_PERSONALITY,
        CAPTURE_UID_MAP,
        CAPTURE_MEMINFO,
        CAPTURE_OSRELEASE,
        CAPTURE_MAX_MAP_COUNT,
        CAPTURE_MMAP_MIN_ADDR,
        CAPTURE_OVERCOMMIT_MEMORY,
        CAPTURE_ADMIN_RESERVE,
        CAPTURE_USER_RESERVE,
        CAPTURE_CPUS,
        CAPTURE_IGNORE_RLIMIT_DATA,
        CAPTURE_RANDOMIZE_VA_SPACE,
        CAPTURE_LEGACY_VA_LAYOUT,
    };
    struct str bytes;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (get_row(job, rows[i], &bytes))
            put_row(job, rows[i], bytes);
}

/* How many bytes of a line are no path; with a disguise only these stay as they are. */

static size_t before_slash(struct str line)
{
    const char *slash = line.n > 0 ? memchr(line.p, '/', line.n) : NULL;

    return slash ? (size_t)(slash - line.p) : line.n;
}

/* Of smaps only the first line of each mapping has one, behind five numbers. */
static size_t before_name(struct str line)
{
    struct str rest = line, word;

    if (line.n == 0 || (line.p[0] >= 'A' && line.p[0] <= 'Z'))
        return line.n;
    for (int i = 0; i < 5; i++)
        if (!str_next_word(&rest, &word))
            return line.n;
    while (rest.n > 0 && *rest.p == ' ') {
        rest.p++;
        rest.n--;
    }
    return line.n - rest.n;
}

static void put_paths(struct job *job, enum capture_row row, size_t (*before)(struct str line))
{
    struct textbuf text = {0};
    struct str bytes, line;

    if (!get_row(job, row, &bytes))
        return;
    if (!job->disguise) {
        put_row(job, row, bytes);
        return;
    }
    while (str_next_line(&bytes, &line)) {
        size_t n = before(line);

        textbuf_add(&text, (struct str){line.p, n});
        textbuf_add(&text, path_of(job, (struct str){line.p + n, line.n - n}));
        if (!capture_row_is_link(row) || bytes.n > 0)
            textbuf_add(&text, STR("\n"));
    }
    put_row(job, row, textbuf_view(&text));
    textbuf_deinit(&text);
}

/*
 * A map that somebody pasted into a directory may not tell all that maps does; what is written here
 * is taken for the kernel's word.
 */
static bool is_whole(const struct mapping *mapping, struct str name)
{
    return !mapping->unknown &&
           !(mapping->perms & (PERM_UNKNOWN | PERM_SHARING_UNKNOWN | PERM_READ_UNKNOWN)) &&
           (!mapping->is_file || mapping->inode != 0 || str_starts(name, STR("/")));
}

static bool is_map_whole(const struct image *image)
{
    for (uint32_t i = 0; i < image->n_mappings; i++)
        if (!is_whole(&image->mappings[i], mapping_name(image, &image->mappings[i])))
            return false;
    return image->pasted.n_rejected == 0;
}

/* Of the moment that the image is of; what the kernel says now may be something else. */
static void put_maps(struct job *job)
{
    const struct image *image = job->image;
    struct textbuf text = {0};

    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];

        maps_print_line(&text, &(struct maps_line){
                                   .range = mapping->range,
                                   .offset = mapping->offset,
                                   .inode = mapping->inode,
                                   .dev_major = mapping->dev_major,
                                   .dev_minor = mapping->dev_minor,
                                   .perms = mapping->perms,
                                   .name = path_of(job, mapping_name(image, mapping)),
                               });
    }
    put_text(job, "maps", &text);
}

/* Of that moment, too. */
static void put_sums(struct job *job)
{
    struct str bytes = str_of(job->image->statm);

    if (bytes.n > 0 || get_row(job, CAPTURE_STATM, &bytes))
        put_row(job, CAPTURE_STATM, bytes);
}

/* Of the kernel's command line, which can hold anything, what bears on layouts. */
static void put_boot_line(struct job *job)
{
    struct textbuf text = {0};
    struct str line, word;

    if (!get_row(job, CAPTURE_CMDLINE, &line))
        return;
    line = str_trim(line);
    while (str_next_word(&line, &word))
        if (str_starts(word, STR("stack_guard_gap=")))
            textbuf_printf(&text, "%.*s\n", (int)word.n, word.p);
    put_row(job, CAPTURE_CMDLINE, textbuf_view(&text));
    textbuf_deinit(&text);
}

/* "... - cgroup cgroup rw,memory": the type follows the dash. */
static bool is_cgroup_mount(struct str line)
{
    struct str word;

    while (str_next_word(&line, &word))
        if (str_eq(word, STR("-")))
            return str_next_word(&line, &word) && str_starts(word, STR("cgroup"));
    return false;
}

/* The fourth and the fifth word are paths, and options hold some: release_agent=/sbin/agent. */
static void add_mount(struct job *job, struct textbuf *text, struct str line)
{
    struct str word;

    for (int i = 1; str_next_word(&line, &word); i++) {
        if (i > 1)
            textbuf_add(text, STR(" "));
        textbuf_add(text, i >= 4 ? path_of(job, word) : word);
    }
    textbuf_add(text, STR("\n"));
}

/* Only where cgroups are mounted, not what else this host has. */
static void put_mounts(struct job *job)
{
    struct textbuf text = {0};
    struct str rest, line;

    if (!get_row(job, CAPTURE_OWN_MOUNTS, &rest))
        return;
    while (str_next_line(&rest, &line))
        if (is_cgroup_mount(line))
            add_mount(job, &text, line);
    put_row(job, CAPTURE_OWN_MOUNTS, textbuf_view(&text));
    textbuf_deinit(&text);
}

/* The kernel makes no such path; a reader of this one would not be led out by it. */
static bool climbs(struct str path)
{
    struct str part;

    while (str_next_field(&path, '/', &part))
        if (str_eq(part, STR("..")) || str_eq(part, STR(".")))
            return true;
    return false;
}

static void put_cgroup_file(void *context, const char *path, struct str bytes)
{
    struct job *job = context;
    struct textbuf file = {0};

    if (climbs(str_of(path)))
        return;
    textbuf_add(&file, STR("host"));
    textbuf_add(&file, path_of(job, str_of(path)));
    textbuf_add(&file, (struct str){"", 1});
    put(job, file.bytes, bytes);
    textbuf_deinit(&file);
}

static void put_objects(struct job *job)
{
    const struct image *image = job->image;
    struct textbuf text = {0};

    for (uint32_t i = 0; i < image->n_objects && i < MAX_OBJECTS; i++) {
        const struct object *object = &image->objects[i];
        struct object_entry entry = {
            .path = path_of(job, object->path),
            .inode = object->inode,
            .dev_major = object->dev_major,
            .dev_minor = object->dev_minor,
            .fate = object->fate,
            .has_head = object->has_head,
            .head = object->head,
            .missing = object->missing,
        };

        entry.head.interp = sentence_of(job, entry.head.interp);
        objectlist_print(&text, &entry);
    }
    put_text(job, "objects", &text);
}

/* Of malloc's own alone, and only when that was asked for. */
static void put_memory(struct job *job)
{
    const struct heap *heap = job->image->heap;

    if (heap && !heap->missing && heap->kept.p)
        put(job, capture_row_name(CAPTURE_MEMORY), heap->kept);
}

static void put_ancestors(struct job *job)
{
    struct textbuf text = {0};

    ancestors_print(&text, job->image->ancestors, job->image->n_ancestors);
    put_text(job, "ancestors", &text);
}

/* A program may write secrets on its command line; its layout has nothing to do with them. */
static void put_arguments(struct job *job)
{
    struct str bytes;

    if (!job->disguise && get_row(job, CAPTURE_ARGUMENTS, &bytes))
        put_row(job, CAPTURE_ARGUMENTS, bytes);
}

static void put_about(struct job *job)
{
    struct image image = *job->image;
    struct textbuf text = {0};

    image.user = job->disguise ? NULL : image.user;
    image.allocator.evidence = sentence_of(job, image.allocator.evidence);
    textbuf_printf(&text, "tool: layoutcheck " LAYOUTCHECK_VERSION "\nprivate: %s\n",
                   job->disguise ? "yes" : "no");
    about_print(&text, &image);
    textbuf_add(&text, textbuf_view(&job->about));
    put_text(job, "about", &text);
}

bool render_snapshot(struct image *image, const struct disguise *disguise, const struct sink *sink,
                     struct err *err)
{
    struct job job = {.image = image, .disguise = disguise, .sink = sink, .err = err, .ok = true};

    if (!is_map_whole(image))
        return err_set(err, "its map is not as the kernel writes it, and a copy would seem to be: "
                            "copy the directory as it is");
    put_maps(&job);
    put_sums(&job);
    put_plain_rows(&job);
    put_paths(&job, CAPTURE_EXE, before_slash);
    put_paths(&job, CAPTURE_CGROUP, before_slash);
    put_paths(&job, CAPTURE_SMAPS, before_name);
    put_boot_line(&job);
    put_mounts(&job);
    capture_each_path(image->capture, put_cgroup_file, &job);
    put_arguments(&job);
    put_objects(&job);
    put_memory(&job);
    put_ancestors(&job);
    put_about(&job);
    textbuf_deinit(&job.about);
    return job.ok;
}
