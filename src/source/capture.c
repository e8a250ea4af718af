/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/capture.h"

#include "base/textbuf.h"
#include "source/mounts.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

enum row_scope { OF_PROCESS, OF_HOST };
enum row_kind {
    IS_FILE,
    IS_RECORD, /* a file of /proc that one read() gives whole: of single_open() and the like */
    IS_LINK
};

struct row {
    const char *name;
    const char *path; /* below the capture's directory */
    enum row_scope scope;
    enum row_kind kind;
};

static const struct row rows[N_CAPTURE_ROWS] = {
    [CAPTURE_MAPS] = {"maps", "maps", OF_PROCESS, IS_FILE},
    [CAPTURE_SMAPS] = {"smaps", "smaps", OF_PROCESS, IS_FILE},
    [CAPTURE_STAT] = {"stat", "stat", OF_PROCESS, IS_RECORD},
    [CAPTURE_STATM] = {"statm", "statm", OF_PROCESS, IS_RECORD},
    [CAPTURE_STATUS] = {"status", "status", OF_PROCESS, IS_RECORD},
    [CAPTURE_LIMITS] = {"limits", "limits", OF_PROCESS, IS_RECORD},
    [CAPTURE_AUXV] = {"auxv", "auxv", OF_PROCESS, IS_RECORD},
    [CAPTURE_PERSONALITY] = {"personality", "personality", OF_PROCESS, IS_RECORD},
    [CAPTURE_CGROUP] = {"cgroup", "cgroup", OF_PROCESS, IS_RECORD},
    [CAPTURE_UID_MAP] = {"uid_map", "uid_map", OF_PROCESS, IS_FILE},
    [CAPTURE_MOUNTINFO] = {"mountinfo", "mountinfo", OF_PROCESS, IS_FILE},
    [CAPTURE_MOUNT_NS] = {"ns/mnt", "ns/mnt", OF_PROCESS, IS_LINK},
    [CAPTURE_USER_NS] = {"ns/user", "ns/user", OF_PROCESS, IS_LINK},
    [CAPTURE_EXE] = {"exe", "exe", OF_PROCESS, IS_LINK},
    [CAPTURE_ROOT] = {"root", "root", OF_PROCESS, IS_LINK},
    [CAPTURE_ARGUMENTS] = {"command line", "cmdline", OF_PROCESS, IS_FILE},
    [CAPTURE_ABOUT] = {"about", "about", OF_PROCESS, IS_FILE},
    [CAPTURE_OBJECTS] = {"objects", "objects", OF_PROCESS, IS_FILE},
    [CAPTURE_ANCESTORS] = {"ancestors", "ancestors", OF_PROCESS, IS_FILE},
    [CAPTURE_MEMORY] = {"memory", "memory", OF_PROCESS, IS_FILE},
    [CAPTURE_OWN_MOUNTS] = {"self/mountinfo", "self/mountinfo", OF_HOST, IS_FILE},
    [CAPTURE_OWN_MOUNT_NS] = {"self/ns/mnt", "self/ns/mnt", OF_HOST, IS_LINK},
    [CAPTURE_OWN_USER_NS] = {"self/ns/user", "self/ns/user", OF_HOST, IS_LINK},
    [CAPTURE_OWN_PID_NS] = {"self/ns/pid", "self/ns/pid", OF_HOST, IS_LINK},
    [CAPTURE_MEMINFO] = {"meminfo", "meminfo", OF_HOST, IS_FILE},
    [CAPTURE_CMDLINE] = {"cmdline", "cmdline", OF_HOST, IS_FILE},
    [CAPTURE_OSRELEASE] = {"kernel.osrelease", "sys/kernel/osrelease", OF_HOST, IS_FILE},
    [CAPTURE_MAX_MAP_COUNT] = {"vm.max_map_count", "sys/vm/max_map_count", OF_HOST, IS_FILE},
    [CAPTURE_MMAP_MIN_ADDR] = {"vm.mmap_min_addr", "sys/vm/mmap_min_addr", OF_HOST, IS_FILE},
    [CAPTURE_OVERCOMMIT_MEMORY] = {"vm.overcommit_memory", "sys/vm/overcommit_memory", OF_HOST,
                                   IS_FILE},
    [CAPTURE_ADMIN_RESERVE] = {"vm.admin_reserve_kbytes", "sys/vm/admin_reserve_kbytes", OF_HOST,
                               IS_FILE},
    [CAPTURE_USER_RESERVE] = {"vm.user_reserve_kbytes", "sys/vm/user_reserve_kbytes", OF_HOST,
                              IS_FILE},
    [CAPTURE_CPUS] = {"cpu/online", "../sys/devices/system/cpu/online", OF_HOST, IS_FILE},
    [CAPTURE_IGNORE_RLIMIT_DATA] = {"ignore_rlimit_data",
                                    "../sys/module/kernel/parameters/ignore_rlimit_data", OF_HOST,
                                    IS_FILE},
    [CAPTURE_RANDOMIZE_VA_SPACE] = {"kernel.randomize_va_space", "sys/kernel/randomize_va_space",
                                    OF_HOST, IS_FILE},
    [CAPTURE_LEGACY_VA_LAYOUT] = {"vm.legacy_va_layout", "sys/vm/legacy_va_layout", OF_HOST,
                                  IS_FILE},
    [CAPTURE_MMAP_RND_BITS] = {"vm.mmap_rnd_bits", "sys/vm/mmap_rnd_bits", OF_HOST, IS_FILE},
    [CAPTURE_MMAP_RND_COMPAT_BITS] = {"vm.mmap_rnd_compat_bits", "sys/vm/mmap_rnd_compat_bits",
                                      OF_HOST, IS_FILE},
    [CAPTURE_OVERCOMMIT_RATIO] = {"vm.overcommit_ratio", "sys/vm/overcommit_ratio", OF_HOST,
                                  IS_FILE},
    [CAPTURE_OVERCOMMIT_KBYTES] = {"vm.overcommit_kbytes", "sys/vm/overcommit_kbytes", OF_HOST,
                                   IS_FILE},
    [CAPTURE_SLABINFO] = {"slabinfo", "slabinfo", OF_HOST, IS_FILE},
    [CAPTURE_DENTRY_STATE] = {"fs.dentry-state", "sys/fs/dentry-state", OF_HOST, IS_FILE},
    [CAPTURE_VMSTAT] = {"vmstat", "vmstat", OF_HOST, IS_FILE},
    [CAPTURE_ZONEINFO] = {"zoneinfo", "zoneinfo", OF_HOST, IS_FILE},
};

