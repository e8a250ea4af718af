/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files render/snapshot.c makes of an image, and what --private takes out of them. */
#include "render/snapshot.h"

#include "../fake.h"
#include "../rows.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_FILES = 64 };

struct file {
    char name[128];
    struct str bytes; /* with a zero behind them */
};

static struct fake fake;
static struct image image;
static struct disguise disguise;
static struct file files[MAX_FILES];
static unsigned int n_files, n_wanted, n_refused;

static bool put(void *context, const char *name, struct str bytes, struct err *err)
{
    char *copy;

    (void)context;
    if (n_files == n_wanted) {
        n_refused++;
        return err_set(err, "no room");
    }
    copy = malloc(bytes.n + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes.p, bytes.n);
    copy[bytes.n] = '\0';
    snprintf(files[n_files].name, sizeof(files[n_files].name), "%s", name);
    files[n_files++].bytes = (struct str){copy, bytes.n};
    return true;
}

static bool render(const struct disguise *given, struct err *err)
{
    struct sink sink = {.put = put};

    return render_snapshot(&image, given, &sink, err);
}

/* No bytes: there is no such file. */
static struct str file_bytes(const char *name)
{
    struct str bytes = {NULL, 0};

    for (unsigned int i = 0; i < n_files; i++)
        if (strcmp(files[i].name, name) == 0) {
            ck_assert_msg(!bytes.p, "%s is made twice", name);
            bytes = files[i].bytes;
        }
    return bytes;
}

static const char *file_text(const char *name)
{
    struct str bytes = file_bytes(name);

    ck_assert_msg(bytes.p != NULL, "there is no %s", name);
    ck_assert_uint_eq(bytes.n, strlen(bytes.p));
    return bytes.p;
}

static bool has_line(const char *name, const char *line)
{
    struct str rest = str_of(file_text(name)), found;

    while (str_next_line(&rest, &found))
        if (str_eq(found, str_of(line)))
            return true;
    return false;
}

/* Of a kernel with both versions of cgroups; what a person named stands in all fields that can. */
#define MOUNTS                                                                                \
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/mary rw\n"                                 \
    "23 22 0:26 /mary/of /srv/mary/cg rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"   \
    "24 22 0:27 / /mnt/v1 rw - cgroup cgroup rw,release_agent=/srv/mary/agent,name=systemd\n" \
    "25 22 0:28 / /home/cgroup rw - tmpfs cgroup rw\n"

static void setup(void)
{
    fake_init(&fake);
    fake_objects(&fake, 64);
    memset(&image, 0, sizeof(image));
    n_files = 0;
    n_wanted = MAX_FILES;
    fake_write(&fake, "cmdline", "root=LABEL=mary password=x stack_guard_gap=512 quiet\n");
    fake_write(&fake, "self/mountinfo", MOUNTS);
    fake_write(&fake, "sys/vm/admin_reserve_kbytes", "8192\n");
    fake_write(&fake, "sys/vm/user_reserve_kbytes", "131072\n");
}

static void forget_files(void)
{
    while (n_files > 0)
        free((char *)(uintptr_t)files[--n_files].bytes.p);
}

static void teardown(void)
{
    forget_files();
    image_deinit(&image);
    fake_deinit(&fake);
}

#define MARYS_FILE "7ffff0000000-7ffff0001000 r--s 00003000 08:01 77 "
#define MARYS_HEAP "7ffff0002000-7ffff0003000 rw-p 00000000 00:00 0 "
#define MARYS      MARYS_FILE "   /srv/mary/a (deleted)\n" MARYS_HEAP "   [anon:mary's heap]\n"
#define MARYS_SMAPS                                                                      \
    MARYS_FILE                                                                           \
    "   /srv/mary/a (deleted)\nSize:                  4 kB\nVmFlags: rd sh\n" MARYS_HEAP \
    "   [anon:mary's heap]\nSize:                  4 kB\n"                               \
    "7ffff0004000-7ffff0005000 rw-p 00000000 00:00 0 \nSize:                  4 kB\n"
#define MARYS_CGROUPS "12:memory:/lxc/mary\n0::/user.slice/mary.scope\n"
#define MARYS_COMMAND "prog\0--password=x"

/* What has a name of hers, she may have given; what has none comes from the kernel. */
static void make(void)
{
    struct fake_process process = {.maps = FAKE_PROG FAKE_HEAP MARYS FAKE_AREA,
                                   .start_brk = FAKE_BREAK};
    struct err err = {""};

    fake_add(&fake, &process);
    fake_write(&fake, "4321/cgroup", MARYS_CGROUPS);
    fake_write(&fake, "4321/smaps", MARYS_SMAPS);
    fake_write_bytes(&fake, "4321/cmdline", MARYS_COMMAND, sizeof(MARYS_COMMAND));
    ck_assert(capture_open_process(&fake.process, fake.host, FAKE_PID, &err));
    capture_keep(fake.process);
    ck_assert_msg(image_init(&image, fake.process, FAKE_PID, &err) == IMAGE_READY, "%s", err.text);
    image_read_allocator(&image);
    image_find_jit(&image);
    disguise_init(&disguise, &image.arena);
    disguise_user(&disguise, "mary");
}

