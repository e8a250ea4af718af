/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fixture's view of its own memory: mappings, the break, and what the kernel really grants. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map {
    uint64_t start, end;
    char perms[5];
    char name[256]; /* empty for anonymous */
};

/* The first mapping that ends above ADDR. */
bool map_above(uint64_t addr, struct map *map);

/* As the kernel counts them against vm.max_map_count: [vsyscall] is none. */
long maps_count(void);

/* Maps anonymous private memory exactly there, or somewhere when ADDR is 0. */
void *place(uintptr_t addr, size_t len, int prot);
void *place_file(uintptr_t addr, size_t len, int prot, int map_type, const char *path);
void place_grows_down(uintptr_t addr, size_t len);

/* Field N of /proc/self/stat, numbered as in proc(5). */
uint64_t stat_field(int n);

/* The break, rounded up to a page. */
uintptr_t break_end(void);

/* Grows the heap as malloc would. */
void *break_grow(intptr_t bytes);

/*
 * Puts start_brk and the break at ADDR (64-bit programs only: the kernel's structure is that of a
 * 64-bit task).
 */
void break_move(uintptr_t addr);

/*
 * How many bytes brk() really grants from here, in whole pages: a forked child tries. In steps, so
 * that the largest single request that the overcommit heuristic accepts (all memory and swap) does
 * not hide the next mapping.
 */
uintptr_t break_truth(void);

/*
 * Says where the break is, what comes next, and how far it can grow; `break_truth` again, for those
 * who judge by it.
 */
uintptr_t say_break(void);

#endif
