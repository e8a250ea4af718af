/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/cgroup.h"

/* Splits off what stands before the next ':'. */
static bool take_field(struct str *rest, struct str *field)
{
    const char *colon = rest->n > 0 ? memchr(rest->p, ':', rest->n) : NULL;

    if (!colon)
        return false;
    *field = (struct str){rest->p, (size_t)(colon - rest->p)};
    rest->p += field->n + 1;
    rest->n -= field->n + 1;
    return true;
}

static bool has_memory(struct str controllers)
{
    struct str memory = STR("memory");

    while (controllers.n > 0) {
        const char *comma = memchr(controllers.p, ',', controllers.n);
        struct str name = {controllers.p, comma ? (size_t)(comma - controllers.p) : controllers.n};

        if (str_eq(name, memory))
            return true;
        controllers.p += name.n + (comma ? 1 : 0);
        controllers.n -= name.n + (comma ? 1 : 0);
    }
    return false;
}

bool cgroup_memory_path(struct str text, struct str *path)
{
    struct str line, id, controllers;
    bool found = false;

    while (str_next_line(&text, &line)) {
        if (!take_field(&line, &id) || !take_field(&line, &controllers))
            continue;
        if (has_memory(controllers)) {
            *path = line;
            return true;
        }
        if (str_eq(id, STR("0")) && controllers.n == 0) {
            *path = line;
            found = true;
        }
    }
    return found;
}