static void make_files(bool is_private)
{
    struct err err = {""};

    forget_files();
    ck_assert_msg(render(is_private ? &disguise : NULL, &err), "%s", err.text);
}

/* What /proc holds. */
static struct str original(const char *path)
{
    static char bytes[1 << 16];
    char full[256];
    FILE *f;
    size_t n;

    snprintf(full, sizeof(full), "%s/%s", fake.root, path);
    f = fopen(full, "r");
    ck_assert_msg(f != NULL, "cannot open %s", full);
    n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    return (struct str){bytes, n};
}

static const struct {
    const char *name, *original;
    bool has_names;
} copies[] = {
    {"stat", "4321/stat", false},
    {"status", "4321/status", false},
    {"statm", "4321/statm", false},
    {"limits", "4321/limits", false},
    {"auxv", "4321/auxv", false},
    {"personality", "4321/personality", false},
    {"cgroup", "4321/cgroup", true},
    {"smaps", "4321/smaps", true},
    {"cmdline", "4321/cmdline", true},
    {"host/proc/meminfo", "meminfo", false},
    {"host/proc/sys/kernel/osrelease", "sys/kernel/osrelease", false},
    {"host/proc/sys/kernel/randomize_va_space", "sys/kernel/randomize_va_space", false},
    {"host/proc/sys/vm/max_map_count", "sys/vm/max_map_count", false},
    {"host/proc/sys/vm/mmap_min_addr", "sys/vm/mmap_min_addr", false},
    {"host/proc/sys/vm/overcommit_memory", "sys/vm/overcommit_memory", false},
    {"host/proc/sys/vm/admin_reserve_kbytes", "sys/vm/admin_reserve_kbytes", false},
    {"host/proc/sys/vm/user_reserve_kbytes", "sys/vm/user_reserve_kbytes", false},
    {"host/proc/sys/vm/legacy_va_layout", "sys/vm/legacy_va_layout", false},
};

START_TEST(test_copy)
{
    make();
    for (int is_private = 0; is_private <= !copies[_i].has_names; is_private++) {
        make_files(is_private);
        ck_assert_msg(str_eq(file_bytes(copies[_i].name), original(copies[_i].original)),
                      "%s: is something else", copies[_i].name);
    }
}
END_TEST

/* Lines, as they are and in disguise; the latter NULL: the line is nowhere. */
static const struct {
    const char *name;
    const char *file, *line, *disguised;
} lines[] = {
    {"a deleted file", "maps", MARYS_FILE "                        /srv/mary/a (deleted)",
     MARYS_FILE "                        /srv/user1/a (deleted)"},
    {"a name without a file", "maps", MARYS_HEAP "                         [anon:mary's heap]",
     MARYS_HEAP "                         [anon:user1's heap]"},
    {"the heap", "maps",
     "01000000-01021000 rw-p 00000000 00:00 0                                  [heap]",
     "01000000-01021000 rw-p 00000000 00:00 0                                  [heap]"},
    {"a deleted file in smaps", "smaps", MARYS_FILE "   /srv/mary/a (deleted)",
     MARYS_FILE "   /srv/user1/a (deleted)"},
    {"a name in smaps", "smaps", MARYS_HEAP "   [anon:mary's heap]",
     MARYS_HEAP "   [anon:user1's heap]"},
    {"a size in smaps", "smaps", "Size:                  4 kB", "Size:                  4 kB"},
    {"no name in smaps", "smaps", "7ffff0004000-7ffff0005000 rw-p 00000000 00:00 0 ",
     "7ffff0004000-7ffff0005000 rw-p 00000000 00:00 0 "},
    {"a cgroup", "cgroup", "0::/user.slice/mary.scope", "0::/user.slice/user1.scope"},
    {"of version 1", "cgroup", "12:memory:/lxc/mary", "12:memory:/lxc/user1"},
    {"the mount of cgroups", "host/proc/self/mountinfo",
     "23 22 0:26 /mary/of /srv/mary/cg rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate",
     "23 22 0:26 /user1/of /srv/user1/cg rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"},
    {"a path among its options", "host/proc/self/mountinfo",
     "24 22 0:27 / /mnt/v1 rw - cgroup cgroup rw,release_agent=/srv/mary/agent,name=systemd",
     "24 22 0:27 / /mnt/v1 rw - cgroup cgroup rw,release_agent=/srv/user1/agent,name=systemd"},
    {"an object", "objects", "object: /srv/mary/lib.so", "object: /srv/user1/lib.so"},
    {"its interpreter", "objects", "interp: /srv/mary/ld.so", "interp: /srv/user1/ld.so"},
    {"malloc", "about", "allocator_evidence: /srv/mary/lib.so defines malloc",
     "allocator_evidence: /srv/user1/lib.so defines malloc"},
    {"whose it is", "about", "user: mary", NULL},
    {"whether it is private", "about", "private: no", "private: yes"},
    {"an ancestor", "ancestors", "pid: 71", "pid: 71"},
    {"a setting that is missing", "about",
     "missing cpu/online: this kernel does not have it, or the process has ended",
     "missing cpu/online: this kernel does not have it, or the process has ended"},
    {"a parameter that is missing", "about",
     "missing ignore_rlimit_data: this kernel does not have it, or the process has ended",
     "missing ignore_rlimit_data: this kernel does not have it, or the process has ended"},
    {"a file that is missing", "about",
     "missing uid_map: this kernel does not have it, or the process has ended",
     "missing uid_map: this kernel does not have it, or the process has ended"},
};

