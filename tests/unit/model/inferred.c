/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps alone, made up as kernels lay programs out: who is what follows from names and addresses. */
#include "../fake.h"
#include "../rows.h"

static struct image image;

static void setup(void)
{
    memset(&image, 0, sizeof(image));
}

static void teardown(void)
{
    image_deinit(&image);
    capture_close(image.capture);
}

static void read_text(const char *text)
{
    struct err err;

    ck_assert_msg(fake_text(text, &image, &err) == IMAGE_READY, "%s", err.text);
}

#define LIBC                                                            \
    "7f0000000000-7f0000100000 r-xp 00000000 08:01 11 /lib/libc.so.6\n" \
    "7f0000100000-7f0000101000 rw-p 00100000 08:01 11 /lib/libc.so.6\n"
#define LOADER                                                           \
    "7f0000200000-7f0000220000 r-xp 00000000 08:01 12 /lib/ld-2.31.so\n" \
    "7f0000220000-7f0000221000 rw-p 00020000 08:01 12 /lib/ld-2.31.so\n" \
    "7f0000221000-7f0000222000 rw-p 00000000 00:00 0\n"
#define STACK    "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 [stack]\n"
#define AREA     LIBC LOADER STACK
#define PROG(at) at "00000-" at "01000 r-xp 00000000 08:01 10 /bin/prog\n"
#define DATA(at)                                                             \
    at "02000-" at "03000 rw-p 00001000 08:01 10 /bin/prog\n" at "03000-" at \
       "09000 rw-p 00000000 00:00 0\n"
#define HEAP "01000000-01021000 rw-p 00000000 00:00 0 [heap]\n"

static const char *program_name(void)
{
    struct str path;

    if (image.program == NONE)
        return NULL;
    path = image.objects[image.instances[image.program].object].path;
    return arena_strndup(&image.arena, path.p, path.n);
}

static const char *interp_name(void)
{
    struct str path;

    if (image.interp == NONE)
        return NULL;
    path = image.objects[image.instances[image.interp].object].path;
    return arena_strndup(&image.arena, path.p, path.n);
}

static const struct {
    const char *name;
    const char *maps;
    const char *program;
    const char *interp;
    unsigned int elf_class;
    enum program_type type;
} rows[] = {
    {"non-PIE", PROG("004") DATA("006") HEAP AREA, "/bin/prog", "/lib/ld-2.31.so", 64,
     PROGRAM_EXEC},
    {"PIE",
     PROG("5555555")
         DATA("5555557") "555556000000-555556021000 rw-p 00000000 00:00 0 [heap]\n" AREA,
     "/bin/prog", "/lib/ld-2.31.so", 64, PROGRAM_PIE},
    {"static", PROG("004") DATA("006") HEAP STACK, "/bin/prog", NULL, 64, PROGRAM_STATIC},
    {"static PIE", PROG("5555555") DATA("5555557") STACK, "/bin/prog", NULL, 64,
     PROGRAM_STATIC_PIE},
    {"no heap", PROG("004") DATA("006") AREA, "/bin/prog", "/lib/ld-2.31.so", 64, PROGRAM_EXEC},
    {"guest below the emulator",
     "00400000-00500000 rwxp 00000000 08:01 9 /home/guest\n"
     "64800000-64900000 r-xp 00000000 08:01 10 /usr/bin/emulator\n"
     "64910000-64920000 rw-p 00100000 08:01 10 /usr/bin/emulator\n"
     "70000000-70100000 rw-p 00000000 00:00 0 [heap]\n" AREA,
     "/usr/bin/emulator", "/lib/ld-2.31.so", 64, PROGRAM_EXEC},
    {"two loaders, of guest and host",
     PROG("004") DATA("006") HEAP
     "4000000000-4000020000 r-xp 00000000 08:01 12 /guest/ld-linux-x86-64.so.2\n" AREA,
     "/bin/prog", "/lib/ld-2.31.so", 64, PROGRAM_EXEC},
    {"Android's compiled classes are no program",
     "70731000-709ca000 r-xp 00000000 fc:00 7 /system/framework/arm64/boot.oat\n"
     "5ff1d4f000-5ff1d54000 r-xp 00000000 fc:00 8 /system/bin/app_process64\n" STACK,
     "/system/bin/app_process64", NULL, 64, PROGRAM_UNKNOWN},
    {"only some lines", PROG("004") DATA("006") HEAP, "/bin/prog", NULL, 0, PROGRAM_UNKNOWN},
    {"no program at all", LIBC STACK, NULL, NULL, 64, PROGRAM_UNKNOWN},
    {"32 bits, linked where linkers of i386 do",
     "08048000-08049000 r-xp 00000000 08:01 10 /bin/prog\n"
     "f7f00000-f7f20000 r-xp 00000000 08:01 12 /lib/ld-linux.so.2\n"
     "fffdd000-ffffe000 rw-p 00000000 00:00 0 [stack]\n",
     "/bin/prog", "/lib/ld-linux.so.2", 32, PROGRAM_EXEC},
    {"32 bits, PIE",
     "56555000-56556000 r-xp 00000000 08:01 10 /bin/prog\n"
     "f7f00000-f7f20000 r-xp 00000000 08:01 12 /lib/ld-linux.so.2\n"
     "fffdd000-ffffe000 rw-p 00000000 00:00 0 [stack]\n",
     "/bin/prog", "/lib/ld-linux.so.2", 32, PROGRAM_PIE},
    {"32 bits, where either can be",
     "00400000-00401000 r-xp 00000000 08:01 10 /bin/prog\n"
     "77f00000-77f20000 r-xp 00000000 08:01 12 /lib/ld.so.1\n"
     "7ffdd000-7fffe000 rw-p 00000000 00:00 0 [stack]\n",
     "/bin/prog", "/lib/ld.so.1", 32, PROGRAM_UNKNOWN},
};

