/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/about.h"

#include "parse/keyed.h"

#include <inttypes.h>

enum { FORMAT = 1 };

static const char *const uses[] = {
    [BREAK_USE_UNKNOWN] = "unknown",
    [BREAK_USE_NONE] = "none",
    [BREAK_USE_FIRST] = "first",
    [BREAK_USE_ONLY] = "only",
};
enum { N_USES = sizeof(uses) / sizeof(uses[0]) };

bool about_find(struct image *image, struct str key, struct str *value)
{
    *value = STR("");
    return !image_is_live(image) &&
           keyed_find(capture_get(image->capture, CAPTURE_ABOUT)->bytes, key, value);
}

const char *about_text(struct image *image, struct str key)
{
    struct str value;

    return about_find(image, key, &value) ? str_unescape(&image->arena, value).p : NULL;
}

bool about_is_saved(struct image *image)
{
    struct str value;

    return about_find(image, STR("format"), &value);
}

bool about_check(struct image *image, struct err *err)
{
    struct str value;
    uint64_t format;

    if (!about_find(image, STR("format"), &value) ||
        (str_to_u64(value, &format) && format <= FORMAT))
        return true;
    return err_set(err,
                   "the snapshot is of format %.*s, which is newer than this layoutcheck: it knows "
                   "format %d",
                   (int)(value.n < 20 ? value.n : 20), value.p, FORMAT);
}

static bool is_yes(struct image *image, struct str key)
{
    struct str value;

    return about_find(image, key, &value) && str_eq(value, STR("yes"));
}

/* "2026-11-22T02:56:45Z" */
static bool is_time(struct str s)
{
    static const char form[] = "0000-00-00T00:00:00Z";

    for (size_t i = 0; i < sizeof(form) - 1; i++)
        if (s.n != sizeof(form) - 1 ||
            (form[i] == '0' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != form[i]))
            return false;
    return true;
}

void about_read_moment(struct image *image)
{
    struct str value;
    uint64_t n;

    if (about_find(image, STR("time"), &value) && is_time(value))
        image->taken = arena_strndup(&image->arena, value.p, value.n);
    image->user = about_text(image, STR("user"));
    if (about_find(image, STR("reads"), &value) && str_to_u64(value, &n) && n < INT32_MAX)
        image->n_reads = (unsigned int)n;
    image->execed = is_yes(image, STR("execed"));
    if (!about_find(image, STR("inconsistent"), &value))
        return;
    image->consistent = false;
    image->inconsistency = about_text(image, STR("inconsistent"));
}

/* Names reach documents as they are. */
static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '-' && (s.p[i] < 'a' || s.p[i] > 'z') && (s.p[i] < '0' || s.p[i] > '9'))
            return false;
    return s.n > 0 && s.n <= 32;
}

/* Objects are told by the address that they begin at. */
static uint32_t find_instance(struct image *image, struct str key)
{
    struct str value;
    uint64_t address;

    if (!about_find(image, key, &value) || !str_hex_to_u64(value, &address))
        return NONE;
    for (uint32_t i = 0; i < image->n_instances; i++)
        if (image->instances[i].range.start == address)
            return i;
    return NONE;
}

static void read_runtimes(struct image *image)
{
    struct str names, name;

    image->runtimes = 0;
    about_find(image, STR("runtimes"), &names);
    while (str_next_word(&names, &name))
        for (int i = 0; i < N_RUNTIMES; i++)
            if (str_eq(name, str_of(runtime_name((enum runtime)i))))
                image->runtimes |= UINT32_C(1) << i;
}

bool about_read_allocator(struct image *image)
{
    struct allocator *allocator = &image->allocator;
    struct str name, use;

    if (!about_find(image, STR("allocator"), &name))
        return false;
    *allocator = (struct allocator){
        .name = is_name(name) && !str_eq(name, STR("unknown"))
                    ? arena_strndup(&image->arena, name.p, name.n)
                    : NULL,
        .instance = find_instance(image, STR("allocator_object")),
        .by_name = is_yes(image, STR("allocator_by_name")),
        .evidence = about_text(image, STR("allocator_evidence")),
    };
    about_find(image, STR("allocator_use"), &use);
    for (int i = 0; i < N_USES; i++)
        if (str_eq(use, str_of(uses[i])))
            allocator->use = (enum break_use)i;
    if (!allocator->evidence)
        allocator->evidence = "the snapshot does not tell how that is known";
    read_runtimes(image);
    return true;
}

bool about_read_jit(struct image *image)
{
    struct str value;

    if (!about_find(image, STR("jit"), &value))
        return false;
    image->jit = find_instance(image, STR("jit"));
    return true;
}

/* Writing it. */

static void print_instance(struct textbuf *text, const char *key, const struct image *image,
                           uint32_t instance)
{
    if (instance != NONE)
        textbuf_printf(text, "%s: 0x%" PRIx64 "\n", key, image->instances[instance].range.start);
}

static void print_moment(struct textbuf *text, const struct image *image)
{
    textbuf_printf(text, "format: %d\n", FORMAT);
    textbuf_add_keyed(text, "time", str_of(image->taken));
    textbuf_add_keyed(text, "user", str_of(image->user));
    textbuf_add_keyed(text, "machine", str_of(image->host.machine));
    if (!image->is_page_size_guessed)
        textbuf_printf(text, "page_size: %" PRIu64 "\n", image->page_size);
    textbuf_printf(text, "reads: %u\n", image->n_reads);
    textbuf_add_keyed(text, "inconsistent",
                      str_of(image->consistent ? NULL : image->inconsistency));
    textbuf_add_keyed(text, "execed", str_of(image->execed ? "yes" : NULL));
}

static void print_allocator(struct textbuf *text, const struct image *image)
{
    const struct allocator *allocator = &image->allocator;

    textbuf_add_keyed(text, "allocator", str_of(allocator->name ? allocator->name : "unknown"));
    print_instance(text, "allocator_object", image, allocator->instance);
    textbuf_add_keyed(text, "allocator_use", str_of(uses[allocator->use]));
    textbuf_add_keyed(text, "allocator_by_name", str_of(allocator->by_name ? "yes" : NULL));
    textbuf_add_keyed(text, "allocator_evidence", str_of(allocator->evidence));
    textbuf_printf(text, "runtimes:");
    for (int i = 0; i < N_RUNTIMES; i++)
        if (image_has_runtime(image, (enum runtime)i))
            textbuf_printf(text, " %s", runtime_name((enum runtime)i));
    textbuf_printf(text, "\n");
}

void about_print(struct textbuf *text, struct image *image)
{
    const struct break_state *brk = &image->brk;

    print_moment(text, image);
    textbuf_add_keyed(text, "missing libc_break", str_of(brk->not_read));
    if (brk->has_libc_value && !brk->not_read)
        textbuf_printf(text, "libc_break: 0x%" PRIx64 "\n", brk->libc_value);
    print_allocator(text, image);
    if (image->jit == NONE)
        textbuf_add_keyed(text, "jit", str_of("none"));
    print_instance(text, "jit", image, image->jit);
}