/* Made up: the objects of a test lie where its files lie, and its parent is not there. */
static void make_names(void)
{
    static struct ancestor parent = {.pid = 71};
    struct object *object = &image.objects[0];

    ck_assert_uint_gt(image.n_objects, 0);
    object->path = STR("/srv/mary/lib.so");
    object->has_head = true;
    object->head.interp = "/srv/mary/ld.so";
    image.allocator.evidence = "/srv/mary/lib.so defines malloc";
    image.user = "mary";
    image.ancestors = &parent;
    image.n_ancestors = 1;
}

START_TEST(test_line)
{
    make();
    make_names();
    make_files(false);
    ROW_NUMBER(&lines[_i], has_line(lines[_i].file, lines[_i].line), true);
    make_files(true);
    if (lines[_i].disguised)
        ROW_NUMBER(&lines[_i], has_line(lines[_i].file, lines[_i].disguised), true);
    else
        ROW_NUMBER(&lines[_i], has_line(lines[_i].file, lines[_i].line), false);
}
END_TEST

/* Wherever a name may stand, in files and in the names of files. */
START_TEST(test_nothing_left)
{
    make();
    make_names();
    capture_note_path(fake.process, "/srv/mary/cg/memory.max", STR("max\n"));
    make_files(true);
    ck_assert_uint_gt(n_files, 10);
    for (unsigned int i = 0; i < n_files; i++) {
        ck_assert_ptr_null(strstr(files[i].name, "mary"));
        ck_assert_msg(!memmem(files[i].bytes.p, files[i].bytes.n, "mary", 4), "%s has the name",
                      files[i].name);
    }
}
END_TEST

/* A link's text is a line. */
START_TEST(test_link)
{
    char wanted[256];

    make();
    make_files(false);
    snprintf(wanted, sizeof(wanted), "%s/prog\n", fake.files);
    ck_assert_str_eq(file_text("exe"), wanted);
    disguise_user(&disguise, "prog");
    make_files(true);
    snprintf(wanted, sizeof(wanted), "%s/user2\n", fake.files);
    ck_assert_str_eq(file_text("exe"), wanted);
}
END_TEST

START_TEST(test_left_out)
{
    make();
    make_files(true);
    ck_assert_ptr_null(file_bytes("cmdline").p);
    ck_assert_ptr_null(strstr(file_text("about"), "command line"));
    for (int is_private = 0; is_private <= 1; is_private++) {
        make_files(is_private);
        ck_assert_str_eq(file_text("host/proc/cmdline"), "stack_guard_gap=512\n");
        ck_assert_ptr_null(strstr(file_text("host/proc/self/mountinfo"), "ext4"));
        ck_assert_ptr_null(strstr(file_text("host/proc/self/mountinfo"), "tmpfs"));
        ck_assert_ptr_null(file_bytes("uid_map").p);
    }
}
END_TEST

/* Of the moment that maps is of, whatever the kernel says later. */
START_TEST(test_moment)
{
    make();
    image.statm = "11 10 9 2 0 8 0\n";
    image.mappings[0].range.start = 0x3ff000;
    make_files(false);
    ck_assert_str_eq(file_text("statm"), "11 10 9 2 0 8 0\n");
    ck_assert_ptr_nonnull(strstr(file_text("maps"), "003ff000-00401000 r--p "));
    image.statm = NULL;
    make_files(false);
    ck_assert(str_eq(file_bytes("statm"), original("4321/statm")));
}
END_TEST

