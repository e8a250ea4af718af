/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/units.h"

#include "../fake.h"
#include "../rows.h"

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

/* Lines of maps between heap and mmap area, and the roles of their mappings. */
static const struct {
    const char *name;
    const char *maps;
    const char *roles;
} rows[] = {
    {"nothing", "", ""},
    {"anonymous", "20000000-20001000 rw-p 00000000 00:00 0 \n", "anon"},
    {"named anonymous", "20000000-20001000 rw-p 00000000 00:00 0 [anon:arena]\n", "anon"},
    {"generated code", "20000000-20001000 rwxp 00000000 00:00 0 \n", "anon-exec"},
    {"named generated code", "20000000-20001000 r-xp 00000000 00:00 0 [anon:jit]\n", "anon-exec"},
    {"no access, small", "20000000-20001000 ---p 00000000 00:00 0 \n", "guard"},
    {"no access, 1 MiB", "20000000-20100000 ---p 00000000 00:00 0 \n", "guard"},
    {"no access, larger", "20000000-20101000 ---p 00000000 00:00 0 \n", "reserved"},
    {"shared anonymous", "20000000-20001000 rw-s 00000000 00:01 9 /dev/zero (deleted)\n", "shared"},
    {"SysV", "20000000-20001000 rw-s 00000000 00:05 9 /SYSV0000002a (deleted)\n", "shared"},
    {"memfd", "20000000-20001000 rw-s 00000000 00:05 9 /memfd:x (deleted)\n", "shared"},
    {"executable memfd", "20000000-20001000 r-xp 00000000 00:05 9 /memfd:jit (deleted)\n",
     "shared"},
    {"posix", "20000000-20001000 rw-s 00000000 00:05 9 /dev/shm/x\n", "shared"},
    {"device", "20000000-20001000 rw-s 00000000 00:05 9 /dev/nvidia0\n", "device"},
    {"data file", "20000000-20001000 r--p 00000000 fe:00 9 /usr/lib/locale/x\n", "file"},
    {"io_uring", "20000000-20001000 rw-s 10000000 00:0f 9 anon_inode:[io_uring]\n", "special"},
    {"uprobes", "20000000-20001000 --xp 00000000 00:00 0 [uprobes]\n", "special"},
    {"stack of a thread, 3.4 to 4.4", "20000000-20001000 rw-p 00000000 00:00 0 [stack:77]\n",
     "thread-stack"},
    {"library", "20000000 @libc.so\n", "lib-rodata lib-text lib-data lib-bss"},
    {"a library's second page of text is writable",
     "20000000-20001000 r--p 00000000 @libc.so\n20001000-20002000 rwxp 00001000 @libc.so\n",
     "lib-rodata lib-text"},
    {"a file that was not made",
     "20000000-20001000 r--p 00000000 @none\n20001000-20002000 r-xp 00001000 @none\n"
     "20002000-20003000 rw-p 00002000 @none\n",
     "lib-rodata lib-text lib-data"},
};

START_TEST(test_role)
{
    char maps[2048], roles[256] = "";
    struct fake_process process = {.maps = maps, .start_brk = FAKE_BREAK};
    size_t n = 0;

    snprintf(maps, sizeof(maps), FAKE_PROG FAKE_HEAP "%s" FAKE_AREA, rows[_i].maps);
    fake_ready(&fake, &process, &image);
    for (uint32_t i = image_find(&image, 0x20000000); image.mappings[i].range.start < GIB; i++)
        n += (size_t)snprintf(roles + n, sizeof(roles) - n, "%s%s", n ? " " : "",
                              role_name(image.mappings[i].role));
    ROW_TEXT(&rows[_i], roles, rows[_i].roles);
}
END_TEST

/* All of an ordinary process, in the order of addresses. */
START_TEST(test_ordinary)
{
    static const enum role expected[] = {
        ROLE_RODATA,   ROLE_TEXT,     ROLE_DATA,    ROLE_BSS,   ROLE_HEAP,     ROLE_LIB_RODATA,
        ROLE_LIB_TEXT, ROLE_LIB_DATA, ROLE_LIB_BSS, ROLE_VVAR,  ROLE_VDSO,     ROLE_LIB_RODATA,
        ROLE_LIB_TEXT, ROLE_LIB_DATA, ROLE_LIB_BSS, ROLE_STACK, ROLE_VSYSCALL,
    };

    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS, .start_brk = FAKE_BREAK}, &image);
    for (uint32_t i = 0; i < image.n_mappings; i++)
        ck_assert_msg(image.mappings[i].role == expected[i], "mapping %u is %s, expected %s", i,
                      role_name(image.mappings[i].role), role_name(expected[i]));
}
END_TEST

