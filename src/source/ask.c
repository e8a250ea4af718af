/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* struct procmap_query of <linux/fs.h>, which the headers of an older kernel do not have. */
struct query {
    uint64_t size; /* of this structure */
    uint64_t flags;
    uint64_t address;
    uint64_t start, end; /* from here on the answer */
    uint64_t vma_flags;
    uint64_t page_size;
    uint64_t offset;
    uint64_t inode;
    uint32_t dev_major, dev_minor;
    uint32_t name_size; /* in: room; out: length with its end, 0: no name */
    uint32_t build_id_size;
    uint64_t name_address;
    uint64_t build_id_address;
};

#define QUERY _IOWR('f', 17, struct query)

enum { FLAG_WRITABLE = 0x02, FLAGS_ACCESS = 0x07, FLAG_COVERING_OR_NEXT = 0x10 };

/* "PID/file".  A printf() here takes a hundredth of a scan --quick. */
static void path_of(char path[static 32], pid_t pid, const char *file)
{
    char digits[16], *digit = digits;
    size_t n = 0;

    for (; pid > 0; pid /= 10)
        *digit++ = (char)('0' + pid % 10);
    while (digit > digits)
        path[n++] = *--digit;
    path[n++] = '/';
    while (*file && n < 31)
        path[n++] = *file++;
    path[n] = '\0';
}

int ask_open(const struct capture *host, pid_t pid, const char *file)
{
    char path[32];

    path_of(path, pid, file);
    return openat(capture_directory(host), path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static enum vma_answer answer_of(int error)
{
    switch (error) {
    case ENOENT:
        return VMA_NONE;
    case ENOTTY: /* the kernel is older; a filter of system calls says one of the others */
    case EPERM:
    case ENOSYS:
        return VMA_UNSUPPORTED;
    default:
        return VMA_FAILED;
    }
}

enum vma_answer ask_vma(int maps, uint64_t address, unsigned int wanted, struct vma *vma)
{
    struct query query = {
        .size = sizeof(query),
        .flags = FLAG_COVERING_OR_NEXT | (wanted & VMA_WRITABLE ? FLAG_WRITABLE : 0U),
        .address = address,
    };

    vma->name[0] = '\0';
    if (wanted & VMA_NAME) {
        query.name_size = sizeof(vma->name);
        query.name_address = (uintptr_t)vma->name;
    }
    if (ioctl(maps, QUERY, &query) != 0)
        return answer_of(errno);
    vma->range = (struct range){query.start, query.end};
    vma->is_forbidden = (query.vma_flags & FLAGS_ACCESS) == 0;
    vma->inode = query.inode;
    vma->device = (uint64_t)query.dev_major << 32 | query.dev_minor;
    return VMA_FOUND;
}

bool ask_stream(int fd, bool (*feed)(void *context, struct str piece), void *context)
{
    char piece[4096]; /* the kernel gives no more at a time */
    ssize_t n;

    while ((n = read(fd, piece, sizeof(piece))) > 0)
        if (!feed(context, (struct str){piece, (size_t)n}))
            return false;
    return n == 0;
}

void ask_close(int fd)
{
    close(fd);
}

size_t ask_file(const struct capture *host, pid_t pid, const char *file, char *buf, size_t n)
{
    int fd = ask_open(host, pid, file);
    ssize_t got;

    if (fd < 0)
        return 0;
    got = read(fd, buf, n);
    close(fd);
    return got > 0 ? (size_t)got : 0;
}

/* Which namespaces these are does not change: a helper process asks once. */
static bool pids_are_own(const struct capture *host)
{
    static bool is_asked;
    static bool are_own;
    char link[16] = "";

    if (!is_asked) {
        is_asked = true;
        are_own = readlinkat(capture_directory(host), "self", link, sizeof(link) - 1) > 0 &&
                  strtol(link, NULL, 10) == getpid();
    }
    return are_own;
}

bool ask_limit(const struct capture *host, pid_t pid, int resource, uint64_t *soft)
{
    struct rlimit limit;

    if (!pids_are_own(host) || prlimit(pid, (__rlimit_resource_t)resource, NULL, &limit) != 0)
        return false;
    *soft = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
    return true;
}
