/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/objfile.h"

#include "base/arena.h"
#include "source/mounts.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PAGE_BYTES = 4096,  /* holds all headers of an ordinary object */
    HEAD_BYTES = 65536, /* what a helper reads */
    DEADLINE_MS = 1500, /* for one file of a file system that may never answer */
    PATIENCE_MS = 3000, /* for all of a process; the last file may begin just before */
};

/* An empty path means the executable. */
struct request {
    struct capture *process;
    struct str path;
    uint64_t inode;
    bool any_inode;
};

static bool is_exe(const struct request *request)
{
    return request->path.n == 0;
}

static int open_exe(const struct request *request)
{
    return openat(capture_directory(request->process), "exe", O_PATH | O_CLOEXEC);
}

/* Turns a mere path, of which something is known, into a readable file; consumes `path_fd`. */
static int open_regular(const struct request *request, int path_fd, uint64_t inode, mode_t mode,
                        struct err *err)
{
    char name[32];
    int fd = -1;

    if (!is_exe(request) && !request->any_inode && inode != request->inode) {
        err_set(err, "another file is at its path now");
    } else if (!S_ISREG(mode)) {
        err_set(err, "it is not a regular file");
    } else {
        snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
        fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
            err_set(err, "cannot open it: %s", strerror(errno));
    }
    close(path_fd);
    return fd;
}

static int open_waiting(const struct request *request, struct err *err)
{
    int fd = is_exe(request) ? open_exe(request)
                             : mounts_open_waiting(mounts_of(request->process), request->path);
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0)
        return open_regular(request, fd, st.st_ino, st.st_mode, err);
    err_set(err, "cannot open it: %s", strerror(errno));
    return -1;
}

static bool write_all(int out, const void *bytes, size_t n)
{
    return write(out, bytes, n) == (ssize_t)n;
}

/*
 * Sends the head of the file and then '+', or the reason and '-'.  Whoever reads this program's
 * output shall not wait for a helper that hangs, so it gives the streams away; and it closes the
 * file before it is done, since that can hang too.
 */
static void __attribute__((noreturn))
helper_main(const struct request *request, int out, pid_t caller)
{
    unsigned char buf[PAGE_BYTES];
    struct err err = {""};
    size_t sent = 0;
    ssize_t n = 0;
    int fd;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != caller)
        _exit(1);
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (stream != out)
            close(stream);
    fd = open_waiting(request, &err);
    while (fd >= 0 && sent < HEAD_BYTES && (n = read(fd, buf, sizeof(buf))) > 0) {
        if (!write_all(out, buf, (size_t)n))
            _exit(1);
        sent += (size_t)n;
    }
    if (fd >= 0 && n < 0 && sent == 0)
        err_set(&err, "cannot read it: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    if (*err.text)
        write_all(out, err.text, strlen(err.text));
    write_all(out, *err.text ? "-" : "+", 1);
    _exit(0);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes what the helper sends until it ends; false when the deadline passes first. */
static bool helper_receive(int in, struct objfile *file, int64_t deadline)
{
    for (;;) {
        struct pollfd pollfd = {.fd = in, .events = POLLIN};
        int64_t left = deadline - now_ms();
        ssize_t n;

        if (left <= 0)
            return false;
        if (poll(&pollfd, 1, (int)left) <= 0)
            continue;
        n = read(in, file->head + file->n_head, HEAD_BYTES + PAGE_BYTES - file->n_head);
        if (n == 0 || (n < 0 && errno != EINTR))
            return true;
        if (n > 0)
            file->n_head += (size_t)n;
    }
}

/* Whoever looks at many processes may have less time for each. */
static int64_t deadline_ms(const struct request *request)
{
    int64_t of_host = capture_file_access(capture_host(request->process))->deadline_ms;

    return of_host > 0 && of_host < DEADLINE_MS ? of_host : DEADLINE_MS;
}

/*
 * A helper that hangs in an uninterruptible wait cannot be reaped yet: it is killed and left to
 * init, so that this program ends in time.
 */
static bool helper_run(const struct request *request, struct objfile *file, bool *in_time,
                       struct err *err)
{
    pid_t pid, caller = getpid();
    int ends[2];

    *in_time = true;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_set(err, "cannot make a pipe: %s", strerror(errno));
    pid = fork();
    if (pid == 0)
        helper_main(request, ends[1], caller);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return err_set(err, "cannot start a helper: %s", strerror(errno));
    }
    file->head = xreallocarray(NULL, HEAD_BYTES + PAGE_BYTES, 1);
    *in_time = helper_receive(ends[0], file, now_ms() + deadline_ms(request));
    close(ends[0]);
    if (!*in_time)
        kill(pid, SIGKILL);
    waitpid(pid, NULL, *in_time ? 0 : WNOHANG);
    return true;
}