START_TEST(test_program)
{
    read_text(rows[_i].maps);
    ROW_TEXT(&rows[_i], program_name(), rows[_i].program);
    ROW_TEXT(&rows[_i], interp_name(), rows[_i].interp);
    ROW_NUMBER(&rows[_i], image.elf_class, rows[_i].elf_class);
    ROW_NUMBER(&rows[_i], image.program_type, rows[_i].type);
    ROW_NUMBER(&rows[_i], image_lacks(&image, "program"), rows[_i].program != NULL);
}
END_TEST

static enum role role_at(uint64_t address)
{
    return (enum role)image.mappings[image_find(&image, address)].role;
}

START_TEST(test_roles)
{
    read_text(PROG("004") DATA("006") HEAP AREA);
    ck_assert_int_eq(role_at(0x400000), ROLE_TEXT);
    ck_assert_int_eq(role_at(0x602000), ROLE_DATA);
    ck_assert_int_eq(role_at(0x603000), ROLE_BSS);
    ck_assert_int_eq(role_at(0x1000000), ROLE_HEAP);
    ck_assert_int_eq(role_at(0x7f0000000000), ROLE_LIB_TEXT);
    ck_assert_int_eq(role_at(0x7f0000100000), ROLE_LIB_DATA);
    ck_assert_int_eq(role_at(0x7f0000221000), ROLE_LIB_BSS);
    ck_assert_uint_eq(image.instances[image.program].seen.end, 0x609000);
    ck_assert(image.brk.is_start_known);
    ck_assert_uint_eq(image.layout.base, 0x7f0000222000);
    ck_assert_int_eq(image.layout.mode, MMAP_TOP_DOWN);
}
END_TEST

/* As without randomisation: where bss ends and the heap begins is not to be seen. */
START_TEST(test_bss_inside_heap)
{
    read_text(PROG("004") "00602000-00603000 rw-p 00001000 08:01 10 /bin/prog\n"
                          "00603000-00700000 rw-p 00000000 00:00 0 [heap]\n" AREA);
    ck_assert(image.brk.known);
    ck_assert(!image.brk.is_start_known);
    ck_assert_uint_eq(image.brk.end, 0x700000);
}
END_TEST

