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

/* The id of a container, 64 hexadecimal digits, at the end of a name or before a suffix. */
static bool find_container(struct str name, struct str *id)
{
    enum { ID_DIGITS = 64, SHORT_DIGITS = 12 };

    for (size_t i = 0; i + ID_DIGITS <= name.n; i++) {
        size_t n = 0;

        while (n < ID_DIGITS && strchr("0123456789abcdef", name.p[i + n]) && name.p[i + n])
            n++;
        if (n == ID_DIGITS) {
            *id = (struct str){name.p + i, SHORT_DIGITS};
            return true;
        }
    }
    return false;
}

static bool is_unit(struct str name)
{
    return str_ends(name, STR(".service")) || str_ends(name, STR(".scope")) ||
           str_ends(name, STR(".socket")) || str_ends(name, STR(".mount"));
}

struct str cgroup_unit(struct str path)
{
    struct str rest = path, name, unit = STR("");

    while (str_next_field(&rest, '/', &name))
        if (!find_container(name, &unit) && is_unit(name))
            unit = name;
    return unit;
}