/* Takes off the last byte, which says what the others are. */
static bool helper_succeeded(struct objfile *file, struct str type, struct err *err)
{
    char last = file->n_head > 0 ? (char)file->head[--file->n_head] : '?';

    if (last == '+')
        return true;
    if (last == '-')
        return err_set(err, "%.*s", (int)file->n_head, (const char *)file->head);
    return err_set(err, "it could not be read from its %.*s file system", (int)type.n, type.p);
}

/* A file system that did not answer once is not asked again, for no process. */
static bool open_by_helper(const struct request *request, struct mount *culprit,
                           struct objfile *file, struct err *err)
{
    struct file_access *access = capture_file_access(request->process);
    struct str type = culprit ? culprit->type : STR("unknown");
    bool hung = culprit && culprit->hung, in_time, ok;
    int64_t began = now_ms();

    if (!hung && access->waited_ms >= PATIENCE_MS)
        return err_set(err, "there was no time left to ask its %.*s file system", (int)type.n,
                       type.p);
    if (!hung) {
        if (!helper_run(request, file, &in_time, err))
            return false;
        access->waited_ms += now_ms() - began;
        hung = !in_time;
        if (culprit)
            culprit->hung = hung;
    }
    ok = hung ? err_set(err, "its %.*s file system did not answer within %d ms", (int)type.n,
                        type.p, (int)deadline_ms(request))
              : helper_succeeded(file, type, err);
    if (!ok)
        objfile_close(file);
    return ok;
}

/* It can lie in a mount namespace that the process was in before: this program's. */
static bool is_local_exe(const struct request *request, const struct statx *st)
{
    return mounts_are_local(mounts_of(request->process), st) ||
           mounts_are_local(mounts_of(capture_host(request->process)), st);
}

/* The executable's link is text and may name another place than where the file is. */
static int open_without_waiting(const struct request *request, struct statx *st,
                                struct mount **culprit)
{
    struct mounts *mounts = mounts_of(request->process);
    const struct blob *link = capture_get(request->process, CAPTURE_EXE);
    int fd;

    if (!is_exe(request)) {
        fd = mounts_open(mounts, request->path, culprit);
    } else if (mounts_may_block(mounts, link->bytes, culprit)) {
        errno = EWOULDBLOCK;
        return -1;
    } else {
        fd = open_exe(request);
    }
    if (fd >= 0 && (!mounts_look(fd, st) || (is_exe(request) && !is_local_exe(request, st)))) {
        close(fd);
        errno = EWOULDBLOCK;
        return -1;
    }
    return fd;
}

static bool open_any(const struct request *request, struct objfile *file, struct err *err)
{
    struct mount *culprit = NULL;
    struct statx st;
    int fd;

    *file = (struct objfile){.fd = -1};
    fd = open_without_waiting(request, &st, &culprit);
    if (fd >= 0)
        file->fd = open_regular(request, fd, st.stx_ino, st.stx_mode, err);
    else if (errno == EWOULDBLOCK)
        return open_by_helper(request, culprit, file, err);
    else if (errno == ELOOP)
        return err_set(err, "a symbolic link is in its path now");
    else
        return err_set(err, "cannot open it: %s", strerror(errno));
    return file->fd >= 0;
}

/*
 * Beside a snapshot's other files there may be copies of the objects, below "root" by their paths
 * there.  Nothing tells which inode they had.
 */
