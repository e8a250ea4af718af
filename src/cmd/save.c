/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/inspect.h"
#include "cmd/saving.h"
#include "render/safe.h"

/* One line, and what a colleague will miss. */
static void tell(const struct inspection *inspection, const char *path, FILE *out)
{
    struct image *image = inspection->report.image;
    struct arena *arena = &image->arena;
    const char *access = inspection_access(inspection);

    fprintf(out, "%s: PID %d (%s), %u mappings", safe_text(arena, str_of(path)), (int)image->pid,
            safe_text(arena, str_of(image->comm ? image->comm : "?")), image->n_counted);
    if (!image->consistent)
        fprintf(out, "; not consistent: %s", safe_text(arena, str_of(image->inconsistency)));
    for (uint32_t i = 0; i < image->n_missing; i++)
        fprintf(out, "%s%s", i == 0 ? "; not read: " : ", ",
                safe_text(arena, str_of(image->missing[i].what)));
    fprintf(out, "\n");
    if (access)
        fprintf(out, "%s\n", access);
}

static bool save(struct inspection *inspection, const struct options *options, FILE *out)
{
    const char *path = options->arguments[1];
    struct snapshot snapshot;
    struct err err;
    bool ok;

    if (!snapshot_begin(&snapshot, path, &err)) {
        complain("%s", err.text);
        return false;
    }
    ok = inspection_begin(inspection, options->arguments[0], options);
    if (!ok) {
        inspection_failure(inspection, options);
        snapshot_end(&snapshot, false, NULL);
        return false;
    }
    if (capture_kind(inspection->process) == CAPTURE_TEXT)
        ok = err_set(&err, "the memory map alone is no target of save: it is all that there is");
    else if (capture_kind(inspection->process) == CAPTURE_CORE)
        ok = err_set(&err, "a core is no target of save: it is what was saved");
    else
        ok =
            saving_write(saving_complete(&inspection->image), &snapshot, options->is_private, &err);
    ok = snapshot_end(&snapshot, ok, ok ? &err : NULL);
    if (ok)
        tell(inspection, path, out);
    else
        complain("%s", err.text);
    inspection_end(inspection);
    return ok;
}

static int run(const struct options *given, FILE *out)
{
    struct options options = *given;
    struct inspection inspection;
    bool ok;

    if (options.n_arguments != 2) {
        complain_usage("save takes a target and the directory to be made");
        return EXIT_TROUBLE;
    }
    options.keep = true;
    inspection_init(&inspection);
    ok = save(&inspection, &options, out);
    inspection_deinit(&inspection);
    return ok ? EXIT_CLEAN : EXIT_TROUBLE;
}

const struct command command_save = {
    .name = "save",
    .options = FOR_SAVE,
    .usage = "TARGET DIR",
    .summary = "Save what is known of a process, to be looked at elsewhere",
    .operands = "TARGET is a PID or a snapshot. DIR is made; an empty one may be there.",
    .run = run,
    .writes = true,
};
