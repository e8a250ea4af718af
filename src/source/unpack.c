/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/unpack.h"

#include "base/arena.h"
#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PAGE_BYTES = 4096,
    BUFFER_BYTES = 64 * PAGE_BYTES,
    LOOK_EVERY = 64, /* buffers, between two looks at the disk's free space */
};

/*
 * The largest memories that are dumped as a rule are some hundred gigabytes; zeros alone take about
 * a minute for 100 GiB.  Whoever has more unpacks it himself.
 */
const struct unpack_bounds unpack_bounds = {.n_bytes = 256 * GIB, .n_free = 256 * MIB};

#define MAGIC(...)                                                                            \
    .n_magic = sizeof((const unsigned char[]){__VA_ARGS__}), .magic = (const unsigned char[]) \
    {                                                                                         \
        __VA_ARGS__                                                                           \
    }

static const struct unpacker unpackers[] = {
    {"zstd", "zstd", MAGIC(0x28, 0xb5, 0x2f, 0xfd)},
    {"xz", "xz-utils", MAGIC(0xfd, '7', 'z', 'X', 'Z', 0)},
    {"lz4", "lz4", MAGIC(0x04, 0x22, 0x4d, 0x18)},
    {"gzip", "gzip", MAGIC(0x1f, 0x8b)},
    {"bzip2", "bzip2", MAGIC('B', 'Z', 'h')},
};

const struct unpacker *unpack_find(const void *bytes, size_t n)
{
    for (size_t i = 0; i < sizeof(unpackers) / sizeof(unpackers[0]); i++)
        if (n >= unpackers[i].n_magic &&
            memcmp(bytes, unpackers[i].magic, unpackers[i].n_magic) == 0)
            return &unpackers[i];
    return NULL;
}