/* malloc/arena.c new_heap(): 64 MiB, aligned to that, the rest without access. */
static const struct {
    const char *name;
    const char *maps;
    enum role role; /* of the first mapping */
} arenas[] = {
    {"an arena",
     "7f0000000000-7f0000021000 rw-p 00000000 00:00 0 \n"
     "7f0000021000-7f0004000000 ---p 00000000 00:00 0 \n",
     ROLE_MALLOC_ARENA},
    {"not aligned",
     "7f0000001000-7f0000021000 rw-p 00000000 00:00 0 \n"
     "7f0000021000-7f0004001000 ---p 00000000 00:00 0 \n",
     ROLE_ANON},
    {"not 64 MiB",
     "7f0000000000-7f0000021000 rw-p 00000000 00:00 0 \n"
     "7f0000021000-7f0003fff000 ---p 00000000 00:00 0 \n",
     ROLE_ANON},
    {"where Go begins",
     "c000000000-c000400000 rw-p 00000000 00:00 0 \n"
     "c000400000-c004000000 ---p 00000000 00:00 0 \n",
     ROLE_ANON},
    {"a gap before the rest",
     "7f0000000000-7f0000021000 rw-p 00000000 00:00 0 \n"
     "7f0000022000-7f0004000000 ---p 00000000 00:00 0 \n",
     ROLE_ANON},
};

START_TEST(test_arena)
{
    char maps[2048];

    snprintf(maps, sizeof(maps), FAKE_PROG FAKE_HEAP "%s" FAKE_AREA, arenas[_i].maps);
    fake_ready(&fake, &(struct fake_process){.maps = maps, .n_threads = 2}, &image);
    ROW_TEXT(&arenas[_i], role_name(image.mappings[5].role), role_name(arenas[_i].role));
}
END_TEST

/* pthread_create(): a guard without access directly below. */
static const struct {
    const char *name;
    const char *maps; /* the second mapping may be a stack */
    unsigned int n_threads;
    enum role role;
} stacks[] = {
    {"glibc's 8 MiB",
     "7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n"
     "7f0000001000-7f0000801000 rw-p 00000000 00:00 0 \n",
     2, ROLE_THREAD_STACK},
    {"musl's 128 KiB with a guard of 8 KiB",
     "7f0000000000-7f0000002000 ---p 00000000 00:00 0 \n"
     "7f0000002000-7f0000022000 rw-p 00000000 00:00 0 \n",
     2, ROLE_THREAD_STACK},
    {"one thread has no other stacks",
     "7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n"
     "7f0000001000-7f0000801000 rw-p 00000000 00:00 0 \n",
     1, ROLE_ANON},
    {"glibc's, and what was reserved by chance right above",
     "7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n"
     "7f0000001000-7f0000801000 rw-p 00000000 00:00 0 \n"
     "7f0000801000-7f0008801000 ---p 00000000 00:00 0 \n",
     2, ROLE_THREAD_STACK},
    {"the used part of what a runtime reserved",
     "7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n"
     "7f0000001000-7f0000401000 rw-p 00000000 00:00 0 \n"
     "7f0000401000-7f0008801000 ---p 00000000 00:00 0 \n",
     2, ROLE_ANON},
    {"a gap above the guard",
     "7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n"
     "7f0000002000-7f0000802000 rw-p 00000000 00:00 0 \n",
     2, ROLE_ANON},
    {"a page",
     "7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n"
     "7f0000001000-7f0000002000 rw-p 00000000 00:00 0 \n",
     2, ROLE_ANON},
    {"no guard",
     "7f0000000000-7f0000001000 r--p 00000000 00:00 0 \n"
     "7f0000001000-7f0000801000 rw-p 00000000 00:00 0 \n",
     2, ROLE_ANON},
};

START_TEST(test_thread_stack)
{
    char maps[2048];

    snprintf(maps, sizeof(maps), FAKE_PROG FAKE_HEAP "%s" FAKE_AREA, stacks[_i].maps);
    fake_ready(&fake, &(struct fake_process){.maps = maps, .n_threads = stacks[_i].n_threads},
               &image);
    ROW_TEXT(&stacks[_i], role_name(image.mappings[6].role), role_name(stacks[_i].role));
}
END_TEST

START_TEST(test_names)
{
    for (int i = 0; i < N_ROLES; i++) {
        const char *name = role_name((enum role)i);

        ck_assert_ptr_nonnull(name);
        ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(name, role_name((enum role)k));
    }
}
END_TEST

Suite *roles_suite(void)
{
    Suite *suite = suite_create("roles");
    TCase *tcase = tcase_create("mappings");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_role, rows);
    tcase_add_test(tcase, test_ordinary);
    ROWS_ADD(tcase, test_arena, arenas);
    ROWS_ADD(tcase, test_thread_stack, stacks);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("names");
    tcase_add_test(tcase, test_names);
    suite_add_tcase(suite, tcase);
    return suite;
}
