/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../fake.h"
#include "../rows.h"

#include <elf.h>
#include <stdio.h>

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

static const struct object *object_at(uint64_t address)
{
    return mapping_object(&image, &image.mappings[image_find(&image, address)]);
}

static const struct instance *instance_at(uint64_t address)
{
    uint32_t instance = image.mappings[image_find(&image, address)].instance;

    ck_assert_uint_ne(instance, NONE);
    return &image.instances[instance];
}

START_TEST(test_ordinary)
{
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS}, &image);
    ck_assert_uint_eq(image.n_objects, 3);
    ck_assert_uint_eq(image.n_instances, 3);
    ck_assert(object_at(0x401000)->is_exe);
    ck_assert(!object_at(0x7ffff7c01000)->is_exe);
    ck_assert_uint_eq(image.program, image.mappings[0].instance);
    ck_assert_int_eq(image.program_type, PROGRAM_EXEC);
    ck_assert(!image.via_loader);
    ck_assert_uint_eq(image.elf_class, 64);
    ck_assert_uint_eq(image.machine, EM_X86_64);
    ck_assert_uint_eq(image.mappings[4].instance, NONE); /* the heap */
}
END_TEST

/* Where it was linked, where it is, how long it is: from the headers. */
START_TEST(test_bias)
{
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS}, &image);
    ck_assert(instance_at(0x400000)->has_bias);
    ck_assert_uint_eq(instance_at(0x400000)->bias, 0);
    ck_assert_uint_eq(instance_at(0x7ffff7c00000)->bias, 0x7ffff7c00000);
    ck_assert_uint_eq(instance_at(0x7ffff7c00000)->range.start, 0x7ffff7c00000);
    ck_assert_uint_eq(instance_at(0x7ffff7c00000)->range.end, 0x7ffff7c04000);
    ck_assert_uint_eq(instance_at(0x7ffff7c03000)->seen.end, 0x7ffff7c04000); /* bss is its own */
}
END_TEST

START_TEST(test_loaded_twice)
{
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_PROG "20000000 @libc.so\n" FAKE_AREA},
               &image);
    ck_assert_uint_eq(image.n_objects, 3);
    ck_assert_uint_eq(image.n_instances, 4);
    ck_assert_ptr_eq(object_at(0x20001000), object_at(0x7ffff7c01000));
    ck_assert_uint_eq(instance_at(0x20003000)->bias, 0x20000000);
}
END_TEST

/* The executable piece mprotected into three: still one instance. */
START_TEST(test_split_text)
{
    struct elf_spec spec = elf_object(64, ET_DYN, 0);

    spec.loads[1].memory_bytes = spec.loads[1].file_bytes = 0x3000;
    spec.loads[2] = (struct elf_load){0};
    fake_object(&fake, "split", &spec);
    fake_ready(&fake,
               &(struct fake_process){.maps = FAKE_PROG
                                      "20000000-20001000 r--p 00000000 @split\n"
                                      "20001000-20002000 r-xp 00001000 @split\n"
                                      "20002000-20003000 rwxp 00002000 @split\n"
                                      "20003000-20004000 r-xp 00003000 @split\n" FAKE_AREA},
               &image);
    ck_assert_uint_eq(image.n_instances, 4);
    ck_assert_uint_eq(instance_at(0x20003000)->bias, 0x20000000);
}
END_TEST

/* Another file inside the range of an object, as MAP_FIXED puts it there, is no part of it. */
START_TEST(test_foreign_inside)
{
    fake_ready(&fake,
               &(struct fake_process){.maps = FAKE_PROG
                                      "20000000-20001000 r--p 00000000 @libc.so\n"
                                      "20001000-20002000 r-xp 00001000 @libc.so\n"
                                      "20002000-20003000 r--p 00002000 @ld.so\n"
                                      "20003000-20004000 rw-p 00000000 00:00 0 \n" FAKE_AREA},
               &image);
    ck_assert_ptr_nonnull(object_at(0x20001000));
    ck_assert_ptr_null(object_at(0x20002000));
    ck_assert_ptr_eq(object_at(0x20003000), object_at(0x20001000));
}
END_TEST

/* A hole between segments: what has no access is the loader's, what can be used is nobody's. */
START_TEST(test_hole)
{
    struct elf_spec spec = elf_object(64, ET_DYN, 0);

    spec.loads[2].vaddr += 0x10000;
    fake_object(&fake, "holed", &spec);
    fake_ready(&fake,
               &(struct fake_process){.maps = FAKE_PROG
                                      "20000000-20001000 r--p 00000000 @holed\n"
                                      "20001000-20002000 r-xp 00001000 @holed\n"
                                      "20002000-20004000 rwxp 00000000 00:00 0 \n"
                                      "20004000-20012000 ---p 00000000 00:00 0 \n"
                                      "20012000-20013000 rw-p 00002000 @holed\n"
                                      "20013000-20014000 rw-p 00000000 00:00 0 \n" FAKE_AREA},
               &image);
    ck_assert_ptr_null(object_at(0x20002000));
    ck_assert_int_eq(image.mappings[image_find(&image, 0x20002000)].role, ROLE_ANON_EXEC);
    ck_assert_ptr_eq(object_at(0x20004000), object_at(0x20001000));
    ck_assert_ptr_eq(object_at(0x20013000), object_at(0x20001000));
}
END_TEST