static const struct {
    const char *name, *path, *file; /* NULL: none is made of it */
} cgroup_files[] = {
    {"a file", "/sys/fs/cgroup/x/memory.max", "host/sys/fs/cgroup/x/memory.max"},
    {"dots in names", "/sys/..x/y../.z/memory.max", "host/sys/..x/y../.z/memory.max"},
    {"up", "/sys/../../memory.max", NULL},
    {"up at the end", "/sys/..", NULL},
    {"up at once", "/..", NULL},
    {"a folder's own name", "/sys/./memory.max", NULL},
};

START_TEST(test_cgroup_file)
{
    unsigned int n;

    make();
    make_files(false);
    n = n_files;
    capture_note_path(fake.process, cgroup_files[_i].path, STR("4096\n"));
    make_files(false);
    ROW_NUMBER(&cgroup_files[_i], n_files, n + (cgroup_files[_i].file ? 1 : 0));
    if (cgroup_files[_i].file)
        ROW_TEXT(&cgroup_files[_i], file_text(cgroup_files[_i].file), "4096\n");
}
END_TEST

/* Reasons come from snapshots, too, which others may have made. */
START_TEST(test_hostile_reason)
{
    struct capture *saved;
    struct err err = {""};
    char path[256];

    fake_write(&fake, "snap/maps", FAKE_STACK);
    fake_write(&fake, "snap/about", "format: 1\nmissing stat: no\\012missing auxv: yes\n");
    snprintf(path, sizeof(path), "%s/snap", fake.root);
    ck_assert(capture_open_snapshot(&saved, path, &err));
    ck_assert_int_eq(image_init(&image, saved, 0, &err), IMAGE_READY);
    image_read_allocator(&image);
    image_find_jit(&image);
    make_files(false);
    ck_assert(has_line("about", "missing stat: no\\012missing auxv: yes"));
    capture_close(saved);
}
END_TEST

/* Maps of a directory that somebody made by hand. */
static const struct {
    const char *name, *maps;
    bool is_saved; /* else the copy would say more than this, or could not be read */
} maps[] = {
    {"the kernel's", "400000-401000 r-xp 00001000 08:01 7 /bin/a\n" FAKE_STACK, true},
    {"an object without an inode", "400000-401000 r-xp 0 00:00 0 /bin/a\n" FAKE_STACK, true},
    {"no rights", "0x400000 0x401000 0x1000 0x0 /bin/a\n", false},
    {"no rights to read", "==71==Process memory map follows:\n0x1000-0x2000\t/x\n", false},
    {"no inodes", "71:   a\n08048000      4K r-x-- a\n", false},
    {"a name without its directory", "400000-401000 r-xp 0 00:00 0 libc-2.31.so\n", false},
    {"a line that is none", "400000-401000 r-xp 00001000 08:01 7 /bin/a\n400", false},
};

START_TEST(test_maps_by_hand)
{
    struct capture *saved;
    struct err err = {""};
    char path[256];

    fake_write_bytes(&fake, "snap/maps", maps[_i].maps, strlen(maps[_i].maps));
    snprintf(path, sizeof(path), "%s/snap", fake.root);
    ck_assert(capture_open_snapshot(&saved, path, &err));
    ROW_NUMBER(&maps[_i], image_init(&image, saved, 0, &err), IMAGE_READY);
    image_read_allocator(&image);
    image_find_jit(&image);
    ROW_NUMBER(&maps[_i], render(NULL, &err), maps[_i].is_saved);
    ROW_NUMBER(&maps[_i], n_files > 0, maps[_i].is_saved);
    if (!maps[_i].is_saved)
        ROW_SAYS(&maps[_i], err.text, "as the kernel writes it");
    capture_close(saved);
}
END_TEST

/* The first that fails is the last that is asked for, and its reason is told. */
START_TEST(test_full)
{
    struct err err = {""};
    unsigned int n;

    make();
    make_files(false);
    n = n_files;
    for (n_wanted = 0; n_wanted < n; n_wanted++) {
        forget_files();
        n_refused = 0;
        ck_assert(!render(NULL, &err));
        ck_assert_uint_eq(n_files, n_wanted);
        ck_assert_uint_eq(n_refused, 1);
        ck_assert_ptr_nonnull(strstr(err.text, "no room"));
    }
}
END_TEST

Suite *snapshot_files_suite(void)
{
    Suite *suite = suite_create("snapshot_files");
    TCase *tcase = tcase_create("render");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_copy, copies);
    ROWS_ADD(tcase, test_line, lines);
    ROWS_ADD(tcase, test_cgroup_file, cgroup_files);
    ROWS_ADD(tcase, test_maps_by_hand, maps);
    tcase_add_test(tcase, test_nothing_left);
    tcase_add_test(tcase, test_link);
    tcase_add_test(tcase, test_left_out);
    tcase_add_test(tcase, test_moment);
    tcase_add_test(tcase, test_hostile_reason);
    tcase_add_test(tcase, test_full);
    suite_add_tcase(suite, tcase);
    return suite;
}
