/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/disguise.h"

enum { MAX_NAMES = 250 };

void disguise_init(struct disguise *disguise, struct arena *arena)
{
    *disguise = (struct disguise){.arena = arena};
}

static bool is_known(const struct disguise *disguise, struct str name)
{
    for (unsigned int i = 0; i < disguise->n; i++)
        if (str_eq(disguise->names[i], name))
            return true;
    return false;
}

/* Tables of the arena that double. */
static void make_room(struct disguise *disguise)
{
    unsigned int n = disguise->n;
    struct str *names = disguise->names;
    const char **aliases = disguise->aliases;

    if (n > 0 && (n < 8 || (n & (n - 1)) != 0))
        return;
    disguise->names = arena_alloc(disguise->arena, (n ? n * 2 : 8) * sizeof(*names));
    disguise->aliases = arena_alloc(disguise->arena, (n ? n * 2 : 8) * sizeof(*aliases));
    if (n == 0)
        return;
    memcpy(disguise->names, names, n * sizeof(*names));
    memcpy(disguise->aliases, aliases, n * sizeof(*aliases));
}

static void add(struct disguise *disguise, struct str name, const char *alias)
{
    make_room(disguise);
    disguise->names[disguise->n] =
        (struct str){arena_strndup(disguise->arena, name.p, name.n), name.n};
    disguise->aliases[disguise->n++] = alias;
}

static void add_user(struct disguise *disguise, struct str name)
{
    if (name.n > 0 && !str_eq(name, STR("root")) && !is_known(disguise, name))
        add(disguise, name, arena_printf(disguise->arena, "user%u", ++disguise->n_users));
}

void disguise_user(struct disguise *disguise, const char *name)
{
    add_user(disguise, str_of(name));
}

static void add_host(struct disguise *disguise, struct str name)
{
    if (name.n > 0 && !str_eq(name, STR("localhost")) && !is_known(disguise, name))
        add(disguise, name, "host");
}

/* "web1.example.org" is also called "web1". */
void disguise_host(struct disguise *disguise, const char *name)
{
    struct str host = str_of(name), rest = host, first;

    add_host(disguise, host);
    if (str_next_field(&rest, '.', &first))
        add_host(disguise, first);
}

/* What follows a folder called home is a user's name, if it is a folder too. */
static void learn_path(struct disguise *disguise, struct str path)
{
    struct str part, last = STR("");

    if (path.n == 0 || path.p[0] != '/')
        return;
    while (str_next_field(&path, '/', &part)) {
        if (str_eq(last, STR("home")) && path.n > 0)
            add_user(disguise, part);
        last = part;
    }
}

bool disguise_learn(struct disguise *disguise, const struct image *image, struct err *err)
{
    for (uint32_t i = 0; i < image->names.n_names && disguise->n <= MAX_NAMES; i++)
        learn_path(disguise, intern_get(&image->names, i));
    learn_path(disguise, str_of(image->exe));
    learn_path(disguise, str_of(image->cgroup));
    return disguise->n <= MAX_NAMES ||
           err_set(err, "more than %d names of users are in its paths", MAX_NAMES);
}

/* '_' parts words: Java maps /tmp/hsperfdata_mary/PID. */
static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80);
}

/* The longest name that stands there as a word, or n: "eve-ann" is not "eve" with something. */
static unsigned int find_name(const struct disguise *disguise, struct str text, size_t at)
{
    struct str rest = {text.p + at, text.n - at};
    unsigned int found = disguise->n;

    if (at > 0 && is_word(text.p[at - 1]))
        return disguise->n;
    for (unsigned int i = 0; i < disguise->n; i++) {
        struct str name = disguise->names[i];

        if (str_starts(rest, name) && (rest.n == name.n || !is_word(rest.p[name.n])) &&
            (found == disguise->n || name.n > disguise->names[found].n))
            found = i;
    }
    return found;
}

static void add_disguised(const struct disguise *disguise, struct str text, struct textbuf *out)
{
    size_t done = 0, i = 0;

    while (i < text.n) {
        unsigned int found = find_name(disguise, text, i);

        if (found == disguise->n) {
            i++;
            continue;
        }
        textbuf_add(out, (struct str){text.p + done, i - done});
        textbuf_add(out, str_of(disguise->aliases[found]));
        done = i += disguise->names[found].n;
    }
    textbuf_add(out, (struct str){text.p + done, i - done});
}

static struct str keep(const struct disguise *disguise, struct textbuf *out)
{
    struct str copy = {arena_strndup(disguise->arena, out->bytes, out->n), out->n};

    textbuf_deinit(out);
    return copy;
}

struct str disguise_text(const struct disguise *disguise, struct str text)
{
    struct textbuf out = {0};

    add_disguised(disguise, text, &out);
    return keep(disguise, &out);
}

/* Where what the kernel itself says of a mapping ends: at the first slash, or after "[anon". */
static size_t own_part(struct str path)
{
    size_t n = 0;

    while (n < path.n && path.p[n] != '/' && path.p[n] != ':')
        n++;
    return n;
}

struct str disguise_path(const struct disguise *disguise, struct str path)
{
    struct str deleted = STR(" (deleted)"), middle;
    size_t first = own_part(path), n_end = str_ends(path, deleted) ? deleted.n : 0;
    struct textbuf out = {0};

    if (first + n_end >= path.n)
        return path;
    middle = (struct str){path.p + first, path.n - first - n_end};
    textbuf_add(&out, (struct str){path.p, first});
    add_disguised(disguise, middle, &out);
    textbuf_add(&out, (struct str){middle.p + middle.n, n_end});
    return keep(disguise, &out);
}
