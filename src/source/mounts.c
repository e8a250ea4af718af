/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/mounts.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

struct mounts {
    struct mount *list;
    uint32_t n;
    int directory;        /* the capture's */
    const char *root_way; /* from there to what paths begin at */
    int root;             /* that, once it was safe to open; or -1 */
    int root_error;       /* why not; 0 when it may block */
    struct mount *top;    /* the mount that `root` lies on, or the culprit; or NULL */
};

/* proc(5): ID parent major:minor root MOUNT-POINT options [tags...] - TYPE source options */
static bool mountinfo_parse(struct str line, struct mount *mount)
{
    struct str id, parent, word;

    *mount = (struct mount){0};
    if (!str_next_word(&line, &id) || !str_to_u64(id, &mount->id) ||
        !str_next_word(&line, &parent) || !str_to_u64(parent, &mount->parent_id) ||
        !str_next_word(&line, &word) || !str_next_word(&line, &word) ||
        !str_next_word(&line, &mount->point))
        return false;
    while (str_next_word(&line, &word))
        if (str_eq(word, STR("-")))
            return str_next_word(&line, &mount->type);
    return false;
}

/* Types that answer from this machine alone. */
static bool is_local(struct str type)
{
    static const char *const local[] = {
        "ext2",  "ext3",  "ext4",     "xfs",   "btrfs",  "bcachefs", "f2fs",      "jfs",
        "tmpfs", "zfs",   "reiserfs", "erofs", "nilfs2", "squashfs", "ramfs",     "rootfs",
        "vfat",  "exfat", "iso9660",  "udf",   "cramfs", "devtmpfs", "hugetlbfs",
    };

    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
        if (str_eq(type, str_of(local[i])))
            return true;
    return false;
}

/* An unreadable namespace is another one. */
static bool same_namespace(struct capture *process, enum capture_row theirs, enum capture_row ours)
{
    const struct blob *a = capture_get(process, theirs), *b = capture_get(process, ours);

    return !a->missing && !b->missing && str_eq(a->bytes, b->bytes);
}

/* A host stands for this program itself. */
static bool shares_mounts(struct capture *process)
{
    return capture_host(process) == process ||
           same_namespace(process, CAPTURE_MOUNT_NS, CAPTURE_OWN_MOUNT_NS);
}

/*
 * An overlay is as local as its layers.  Those of root's containers are; in a user namespace
 * anybody can make an overlay of a FUSE mount: Linux commit 459c7c565ac3 ("ovl: unprivieged
 * mounts"), v5.11.
 */
static bool overlay_is_local(struct capture *process)
{
    return shares_mounts(process) || same_namespace(process, CAPTURE_USER_NS, CAPTURE_OWN_USER_NS);
}

static struct mount *add_mount(struct mounts *mounts)
{
    if (mounts->n % 64 == 0)
        mounts->list = xreallocarray(mounts->list, mounts->n + 64, sizeof(*mounts->list));
    return &mounts->list[mounts->n++];
}

static void parse_list(struct mounts *mounts, struct capture *process, struct str mountinfo)
{
    struct str line;

    while (str_next_line(&mountinfo, &line)) {
        struct mount *mount = add_mount(mounts);

        if (!mountinfo_parse(line, mount)) {
            mounts->n--;
            continue;
        }
        mount->may_block = !is_local(mount->type) &&
                           (!str_eq(mount->type, STR("overlay")) || !overlay_is_local(process));
    }
}

static struct mount *find_mount(const struct mounts *mounts, const struct statx *st)
{
    for (uint32_t i = 0; i < mounts->n; i++)
        if (mounts->list[i].id == st->stx_mnt_id)
            return &mounts->list[i];
    return NULL;
}

