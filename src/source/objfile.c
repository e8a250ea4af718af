/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/objfile.h"

#include "base/arena.h"
#include "source/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    HEAD_BYTES = 65536, /* holds the program headers of every ordinary object */
    DEADLINE_MS = 1500, /* for a file system that may never answer */
};

/*
 * Without openat2() (before 5.6, or forbidden by a seccomp filter that answers EPERM or ENOSYS)
 * only the last component is kept from being a link.
 */
static int open_below(int root, const char *path)
{
    struct open_how how = {
        .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return (int)fd;
    while (*path == '/')
        path++;
    return openat(root, path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
}

static int open_path(struct capture *process, struct str path)
{
    char name[PATH_MAX];
    int root, fd, error;

    if (path.n == 0 || path.p[0] != '/' || path.n >= sizeof(name)) {
        errno = ENOENT;
        return -1;
    }
    memcpy(name, path.p, path.n);
    name[path.n] = '\0';
    root = openat(capture_directory(process), "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return -1;
    fd = open_below(root, name);
    error = errno;
    close(root);
    errno = error;
    return fd;
}

/* Turns a mere path into a readable file; consumes `path_fd`. */
static int open_regular(int path_fd, struct err *err)
{
    char name[32];
    struct stat st;
    int fd = -1;

    if (fstat(path_fd, &st) == 0 && S_ISREG(st.st_mode)) {
        snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
        fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
            err_set(err, "cannot open it: %s", strerror(errno));
    } else {
        err_set(err, "it is not a regular file");
    }
    close(path_fd);
    return fd;
}

static int open_exe_fd(struct capture *process, struct err *err)
{
    int fd = openat(capture_directory(process), "exe", O_PATH | O_CLOEXEC);

    if (fd < 0) {
        err_set(err, "cannot open it: %s", strerror(errno));
        return -1;
    }
    return open_regular(fd, err);
}

static int open_path_fd(struct capture *process, struct str path, uint64_t inode, struct err *err)
{
    int fd = open_path(process, path);
    struct stat st;

    if (fd < 0) {
        err_set(err, "cannot open it: %s", strerror(errno));
        return -1;
    }
    if (fstat(fd, &st) == 0 && st.st_ino != inode) {
        err_set(err, "another file is at its path now");
        close(fd);
        return -1;
    }
    return open_regular(fd, err);
}

/* What the helper is asked to open: an empty path means the executable. */
struct request {
    struct capture *process;
    struct str path;
    uint64_t inode;
};

static int open_request(const struct request *request, struct err *err)
{
    return request->path.n > 0 ? open_path_fd(request->process, request->path, request->inode, err)
                               : open_exe_fd(request->process, err);
}

static void __attribute__((noreturn)) helper_main(const struct request *request, int out)
{
    unsigned char buf[4096];
    size_t sent = 0;
    int fd;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fd = open_request(request, NULL);
    while (fd >= 0 && sent < HEAD_BYTES) {
        ssize_t n = read(fd, buf, sizeof(buf));

        if (n <= 0 || write(out, buf, (size_t)n) != n)
            break;
        sent += (size_t)n;
    }
    _exit(sent > 0 ? 0 : 1);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes what the helper sends until it ends; false when the deadline passes first. */
static bool helper_receive(int in, struct objfile *file)
{
    int64_t deadline = now_ms() + DEADLINE_MS;

    for (;;) {
        struct pollfd pollfd = {.fd = in, .events = POLLIN};
        int64_t left = deadline - now_ms();
        ssize_t n;

        if (left <= 0)
            return false;
        if (poll(&pollfd, 1, (int)left) <= 0)
            continue;
        n = read(in, file->head + file->n_head, HEAD_BYTES + 1 - file->n_head);
        if (n == 0 || (n < 0 && errno != EINTR))
            return true;
        if (n > 0)
            file->n_head += (size_t)n;
    }
}

/*
 * A helper that hangs in an uninterruptible wait cannot be reaped yet: it is killed and left to
 * init, so that this program ends in time.
 */
static bool open_by_helper(const struct request *request, struct str type, struct objfile *file,
                           struct err *err)
{
    int ends[2];
    bool in_time;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_set(err, "cannot make a pipe: %s", strerror(errno));
    pid = fork();
    if (pid == 0)
        helper_main(request, ends[1]);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return err_set(err, "cannot start a helper: %s", strerror(errno));
    }
    file->head = xreallocarray(NULL, HEAD_BYTES + 1, 1);
    in_time = helper_receive(ends[0], file);
    close(ends[0]);
    if (!in_time)
        kill(pid, SIGKILL);
    waitpid(pid, NULL, in_time ? 0 : WNOHANG);
    if (in_time && file->n_head > 0)
        return true;
    objfile_close(file);
    if (!in_time)
        return err_set(err, "its %.*s file system did not answer within %d ms", (int)type.n, type.p,
                       DEADLINE_MS);
    return err_set(err, "it could not be read from its %.*s file system", (int)type.n, type.p);
}

static bool open_any(const struct request *request, struct str path, struct objfile *file,
                     struct err *err)
{
    struct str type = mounts_type(request->process, path);

    *file = (struct objfile){.fd = -1};
    if (mounts_may_block(type))
        return open_by_helper(request, type.n > 0 ? type : STR("unknown"), file, err);
    file->fd = open_request(request, err);
    return file->fd >= 0;
}

bool objfile_open_exe(struct capture *process, struct objfile *file, struct err *err)
{
    const struct blob *link = capture_get(process, CAPTURE_EXE);
    struct request request = {.process = process};

    *file = (struct objfile){.fd = -1};
    if (link->missing)
        return err_set(err, "cannot follow /proc/PID/exe: %s", link->missing);
    return open_any(&request, link->bytes, file, err);
}

bool objfile_open(struct capture *process, struct str path, uint64_t inode, struct objfile *file,
                  struct err *err)
{
    struct request request = {.process = process, .path = path, .inode = inode};

    return open_any(&request, path, file, err);
}

void objfile_close(struct objfile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    free(file->head);
    *file = (struct objfile){.fd = -1};
}

static bool read_objfile(void *context, uint64_t offset, void *buf, size_t n)
{
    const struct objfile *file = context;

    if (offset > INT64_MAX || n > HEAD_BYTES)
        return false;
    if (file->fd >= 0)
        return pread(file->fd, buf, n, (off_t)offset) == (ssize_t)n;
    if (offset > file->n_head || n > file->n_head - offset)
        return false;
    memcpy(buf, file->head + offset, n);
    return true;
}

struct reader objfile_reader(struct objfile *file)
{
    return (struct reader){.read = read_objfile, .context = file};
}

enum path_state objfile_identify(struct capture *process, struct str path, struct file_id *id)
{
    struct stat st;
    int fd;

    if (mounts_may_block(mounts_type(process, path)))
        return PATH_UNKNOWN;
    fd = open_path(process, path);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? PATH_GONE : PATH_UNKNOWN;
    if (fstat(fd, &st) < 0) {
        close(fd);
        return PATH_UNKNOWN;
    }
    close(fd);
    *id = (struct file_id){
        .inode = st.st_ino, .dev_major = major(st.st_dev), .dev_minor = minor(st.st_dev)};
    return PATH_HERE;
}
