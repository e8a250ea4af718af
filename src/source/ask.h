/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single questions about one of many processes, which cost a fraction of a capture: by PID and
 * without a directory that is held open.  A descriptor of maps stays that of the process; what is
 * asked by PID beside it can be another's, once the process has ended.
 */
#ifndef SOURCE_ASK_H
#define SOURCE_ASK_H

#include "base/range.h"
#include "source/capture.h"

struct vma {
    struct range range;
    bool is_forbidden;      /* PROT_NONE */
    uint64_t inode, device; /* of its file; 0: it has none */
    char name[512];         /* as in maps; "" where there is none, or it was not asked for */
};

enum vma_answer {
    VMA_FOUND,
    VMA_NONE,        /* nothing more is mapped */
    VMA_UNSUPPORTED, /* the kernel does not answer such questions */
    VMA_FAILED       /* the process has ended, a name is too long, ... */
};

/* Of the first mapping that ends above an address: only of writable ones, and its name, too. */
enum { VMA_WRITABLE = 1, VMA_NAME = 2 };

/* A file of the process, "maps", for questions and for read(); -1 with errno. */
int ask_open(const struct capture *host, pid_t pid, const char *file);

/*
 * The ioctl PROCMAP_QUERY of maps, since Linux 6.11: ed5d583a88a9 ("fs/procfs: implement efficient
 * VMA querying API for /proc/<pid>/maps").
 */
enum vma_answer ask_vma(int maps, uint64_t address, unsigned int wanted, struct vma *vma);

/* All of it, piece by piece, until `feed` returns false.  False when that came before its end. */
bool ask_stream(int fd, bool (*feed)(void *context, struct str piece), void *context);
void ask_close(int fd);

/* A small file as a whole; 0 when it cannot be read. */
size_t ask_file(const struct capture *host, pid_t pid, const char *file, char *buf, size_t n);

/*
 * A soft limit, UINT64_MAX: none.  False without the right to ask, unlike for /proc/PID/limits, and
 * when the PIDs of /proc are not those of system calls, for it shows another PID namespace.
 */
bool ask_limit(const struct capture *host, pid_t pid, int resource, uint64_t *soft);

#endif