/* One file loaded twice is two instances, however near; a hole or anonymous memory splits none. */
START_TEST(test_instances)
{
    read_text("10000000-10001000 r-xp 00000000 08:01 11 /lib/libc.so.6\n"
              "10001000-10003000 rw-p 00000000 00:00 0\n"
              "10005000-10006000 rw-p 00001000 08:01 11 /lib/libc.so.6\n"
              "10006000-10007000 r-xp 00000000 08:01 11 /lib/libc.so.6\n"
              "10007000-10008000 rw-p 00001000 08:01 11 /lib/libc.so.6\n" STACK);
    ck_assert_uint_eq(image.n_instances, 2);
    ck_assert_uint_eq(image.instances[0].seen.start, 0x10000000);
    ck_assert_uint_eq(image.instances[0].seen.end, 0x10006000);
    ck_assert_uint_eq(image.instances[1].seen.start, 0x10006000);
}
END_TEST

/* As on arm64 with pages of 4 KiB: the loader ends above what was mapped into its hole. */
START_TEST(test_hole_in_loader)
{
    read_text(
        PROG("004") HEAP LIBC
        "7f0000200000-7f0000227000 r-xp 00000000 08:01 12 /lib/ld-linux-aarch64.so.1\n"
        "7f0000228000-7f0000229000 rw-s 00000000 08:01 13 /tmp/shared\n"
        "7f0000229000-7f000022a000 rw-p 00000000 00:00 0\n"
        "7f000022a000-7f000022b000 ---p 00000000 00:00 0\n"
        "7f000022c000-7f000022d000 r--p 00000000 00:00 0\n"
        "7f0000235000-7f0000237000 r--p 00000000 00:00 0 [vvar]\n"
        "7f0000237000-7f0000238000 r-xp 00000000 00:00 0 [vdso]\n"
        "7f0000238000-7f000023a000 r--p 0002e000 08:01 12 /lib/ld-linux-aarch64.so.1\n"
        "7f000023a000-7f000023c000 rw-p 00030000 08:01 12 /lib/ld-linux-aarch64.so.1\n" STACK);
    ck_assert_uint_eq(image.instances[image.interp].seen.end, 0x7f000023c000);
    ck_assert_uint_eq(image.layout.base, 0x7f000023c000);
    ck_assert_int_eq(role_at(0x7f0000229000), ROLE_ANON);
    ck_assert_int_eq(role_at(0x7f000023a000), ROLE_LIB_DATA);
}
END_TEST

START_TEST(test_unnamed_vdso)
{
    read_text(PROG("004") LIBC "7f00001fe000-7f0000200000 r-xp 00000000 00:00 0\n" LOADER STACK);
    ck_assert_int_eq(role_at(0x7f00001fe000), ROLE_VDSO);
}
END_TEST

/* The table of an old gdb: parts of a program and of a library, and what they are is not told. */
START_TEST(test_no_permissions)
{
    read_text("process 4711\nMapped address spaces:\n\n"
              "          Start Addr           End Addr       Size     Offset objfile\n"
              "            0x400000           0x401000     0x1000        0x0 /bin/prog\n"
              "            0x602000           0x603000     0x1000     0x2000 /bin/prog\n"
              "      0x7f0000000000     0x7f0000100000   0x100000        0x0 /lib/libc.so.6\n"
              "      0x7f0000200000     0x7f0000220000    0x20000        0x0 /usr/share/data\n"
              "      0x7ffffffde000     0x7ffffffff000    0x21000        0x0 [stack]\n");
    ck_assert_int_eq(image.pid, 4711);
    ck_assert_str_eq(program_name(), "/bin/prog");
    ck_assert_int_eq(role_at(0x400000), ROLE_PROGRAM);
    ck_assert_int_eq(role_at(0x7f0000000000), ROLE_LIBRARY);
    ck_assert_int_eq(role_at(0x7f0000200000), ROLE_FILE);
    ck_assert_uint_eq(image.mappings[0].perms, PERM_UNKNOWN);
    ck_assert_uint_eq(image.mappings[0].unknown, MAPPING_DEVICE_UNKNOWN | MAPPING_INODE_UNKNOWN);
}
END_TEST

Suite *inferred_suite(void)
{
    Suite *suite = suite_create("inferred");
    TCase *tcase = tcase_create("names");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_program, rows);
    tcase_add_test(tcase, test_roles);
    tcase_add_test(tcase, test_bss_inside_heap);
    tcase_add_test(tcase, test_instances);
    tcase_add_test(tcase, test_hole_in_loader);
    tcase_add_test(tcase, test_unnamed_vdso);
    tcase_add_test(tcase, test_no_permissions);
    suite_add_tcase(suite, tcase);
    return suite;
}
