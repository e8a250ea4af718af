/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

/*
 * The model has looked up the path in the process's own mount namespace: objects whose path ends in
 * " (deleted)" by name only are in place.
 */
static const struct fate_texts {
    enum file_fate fate;
    const char *name;
    const char *what;
    const char *remedy;
} fates[] = {
    {FILE_REPLACED, "replaced",
     "is not the one at its path any more: another file is there, as after an update",
     "Restart the program."},
    {FILE_DELETED, "deleted",
     "was removed or replaced by another: the kernel's mark does not tell which",
     "Restart the program; if it was removed and the program still needs it, install it first."},
    {FILE_REMOVED, "removed", "is no longer at its path",
     "Restart the program; if it still needs the file, install that first."},
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

/* A scratch file of generated code has one mapping, a loaded object several. */
static void find_objects(struct checker *checker, enum file_fate fate, const uint32_t *n_mappings,
                         struct places *places)
{
    const struct image *image = checker->image;

    for (uint32_t i = 0; i < image->n_instances; i++) {
        const struct object *object = &image->objects[image->instances[i].object];

        if (object->fate == fate && (object->is_exe || n_mappings[i] > 1))
            places_add_instance(checker, places, i);
    }
}

static void report(struct checker *checker, const struct fate_texts *texts,
                   const struct places *objects)
{
    struct finding *finding =
        finding_add(checker, SEVERITY_WARNING, "%s: %s on disk since it was mapped",
                    places_text(checker, objects), texts->name);

    finding_detail(checker, finding,
                   "The process runs code of a file that %s. It keeps running the old code, with "
                   "the old bugs, and its disk space stays in use.",
                   texts->what);
    finding_remedy(checker, finding, "%s",
                   checker->image->core ? "A debugger needs the file that was mapped, not the one "
                                          "that is at its path now."
                                        : texts->remedy);
    evidence_text(finding, "fate", texts->name);
    evidence_places(finding, "objects", objects->list, objects->n);
}

static void run(struct checker *checker)
{
    const uint32_t *n_mappings;

    if (!any_lost(checker->image))
        return;
    n_mappings = count_mappings(checker->image);
    for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++) {
        struct places objects = {0};

        find_objects(checker, fates[i].fate, n_mappings, &objects);
        if (objects.n > 0)
            report(checker, &fates[i], &objects);
    }
}

const struct rule rule_deleted_object = {
    .id = "deleted-object",
    .severities = "warning",
    .when = "the file of executable code was replaced or removed",
    .meaning =
        "An executable mapping shows a file that is not at its path any more, mostly because a "
        "package was updated while the program ran. What is in memory differs from what is on "
        "disk: security fixes are not in force, and tools that read the file see something else. "
        "Memory that never had a lasting file (memfd, SysV shared memory, scratch files of JIT "
        "compilers) is not meant.",
    .remedy = "Restart the program. If it still needs a file that was removed, install that first.",
    .run = run,
};