static bool open_saved(const struct request *request, struct objfile *file, struct err *err)
{
    char path[PATH_MAX + sizeof("root")];

    errno = ENOENT;
    if (request->path.n > 0 && request->path.n < PATH_MAX &&
        snprintf(path, sizeof(path), "root%.*s", (int)request->path.n, request->path.p) > 0)
        file->fd = capture_open_saved(request->process, path);
    return file->fd >= 0 || err_set(err, "%s", capture_why_missing(request->process, errno));
}

/* The executed file itself may stand where /proc has a link to it. */
static bool open_saved_exe(const struct request *request, struct objfile *file, struct err *err)
{
    struct request by_path = *request;
    char magic[SELFMAG];

    file->fd = capture_open_saved(request->process, "exe");
    if (file->fd >= 0 && pread(file->fd, magic, sizeof(magic), 0) == sizeof(magic) &&
        memcmp(magic, ELFMAG, SELFMAG) == 0)
        return true;
    objfile_close(file);
    by_path.path = capture_get(request->process, CAPTURE_EXE)->bytes;
    return open_saved(&by_path, file, err);
}

bool objfile_open_exe(struct capture *process, struct objfile *file, struct err *err)
{
    const struct blob *link = capture_get(process, CAPTURE_EXE);
    struct request request = {.process = process};

    *file = (struct objfile){.fd = -1};
    if (capture_kind(process) != CAPTURE_LIVE)
        return open_saved_exe(&request, file, err);
    if (link->missing)
        return err_set(err, "cannot follow /proc/PID/exe: %s", link->missing);
    return open_any(&request, file, err);
}

bool objfile_open(struct capture *process, struct str path, uint64_t inode, struct objfile *file,
                  struct err *err)
{
    struct request request = {.process = process, .path = path, .inode = inode};

    *file = (struct objfile){.fd = -1};
    if (path.n == 0)
        return err_set(err, "cannot open it: %s", strerror(ENOENT));
    if (capture_kind(process) != CAPTURE_LIVE)
        return open_saved(&request, file, err);
    return open_any(&request, file, err);
}

bool objfile_open_here(struct capture *core, struct str path, struct objfile *file, struct err *err)
{
    struct request request = {.path = path, .any_inode = true};

    *file = (struct objfile){.fd = -1};
    request.process = capture_here(core, err);
    if (!request.process)
        return false;
    if (path.n == 0)
        return err_set(err, "it has no name");
    return open_any(&request, file, err);
}

void objfile_close(struct objfile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    free(file->head);
    *file = (struct objfile){.fd = -1};
}

/* All headers of most objects come with one read. */
static void read_first_page(struct objfile *file)
{
    ssize_t n;

    file->head = xreallocarray(NULL, PAGE_BYTES, 1);
    n = pread(file->fd, file->head, PAGE_BYTES, 0);
    file->n_head = n > 0 ? (size_t)n : 0;
}

static bool read_objfile(void *context, uint64_t offset, void *buf, size_t n)
{
    struct objfile *file = context;

    if (!file->head)
        read_first_page(file);
    if (offset <= file->n_head && n <= file->n_head - offset) {
        memcpy(buf, file->head + offset, n);
        return true;
    }
    return file->fd >= 0 && offset <= INT64_MAX &&
           pread(file->fd, buf, n, (off_t)offset) == (ssize_t)n;
}

struct reader objfile_reader(struct objfile *file)
{
    return (struct reader){.read = read_objfile, .context = file};
}

enum path_state objfile_identify(struct capture *process, struct str path, struct file_id *id)
{
    struct mount *culprit;
    struct statx st;
    bool known;
    int fd;

    if (capture_kind(process) != CAPTURE_LIVE)
        return PATH_UNKNOWN;
    fd = mounts_open(mounts_of(process), path, &culprit);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? PATH_GONE : PATH_UNKNOWN;
    known = mounts_look(fd, &st);
    close(fd);
    if (!known)
        return PATH_UNKNOWN;
    *id = (struct file_id){
        .inode = st.stx_ino, .dev_major = st.stx_dev_major, .dev_minor = st.stx_dev_minor};
    return PATH_HERE;
}