static int open_root(const struct mounts *mounts)
{
    return openat(mounts->directory, mounts->root_way, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/*
 * This program's own root when it is no mount point: this program was itself started in a chroot.
 * What it lies on is not listed, but this program was loaded from there.
 */
static void enter_own_chroot(struct mounts *mounts)
{
    struct statx st;

    mounts->root = open_root(mounts);
    if (mounts->root < 0)
        mounts->root_error = errno;
    if (mounts->root < 0 || !mounts_look(mounts->root, &st))
        return;
    mounts->top = add_mount(mounts);
    *mounts->top = (struct mount){.id = st.stx_mnt_id, .point = STR("/"), .type = STR("unlisted")};
}

/*
 * The root is not even opened when a mount there may block.  When it is no mount point (a chroot
 * in another namespace), mountinfo does not tell on what it lies.
 */
static void enter_root(struct mounts *mounts, bool own)
{
    bool listed = false;
    struct statx st;

    for (uint32_t i = 0; i < mounts->n; i++)
        if (str_eq(mounts->list[i].point, STR("/"))) {
            listed = true;
            mounts->top = &mounts->list[i];
            if (mounts->top->may_block)
                return;
        }
    mounts->top = NULL;
    if (!listed && own)
        enter_own_chroot(mounts);
    if (!listed)
        return;
    mounts->root = open_root(mounts);
    if (mounts->root < 0)
        mounts->root_error = errno;
    else if (mounts_look(mounts->root, &st))
        mounts->top = find_mount(mounts, &st);
}

/*
 * A process with a root of its own in another namespace: paths are printed up to the root of the
 * namespace, which is above, and mountinfo only shows what is below its root.
 */
static bool is_jailed_elsewhere(struct capture *process, bool shared)
{
    return !shared && capture_get(process, CAPTURE_ROOT)->bytes.n > strlen("/");
}

#define UP_8 "/../../../../../../../.."

static struct mounts *mounts_read(struct capture *process, bool shared)
{
    struct capture *of = shared ? capture_host(process) : process;
    struct mounts *mounts = xreallocarray(NULL, 1, sizeof(*mounts));

    *mounts = (struct mounts){
        .directory = capture_directory(of),
        .root_way = shared ? "self/root" : "root",
        .root = -1,
    };
    if (is_jailed_elsewhere(process, shared)) {
        mounts->root_way = "root" UP_8 UP_8 UP_8 UP_8; /* at the top that leads nowhere */
        return mounts;
    }
    parse_list(mounts, process,
               capture_get(of, shared ? CAPTURE_OWN_MOUNTS : CAPTURE_MOUNTINFO)->bytes);
    enter_root(mounts, shared);
    return mounts;
}

struct mounts *mounts_of(struct capture *process)
{
    bool shared = shares_mounts(process);
    struct mounts **mounts = &capture_file_access(shared ? capture_host(process) : process)->mounts;

    if (!*mounts)
        *mounts = mounts_read(process, shared);
    return *mounts;
}

void mounts_free(struct mounts *mounts)
{
    if (!mounts)
        return;
    if (mounts->root >= 0)
        close(mounts->root);
    free(mounts->list);
    free(mounts);
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* One byte of a mount point, in which blank, tab, newline and backslash stand as \ooo. */
static char next_byte(struct str *escaped)
{
    const char *p = escaped->p;

    if (escaped->n >= 4 && p[0] == '\\' && is_octal(p[1]) && is_octal(p[2]) && is_octal(p[3])) {
        escaped->p += 4;
        escaped->n -= 4;
        return (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
    }
    escaped->p++;
    escaped->n--;
    return *p;
}

/* The length of the part of `path` that the mount point is; 0 when it is no part of it. */
static size_t covered(struct str point, struct str path)
{
    size_t n = 0;

    while (point.n > 0) {
        if (n == path.n || next_byte(&point) != path.p[n])
            return 0;
        n++;
    }
    return n == path.n || path.p[n] == '/' ? n : 0;
}

static struct mount *mounted_over(const struct mounts *mounts, const struct mount *mount)
{
    for (uint32_t i = 0; i < mounts->n; i++) {
        struct mount *over = &mounts->list[i];

        if (over->parent_id == mount->id && over != mount && str_eq(over->point, mount->point))
            return over;
    }
    return NULL;
}

/* What is mounted on the root of a mount hides it: nothing is looked up there. */
static struct mount *topmost(const struct mounts *mounts, struct mount *mount)
{
    struct mount *over;

    for (uint32_t i = 0; i < mounts->n && (over = mounted_over(mounts, mount)); i++)
        mount = over;
    return mount;
}

/*
 * The next mount on the way from *at, which lies on `mount`, along `path`; advances *at to its
 * point.  NULL when the rest lies on `mount`.
 */
static struct mount *next_mount(const struct mounts *mounts, const struct mount *mount,
                                struct str path, size_t *at)
{
    struct mount *next = NULL;
    size_t next_at = SIZE_MAX;

    for (uint32_t i = 0; i < mounts->n; i++) {
        struct mount *child = &mounts->list[i];
        size_t n;

        if (child->parent_id != mount->id)
            continue;
        n = covered(child->point, path);
        if (n > *at && n < next_at) {
            next_at = n;
            next = child;
        }
    }
    if (!next)
        return NULL;
    *at = next_at;
    return topmost(mounts, next);
}

/* The kernel prints no other paths: these would lead elsewhere than their text says. */
static bool is_plain_path(struct str path)
{
    if (path.n == 0 || path.p[0] != '/' || path.n >= PATH_MAX || memchr(path.p, '\0', path.n))
        return false;
    for (size_t i = 0; i < path.n; i++) {
        const char *end = path.p + path.n, *p = path.p + i;

        if (*p++ != '/')
            continue;
        for (int dots = 0; dots < 2 && p < end && *p == '.'; dots++)
            if (++p == end || *p == '/')
                return false;
    }
    return true;
}

bool mounts_may_block(struct mounts *mounts, struct str path, struct mount **culprit)
{
    struct mount *mount = mounts->top;
    size_t at = 0;

    while (mount && !mount->may_block) {
        struct mount *next = next_mount(mounts, mount, path, &at);

        if (!next)
            return false;
        mount = next;
    }
    *culprit = mount;
    return true;
}

bool mounts_look(int fd, struct statx *st)
{
    return statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
                 STATX_TYPE | STATX_INO | STATX_MNT_ID, st) == 0 &&
           st->stx_mask & STATX_MNT_ID;
}

/* The kernel's own tmpfs, which is mounted nowhere: found by a file of ours that lies there. */
static const struct statx *look_at_memfd(void)
{
    static struct statx own;
    static bool is_looked_at;
    int fd;

    if (is_looked_at)
        return &own;
    is_looked_at = true;
    fd = memfd_create("layoutcheck", MFD_CLOEXEC);
    if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_INO, &own) != 0)
        own = (struct statx){0};
    if (fd >= 0)
        close(fd);
    return &own;
}

/* Container runtimes, for one, run themselves out of a memfd. */
static bool is_memfd(const struct statx *st)
{
    const struct statx *own = look_at_memfd();

    return own->stx_mask && st->stx_dev_major == own->stx_dev_major &&
           st->stx_dev_minor == own->stx_dev_minor;
}

bool mounts_are_local(const struct mounts *mounts, const struct statx *st)
{
    const struct mount *mount = find_mount(mounts, st);

    return mount ? !mount->may_block : is_memfd(st);
}

/* The way from a directory, without its slashes in front, as openat2() takes it. */
static int open_inside(int from, struct str way, uint64_t resolve)
{
    struct open_how how = {
        .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | resolve,
    };
    char name[PATH_MAX];
    long fd;

    while (way.n > 0 && way.p[0] == '/') {
        way.p++;
        way.n--;
    }
    memcpy(name, way.p, way.n);
    name[way.n] = '\0';
    fd = syscall(SYS_openat2, from, way.n > 0 ? name : ".", &how, sizeof(how));
    /*
     * EXDEV: somebody mounted something there since mountinfo was read.  Before 5.6 there is no
     * openat2(), and some seccomp filters say EPERM to what they do not know.
     */
    if (fd < 0 && (errno == EXDEV || errno == ENOSYS || errno == EPERM))
        errno = EWOULDBLOCK;
    return (int)fd;
}

static void close_keeping_errno(int fd)
{
    int error = errno;

    close(fd);
    errno = error;
}

/* Crosses to a mount, and to no other, at the last component of the way. */
static int open_mount(int from, struct str way, const struct mount *mount)
{
    struct str name = str_basename(way);
    struct str folder = {way.p, way.n - name.n};
    int directory = folder.n > 1 ? open_inside(from, folder, RESOLVE_NO_XDEV) : from;
    struct statx st;
    int fd;

    if (directory < 0)
        return -1;
    fd = open_inside(directory, name, 0);
    if (directory != from)
        close_keeping_errno(directory);
    if (fd >= 0 && (!mounts_look(fd, &st) || st.stx_mnt_id != mount->id)) {
        close(fd);
        errno = EWOULDBLOCK;
        return -1;
    }
    return fd;
}

static struct str part(struct str path, size_t from, size_t to)
{
    return (struct str){path.p + from, to - from};
}

int mounts_open(struct mounts *mounts, struct str path, struct mount **culprit)
{
    const struct mount *mount;
    int from = mounts->root, fd;
    size_t at = 0, was = 0;

    *culprit = NULL;
    if (!is_plain_path(path)) {
        errno = ENOENT;
        return -1;
    }
    if (mounts->root_error || mounts_may_block(mounts, path, culprit)) {
        errno = mounts->root_error ? mounts->root_error : EWOULDBLOCK;
        return -1;
    }
    for (mount = mounts->top; (mount = next_mount(mounts, mount, path, &at)); was = at) {
        fd = open_mount(from, part(path, was, at), mount);
        if (from != mounts->root)
            close_keeping_errno(from);
        if (fd < 0)
            return -1;
        from = fd;
    }
    if (was == path.n) /* a file that is a mount point, as container runtimes make them */
        return from;
    fd = open_inside(from, part(path, was, path.n), RESOLVE_NO_XDEV);
    if (from != mounts->root)
        close_keeping_errno(from);
    return fd;
}

int mounts_open_waiting(const struct mounts *mounts, struct str path)
{
    char name[PATH_MAX];
    char *rest = name, *component;
    int fd;

    if (!is_plain_path(path)) {
        errno = ENOENT;
        return -1;
    }
    memcpy(name, path.p, path.n);
    name[path.n] = '\0';
    fd = open_root(mounts);
    while (fd >= 0 && (component = strsep(&rest, "/"))) {
        int next;

        if (!*component)
            continue;
        next = openat(fd, component, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        close_keeping_errno(fd);
        fd = next;
    }
    return fd;
}

/* The mount point without its escapes; false when it is no path. */
static bool plain_point(struct str point, char path[static PATH_MAX], struct str *plain)
{
    size_t n = 0;

    while (point.n > 0) {
        if (n == PATH_MAX)
            return false;
        path[n++] = next_byte(&point);
    }
    *plain = (struct str){path, n};
    return true;
}

/* Opens what is on top at the mount's point; -1 when that is not the mount. */
static int open_point(struct mounts *mounts, const struct mount *mount)
{
    char path[PATH_MAX];
    struct mount *culprit;
    struct str plain;
    struct statx st;
    int fd;

    if (!plain_point(mount->point, path, &plain))
        return -1;
    fd = mounts_open(mounts, plain, &culprit);
    if (fd >= 0 && mounts_look(fd, &st) && st.stx_mnt_id == mount->id)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool is_tmpfs(const struct mount *mount)
{
    return str_eq(mount->type, STR("tmpfs")) || str_eq(mount->type, STR("devtmpfs"));
}

/* One file system may be mounted in many places: the first that can be opened counts. */
static bool is_new(dev_t *seen, uint32_t *n_seen, int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return false;
    for (uint32_t i = 0; i < *n_seen; i++)
        if (seen[i] == st.st_dev)
            return false;
    seen[(*n_seen)++] = st.st_dev;
    return true;
}

void mounts_each_tmpfs(struct capture *host,
                       void (*feed)(void *context, struct str point, uint64_t used_bytes),
                       void *context)
{
    struct mounts *mounts = mounts_of(host);
    dev_t *seen = xreallocarray(NULL, (size_t)mounts->n + 1, sizeof(*seen));
    uint32_t n_seen = 0;

    for (uint32_t i = 0; i < mounts->n; i++) {
        const struct mount *mount = &mounts->list[i];
        int fd = is_tmpfs(mount) ? open_point(mounts, mount) : -1;
        struct statfs fs;

        if (fd < 0)
            continue;
        /* One without a limit (size=0) has no number of blocks: what it holds is not told. */
        if (is_new(seen, &n_seen, fd) && fstatfs(fd, &fs) == 0 && fs.f_blocks > fs.f_bfree)
            feed(context, mount->point,
                 (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize);
        close(fd);
    }
    free(seen);
}
