/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/runtime.h"

#include "../fake.h"
#include "../hook.h"
#include "../rows.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct fake fake;
static struct image image;

static void setup(void)
{
    fake_init(&fake);
    fake_objects(&fake, 64);
}

static void teardown(void)
{
    image_deinit(&image);
    fake_deinit(&fake);
}

static bool has(enum runtime runtime)
{
    return image_has_runtime(&image, runtime);
}

static const struct {
    const char *name; /* of an object beside libc */
    int runtime;      /* -1: none */
} objects[] = {
    {"libjvm.so", RUNTIME_JVM},
    {"libjvm.so.1", -1},
    {"ntdll.so", -1},
    {"libasan.so.8.0.0", RUNTIME_ASAN},
    {"libtsan.so.2.0.0", RUNTIME_TSAN},
    {"vgpreload_core-amd64-linux.so", -1},
    {"libdynamorio.so", RUNTIME_DYNAMORIO},
    {"librrpreload.so", RUNTIME_RR},
    {"libsan.so", -1},
};

START_TEST(test_object)
{
    struct elf_spec library = elf_object(64, 3, 0);
    char maps[1024];

    library.dynamic = true;
    fake_object(&fake, objects[_i].name, &library);
    snprintf(maps, sizeof(maps), FAKE_PROG FAKE_HEAP "7ffff7b00000 @%s\n" FAKE_AREA,
             objects[_i].name);
    fake_ready(&fake, &(struct fake_process){.maps = maps, .start_brk = FAKE_BREAK}, &image);
    image_read_allocator(&image);
    ROW_NUMBER(&objects[_i], image.runtimes,
               objects[_i].runtime < 0 ? 0 : UINT32_C(1) << objects[_i].runtime);
}
END_TEST

/* Told by what is executed and what is loaded into it; one of both is nothing. */
static const struct {
    const char *name; /* of the program */
    const char *library;
    bool is_static;
    int runtime; /* -1: none */
} pairs[] = {
    {"wine64", "ntdll.so", false, RUNTIME_WINE},
    {"wine64-preloader", "ntdll.so", true, RUNTIME_WINE},
    {"wine", "ntdll.dll.so", false, RUNTIME_WINE},
    {"wine64", "libfoo.so", false, -1},
    {"wineserver", "ntdll.so", false, -1},
    {"memcheck-amd64-linux", "vgpreload_core-amd64-linux.so", true, RUNTIME_VALGRIND},
    {"memcheck-x86-linux", "vgpreload_core-amd64-linux.so", true, -1},
    {"memcheck-amd64-linux", "vgpreload_core-amd64-linux.so", false, -1},
    {"amd64-linux", "vgpreload_core-amd64-linux.so", true, -1},
    {"memcheck-amd64-linux", "vgpreload_core-.so", true, -1},
    {"memcheck-amd64-linux", "vgpreload_core.so", true, -1},
};

START_TEST(test_pair)
{
    struct elf_spec library = elf_object(64, 3, 0), program = elf_object(64, 2, 0x400000);
    char maps[1024];

    library.dynamic = true;
    program.entry = 0x401000;
    if (!pairs[_i].is_static) {
        program.interp = "/lib/ld.so";
        program.dynamic = true;
    }
    fake_object(&fake, pairs[_i].library, &library);
    fake_object(&fake, pairs[_i].name, &program);
    snprintf(maps, sizeof(maps), "400000 @%s\n" FAKE_HEAP "7ffff7b00000 @%s\n" FAKE_AREA,
             pairs[_i].name, pairs[_i].library);
    fake_ready(&fake,
               &(struct fake_process){.maps = maps, .start_brk = FAKE_BREAK, .exe = pairs[_i].name},
               &image);
    image_read_allocator(&image);
    ROW_NUMBER(&pairs[_i], image.runtimes,
               pairs[_i].runtime < 0 ? 0 : UINT32_C(1) << pairs[_i].runtime);
}
END_TEST

/* By its address, for the runtime is inside the program. */
START_TEST(test_shadow)
{
    fake_ready(&fake,
               &(struct fake_process){.maps = FAKE_PROG FAKE_HEAP
                                      "7fff7000-8fff7000 rw-p 00000000 00:00 0 \n" FAKE_AREA,
                                      .start_brk = FAKE_BREAK},
               &image);
    image_read_allocator(&image);
    ck_assert(has(RUNTIME_ASAN));
}
END_TEST

