/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/cgroup: the path is what a slower reader finds, which takes lines apart from behind. */
#include "lib/fuzz.h"

#include "parse/cgroup.h"

static size_t find(struct str s, char c, size_t from)
{
    while (from < s.n && s.p[from] != c)
        from++;
    return from;
}

static bool names_memory(const char *p, size_t n)
{
    for (size_t i = 0; i + 6 <= n; i++)
        if (memcmp(p + i, "memory", 6) == 0 && (i == 0 || p[i - 1] == ',') &&
            (i + 6 == n || p[i + 6] == ','))
            return true;
    return false;
}

/* The number of the line: version 1's if there is one, else the last of version 2. */
static bool expect(struct str text, struct str *path)
{
    bool found = false;
    struct str line;
    size_t at = 0;

    while (plain_line(text, &at, &line)) {
        size_t first = find(line, ':', 0), second = find(line, ':', first + 1);
        struct str rest;

        if (second >= line.n)
            continue;
        rest = (struct str){line.p + second + 1, line.n - second - 1};
        if (names_memory(line.p + first + 1, second - first - 1)) {
            *path = rest;
            return true;
        }
        if (first == 1 && line.p[0] == '0' && second == 2) {
            *path = rest;
            found = true;
        }
    }
    return found;
}

void fuzz_input(struct str input)
{
    struct str path = STR(""), expected = STR("");
    bool found = cgroup_memory_path(input, &path);

    must(found == expect(input, &expected));
    must(str_eq(path, expected));
}
