/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/ancestry.h"

#include "model/build.h"

#include <inttypes.h>
#include <limits.h>

static const char *const modes[] = {
    [MMAP_UNKNOWN] = NULL, [MMAP_TOP_DOWN] = "top-down", [MMAP_BOTTOM_UP] = "bottom-up"};
static const char *const kinds[] = {
    [ASLR_UNKNOWN] = NULL, [ASLR_FULL] = "full", [ASLR_NO_BRK] = "no-brk", [ASLR_OFF] = "off"};

static void print_bytes(struct textbuf *text, uint64_t bytes, char end)
{
    if (bytes == LIMIT_INFINITY)
        textbuf_printf(text, "unlimited%c", end);
    else
        textbuf_printf(text, "%" PRIu64 "%c", bytes, end);
}

static void print_address(struct textbuf *text, const char *key, uint64_t address)
{
    if (address)
        textbuf_printf(text, "%s: 0x%" PRIx64 "\n", key, address);
}

static void print_ancestor(struct textbuf *text, const struct ancestor *ancestor)
{
    textbuf_printf(text, "pid: %d\n", (int)ancestor->pid);
    textbuf_add_keyed(text, "comm", str_of(ancestor->comm));
    if (ancestor->elf_class)
        textbuf_printf(text, "class: %u\n", ancestor->elf_class);
    if (ancestor->has_personality)
        textbuf_printf(text, "personality: %08" PRIx32 "\n", ancestor->personality);
    if (ancestor->stack_limit.known) {
        textbuf_printf(text, "stack_limit: ");
        print_bytes(text, ancestor->stack_limit.soft, ' ');
        print_bytes(text, ancestor->stack_limit.hard, '\n');
    }
    textbuf_add_keyed(text, "layout", str_of(modes[ancestor->mode]));
    textbuf_add_keyed(text, "aslr", str_of(kinds[ancestor->aslr]));
    print_address(text, "mmap_base", ancestor->mmap_base);
    print_address(text, "start_brk", ancestor->start_brk);
    textbuf_add_keyed(text, "missing", str_of(ancestor->missing));
}

void ancestors_print(struct textbuf *text, const struct ancestor *ancestors, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        print_ancestor(text, &ancestors[i]);
}

static bool parse_bytes(struct str word, uint64_t *bytes)
{
    *bytes = LIMIT_INFINITY;
    return str_eq(word, STR("unlimited")) || str_to_u64(word, bytes);
}

static bool parse_limit(struct str value, struct limit *limit)
{
    struct str soft, hard;

    limit->known = str_next_word(&value, &soft) && str_next_word(&value, &hard) &&
                   parse_bytes(soft, &limit->soft) && parse_bytes(hard, &limit->hard);
    return limit->known;
}

static bool parse_class(struct str value, unsigned int *elf_class)
{
    *elf_class = str_eq(value, STR("64")) ? 64 : 32;
    return *elf_class == 64 || str_eq(value, STR("32"));
}

static bool parse_personality(struct str value, struct ancestor *ancestor)
{
    uint64_t number;

    ancestor->has_personality = str_hex_to_u64(value, &number) && number <= UINT32_MAX;
    ancestor->personality = ancestor->has_personality ? (uint32_t)number : 0;
    return ancestor->has_personality;
}

/* The index of a name; 0, which has none, when it is not there. */
static unsigned int find_name(struct str value, const char *const *names, unsigned int n)
{
    while (--n > 0 && !str_eq(value, str_of(names[n])))
        ;
    return n;
}

static bool parse_mode(struct str value, enum mmap_mode *mode)
{
    *mode = (enum mmap_mode)find_name(value, modes, sizeof(modes) / sizeof(modes[0]));
    return *mode != MMAP_UNKNOWN;
}

static bool parse_aslr(struct str value, enum aslr *aslr)
{
    *aslr = (enum aslr)find_name(value, kinds, sizeof(kinds) / sizeof(kinds[0]));
    return *aslr != ASLR_UNKNOWN;
}

static bool take_value(struct ancestor *ancestor, struct arena *arena, struct str key,
                       struct str value)
{
    if (str_eq(key, STR("comm")))
        ancestor->comm = str_unescape(arena, value).p;
    else if (str_eq(key, STR("class")))
        return parse_class(value, &ancestor->elf_class);
    else if (str_eq(key, STR("personality")))
        return parse_personality(value, ancestor);
    else if (str_eq(key, STR("stack_limit")))
        return parse_limit(value, &ancestor->stack_limit);
    else if (str_eq(key, STR("layout")))
        return parse_mode(value, &ancestor->mode);
    else if (str_eq(key, STR("aslr")))
        return parse_aslr(value, &ancestor->aslr);
    else if (str_eq(key, STR("mmap_base")))
        return str_hex_to_u64(value, &ancestor->mmap_base);
    else if (str_eq(key, STR("start_brk")))
        return str_hex_to_u64(value, &ancestor->start_brk);
    else if (str_eq(key, STR("missing")))
        ancestor->missing = str_unescape(arena, value).p;
    return true;
}

static bool take_pid(struct ancestor *ancestor, struct str value)
{
    uint64_t pid;

    if (!str_to_u64(value, &pid) || pid == 0 || pid > INT_MAX)
        return false;
    *ancestor = (struct ancestor){.pid = (pid_t)pid};
    return true;
}

static bool take_line(struct ancestor *ancestors, uint32_t *n, struct arena *arena, struct str line)
{
    struct str key, value = line;

    if (!str_next_field(&value, ':', &key) || key.n == line.n)
        return str_trim(line).n == 0;
    value = str_trim(value);
    if (!str_eq(key, STR("pid")))
        return *n > 0 && take_value(&ancestors[*n - 1], arena, key, value);
    return *n < MAX_ANCESTORS && take_pid(&ancestors[(*n)++], value);
}

bool ancestors_parse(struct ancestor *ancestors, uint32_t *n, struct arena *arena, struct str text,
                     struct err *err)
{
    struct str line;

    *n = 0;
    for (uint64_t number = 1; str_next_line(&text, &line); number++)
        if (!take_line(ancestors, n, arena, line)) {
            *n = 0;
            return err_set(err, "line %llu of ancestors makes no sense",
                           (unsigned long long)number);
        }
    return true;
}

bool ancestors_take_saved(struct image *image)
{
    const struct blob *blob;
    struct err err;

    if (image_is_live(image))
        return false;
    blob = capture_get(image->capture, CAPTURE_ANCESTORS);
    if (blob->missing)
        return false;
    image->ancestors = arena_alloc(&image->arena, MAX_ANCESTORS * sizeof(*image->ancestors));
    if (!ancestors_parse(image->ancestors, &image->n_ancestors, &image->arena, blob->bytes, &err))
        image_note_missing(image, "ancestors", err.text);
    return true;
}
