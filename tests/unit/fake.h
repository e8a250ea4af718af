/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory that stands for /proc, with made-up processes: the files have the kernel's format,
 * their numbers come from the test.  main.c removes it.
 */
#ifndef FAKE_H
#define FAKE_H

#include "elfbytes.h"
#include "model/image.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct fake {
    char root[200];  /* the /proc of this world */
    char files[208]; /* where its objects lie */
    struct capture *host;
    struct capture *process;
};

/*
 * A host with Linux 6.1 on x86-64, 4 KiB pages, 1 GiB of memory and the usual sysctls, but for
 * vm.overcommit_memory 1, so that memory limits nothing.
 */
void fake_init(struct fake *fake);
void fake_deinit(struct fake *fake);

/* A file below the root; folders are made as needed. */
void fake_write(const struct fake *fake, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void fake_write_bytes(const struct fake *fake, const char *path, const void *bytes, size_t n);
void fake_remove(const struct fake *fake, const char *path);

/* An object that maps can name; returns its inode. */
uint64_t fake_object(const struct fake *fake, const char *name, const struct elf_spec *spec);

/*
 * The parts of an ordinary process: a program linked at 4 MiB, a heap whose break started at
 * FAKE_BREAK, libc and loader in the mmap area, the stack; and the objects that they name.  An
 * elf_object() has four pages.
 */
enum { FAKE_BREAK = 0x1000000, FAKE_HEAP_END = 0x1021000 };
#define FAKE_PROG "400000 @prog\n"
#define FAKE_HEAP "1000000-1021000 rw-p 00000000 00:00 0 [heap]\n"
#define FAKE_LIBC "7ffff7c00000 @libc.so\n"
#define FAKE_VDSO                                              \
    "7ffff7fbf000-7ffff7fc3000 r--p 00000000 00:00 0 [vvar]\n" \
    "7ffff7fc3000-7ffff7fc5000 r-xp 00000000 00:00 0 [vdso]\n"
#define FAKE_LOADER "7ffff7fc5000 @ld.so\n"
#define FAKE_STACK  "7ffffffdd000-7fffffffe000 rw-p 00000000 00:00 0 [stack]\n"
#define FAKE_GATE   "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n"
#define FAKE_AREA   FAKE_LIBC FAKE_VDSO FAKE_LOADER FAKE_STACK FAKE_GATE
#define FAKE_MAPS   FAKE_PROG FAKE_HEAP FAKE_AREA
void fake_objects(const struct fake *fake, unsigned int elf_class);

/* Zero is the ordinary value of every field. */
struct fake_process {
    pid_t pid;  /* 0: FAKE_PID */
    pid_t ppid; /* 0: 1 */
    /*
     * Lines of maps.  "NAME" after '@' is an object: "ADDRESS @NAME" are the four mappings of an
     * elf_object(), "START-END PERMS OFFSET @NAME" is one mapping of it.
     */
    const char *maps;
    const char *comm; /* NULL: "prog" */
    const char *exe;  /* the executed object; NULL: "prog" */
    char state;       /* 0: S */
    uint64_t flags;
    unsigned int n_threads;
    unsigned int n_stat_fields; /* 0: all */
    bool denied_addresses;      /* stat as those see it who may not read memory */
    uint64_t start_brk;
    unsigned int personality;
    const char *stack_limit;  /* bytes or "unlimited"; NULL: 8 MiB */
    uint64_t interp_base;     /* AT_BASE */
    unsigned int word_bytes;  /* of auxv; 0: 8 */
    uint64_t more_stack;      /* bytes of mappings that grow down, beside [stack] */
    uint64_t odd_total_bytes; /* statm is wrong by that much */
    uint64_t odd_data_bytes;
};

enum { FAKE_PID = 4321 };

void fake_add(const struct fake *fake, const struct fake_process *process);

/* Adds the process and makes its image; the caller calls image_deinit(). */
enum image_state fake_image(struct fake *fake, const struct fake_process *process,
                            struct image *image, struct err *err);

/* The image of a text; the caller calls image_deinit() and capture_close(image->capture). */
enum image_state fake_text(const char *text, struct image *image, struct err *err);

/* The same where nothing but IMAGE_READY can come of it. */
void fake_ready(struct fake *fake, const struct fake_process *process, struct image *image);

/* Why the image says that an input is missing; NULL: it does not. */
const char *fake_missing(const struct image *image, const char *what);

#endif
