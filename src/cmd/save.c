/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/inspect.h"
#include "cmd/saving.h"
#include "render/safe.h"
#include "render/who.h"

/* One line, and what a colleague will miss. */
static void tell(const struct inspection *inspection, const char *path, FILE *out)
{
    struct image *image = inspection->report.image;
    struct arena *arena = &image->arena;
    const char *access = inspection_access(inspection);
    const char *name = safe_text(arena, who_name(image));
    const char *unstopped = image->heap ? render_unstopped(image->heap, arena) : NULL;

    fprintf(out, "%s: ", safe_text(arena, str_of(path)));
    if (image->pid)
        fprintf(out, "PID %d (%s)", (int)image->pid, name);
    else
        fprintf(out, "%s", name);
    fprintf(out, ", %u mappings", image->n_counted);
    if (!image->consistent)
        fprintf(out, "; not consistent: %s", safe_text(arena, str_of(image->inconsistency)));
    for (uint32_t i = 0; i < image->n_missing; i++)
        fprintf(out, "%s%s", i == 0 ? "; not read: " : ", ",
                safe_text(arena, str_of(image->missing[i].what)));
    fprintf(out, "\n");
    if (unstopped)
        fprintf(out, "%s\n", unstopped);
    if (access)
        fprintf(out, "%s\n", access);
}

static bool is_savable(enum capture_kind kind, struct err *err)
{
    if (kind == CAPTURE_TEXT)
        return err_set(err, "the memory map alone is no target of save: it is all that there is");
    if (kind == CAPTURE_CORE)
        return err_set(err, "a core is no target of save: it is what was saved");
    return true;
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
    if (!inspection_begin(inspection, options->arguments[0], options)) {
        inspection_failure(inspection, options);
        saving_end(&snapshot, NULL, options->is_private);
        return false;
    }
    ok = is_savable(capture_kind(inspection->process), &err);
    if (!ok)
        complain("%s", err.text);
    ok = saving_end(&snapshot, ok ? saving_complete(&inspection->image) : NULL,
                    options->is_private) &&
         ok;
    if (ok)
        tell(inspection, path, out);
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
    options.no_walk = true;
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