/* A read() of maps returns a page at most, so a larger buffer gains nothing. */
enum { PIECE_BYTES = 8192 };

/*
 * A row that is kept whole is never larger: smaps of 65,000 mappings has 90 MB, the rest
 * kilobytes.
 */
#define ROW_MAX_BYTES ((size_t)512 << 20)

/* ... but in a snapshot anything can be as large: what is searched again and again is not. */
#define SMALL_ROW_MAX_BYTES ((size_t)64 << 20)

static size_t row_max_bytes(enum capture_row row)
{
    return row == CAPTURE_MAPS || row == CAPTURE_SMAPS ? ROW_MAX_BYTES : SMALL_ROW_MAX_BYTES;
}

/* A file that is no row. */
struct path_note {
    struct path_note *next;
    char *path, *bytes;
    size_t n;
};

struct capture {
    enum capture_kind kind;
    struct capture *host; /* itself, for a host */
    bool owns_host;
    int directory;             /* or -1 */
    pid_t pid;                 /* of a live process, below the host */
    int memory;                /* of a live process: /proc/PID/mem, or -1 */
    struct corefile core;      /* of CAPTURE_CORE */
    struct reader core_memory; /* the same, once it was put here */
    struct capture *here;      /* the same; NULL: not asked for yet */
    bool is_procfs;            /* a live host: what is there is the kernel's own */
    enum { PIDS_NOT_LOOKED_AT, PIDS_OWN, PIDS_OF_OTHERS } pids; /* a live host's */
    struct utsname uname;
    uint64_t page_size;
    struct file_access file_access;
    struct blob blobs[N_CAPTURE_ROWS];
    char *owned[N_CAPTURE_ROWS]; /* the bytes or the reason of a blob, to free */
    bool have[N_CAPTURE_ROWS];
    bool keeps;
    struct path_note *paths;
};

