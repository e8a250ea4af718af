/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/arch.h"

#include "../rows.h"

#include <elf.h>
#include <stddef.h>

static const struct {
    const char *name;
    uint16_t machine;
    unsigned int elf_class;
    bool on_64bit_kernel;
    uint64_t task_size; /* 0: no rules */
} rows[] = {
    {"x86-64: 2^47 less a page", EM_X86_64, 64, true, 0x7ffffffff000},
    {"i386 on x86-64: 4 GiB less two pages", EM_386, 32, true, 0xffffe000},
    {"i386: 3 GiB", EM_386, 32, false, 0xc0000000},
    {"x32", EM_X86_64, 32, true, 0},
    {"aarch64", EM_AARCH64, 64, true, 0},
    {"unknown", 0, 0, true, 0},
};

START_TEST(test_find)
{
    const struct arch *arch =
        arch_find(rows[_i].machine, rows[_i].elf_class, rows[_i].on_64bit_kernel);

    ROW_NUMBER(&rows[_i], arch ? arch->task_size : 0, rows[_i].task_size);
}
END_TEST

Suite *arch_suite(void)
{
    Suite *suite = suite_create("arch");
    TCase *tcase = tcase_create("rules");

    ROWS_ADD(tcase, test_find, rows);
    suite_add_tcase(suite, tcase);
    return suite;
}
