/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/saving.h"

#include "cmd/command.h"
#include "render/snapshot.h"

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

struct image *saving_complete(struct image *image)
{
    image_read_cgroup_limits(image);
    image_find_jit(image);
    complete_moment(image);
    return image;
}

bool saving_write(struct image *image, struct snapshot *snapshot, bool is_private, struct err *err)
{
    struct sink sink = {.put = put, .context = snapshot};
    struct disguise disguise;

    if (is_private && !prepare_disguise(&disguise, image, err))
        return false;
    return render_snapshot(image, is_private ? &disguise : NULL, &sink, err);
}

bool saving_end(struct snapshot *snapshot, struct image *image, bool is_private)
{
    struct err err;
    bool ok = image && saving_write(image, snapshot, is_private, &err);

    ok = snapshot_end(snapshot, ok, ok ? &err : NULL);
    if (image && !ok)
        complain("%s", err.text);
    return ok || !image;
}
