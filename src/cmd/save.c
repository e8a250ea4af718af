/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/inspect.h"
#include "render/safe.h"
#include "render/snapshot.h"
#include "source/snapshot.h"

#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static bool put(void *context, const char *file, struct str bytes, struct err *err)
{
    return snapshot_add(context, file, bytes, err);
}

/* What only this machine knows, of a process that runs on it. */
static void complete_moment(struct image *image)
{
    const struct passwd *user;
    char text[32] = "";
    struct tm utc;
    time_t now;

    if (!image_is_live(image))
        return;
    now = time(NULL);
    if (gmtime_r(&now, &utc))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    image->taken = arena_strndup(&image->arena, text, strlen(text));
    user = getpwuid((uid_t)image->status.uid);
    image->user = user ? arena_strndup(&image->arena, user->pw_name, strlen(user->pw_name)) : NULL;
}

/* Accounts below are of the system: their names tell nothing of a person. */
enum { FIRST_PERSON = 1000 };

static void disguise_uid(struct disguise *disguise, uint64_t uid)
{
    const struct passwd *user = uid >= FIRST_PERSON ? getpwuid((uid_t)uid) : NULL;

    if (user)
        disguise_user(disguise, user->pw_name);
}

/* Whose process it is, who looks, and on which host; of a snapshot this machine knows nothing. */
static bool prepare_disguise(struct disguise *disguise, struct image *image, struct err *err)
{
    char host[HOST_NAME_MAX + 1] = "";

    disguise_init(disguise, &image->arena);
    if (image->status.uid >= FIRST_PERSON)
        disguise_user(disguise, image->user);
    if (image_is_live(image)) {
        disguise_uid(disguise, getuid());
        disguise_user(disguise, getenv("SUDO_USER"));
        gethostname(host, sizeof(host) - 1);
        disguise_host(disguise, host);
    }
    return disguise_learn(disguise, image, err);
}

static bool write_image(struct image *image, struct snapshot *snapshot, bool is_private,
                        struct err *err)
{
    struct sink sink = {.put = put, .context = snapshot};
    struct disguise disguise;

    image_read_cgroup_limits(image);
    image_find_jit(image);
    complete_moment(image);
    if (is_private && !prepare_disguise(&disguise, image, err))
        return false;
    return render_snapshot(image, is_private ? &disguise : NULL, &sink, err);
}

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
        ok = write_image(&inspection->image, &snapshot, options->is_private, &err);
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
