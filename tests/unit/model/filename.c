/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/filename.h"

#include "../rows.h"

enum kind { PROGRAM, CODE, LIBRARY, LOADER };

/* Paths as distributions have them, of the architectures that they are for. */
static const struct {
    const char *name;
    enum kind kind;
    unsigned int elf_class;
} paths[] = {
    {"/usr/bin/bash", PROGRAM, 0},
    {"/usr/bin/python2.7", PROGRAM, 0},
    {"/bin/cat.coreutils", PROGRAM, 0},
    {"/usr/bin/ld", PROGRAM, 0},
    {"/usr/bin/ld-scope", PROGRAM, 0},
    {"/opt/linker-tool", PROGRAM, 0},
    {"/system/bin/app_process64", PROGRAM, 0},
    {"/usr/bin/cat (deleted)", PROGRAM, 0},
    {"/usr/lib/x86_64-linux-gnu/libc.so.6", LIBRARY, 64},
    {"/lib/libresolv-2.28.9000.so", LIBRARY, 0},
    {"/usr/lib64/libc.so.6 (deleted)", LIBRARY, 64},
    {"/usr/lib/apache2/modules/mod_ssl.so", LIBRARY, 0},
    {"/lib/i386-linux-gnu/libm-2.15.so", LIBRARY, 32},
    {"/system/lib64/libc.so", LIBRARY, 64},
    {"/lib64/ld-linux-x86-64.so.2", LOADER, 64},
    {"/lib/ld-linux.so.2", LOADER, 0},
    {"/lib/arm-linux-gnueabihf/ld-2.27.so", LOADER, 32},
    {"/lib/ld-2.28.9000.so", LOADER, 0},
    {"/lib/ld.so.1", LOADER, 0},
    {"/lib64/ld64.so.2", LOADER, 64},
    {"/lib/ld-musl-aarch64.so.1", LOADER, 0},
    {"/usr/lib/x86_64-linux-musl/libc.so", LOADER, 64},
    {"/lib/ld-uClibc.so.0", LOADER, 0},
    {"/system/bin/linker64", LOADER, 64},
    {"/system/bin/linker", LOADER, 0},
    {"/lib/ld-linux-riscv32-ilp32d.so.1", LOADER, 32},
    {"/system/framework/arm64/boot.oat", CODE, 0},
    {"/data/app/base.apk", CODE, 0},
    {"/tmp/jna-1/jna3125.tmp (deleted)", CODE, 0},
    {"C:\\windows\\kernel32.dll", CODE, 0},
};

START_TEST(test_path)
{
    struct str path = str_of(paths[_i].name);
    enum kind kind = paths[_i].kind;

    ROW_NUMBER(&paths[_i], filename_is_loader(path), kind == LOADER);
    ROW_NUMBER(&paths[_i], filename_is_library(path), kind >= LIBRARY);
    ROW_NUMBER(&paths[_i], filename_is_no_program(path), kind != PROGRAM);
    ROW_NUMBER(&paths[_i], filename_class(path), paths[_i].elf_class);
}
END_TEST

static const struct {
    const char *name;
    bool is_temporary;
} lost[] = {
    {"/tmp/libnetty_transport_native_epoll_x86_6413640138921322660888.so (deleted)", true},
    {"/home/cassandra/tmp/jna-1073564104/jna3125142934924644081.tmp (deleted)", true},
    {"/home/container/?/.cache/JNA/temp/jna16847024891436192803.tmp (deleted)", true},
    {"/tmp/sqlite-3.36.0-2b6d3c4e-9f1a-4c58-8a51-0d1f5a2b7c3d-libsqlitejdbc.so (deleted)", true},
    {"/var/tmp/.7d1c9fb2aa5ee8fd-00000000.node (deleted)", true},
    {"/dev/shm/libjansi-64-1234567890123.so (deleted)", true},
    {"/tmp/build/libfoo.so (deleted)", false},
    {"/tmp/build/libfoo-x86_64.so.2.31.1 (deleted)", false},
    {"/tmp/deadbeef/libfacade.so (deleted)", false},
    {"/usr/lib/python3/numpy.libs/libgfortran-040039e1.so.5.0.0 (deleted)", false},
    {"/usr/lib/x86_64-linux-gnu/libabsl_base.so.20220623.0.0 (deleted)", false},
    {"/opt/tmpl/lib12345678.so (deleted)", false},
    {"/srv/12345678/tmp/liba.so (deleted)", false},
    {"", false},
};

START_TEST(test_temporary)
{
    ROW_NUMBER(&lost[_i], filename_is_temporary(str_of(lost[_i].name)), lost[_i].is_temporary);
}
END_TEST

Suite *filename_suite(void)
{
    Suite *suite = suite_create("filename");
    TCase *tcase = tcase_create("path");

    ROWS_ADD(tcase, test_path, paths);
    ROWS_ADD(tcase, test_temporary, lost);
    suite_add_tcase(suite, tcase);
    return suite;
}
