/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which allocator serves malloc, how it uses the break, and which runtimes are in the process:
 * what a refusal of brk means depends on it.
 */
#ifndef MODEL_RUNTIME_H
#define MODEL_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

enum runtime {
#define RUNTIME(symbol, name) RUNTIME_##symbol,
#include "model/runtimes.list"
#undef RUNTIME
    N_RUNTIMES
};

const char *runtime_name(enum runtime runtime);

enum break_use {
    BREAK_USE_UNKNOWN,
    BREAK_USE_NONE,  /* its memory comes from mmap */
    BREAK_USE_FIRST, /* brk, and mmap once brk is refused */
    BREAK_USE_ONLY   /* brk or nothing */
};

struct allocator {
    const char *name;     /* "glibc", ...; "none" in a program without malloc; NULL: not known */
    uint32_t instance;    /* the object that defines malloc, or NONE */
    enum break_use use;   /* of the break */
    bool by_name;         /* told by the name of the object alone: not sure */
    const char *evidence; /* a sentence: how that is known, or why not */
};

struct image;

/*
 * Fills image.allocator and image.runtimes from the symbols of the objects, in the order in which
 * the loader looks for malloc.  Idempotent.
 */
void image_read_allocator(struct image *image);

/* After image_read_allocator(). */
bool image_has_runtime(const struct image *image, enum runtime runtime);

/*
 * The instance with a JIT compiler that puts what it compiles within 2 GiB of itself; NONE when
 * there is none that is known.  Reads the program's symbols at the first call.
 */
uint32_t image_find_jit(struct image *image);

/*
 * Instances in the order in which the loader looks for a symbol: the program, what is preloaded,
 * what is linked, what was opened later.  From the loader's own list (struct link_map of <link.h>)
 * in the memory of the process; where that cannot be read, everything else before libc.
 */
struct load_order {
    uint32_t *instances;
    uint32_t n;
    bool is_read; /* from the loader's list */
};

void load_order_find(struct image *image, struct load_order *order);

/* The runtimes that objects and mappings show, as bits; symbols may show more. */
uint32_t runtimes_find(struct image *image);

/* Where compiler-rt and libsanitizer put the shadow memory of AddressSanitizer on x86. */
bool is_asan_shadow(const struct image *image, uint32_t mapping);

#endif