/* "proc/../sys//vm" becomes "sys/vm": where no link is followed, both lead to the same. */
static bool clean_path(const char *path, char clean[static PATH_MAX])
{
    struct str rest = str_of(path), part;
    size_t n = 0;

    if (rest.n >= PATH_MAX)
        return false;
    while (str_next_field(&rest, '/', &part)) {
        if (part.n == 0 || str_eq(part, STR(".")))
            continue;
        if (str_eq(part, STR(".."))) {
            while (n > 0 && clean[--n] != '/')
                ;
            continue;
        }
        if (n > 0)
            clean[n++] = '/';
        memcpy(clean + n, part.p, part.n);
        n += part.n;
    }
    clean[n] = '\0';
    return n > 0;
}

/*
 * Whoever made a snapshot may have put links into it that lead to the reader's own files: none is
 * followed, and ".." does not lead out of it.  Step by step, as openat2() is not there before Linux
 * 5.6 and behind some filters of system calls.
 */
static int open_in_snapshot(const struct capture *capture, const char *path, int flags)
{
    int from = capture->directory, next, error;
    char clean[PATH_MAX], *name = clean, *slash;

    if (from < 0 || !clean_path(path, clean)) {
        errno = ENOENT;
        return -1;
    }
    do {
        slash = strchr(name, '/');
        if (slash)
            *slash = '\0';
        next = openat(from, name, (slash ? O_PATH | O_DIRECTORY : flags) | O_NOFOLLOW | O_CLOEXEC);
        error = errno;
        if (from != capture->directory)
            close(from);
        from = next;
        name = slash ? slash + 1 : name;
    } while (slash && from >= 0);
    errno = error;
    return from;
}

static struct capture *capture_new(enum capture_kind kind, struct capture *host, int directory)
{
    struct capture *capture = xreallocarray(NULL, 1, sizeof(*capture));

    memset(capture, 0, sizeof(*capture));
    capture->kind = kind;
    capture->host = host ? host : capture;
    capture->directory = directory;
    capture->memory = -1;
    return capture;
}

