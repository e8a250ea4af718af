/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The symbols of this very program and of its C library, which the loader knows too: it says where
 * a symbol is defined.
 */
#include "parse/symbols.h"

#include "../rows.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

static struct arena arena;
static struct elfhead head;
static int fd;
static struct reader file;

static bool read_file(void *context, uint64_t offset, void *buf, size_t n)
{
    return pread(*(int *)context, buf, n, (off_t)offset) == (ssize_t)n;
}

static void open_file(const char *path)
{
    fd = open(path, O_RDONLY | O_CLOEXEC);
    file = (struct reader){read_file, &fd};
    ck_assert_int_ge(fd, 0);
    ck_assert(elfhead_parse(&head, &arena, &file, NULL));
}

static void setup(void)
{
    arena_init(&arena);
    fd = -1;
}

static void teardown(void)
{
    close(fd);
    arena_deinit(&arena);
}

/* Where the loader has a symbol, and in which file. */
static uint64_t loaders_value(const char *name, const char **path)
{
    void *address = dlsym(RTLD_DEFAULT, name);
    Dl_info info;

    ck_assert_ptr_nonnull(address);
    ck_assert_int_ne(dladdr(address, &info), 0);
    *path = info.dli_fname;
    return (uint64_t)((char *)address - (char *)info.dli_fbase);
}

START_TEST(test_find)
{
    const char *path;
    uint64_t value, expected = loaders_value("gnu_get_libc_version", &path);
    struct elf_view view = {&head, &file};
    struct reader memory = elf_view_reader(&view);
    struct dynamic dynamic;

    open_file(path);
    ck_assert(dynamic_read(&dynamic, &head, &memory, 0));
    ck_assert(dynamic_find(&dynamic, "gnu_get_libc_version", &value));
    ck_assert_uint_eq(value, expected);
    ck_assert(!dynamic_find(&dynamic, "gnu_get_libc_versio", &value));
    ck_assert(!dynamic_find(&dynamic, "json_integer", &value));
}
END_TEST

START_TEST(test_imports)
{
    static const char *const names[] = {"json_integer", "no_such_function", "gnu_get_libc_version"};
    struct elf_view view = {&head, &file};
    struct reader memory = elf_view_reader(&view);
    struct dynamic dynamic;
    uint64_t value;
    uint64_t found;

    json_decref(json_integer(0)); /* so that it is imported */
    open_file("/proc/self/exe");
    ck_assert(dynamic_read(&dynamic, &head, &memory, 0));
    ck_assert(dynamic_imports(&dynamic, names, 3, &found));
    ck_assert_uint_eq(found, 1);
    ck_assert(!dynamic_find(&dynamic, "json_integer", &value));
}
END_TEST

int symbols_test_variable = 1;

START_TEST(test_symtab)
{
    static const char *const names[] = {"main", "no_such_function", "symbols_test_variable",
                                        "json_integer"};
    uint64_t found;

    open_file("/proc/self/exe");
    ck_assert(symtab_find(&head, &file, names, 4, &found));
    ck_assert_uint_eq(found, 1 | 4);
}
END_TEST

/* A reader that answers every question, and always otherwise. */
static bool read_noise(void *context, uint64_t offset, void *buf, size_t n)
{
    uint64_t *state = context;

    for (size_t i = 0; i < n; i++) {
        *state = *state * 6364136223846793005 + 1442695040888963407 + offset;
        ((unsigned char *)buf)[i] = (unsigned char)(*state >> 56);
    }
    return true;
}

/* Whatever it reads, it ends. */
START_TEST(test_noise)
{
    static const char *const names[] = {"malloc"};
    uint64_t state = (uint64_t)_i + 1, value;
    struct reader noise = {read_noise, &state};
    struct dynamic dynamic;
    uint64_t found;

    open_file("/proc/self/exe");
    (void)dynamic_read(&dynamic, &head, &noise, 0);
    dynamic = (struct dynamic){.head = &head, .memory = noise, .symtab = 1, .strtab = 1};
    dynamic.strings_bytes = UINT64_MAX;
    dynamic.gnu_hash = _i % 2;
    dynamic.hash = !dynamic.gnu_hash;
    dynamic.n_buckets = state % 5;
    dynamic.first = state % 70000;
    dynamic_find(&dynamic, "malloc", &value);
    dynamic_imports(&dynamic, names, 1, &found);
    head.n_sections = 65535;
    symtab_find(&head, &noise, names, 1, &found);
}
END_TEST

Suite *symbols_suite(void)
{
    Suite *suite = suite_create("symbols");
    TCase *tcase = tcase_create("of this program");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_find);
    tcase_add_test(tcase, test_imports);
    tcase_add_test(tcase, test_symtab);
    tcase_add_loop_test(tcase, test_noise, 0, 8);
    suite_add_tcase(suite, tcase);
    return suite;
}
