/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/who.h"

#include "render/safe.h"

struct str who_program(const struct image *image)
{
    if (image->exe)
        return str_of(image->exe);
    return image->program == NONE ? STR("")
                                  : image->objects[image->instances[image->program].object].path;
}

/* The kernel cuts a name off after 15 bytes; the executable's tells the rest. */
struct str who_full_name(const struct image *image)
{
    struct str comm = str_of(image->comm), program = short_name(who_program(image));

    if (!image->comm)
        return program.n > 0 ? program : STR("?");
    return comm.n == 15 && str_starts(program, comm) ? program : comm;
}

struct str who_name(const struct image *image)
{
    return image->comm ? str_of(image->comm) : who_full_name(image);
}

const char *who_text(const struct report *report)
{
    struct image *image = report->image;
    struct arena *arena = &image->arena;
    const char *name;

    if (!report->facts)
        return "host";
    name = safe_text(arena, who_full_name(image));
    if (image_is_live(image))
        return arena_printf(arena, "%s (PID %d)", name, (int)image->pid);
    if (strcmp(report->path, "-") == 0)
        return arena_printf(arena, "%s (standard input)", name);
    return arena_printf(arena, "%s (%s)", name, safe_text(arena, str_of(report->path)));
}

const char *who_steady(const struct report *report)
{
    struct image *image = report->image;

    return report->facts && image_is_live(image) ? safe_text(&image->arena, who_full_name(image))
                                                 : who_text(report);
}