bool capture_open_host(struct capture **host, const char *root, struct err *err)
{
    int directory = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct statfs fs;

    if (directory < 0)
        return err_set(err, "cannot open %s: %s", root, strerror(errno));
    *host = capture_new(CAPTURE_LIVE, NULL, directory);
    (*host)->is_procfs = fstatfs(directory, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
    uname(&(*host)->uname);
    (*host)->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    return true;
}

bool capture_open_process(struct capture **process, struct capture *host, pid_t pid,
                          struct err *err)
{
    char name[32];
    int directory;

    snprintf(name, sizeof(name), host->kind == CAPTURE_LIVE ? "%d" : "proc/%d", pid);
    directory = host->kind == CAPTURE_LIVE
                    ? openat(host->directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                    : open_in_snapshot(host, name, O_RDONLY | O_DIRECTORY);
    if (directory < 0 && errno == ENOENT)
        return err_set(err,
                       "no process has PID %d; it has ended, lives in another PID namespace, or "
                       "/proc is mounted with hidepid and hides it",
                       pid);
    if (directory < 0)
        return err_set(err, "cannot open /proc/%d: %s", pid, strerror(errno));
    *process = capture_new(host->kind, host, directory);
    (*process)->pid = pid;
    return true;
}

/* The rows of a process that come with a host of their own. */
static struct capture *new_with_host(enum capture_kind kind, int directory, int host_directory)
{
    struct capture *process = capture_new(kind, capture_new(kind, NULL, host_directory), directory);

    process->owns_host = true;
    return process;
}

bool capture_open_snapshot(struct capture **process, const char *path, struct err *err)
{
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (directory < 0)
        return err_set(err, "cannot open %s: %s", path, strerror(errno));
    if (faccessat(directory, "maps", F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
        faccessat(directory, "smaps", F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
        close(directory);
        return err_set(err, "%s is no snapshot: neither maps nor smaps is in it", path);
    }
    *process =
        new_with_host(CAPTURE_SNAPSHOT, directory,
                      openat(directory, "host", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    return true;
}

struct capture *capture_open_text(char *text, size_t n)
{
    struct capture *process = new_with_host(CAPTURE_TEXT, -1, -1);

    process->owned[CAPTURE_MAPS] = text;
    process->blobs[CAPTURE_MAPS] = (struct blob){.bytes = {text, n}};
    process->have[CAPTURE_MAPS] = true;
    return process;
}

struct capture *capture_open_core(const struct corefile *file)
{
    struct capture *process = new_with_host(CAPTURE_CORE, -1, -1);

    process->core = *file;
    return process;
}

struct corefile *capture_corefile(struct capture *capture)
{
    return capture->kind == CAPTURE_CORE ? &capture->core : NULL;
}

void capture_put(struct capture *core, enum capture_row row, struct str bytes)
{
    free(core->owned[row]);
    core->owned[row] = xreallocarray(NULL, bytes.n + 1, 1);
    memcpy(core->owned[row], bytes.p, bytes.n);
    core->blobs[row] = (struct blob){.bytes = {core->owned[row], bytes.n}};
    core->have[row] = true;
}

void capture_put_memory(struct capture *core, const struct reader *memory)
{
    core->core_memory = *memory;
}

struct capture *capture_here(struct capture *core, struct err *err)
{
    if (!core->here && !capture_open_host(&core->here, "/proc", err))
        core->here = NULL;
    return core->here;
}

static void forget_paths(struct capture *process)
{
    while (process->paths) {
        struct path_note *note = process->paths;

        process->paths = note->next;
        free(note->path);
        free(note->bytes);
        free(note);
    }
}

static void forget_rows(struct capture *process)
{
    forget_paths(process);
    if (process->memory >= 0)
        close(process->memory);
    process->memory = -1;
    mounts_free(process->file_access.mounts);
    process->file_access.mounts = NULL;
    for (int row = 0; row < N_CAPTURE_ROWS; row++) {
        free(process->owned[row]);
        process->owned[row] = NULL;
        process->have[row] = false;
    }
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    forget_rows(capture);
    if (capture->directory >= 0)
        close(capture->directory);
    if (capture->kind == CAPTURE_CORE && capture->host != capture)
        corefile_close(&capture->core);
    capture_close(capture->here);
    if (capture->owns_host)
        capture_close(capture->host);
    free(capture);
}

static int open_row_path(const struct capture *capture, const char *path)
{
    char name[64];

    if (capture->kind == CAPTURE_LIVE)
        return openat(capture->directory, path,
                      O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    snprintf(name, sizeof(name), capture->host == capture ? "proc/%s" : "%s", path);
    return open_in_snapshot(capture, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

/* A plain file, or nothing: what is in its place can neither block nor act. */
static int only_regular(int fd)
{
    struct stat st;

    if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

/* What procfs has below /proc/PID are plain files. */
static int row_open(const struct capture *capture, enum capture_row row)
{
    int fd = open_row_path(capture, rows[row].path);

    return capture->host->is_procfs && rows[row].scope == OF_PROCESS ? fd : only_regular(fd);
}

int capture_open_saved(const struct capture *capture, const char *path)
{
    if (capture->kind == CAPTURE_SNAPSHOT)
        return only_regular(open_in_snapshot(capture, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    errno = ENOENT;
    return -1;
}

static ssize_t read_retrying(int fd, void *buf, size_t n)
{
    ssize_t got;

    do
        got = read(fd, buf, n);
    while (got < 0 && errno == EINTR);
    return got;
}

/* is_record: there is no more once a read() gave less than it could have. */
static char *read_whole(int fd, size_t max_bytes, bool is_record, size_t *n_bytes)
{
    size_t n = 0, room = 4096;
    char *bytes = xreallocarray(NULL, room, 1);
    ssize_t got;

    while ((got = read_retrying(fd, bytes + n, room - n)) > 0) {
        n += (size_t)got;
        if (is_record && n < room)
            break;
        if (n == max_bytes) {
            errno = EFBIG;
            got = -1;
            break;
        }
        if (room - n < 4096) {
            room = room * 2 < max_bytes ? room * 2 : max_bytes;
            bytes = xreallocarray(bytes, room, 1);
        }
    }
    if (got < 0) {
        free(bytes);
        return NULL;
    }
    *n_bytes = n;
    return bytes;
}

/* No link of /proc has more text than fits a page. */
enum { LINK_MAX_BYTES = 8192 };

/*
 * A snapshot may hold the text of a link as a file, with or without a newline at its end.  A copy
 * of the executed file in place of "exe" is something else; objfile.c knows it.
 */
static char *read_link_text(const struct capture *capture, enum capture_row row, size_t *n_bytes)
{
    int fd = row_open(capture, row);
    char *text;
    ssize_t n;

    if (fd < 0)
        return NULL;
    text = xreallocarray(NULL, LINK_MAX_BYTES, 1);
    n = read_retrying(fd, text, LINK_MAX_BYTES);
    close(fd);
    if (n < 0 || n == LINK_MAX_BYTES || (n >= SELFMAG && memcmp(text, ELFMAG, SELFMAG) == 0)) {
        free(text);
        errno = n < 0 ? errno : ENOENT;
        return NULL;
    }
    *n_bytes = (size_t)n - (n > 0 && text[n - 1] == '\n');
    return text;
}

static char *read_link(const struct capture *capture, const char *path, size_t *n_bytes)
{
    size_t room = 4096;
    char *target = xreallocarray(NULL, room, 1);
    ssize_t n = readlinkat(capture->directory, path, target, room);

    if (n < 0) {
        free(target);
        return NULL;
    }
    *n_bytes = (size_t)n;
    return target;
}

static char *read_row(const struct capture *capture, enum capture_row row, size_t *n_bytes)
{
    char *bytes;
    int fd, error;

    if (rows[row].kind == IS_LINK) {
        bytes = read_link(capture, rows[row].path, n_bytes);
        return bytes || capture->kind == CAPTURE_LIVE ? bytes
                                                      : read_link_text(capture, row, n_bytes);
    }
    fd = row_open(capture, row);
    if (fd < 0)
        return NULL;
    bytes = read_whole(fd, row_max_bytes(row),
                       capture->host->is_procfs && rows[row].kind == IS_RECORD, n_bytes);
    error = errno;
    close(fd);
    errno = error;
    return bytes;
}

static char *unescaped_copy(struct str s)
{
    struct arena arena;
    char *copy;

    arena_init(&arena);
    copy = strdup(str_unescape(&arena, s).p);
    arena_deinit(&arena);
    return copy;
}

/*
 * A snapshot says why a row is not there when that was known as it was made, in a line "missing
 * NAME: reason".
 */
static char *why_not_saved(struct capture *capture, enum capture_row row)
{
    static const char prefix[] = "missing ";
    struct str rest, line, name = str_of(rows[row].name);

    if (capture->kind != CAPTURE_SNAPSHOT || row == CAPTURE_ABOUT)
        return NULL;
    rest = capture_get(capture, CAPTURE_ABOUT)->bytes;
    while (str_next_line(&rest, &line)) {
        if (!str_starts(line, STR(prefix)))
            continue;
        line.p += sizeof(prefix) - 1;
        line.n -= sizeof(prefix) - 1;
        if (line.n <= name.n || !str_starts(line, name) || line.p[name.n] != ':')
            continue;
        return unescaped_copy(str_trim((struct str){line.p + name.n + 1, line.n - name.n - 1}));
    }
    return NULL;
}

const char *capture_why_missing(const struct capture *capture, int error)
{
    if (capture->kind == CAPTURE_TEXT)
        return "the memory map alone does not tell it";
    if (capture->kind == CAPTURE_CORE)
        return "a core does not hold it";
    if (capture->kind == CAPTURE_SNAPSHOT && (error == ENOENT || error == ENOTDIR))
        return "the snapshot does not hold it";
    switch (error) {
    case EACCES:
    case EPERM:
        return "permission denied";
    case ESRCH:
        return "the process has ended";
    case ENOENT:
        return "this kernel does not have it, or the process has ended";
    default:
        return strerror(error);
    }
}

static char *explain(struct capture *capture, enum capture_row row, int error)
{
    char *reason = why_not_saved(capture, row);

    return reason ? reason : strdup(capture_why_missing(capture, error));
}

const struct blob *capture_again(struct capture *capture, enum capture_row row)
{
    struct capture *of = rows[row].scope == OF_HOST ? capture->host : capture;
    struct blob *blob = &of->blobs[row];
    size_t n = 0;

    if (of->have[row] && of->kind != CAPTURE_LIVE)
        return blob;
    free(of->owned[row]);
    of->have[row] = true;
    of->owned[row] = read_row(of, row, &n);
    *blob = (struct blob){.bytes = {of->owned[row], n}};
    if (!of->owned[row]) {
        blob->error = errno;
        of->owned[row] = explain(capture, row, blob->error);
        blob->missing = of->owned[row] ? of->owned[row] : "unknown";
        blob->bytes = STR("");
    }
    return blob;
}

const struct blob *capture_get(struct capture *capture, enum capture_row row)
{
    struct capture *of = rows[row].scope == OF_HOST ? capture->host : capture;

    return of->have[row] ? &of->blobs[row] : capture_again(capture, row);
}

void capture_forget(struct capture *process)
{
    if (process->kind == CAPTURE_LIVE)
        forget_rows(process);
}

void capture_keep(struct capture *process)
{
    process->keeps = true;
}

void capture_note_path(struct capture *process, const char *path, struct str bytes)
{
    struct path_note *note;

    if (!process->keeps)
        return;
    note = xreallocarray(NULL, 1, sizeof(*note));
    *note = (struct path_note){
        .next = process->paths,
        .path = strdup(path),
        .bytes = xreallocarray(NULL, bytes.n, 1),
        .n = bytes.n,
    };
    memcpy(note->bytes, bytes.p, bytes.n);
    process->paths = note;
}

void capture_each_path(const struct capture *process,
                       void (*feed)(void *context, const char *path, struct str bytes),
                       void *context)
{
    for (const struct path_note *note = process->paths; note; note = note->next)
        if (note->path)
            feed(context, note->path, (struct str){note->bytes, note->n});
}

/* "NSpid:" has a number for each namespace from that of /proc to the process's own. */
static bool is_of_own_namespace(struct str status)
{
    struct str line, word, key = STR("NSpid:");

    while (str_next_line(&status, &line))
        if (str_starts(line, key)) {
            line = (struct str){line.p + key.n, line.n - key.n};
            return str_next_word(&line, &word) && !str_next_word(&line, &word);
        }
    return false;
}

static bool look_at_self(const struct capture *host)
{
    int fd = openat(host->directory, "self/status", O_RDONLY | O_CLOEXEC);
    size_t n = 0;
    char *status = fd >= 0 ? read_whole(fd, SMALL_ROW_MAX_BYTES, false, &n) : NULL;
    bool own = status && is_of_own_namespace((struct str){status, n});

    free(status);
    if (fd >= 0)
        close(fd);
    return own;
}

bool capture_has_own_pids(struct capture *host)
{
    if (host->pids == PIDS_NOT_LOOKED_AT)
        host->pids = host->is_procfs && look_at_self(host) ? PIDS_OWN : PIDS_OF_OTHERS;
    return host->pids == PIDS_OWN;
}

static bool read_memory(void *context, uint64_t offset, void *buf, size_t n)
{
    const struct capture *process = context;
    ssize_t got;

    do
        got = pread64(process->memory, buf, n, (off64_t)offset);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)n;
}

bool capture_memory(struct capture *process, struct reader *reader, struct err *err)
{
    if (process->core_memory.read) {
        *reader = process->core_memory;
        return true;
    }
    if (process->kind != CAPTURE_LIVE)
        return err_set(err, "%s",
                       process->kind == CAPTURE_SNAPSHOT ? "a snapshot holds no memory"
                                                         : capture_why_missing(process, 0));
    if (process->memory < 0)
        process->memory =
            openat(process->directory, "mem", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (process->memory < 0)
        return err_set(err, "%s", capture_why_missing(process, errno));
    *reader = (struct reader){.read = read_memory, .context = process};
    return true;
}

/* A PID that was given to another process meanwhile: its directory can tell, and is asked last. */
bool capture_peek(struct capture *process, uint64_t address, void *buf, size_t n)
{
    struct iovec to = {buf, n}, from = {(void *)(uintptr_t)address, n}; // NOLINT(*-int-to-ptr)

    return process->kind == CAPTURE_LIVE && capture_has_own_pids(process->host) &&
           address <= UINTPTR_MAX &&
           process_vm_readv(process->pid, &to, 1, &from, 1, 0) == (ssize_t)n;
}

bool capture_rlimit(struct capture *process, int resource, struct rlimit *limit)
{
    return process->kind == CAPTURE_LIVE && capture_has_own_pids(process->host) &&
           prlimit(process->pid, resource, NULL, limit) == 0;
}

/* What is in memory already is fed as one piece. */
static bool stream_kept(struct capture *capture, enum capture_row row,
                        bool (*feed)(void *context, struct str piece), void *context, int *error,
                        struct err *err)
{
    const struct blob *blob = capture_get(capture, row);

    *error = blob->error;
    if (blob->missing)
        return err_set(err, "cannot read %s: %s", rows[row].name, blob->missing);
    feed(context, blob->bytes);
    return true;
}

/*
 * On x86-64 the kernel shows its gate page (gate_vma) after all mappings, at an address that no
 * process can map: nothing follows, and the read() that would say so need not be made.
 */
static bool ends_with_gate(const char *piece, size_t n)
{
    static const char gate[] = "\nffffffffff600000-";
    const char *line = n > 0 && piece[n - 1] == '\n' ? memrchr(piece, '\n', n - 1) : NULL;

    return line && (size_t)(piece + n - line) > strlen(gate) &&
           memcmp(line, gate, strlen(gate)) == 0;
}

bool capture_stream(struct capture *capture, enum capture_row row,
                    bool (*feed)(void *context, struct str piece), void *context, int *error,
                    struct err *err)
{
    char piece[PIECE_BYTES];
    ssize_t got = -1;
    int fd;

    if (capture->kind != CAPTURE_LIVE || (capture->keeps && row == CAPTURE_SMAPS))
        return stream_kept(capture, row, feed, context, error, err);
    fd = row_open(capture, row);
    while (fd >= 0 && (got = read_retrying(fd, piece, sizeof(piece))) > 0)
        if (!feed(context, (struct str){piece, (size_t)got}) ||
            (row == CAPTURE_MAPS && ends_with_gate(piece, (size_t)got)))
            break;
    *error = errno;
    if (fd >= 0)
        close(fd);
    return got >= 0 ||
           err_set(err, "cannot read %s: %s", rows[row].name, capture_why_missing(capture, *error));
}

const char *capture_row_name(enum capture_row row)
{
    return rows[row].name;
}

const char *capture_row_file(enum capture_row row, char buf[static CAPTURE_FILE_TEXT])
{
    static const char up[] = "../";
    bool is_beside = strncmp(rows[row].path, up, strlen(up)) == 0;

    snprintf(buf, CAPTURE_FILE_TEXT, "%s%s",
             rows[row].scope == OF_PROCESS ? ""
             : is_beside                   ? "host/"
                                           : "host/proc/",
             rows[row].path + (is_beside ? strlen(up) : 0));
    return buf;
}

bool capture_row_is_link(enum capture_row row)
{
    return rows[row].kind == IS_LINK;
}

void capture_wait(int milliseconds)
{
    poll(NULL, 0, milliseconds);
}

struct capture *capture_host(struct capture *capture)
{
    return capture->host;
}

struct file_access *capture_file_access(struct capture *capture)
{
    return &capture->file_access;
}

int capture_directory(const struct capture *capture)
{
    return capture->directory;
}

enum capture_kind capture_kind(const struct capture *capture)
{
    return capture->kind;
}

const char *capture_kind_name(enum capture_kind kind)
{
    static const char *const names[] = {
        [CAPTURE_LIVE] = "live",
        [CAPTURE_SNAPSHOT] = "snapshot",
        [CAPTURE_TEXT] = "maps",
        [CAPTURE_CORE] = "core",
    };

    return names[kind];
}

const char *capture_machine(const struct capture *capture)
{
    return capture->kind == CAPTURE_LIVE ? capture->host->uname.machine : NULL;
}

uint64_t capture_page_size(const struct capture *capture)
{
    return capture->host->page_size;
}

int capture_open_path(const struct capture *capture, const char *path)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY;

    return capture->kind == CAPTURE_LIVE ? open(path, flags)
                                         : open_in_snapshot(capture->host, path, flags);
}