START_TEST(test_no_malloc)
{
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS, .start_brk = FAKE_BREAK}, &image);
    image_read_allocator(&image);
    ck_assert_str_eq(image.allocator.name, "none");
    ck_assert_uint_eq(image.allocator.instance, NONE);
    ck_assert_int_eq(image.allocator.use, BREAK_USE_UNKNOWN);
}
END_TEST

/* The file is gone when its symbols are asked for: an update does that. */
static const struct {
    const char *name;
    const char *allocator; /* NULL: not known */
    enum break_use use;
} gone[] = {
    {"libc.so.6", "glibc", BREAK_USE_FIRST},
    {"libc-2.17.so", "glibc", BREAK_USE_FIRST},
    {"libjemalloc.so.2", "jemalloc", BREAK_USE_NONE},
    {"libtcmalloc_minimal.so.4", "tcmalloc", BREAK_USE_FIRST},
    {"libfoo.so", NULL, BREAK_USE_UNKNOWN},
};

START_TEST(test_gone)
{
    struct elf_spec library = elf_object(64, 3, 0);
    char text[1024];

    fake_object(&fake, gone[_i].name, &library);
    snprintf(text, sizeof(text), FAKE_PROG FAKE_HEAP "7ffff7b00000 @%s\n" FAKE_AREA, gone[_i].name);
    fake_ready(&fake, &(struct fake_process){.maps = text, .start_brk = FAKE_BREAK}, &image);
    snprintf(text, sizeof(text), "files/%s", gone[_i].name);
    fake_remove(&fake, text);
    image_read_allocator(&image);
    ROW_TEXT(&gone[_i], image.allocator.name, gone[_i].allocator);
    ROW_NUMBER(&gone[_i], image.allocator.use, gone[_i].use);
    ROW_SAYS(&gone[_i], image.allocator.evidence, "read");
}
END_TEST

static int deny_memory(const char *path)
{
    return strcmp(path, "mem") == 0 ? EACCES : 0;
}

/*
 * This program itself, whose loader knows where it has malloc from; with its memory, which holds
 * the loader's list, and without.
 */
START_TEST(test_self)
{
    struct capture *host, *process;
    const struct object *object;
    struct load_order order;
    char path[4096];
    Dl_info info;

    hook_openat = _i ? deny_memory : NULL;
    ck_assert_int_ne(dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info), 0);
    ck_assert_ptr_nonnull(realpath(info.dli_fname, path));
    ck_assert(capture_open_host(&host, "/proc", NULL));
    ck_assert(capture_open_process(&process, host, getpid(), NULL));
    ck_assert_int_eq(image_init(&image, process, getpid(), NULL), IMAGE_READY);
    image_read_allocator(&image);
    load_order_find(&image, &order);
    ck_assert_int_eq(order.is_read, !_i);
    ck_assert_int_eq(strstr(image.allocator.evidence, "guessed") != NULL,
                     _i && image.allocator.instance != image.program);
    if (_i && image.allocator.instance == NONE) { /* files that may block are in memory only */
        ck_assert_ptr_null(image.allocator.name);
        ck_assert_ptr_nonnull(strstr(image.allocator.evidence, "cannot be read"));
    } else {
        ck_assert_msg(image.allocator.instance != NONE, "%s", image.allocator.evidence);
        object = &image.objects[image.instances[image.allocator.instance].object];
        ck_assert(str_ends(object->path, str_of(path))); /* in a chroot there is more before it */
        ck_assert_ptr_nonnull(image.allocator.name);
    }
    ck_assert_uint_eq(order.instances[0], image.program);
    image_deinit(&image);
    capture_close(process);
    capture_close(host);
    hook_openat = NULL;
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS}, &image); /* for teardown */
}
END_TEST

Suite *runtime_suite(void)
{
    Suite *suite = suite_create("runtime");
    TCase *tcase = tcase_create("fake"), *live = tcase_create("self");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_object, objects);
    ROWS_ADD(tcase, test_pair, pairs);
    tcase_add_test(tcase, test_shadow);
    tcase_add_test(tcase, test_no_malloc);
    ROWS_ADD(tcase, test_gone, gone);
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(live, setup, teardown);
    tcase_add_loop_test(live, test_self, 0, 2);
    suite_add_tcase(suite, live);
    return suite;
}
