/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A heap with which nothing is wrong, but that is more to look up than anybody would: blocks like a
 * thread's cache, with long lists of the program's own that go on where they are said to end, one
 * linked as glibc does since 2.32, one as before.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCKS = 700, LISTS = 64, LENGTH = 60000 };

static uintptr_t *list_make(size_t size, bool is_safe)
{
    uintptr_t *head = NULL;

    for (int i = 0; i < LENGTH; i++) {
        uintptr_t *node = malloc(size);

        *node = (uintptr_t)head ^ (is_safe ? (uintptr_t)node >> 12 : 0);
        head = node;
    }
    return head;
}

int main(void)
{
    uintptr_t *safe = list_make(24, true), *plain = list_make(40, false);
    char line[8];

    for (int i = 0; i < BLOCKS; i++) {
        struct {
            uint16_t counts[LISTS];
            uintptr_t *heads[LISTS];
        } *block = calloc(1, sizeof(*block));

        block->counts[0] = block->counts[1] = LENGTH - 1;
        block->heads[0] = safe;
        block->heads[1] = plain;
    }
    puts("ready");
    fflush(stdout);
    return read(0, line, sizeof(line)) < 0;
}