/*
 * A library that was overwritten in place: the headers of the new version reach over the loader,
 * which is none the less itself.
 */
START_TEST(test_overwritten)
{
    struct elf_spec spec = elf_object(64, ET_DYN, 0);

    spec.loads[2].memory_bytes = 0x100000;
    fake_object(&fake, "longer", &spec);
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_PROG "7ffff7fa5000 @longer\n" FAKE_AREA},
               &image);
    ck_assert_uint_gt(instance_at(0x7ffff7fa5000)->range.end, 0x7ffff7fc5000);
    ck_assert_ptr_ne(object_at(0x7ffff7fc5000), object_at(0x7ffff7fa6000));
    ck_assert_uint_eq(image.interp, image.mappings[image_find(&image, 0x7ffff7fc5000)].instance);
}
END_TEST

/* A file mapped as data only is no object. */
START_TEST(test_data_only)
{
    fake_ready(&fake,
               &(struct fake_process){.maps = FAKE_PROG
                                      "20000000-20001000 r--p 00000000 @libc.so\n" FAKE_LOADER},
               &image);
    ck_assert_uint_eq(image.n_objects, 2);
    ck_assert_ptr_null(object_at(0x20000000));
}
END_TEST

/* A file that cannot be read is named among what is missing, and its mappings are one instance. */
START_TEST(test_unreadable)
{
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_PROG "20000000 @none\n" FAKE_AREA},
               &image);
    ck_assert(!object_at(0x20001000)->has_head);
    ck_assert(!instance_at(0x20001000)->has_bias);
    ck_assert_uint_eq(instance_at(0x20001000)->range.start, 0x20000000);
    ck_assert_uint_eq(instance_at(0x20001000)->range.end, 0x20004000); /* its bss by its place */
    ck_assert_uint_eq(image.n_missing, 1);
    ck_assert_ptr_nonnull(strstr(image.missing[0].what, "files/none"));
    ck_assert_ptr_nonnull(strstr(image.missing[0].reason, "No such file"));
}
END_TEST

/* A memory image of a runtime, or a PE file of Wine: no object, and nothing that is missing. */
START_TEST(test_other_format)
{
    fake_write(&fake, "files/image", "MZ, and no ELF header\n");
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_PROG "20000000 @image\n" FAKE_AREA},
               &image);
    ck_assert_ptr_null(object_at(0x20001000));
    ck_assert_uint_eq(image.mappings[image_find(&image, 0x20001000)].role, ROLE_FILE);
    ck_assert_uint_eq(image.n_missing, 0);
}
END_TEST

/* What was loaded from a file that is empty now is still a loaded object. */
START_TEST(test_cut_off)
{
    fake_write(&fake, "files/empty", "\177ELF");
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_PROG "20000000 @empty\n" FAKE_AREA},
               &image);
    ck_assert_str_eq(object_at(0x20001000)->missing, "its ELF header is cut off");
    ck_assert_uint_eq(image.n_missing, 1);
}
END_TEST

static const struct {
    const char *name;
    uint16_t type;
    bool interp;
    enum program_type program;
} types[] = {
    {"exec", ET_EXEC, true, PROGRAM_EXEC},
    {"static", ET_EXEC, false, PROGRAM_STATIC},
    {"PIE", ET_DYN, true, PROGRAM_PIE},
    {"static PIE", ET_DYN, false, PROGRAM_STATIC_PIE},
};

START_TEST(test_type)
{
    struct elf_spec spec = elf_object(64, types[_i].type, 0x400000);

    spec.interp = types[_i].interp ? "/lib/ld.so" : NULL;
    spec.dynamic = spec.pie = types[_i].type == ET_DYN;
    fake_object(&fake, "prog", &spec);
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS}, &image);
    ROW_NUMBER(&types[_i], image.program_type, types[_i].program);
}
END_TEST

/* By AT_BASE; without auxv by the name in PT_INTERP. */
static const struct {
    const char *name;
    uint64_t at_base;
    uint64_t start;
} interps[] = {
    {"AT_BASE", 0x7ffff7fc5000, 0x7ffff7fc5000},
    {"AT_BASE says otherwise", 0x7ffff7c00000, 0x7ffff7c00000},
    {"no AT_BASE", 0, 0x7ffff7fc5000},
};

START_TEST(test_interp)
{
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS, .interp_base = interps[_i].at_base},
               &image);
    ck_assert_uint_ne(image.interp, NONE);
    ROW_NUMBER(&interps[_i], image.instances[image.interp].seen.start, interps[_i].start);
}
END_TEST

