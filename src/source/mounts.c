/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/mounts.h"

/* proc(5): ID parent major:minor root MOUNT-POINT options [tags...] - TYPE source options */
static bool mountinfo_fields(struct str line, struct str *mount_point, struct str *type)
{
    struct str word;

    for (int i = 0; i < 5; i++)
        if (!str_next_word(&line, mount_point))
            return false;
    while (str_next_word(&line, &word))
        if (str_eq(word, STR("-")))
            return str_next_word(&line, type);
    return false;
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

/* The length of the part of `path` that the mount point covers; -1 when it does not cover it. */
static ssize_t covered(struct str mount_point, struct str path)
{
    size_t n = 0;

    if (str_eq(mount_point, STR("/")))
        return 0;
    while (mount_point.n > 0) {
        if (n == path.n || next_byte(&mount_point) != path.p[n])
            return -1;
        n++;
    }
    return n == path.n || path.p[n] == '/' ? (ssize_t)n : -1;
}

struct str mounts_type(struct capture *process, struct str path)
{
    struct str rest = capture_get(process, CAPTURE_MOUNTINFO)->bytes;
    struct str line, mount_point, type, best = STR("");
    ssize_t best_n = -1;

    while (str_next_line(&rest, &line)) {
        ssize_t n;

        if (!mountinfo_fields(line, &mount_point, &type))
            continue;
        n = covered(mount_point, path);
        if (n >= 0 && n >= best_n) {
            best_n = n;
            best = type;
        }
    }
    return best;
}

bool mounts_may_block(struct str type)
{
    static const char *const local[] = {
        "ext2",  "ext3",    "ext4",  "xfs",      "btrfs",  "bcachefs", "f2fs",   "jfs",
        "tmpfs", "overlay", "zfs",   "reiserfs", "nilfs2", "squashfs", "erofs",  "rootfs",
        "ramfs", "vfat",    "exfat", "iso9660",  "udf",    "devtmpfs", "cramfs", "hugetlbfs",
    };

    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
        if (str_eq(type, str_of(local[i])))
            return false;
    return true;
}
