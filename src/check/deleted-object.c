/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/rules.h"

/*
 * The model has looked up the path in the process's own mount namespace: objects whose path ends in
 * " (deleted)" by name only are not marked.  A scratch file of generated code has one mapping,
 * a loaded object several.
 */
static bool is_deleted(const struct checker *checker, uint32_t index)
{
    const struct image *image = checker->image;
    const struct instance *instance = &image->instances[index];
    const struct object *object = &image->objects[instance->object];
    uint32_t n = 0;

    if (object->fate == FILE_IN_PLACE)
        return false;
    for (uint32_t i = 0; i < image->n_mappings; i++)
        n += image->mappings[i].instance == index;
    return object->is_exe || n > 1;
}

static bool any_replaced(const struct image *image)
{
    for (uint32_t i = 0; i < image->n_objects; i++)
        if (image->objects[i].fate == FILE_REPLACED)
            return true;
    return false;
}

static void run(struct checker *checker)
{
    struct places objects = {0};
    struct finding *finding;
    bool replaced = any_replaced(checker->image);

    places_add_instances(checker, &objects, is_deleted);
    if (objects.n == 0)
        return;
    finding = finding_add(checker, SEVERITY_WARNING, "%s: %s on disk since it was mapped",
                          places_text(checker, &objects), replaced ? "replaced" : "removed");
    finding_detail(
        checker, finding,
        "The process runs code of a file that is no longer at its path%s. It keeps running "
        "the old code, with the old bugs, and its disk space stays in use.",
        replaced ? ": another file is there now, as after an update" : "");
    finding_remedy(checker, finding, "Restart the program.");
    evidence_places(finding, "objects", objects.list, objects.n);
}

const struct rule rule_deleted_object = {
    .id = "deleted-object",
    .severities = "warning",
    .when = "the file of executable code was replaced or removed",
    .meaning =
        "An executable mapping shows a file that is not at its path any more, mostly because a "
        "package was updated while the program ran. What is in memory differs from what is on "
        "disk: "
        "security fixes are not in force, and tools that read the file see something else. Memory "
        "that never had a lasting file (memfd, SysV shared memory, scratch files of JIT compilers) "
        "is not meant.",
    .remedy = "Restart the program.",
    .run = run,
};