/* "ld.so ./prog": the executed file is the loader, the program is another object. */
START_TEST(test_via_loader)
{
    struct elf_spec pie = elf_object(64, ET_DYN, 0);

    pie.interp = "/lib/ld.so";
    pie.dynamic = pie.pie = true;
    fake_object(&fake, "prog", &pie);
    fake_ready(&fake,
               &(struct fake_process){.maps = "7ffff7b00000 @prog\n" FAKE_AREA, .exe = "ld.so"},
               &image);
    ck_assert(image.via_loader);
    ck_assert_uint_eq(image.instances[image.program].seen.start, 0x7ffff7b00000);
    ck_assert_uint_eq(image.instances[image.interp].seen.start, 0x7ffff7fc5000);
    ck_assert_int_eq(image.program_type, PROGRAM_PIE);
}
END_TEST

START_TEST(test_32bit)
{
    fake_objects(&fake, 32);
    fake_ready(&fake,
               &(struct fake_process){.maps = FAKE_PROG "f7c00000 @libc.so\nf7f00000 @ld.so\n",
                                      .word_bytes = 4},
               &image);
    ck_assert_uint_eq(image.elf_class, 32);
    ck_assert_uint_eq(image.machine, EM_386);
    ck_assert_uint_eq(image.arch->task_size, 0xffffe000);
}
END_TEST

/* auxv still tells the word size when the program's file cannot be read, and uname the machine. */
START_TEST(test_class_from_auxv)
{
    fake_ready(&fake,
               &(struct fake_process){.maps = "400000 @none\n", .exe = "none", .word_bytes = 4},
               &image);
    ck_assert_uint_eq(image.elf_class, 32);
    ck_assert_uint_eq(image.machine, EM_386);
    ck_assert_ptr_nonnull(image.machine_evidence);
}
END_TEST

static const struct {
    const char *name;
    const char *file;   /* what maps calls it */
    const char *exists; /* NULL: nothing */
    enum file_fate fate;
} fates[] = {
    {"in place", "lib", "lib", FILE_IN_PLACE},
    {"removed", "lib (deleted)", NULL, FILE_REMOVED},
    {"replaced", "lib (deleted)", "lib", FILE_REPLACED},
    {"really called so", "lib (deleted)", "lib (deleted)", FILE_IN_PLACE},
};

START_TEST(test_fate)
{
    const struct elf_spec spec = elf_object(64, ET_DYN, 0);
    char maps[1024];

    if (fates[_i].exists)
        fake_object(&fake, fates[_i].exists, &spec);
    snprintf(maps, sizeof(maps), FAKE_PROG "20000000 @%s\n" FAKE_AREA, fates[_i].file);
    fake_ready(&fake, &(struct fake_process){.maps = maps}, &image);
    ROW_NUMBER(&fates[_i], object_at(0x20001000)->fate, fates[_i].fate);
}
END_TEST

/* Headers whose segments wrap around, or lie nowhere: the mappings are kept and nothing breaks. */
static const struct {
    const char *name;
    struct elf_load load; /* in the place of the code */
} lies[] = {
    {"end wraps", {PF_X, 0x1000, UINT64_MAX - 0xfff, 0x1000, UINT64_MAX}},
    {"size wraps", {PF_X, 0x1000, 0x1000, UINT64_MAX, UINT64_MAX}},
    {"offset wraps", {PF_X, UINT64_MAX, 0x1000, 0x1000, 0x1000}},
    {"very high", {PF_X, 0x1000, UINT64_C(1) << 63, 0x1000, UINT64_C(1) << 62}},
    {"empty in the file", {PF_X, 0x1000, 0x1000, 0, 0x1000}},
};

START_TEST(test_lies)
{
    struct elf_spec spec = elf_object(64, ET_DYN, 0);

    spec.loads[1] = lies[_i].load;
    fake_object(&fake, "lie", &spec);
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_PROG "20000000 @lie\n" FAKE_AREA},
               &image);
    ROW_NUMBER(&lies[_i], image.n_mappings, 4 + 4 + 12);
    for (uint32_t i = 0; i < image.n_instances; i++)
        ROW_TRUE(&lies[_i], image.instances[i].range.start < image.instances[i].range.end);
}
END_TEST

Suite *objects_suite(void)
{
    Suite *suite = suite_create("objects");
    TCase *find = tcase_create("find"), *program = tcase_create("program");

    tcase_add_checked_fixture(find, setup, teardown);
    tcase_add_test(find, test_ordinary);
    tcase_add_test(find, test_bias);
    tcase_add_test(find, test_loaded_twice);
    tcase_add_test(find, test_split_text);
    tcase_add_test(find, test_foreign_inside);
    tcase_add_test(find, test_hole);
    tcase_add_test(find, test_overwritten);
    tcase_add_test(find, test_data_only);
    tcase_add_test(find, test_unreadable);
    tcase_add_test(find, test_other_format);
    tcase_add_test(find, test_cut_off);
    ROWS_ADD(find, test_fate, fates);
    ROWS_ADD(find, test_lies, lies);
    suite_add_tcase(suite, find);
    tcase_add_checked_fixture(program, setup, teardown);
    ROWS_ADD(program, test_type, types);
    ROWS_ADD(program, test_interp, interps);
    tcase_add_test(program, test_via_loader);
    tcase_add_test(program, test_32bit);
    tcase_add_test(program, test_class_from_auxv);
    suite_add_tcase(suite, program);
    return suite;
}
