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
    struct str name;

    while (str_next_field(&controllers, ',', &name))
        if (str_eq(name, STR("memory")))
            return true;
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