/* A file without a name in a directory; where the file system cannot, one that loses its name. */
static int open_nameless(const char *directory)
{
    char name[PATH_MAX];
    int fd = open(directory, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    if (snprintf(name, sizeof(name), "%s/layoutcheck-XXXXXX", directory) >= (int)sizeof(name))
        return -1;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    return fd;
}

/* /tmp is memory on many systems, and comes last. */
static int open_temporary(const char **where)
{
    const char *directories[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
    int fd = -1;

    for (size_t i = 0; fd < 0 && i < sizeof(directories) / sizeof(directories[0]); i++) {
        *where = directories[i];
        if (*where && **where == '/')
            fd = open_nameless(*where);
    }
    return fd;
}

/*
 * The program works for a user who may be root on bytes that may be anybody's: it has no
 * capability, gains none by being executed, no options from the environment, and does not outlive
 * this program.
 */
static void __attribute__((noreturn))
program_main(const struct unpacker *unpacker, int in, int out, int errors)
{
    char *argv[] = {(char *)(uintptr_t)unpacker->program, (char *)(uintptr_t) "-dc", NULL};
    char *environment[] = {(char *)(uintptr_t) "LC_ALL=C", NULL};
    cap_t none = cap_init();

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (none)
        (void)cap_set_proc(none);
    signal(SIGPIPE, SIG_DFL);
    in = fcntl(in, F_DUPFD_CLOEXEC, STDERR_FILENO + 1); /* streams that were closed leave holes */
    out = fcntl(out, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    errors = fcntl(errors, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(errors, STDERR_FILENO) >= 0)
        execvpe(unpacker->program, argv, environment);
    _exit(errno == ENOENT ? 127 : 126);
}

struct job {
    const struct unpacker *unpacker; /* NULL: `in` is a pipe that holds the bytes themselves */
    const struct unpack_bounds *bounds;
    const char *where; /* the temporary file's directory */
    struct str head;   /* what was read of the pipe before */
    pid_t pid;
    int in;     /* what the program writes */
    int errors; /* what it says */
    int out;
    uint64_t n_bytes;
    unsigned char *buffer;
};

static bool start(struct job *job, int fd, struct err *err)
{
    int ends[2];

    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_set(err, "it cannot be read from its beginning: %s", strerror(errno));
    job->errors = memfd_create("errors", MFD_CLOEXEC);
    if (job->errors < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return err_set(err, "cannot make a pipe: %s", strerror(errno));
    job->pid = fork();
    if (job->pid == 0)
        program_main(job->unpacker, fd, ends[1], job->errors);
    close(ends[1]);
    job->in = ends[0];
    if (job->pid < 0)
        return err_set(err, "cannot start %s: %s", job->unpacker->program, strerror(errno));
    return true;
}

/* Fills the buffer, or takes what is left; -1 on an error. */
static ssize_t fill(struct job *job)
{
    size_t n = job->head.n < BUFFER_BYTES ? job->head.n : BUFFER_BYTES;
    ssize_t got = 1;

    memcpy(job->buffer, job->head.p, n);
    job->head = (struct str){job->head.p + n, job->head.n - n};
    while (n < BUFFER_BYTES && got != 0) {
        got = read(job->in, job->buffer + n, BUFFER_BYTES - n);
        if (got < 0 && errno != EINTR)
            return -1;
        n += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)n;
}

static bool is_zero(const unsigned char *page, size_t n)
{
    return page[0] == 0 && memcmp(page, page + 1, n - 1) == 0;
}

static bool write_page(const struct job *job, const unsigned char *page, size_t n, uint64_t at)
{
    ssize_t put;

    do
        put = pwrite(job->out, page, n, (off_t)at);
    while (put < 0 && errno == EINTR);
    if (put >= 0 && (size_t)put < n)
        errno = ENOSPC;
    return put == (ssize_t)n;
}

static bool write_buffer(const struct job *job, size_t n)
{
    for (size_t at = 0; at < n; at += PAGE_BYTES) {
        size_t left = n - at < PAGE_BYTES ? n - at : PAGE_BYTES;

        if (!is_zero(job->buffer + at, left) &&
            !write_page(job, job->buffer + at, left, job->n_bytes + at))
            return false;
    }
    return true;
}

static bool disk_has_room(const struct job *job)
{
    struct statvfs fs;

    return fstatvfs(job->out, &fs) != 0 ||
           (uint64_t)fs.f_bavail * fs.f_frsize > job->bounds->n_free;
}

static bool refuse_size(const struct job *job, struct err *err)
{
    char size[UNITS_TEXT];

    if (!job->unpacker)
        return err_set(err,
                       "it has more than %s, which is as much as is taken from a pipe: name the "
                       "file instead",
                       size_text(job->bounds->n_bytes, size));
    return err_set(err,
                   "unpacked it has more than %s, which is as much as layoutcheck unpacks: unpack "
                   "it with %s and name the result",
                   size_text(job->bounds->n_bytes, size), job->unpacker->program);
}

static bool refuse_disk(const struct job *job, struct err *err)
{
    if (!job->unpacker)
        return err_set(err,
                       "there is no room in %s for what comes from a pipe: set TMPDIR to a "
                       "directory with more, or name the file instead",
                       job->where);
    return err_set(err,
                   "there is no room in %s to unpack it: set TMPDIR to a directory with more, or "
                   "unpack it with %s and name the result",
                   job->where, job->unpacker->program);
}

static const char *name_of(const struct job *job)
{
    return job->unpacker ? job->unpacker->program : "the pipe";
}

static bool accept_all(const void *head, size_t n)
{
    (void)head, (void)n;
    return true;
}

static bool take_all(struct job *job, bool (*accept)(const void *head, size_t n), struct err *err)
{
    ssize_t n = 0;

    for (unsigned int i = 0; (n = fill(job)) > 0; i++) {
        if (i == 0 && !accept(job->buffer, n < UNPACK_HEAD ? (size_t)n : UNPACK_HEAD))
            return err_set(err, "what %s finds in it is no ELF core", name_of(job));
        if ((uint64_t)n > job->bounds->n_bytes - job->n_bytes)
            return refuse_size(job, err);
        if (i % LOOK_EVERY == 0 && !disk_has_room(job))
            return refuse_disk(job, err);
        if (!write_buffer(job, (size_t)n))
            return errno == ENOSPC || errno == EDQUOT
                       ? refuse_disk(job, err)
                       : err_set(err, "cannot write to %s: %s", job->where, strerror(errno));
        job->n_bytes += (uint64_t)n;
    }
    if (n < 0)
        return err_set(err, "cannot read from %s: %s", name_of(job), strerror(errno));
    if (ftruncate(job->out, (off_t)job->n_bytes) < 0)
        return err_set(err, "cannot write to %s: %s", job->where, strerror(errno));
    return true;
}

/* The first line of what the program said that is not empty, which may quote anything. */
static void read_trouble(const struct job *job, char *text, size_t size)
{
    ssize_t n = pread(job->errors, text, size - 1, 0);
    struct str rest = {text, n > 0 ? (size_t)n : 0}, line = STR("");
    size_t end = 0;

    while (line.n == 0 && str_next_line(&rest, &line))
        continue;
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] >= ' ' && line.p[i] <= '~')
            text[end++] = line.p[i];
    text[end] = '\0';
}

/* How the program ended; one that is not needed any more is killed. */
static int reap(const struct job *job, bool needed)
{
    int status = -1;

    if (!needed)
        kill(job->pid, SIGKILL);
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static bool judge(const struct job *job, int status, struct unpacked *out, struct err *err)
{
    const struct unpacker *unpacker = job->unpacker;
    bool exited = WIFEXITED(status);

    if (exited && WEXITSTATUS(status) == 127 && job->n_bytes == 0)
        return err_set(err,
                       "it is packed by %s, which is not installed here: install the package %s, "
                       "or unpack it elsewhere",
                       unpacker->program, unpacker->package);
    read_trouble(job, out->trouble, sizeof(out->trouble));
    if (exited && WEXITSTATUS(status) == 0) {
        *out->trouble = '\0';
    } else if (!*out->trouble) {
        snprintf(out->trouble, sizeof(out->trouble), "%s failed with %s %d", unpacker->program,
                 exited ? "status" : "signal", exited ? WEXITSTATUS(status) : WTERMSIG(status));
    }
    if (job->n_bytes == 0)
        return err_set(err, "it cannot be unpacked: %s",
                       *out->trouble ? out->trouble : "there is nothing in it");
    return true;
}

static void job_end(struct job *job)
{
    if (job->in >= 0)
        close(job->in);
    if (job->errors >= 0)
        close(job->errors);
    free(job->buffer);
}

static bool open_out(struct job *job, struct err *err)
{
    job->out = open_temporary(&job->where);
    if (job->out < 0)
        return err_set(err, "no temporary file can be made in TMPDIR, /var/tmp or /tmp: %s",
                       strerror(errno));
    job->buffer = xreallocarray(NULL, BUFFER_BYTES, 1);
    return true;
}

/* Hands over what the job wrote, or throws it away. */
static bool finish(struct job *job, bool ok, struct unpacked *out)
{
    job_end(job);
    if (!ok) {
        close(job->out);
        return false;
    }
    out->fd = job->out;
    out->n_bytes = job->n_bytes;
    return true;
}

bool unpack(const struct unpacker *unpacker, int fd, const struct unpack_bounds *bounds,
            bool (*accept)(const void *head, size_t n), struct unpacked *out, struct err *err)
{
    struct job job = {
        .unpacker = unpacker,
        .bounds = bounds,
        .head = STR(""),
        .pid = -1,
        .in = -1,
        .errors = -1,
        .out = -1,
    };
    void (*former)(int);
    bool ok;

    *out = (struct unpacked){.fd = -1};
    if (!open_out(&job, err))
        return false;
    former = signal(SIGCHLD, SIG_DFL); /* who ignores it never learns how a child ended */
    ok = start(&job, fd, err) && take_all(&job, accept, err);
    if (job.pid > 0) {
        int status = reap(&job, ok);

        ok = ok && judge(&job, status, out, err);
    }
    signal(SIGCHLD, former);
    return finish(&job, ok, out);
}

bool unpack_pipe(int fd, struct str head, const struct unpack_bounds *bounds, struct unpacked *out,
                 struct err *err)
{
    struct job job = {.bounds = bounds, .head = head, .pid = -1, .errors = -1, .out = -1};

    *out = (struct unpacked){.fd = -1};
    job.in = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (job.in < 0)
        return err_set(err, "cannot read from the pipe: %s", strerror(errno));
    if (!open_out(&job, err)) {
        job_end(&job);
        return false;
    }
    return finish(&job, take_all(&job, accept_all, err), out);
}
