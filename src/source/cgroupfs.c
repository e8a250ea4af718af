/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/cgroupfs.h"

#include <unistd.h>

/* memory.stat has some thousand bytes. */
enum { MAX_FILE_BYTES = 16384 };

/* proc(5) mountinfo: ... mount-point options [tags] - type source super-options */
static bool take_mount(struct str line, struct str *mount_point, struct str *type,
                       struct str *options)
{
    struct str word, source;

    for (int i = 0; i < 5; i++)
        if (!str_next_word(&line, mount_point))
            return false;
    while (str_next_word(&line, &word))
        if (str_eq(word, STR("-")))
            return str_next_word(&line, type) && str_next_word(&line, &source) &&
                   str_next_word(&line, options);
    return false;
}

static bool has_option(struct str options, struct str wanted)
{
    struct str option;

    while (str_next_field(&options, ',', &option))
        if (str_eq(option, wanted))
            return true;
    return false;
}

enum cgroup_version cgroupfs_find(struct capture *process, struct arena *arena,
                                  const char **mount_point)
{
    struct str rest = capture_get(process, CAPTURE_OWN_MOUNTS)->bytes;
    struct str line, where, type, options;
    enum cgroup_version version = CGROUP_NONE;

    while (str_next_line(&rest, &line)) {
        if (!take_mount(line, &where, &type, &options))
            continue;
        if (str_eq(type, STR("cgroup")) && has_option(options, STR("memory"))) {
            *mount_point = arena_strndup(arena, where.p, where.n);
            return CGROUP_V1;
        }
        if (str_eq(type, STR("cgroup2")) && version == CGROUP_NONE) {
            *mount_point = arena_strndup(arena, where.p, where.n);
            version = CGROUP_V2;
        }
    }
    return version;
}

const char *cgroupfs_read(struct capture *process, struct arena *arena, const char *mount_point,
                          struct str path, const char *file)
{
    const char *full = arena_printf(arena, "%s%.*s/%s", mount_point, (int)path.n, path.p, file);
    int fd = capture_open_path(process, full);
    char *text;
    ssize_t n;

    if (fd < 0)
        return NULL;
    text = arena_alloc(arena, MAX_FILE_BYTES + 1);
    n = read(fd, text, MAX_FILE_BYTES);
    close(fd);
    if (n <= 0)
        return NULL;
    capture_note_path(process, full, (struct str){text, (size_t)n});
    return text;
}
