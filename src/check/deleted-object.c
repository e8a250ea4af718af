/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

#include "model/filename.h"

#define OLD_CODE \
    "It keeps running the old code, with the old bugs, and its disk space stays in use."

/*
 * The model has looked up the path in the process's own mount namespace: objects whose path ends in
 * " (deleted)" by name only are in place.
 */
static const struct loss {
    enum file_fate fate;
    enum severity severity;
    const char *name;
    const char *title;
    const char *detail;
    const char *remedy;
} losses[] = {
    {FILE_REPLACED, SEVERITY_WARNING, "replaced", "replaced on disk since it was mapped",
     "The process runs code of a file that is not the one at its path any more: another file is "
     "there, as after an update. " OLD_CODE,
     "Restart the program."},
    {FILE_DELETED, SEVERITY_WARNING, "deleted", "deleted on disk since it was mapped",
     "The process runs code of a file that was removed or replaced by another: the kernel's mark "
     "does not tell which. " OLD_CODE,
     "Restart the program; if it was removed and the program still needs it, install it first."},
    {FILE_REMOVED, SEVERITY_WARNING, "removed", "removed on disk since it was mapped",
     "The process runs code of a file that is no longer at its path. " OLD_CODE,
     "Restart the program; if it still needs the file, install that first."},
};

enum { N_LOSSES = sizeof(losses) / sizeof(losses[0]) };

/* Of either fate: a file that took its place would show that it was meant for others, too. */
static const struct loss temporary = {
    FILE_REMOVED,
    SEVERITY_INFO,
    "temporary",
    "loaded from a temporary file, which is gone",
    "By its directory and the digits in its name the file was unpacked for this process alone. "
    "Programs that carry libraries with them, as JNA and netty do, load such a file and remove it, "
    "so that nothing is left behind. Its disk space stays in use until the process ends.",
    "Nothing, unless the program is not known to do so.",
};

static bool any_lost(const struct image *image)
{
    for (uint32_t i = 0; i < image->n_objects; i++)
        if (image->objects[i].fate != FILE_IN_PLACE)
            return true;
    return false;
}

static uint32_t *count_mappings(struct image *image)
{
    uint32_t *n = arena_alloc(&image->arena, image->n_instances * sizeof(*n));

    for (uint32_t i = 0; i < image->n_mappings; i++)
        if (image->mappings[i].instance != NONE)
            n[image->mappings[i].instance]++;
    return n;
}

static const struct loss *find_loss(const struct object *object)
{
    if (!object->is_exe && (object->fate == FILE_DELETED || object->fate == FILE_REMOVED) &&
        filename_is_temporary(object->path))
        return &temporary;
    for (size_t i = 0; i < N_LOSSES; i++)
        if (object->fate == losses[i].fate)
            return &losses[i];
    return NULL;
}

static void report(struct checker *checker, const struct loss *loss, const struct places *objects)
{
    struct finding *finding =
        finding_add(checker, loss->severity, "%s: %s", places_text(checker, objects), loss->title);

    finding_detail(checker, finding, "%s", loss->detail);
    finding_remedy(checker, finding, "%s",
                   checker->image->core ? "A debugger needs the file that was mapped, not the one "
                                          "that is at its path now."
                                        : loss->remedy);
    evidence_text(finding, "fate", loss->name);
    evidence_places(finding, "objects", objects->list, objects->n);
}

/* A scratch file of generated code has one mapping, a loaded object several. */
static void find(struct checker *checker, const struct loss *loss, const uint32_t *n_mappings)
{
    const struct image *image = checker->image;
    struct places objects = {0};

    for (uint32_t i = 0; i < image->n_instances; i++) {
        const struct object *object = &image->objects[image->instances[i].object];

        if (find_loss(object) == loss && (object->is_exe || n_mappings[i] > 1))
            places_add_instance(checker, &objects, i);
    }
    if (objects.n > 0)
        report(checker, loss, &objects);
}

static void run(struct checker *checker)
{
    const uint32_t *n_mappings;

    if (!any_lost(checker->image))
        return;
    n_mappings = count_mappings(checker->image);
    for (size_t i = 0; i < N_LOSSES; i++)
        find(checker, &losses[i], n_mappings);
    find(checker, &temporary, n_mappings);
}

const struct rule rule_deleted_object = {
    .id = "deleted-object",
    .severities = "warning; info for a library that was unpacked into a temporary file",
    .when = "the file of executable code was replaced or removed",
    .meaning =
        "An executable mapping shows a file that is not at its path any more, mostly because a "
        "package was updated while the program ran. What is in memory differs from what is on "
        "disk: security fixes are not in force, and tools that read the file see something else. "
        "Memory that never had a lasting file (memfd, SysV shared memory, scratch files of JIT "
        "compilers) is not meant, and a library that was unpacked into a temporary file, loaded "
        "and "
        "removed, as JNA and netty do, is a note only.",
    .remedy = "Restart the program. If it still needs a file that was removed, install that first.",
    .run = run,
};
