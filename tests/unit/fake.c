/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake.h"

#include <check.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            ck_abort_msg("cannot make %s: %s", path, strerror(errno));
        *slash = '/';
    }
}

void fake_write_bytes(const struct fake *fake, const char *path, const void *bytes, size_t n)
{
    char full[512];
    FILE *f;

    snprintf(full, sizeof(full), "%s/%s", fake->root, path);
    f = fopen(full, "w");
    if (!f && errno == ENOENT) {
        make_folders(full);
        f = fopen(full, "w");
    }
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        ck_abort_msg("cannot write %s: %s", full, strerror(errno));
}

void fake_write(const struct fake *fake, const char *path, const char *fmt, ...)
{
    char *text;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    ck_assert_int_ge(n, 0);
    fake_write_bytes(fake, path, text, (size_t)n);
    free(text);
}

void fake_remove(const struct fake *fake, const char *path)
{
    char full[512];

    snprintf(full, sizeof(full), "%s/%s", fake->root, path);
    ck_assert_msg(unlink(full) == 0 || errno == ENOENT, "cannot remove %s: %s", full,
                  strerror(errno));
}

static void write_host(const struct fake *fake)
{
    fake_write(fake, "meminfo", "MemTotal:        1048576 kB\nSwapTotal:             0 kB\n");
    fake_write(fake, "cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/vda1 quiet\n");
    fake_write(fake, "sys/kernel/osrelease", "6.1.0-13-amd64\n");
    fake_write(fake, "sys/kernel/randomize_va_space", "2\n");
    fake_write(fake, "sys/vm/max_map_count", "65530\n");
    fake_write(fake, "sys/vm/mmap_min_addr", "65536\n");
    fake_write(fake, "sys/vm/overcommit_memory", "1\n");
    fake_write(fake, "sys/vm/legacy_va_layout", "0\n");
}

void fake_init(struct fake *fake)
{
    const char *tmp = getenv("TMPDIR");
    struct err err;

    memset(fake, 0, sizeof(*fake));
    snprintf(fake->root, sizeof(fake->root), "%s/fake.XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(fake->root))
        ck_abort_msg("cannot make %s: %s", fake->root, strerror(errno));
    snprintf(fake->files, sizeof(fake->files), "%s/files", fake->root);
    write_host(fake);
    if (!capture_open_host(&fake->host, fake->root, &err))
        ck_abort_msg("%s", err.text);
}

void fake_deinit(struct fake *fake)
{
    capture_close(fake->process);
    capture_close(fake->host);
}

uint64_t fake_object(const struct fake *fake, const char *name, const struct elf_spec *spec)
{
    unsigned char file[ELFBYTES];
    char path[256];
    struct stat st;

    elf_write(spec, file);
    snprintf(path, sizeof(path), "files/%s", name);
    fake_write_bytes(fake, path, file, sizeof(file));
    snprintf(path, sizeof(path), "%s/%s", fake->files, name);
    ck_assert_int_eq(stat(path, &st), 0);
    return st.st_ino;
}

void fake_objects(const struct fake *fake, unsigned int elf_class)
{
    struct elf_spec library = elf_object(elf_class, ET_DYN, 0);
    struct elf_spec program = elf_object(elf_class, ET_EXEC, 0x400000);

    library.dynamic = program.dynamic = true;
    program.interp = "/lib/ld.so";
    fake_object(fake, "ld.so", &library);
    fake_object(fake, "libc.so", &library);
    fake_object(fake, "prog", &program);
}

/* What the kernel counts in statm and status. */
struct totals {
    uint64_t all_bytes, private_writable_bytes, stack_bytes;
};

static void count(struct totals *totals, const char *line)
{
    uint64_t start, end;
    char perms[5];

    if (strstr(line, "[vsyscall]") ||
        sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, perms) != 3)
        return;
    totals->all_bytes += end - start;
    if (perms[1] == 'w' && perms[3] == 'p')
        totals->private_writable_bytes += end - start;
    if (strstr(line, "[stack]"))
        totals->stack_bytes += end - start;
}

static void print_line(FILE *out, struct totals *totals, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void print_line(FILE *out, struct totals *totals, const char *fmt, ...)
{
    char line[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    count(totals, line);
    fprintf(out, "%s\n", line);
}

enum { FILE_TEXT = 320 };

/* "fe:00 123   /tmp/.../NAME": what maps says of a file; one that was not made has inode 99. */
static void file_text(const struct fake *fake, const char *name, char buf[static FILE_TEXT])
{
    char path[224];
    struct stat st;

    snprintf(path, sizeof(path), "%s/%s", fake->files, name);
    if (stat(path, &st) < 0)
        st = (struct stat){.st_ino = 99};
    snprintf(buf, FILE_TEXT, "%02x:%02x %" PRIu64 "    %s", major(st.st_dev), minor(st.st_dev),
             (uint64_t)st.st_ino, path);
}

static void print_object(FILE *out, struct totals *totals, uint64_t at, const char *file)
{
    static const char *const perms[] = {"r--p", "r-xp", "rw-p"};

    for (unsigned int i = 0; i < 3; i++)
        print_line(out, totals, "%08" PRIx64 "-%08" PRIx64 " %s %08x %s", at + i * 0x1000,
                   at + (i + 1) * 0x1000, perms[i], i * 0x1000, file);
    print_line(out, totals, "%08" PRIx64 "-%08" PRIx64 " rw-p 00000000 00:00 0 ", at + 0x3000,
               at + 0x4000);
}

static void print_maps(const struct fake *fake, FILE *out, struct totals *totals, const char *maps)
{
    char *copy = strdup(maps), *rest = copy, *line;
    char file[FILE_TEXT];

    while ((line = strsep(&rest, "\n")) && *line) {
        char *at = strchr(line, '@');

        if (!at) {
            print_line(out, totals, "%s", line);
            continue;
        }
        file_text(fake, at + 1, file);
        *at = '\0';
        if (strchr(line, '-'))
            print_line(out, totals, "%s%s", line, file);
        else
            print_object(out, totals, strtoull(line, NULL, 16), file);
    }
    free(copy);
}

static struct totals write_maps(const struct fake *fake, const char *folder, const char *maps)
{
    struct totals totals = {0};
    char *text, path[64];
    size_t n;
    FILE *out = open_memstream(&text, &n);

    print_maps(fake, out, &totals, maps);
    fclose(out);
    snprintf(path, sizeof(path), "%s/maps", folder);
    fake_write_bytes(fake, path, text, n);
    free(text);
    return totals;
}

/* Fields from number 4 on, as proc_pid_stat(5) numbers them. */
static void write_stat(const struct fake *fake, const char *folder, const struct fake_process *p,
                       const struct totals *totals)
{
    uint64_t v[53] = {[4] = (uint64_t)(p->ppid ? p->ppid : 1),
                      [9] = p->flags,
                      [20] = p->n_threads ? p->n_threads : 1,
                      [22] = 1000,
                      [23] = totals->all_bytes,
                      [25] = UINT64_MAX,
                      [26] = 0x401000,
                      [27] = 0x402000,
                      [28] = 0x7ffffffde800,
                      [45] = 0x402000,
                      [46] = 0x403000,
                      [47] = p->start_brk,
                      [48] = 0x7ffffffde900};
    char text[2048], path[64];
    int n = snprintf(text, sizeof(text), "%d (%s) %c", p->pid, p->comm, p->state ? p->state : 'S');

    if (p->denied_addresses) {
        v[26] = v[27] = 1;
        v[28] = v[45] = v[46] = v[47] = 0;
    }
    for (unsigned int i = 4; i <= (p->n_stat_fields ? p->n_stat_fields : 52); i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, " %" PRIu64, v[i]);
    snprintf(path, sizeof(path), "%s/stat", folder);
    fake_write(fake, path, "%s\n", text);
}

static void write_status(const struct fake *fake, const char *folder, const struct fake_process *p,
                         const struct totals *totals)
{
    char path[64], vm[256] = "";

    if (p->maps)
        snprintf(vm, sizeof(vm),
                 "VmSize:\t%8" PRIu64 " kB\nVmLck:\t       0 kB\nVmRSS:\t     400 kB\n"
                 "VmData:\t%8" PRIu64 " kB\nVmStk:\t%8" PRIu64 " kB\n",
                 totals->all_bytes >> 10,
                 (totals->private_writable_bytes - totals->stack_bytes) >> 10,
                 (totals->stack_bytes + p->more_stack) >> 10);
    snprintf(path, sizeof(path), "%s/status", folder);
    fake_write(fake, path,
               "Name:\tprog\nState:\tS (sleeping)\nTgid:\t%d\nPid:\t%d\nPPid:\t1\n"
               "Uid:\t1000\t1000\t1000\t1000\nNSpid:\t%d\n%sThreads:\t%u\n"
               "CapEff:\t0000000000000000\n",
               p->pid, p->pid, p->pid, vm, p->n_threads ? p->n_threads : 1);
}

static void write_statm(const struct fake *fake, const char *folder, const struct fake_process *p,
                        const struct totals *totals)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/statm", folder);
    fake_write(fake, path, "%" PRIu64 " 100 90 2 0 %" PRIu64 " 0\n",
               (totals->all_bytes + p->odd_total_bytes) >> 12,
               (totals->private_writable_bytes + p->odd_data_bytes) >> 12);
}

static void write_limits_and_cgroup(const struct fake *fake, const char *folder,
                                    const struct fake_process *p)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/cgroup", folder);
    fake_write(fake, path, "0::/fake.slice\n");
    snprintf(path, sizeof(path), "%s/limits", folder);
    fake_write(fake, path,
               "Limit                     Soft Limit           Hard Limit           Units     \n"
               "Max data size             unlimited            unlimited            bytes     \n"
               "Max stack size            %-20s unlimited            bytes     \n",
               p->stack_limit ? p->stack_limit : "8388608");
}

static void write_auxv(const struct fake *fake, const char *folder, const struct fake_process *p)
{
    const uint64_t pairs[] = {AT_PAGESZ, 4096, AT_BASE, p->interp_base, AT_NULL, 0};
    unsigned char bytes[sizeof(pairs)];
    size_t width = p->word_bytes ? p->word_bytes : 8, n = sizeof(pairs) / sizeof(pairs[0]);
    char path[64];

    for (size_t i = 0; i < n; i++) {
        uint32_t narrow = (uint32_t)pairs[i];

        if (width == 4)
            memcpy(bytes + i * width, &narrow, width);
        else
            memcpy(bytes + i * width, &pairs[i], width);
    }
    snprintf(path, sizeof(path), "%s/auxv", folder);
    fake_write_bytes(fake, path, bytes, n * width);
}

/* The process's root is this program's, so that its mounts are too. */
/* In a chroot, "/" is no mount point and not listed; returns how many bytes were added. */
static size_t add_unlisted_root(const char *text, char *end, size_t room)
{
    struct statx st;
    char point[256];

    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        if (sscanf(line, "%*s %*s %*s %*s %255s", point) == 1 && strcmp(point, "/") == 0)
            return 0;
        if (!strchr(line, '\n'))
            break;
    }
    ck_assert_int_eq(statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &st), 0);
    return (size_t)snprintf(end, room, "%llu 1 0:1 / / rw - ext4 unlisted rw\n",
                            (unsigned long long)st.stx_mnt_id);
}

static void write_mountinfo(const struct fake *fake, const char *folder)
{
    static char text[1 << 20];
    char path[64];
    FILE *f = fopen("/proc/self/mountinfo", "r");
    size_t n;

    ck_assert_ptr_nonnull(f);
    n = fread(text, 1, sizeof(text) - 256, f);
    fclose(f);
    text[n] = '\0';
    n += add_unlisted_root(text, text + n, 256);
    snprintf(path, sizeof(path), "%s/mountinfo", folder);
    fake_write_bytes(fake, path, text, n);
}

static void make_link(const struct fake *fake, const char *folder, const char *name,
                      const char *target)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s/%s", fake->root, folder, name);
    if (symlink(target, path) < 0 &&
        (errno != EEXIST || unlink(path) < 0 || symlink(target, path) < 0))
        ck_abort_msg("cannot make %s: %s", path, strerror(errno));
}

void fake_add(const struct fake *fake, const struct fake_process *process)
{
    struct fake_process p = *process;
    struct totals totals;
    char folder[16], path[64], exe[256];

    p.pid = p.pid ? p.pid : FAKE_PID;
    p.comm = p.comm ? p.comm : "prog";
    snprintf(folder, sizeof(folder), "%d", (int)p.pid);
    totals = write_maps(fake, folder, p.maps ? p.maps : "");
    write_stat(fake, folder, &p, &totals);
    write_status(fake, folder, &p, &totals);
    write_statm(fake, folder, &p, &totals);
    write_limits_and_cgroup(fake, folder, &p);
    write_auxv(fake, folder, &p);
    snprintf(path, sizeof(path), "%s/personality", folder);
    fake_write(fake, path, "%08x\n", p.personality);
    write_mountinfo(fake, folder);
    snprintf(exe, sizeof(exe), "%s/%s", fake->files, p.exe ? p.exe : "prog");
    make_link(fake, folder, "exe", exe);
    make_link(fake, folder, "root", "/");
}

enum image_state fake_image(struct fake *fake, const struct fake_process *process,
                            struct image *image, struct err *err)
{
    pid_t pid = process->pid ? process->pid : FAKE_PID;

    fake_add(fake, process);
    if (!capture_open_process(&fake->process, fake->host, pid, err))
        ck_abort_msg("%s", err->text);
    return image_init(image, fake->process, pid, err);
}

void fake_ready(struct fake *fake, const struct fake_process *process, struct image *image)
{
    struct err err = {""};

    if (fake_image(fake, process, image, &err) != IMAGE_READY)
        ck_abort_msg("the image is not ready: %s", err.text);
}

enum image_state fake_text(const char *text, struct image *image, struct err *err)
{
    struct capture *capture = capture_open_text(strdup(text), strlen(text));

    return image_init(image, capture, 0, err);
}

const char *fake_missing(const struct image *image, const char *what)
{
    for (uint32_t i = 0; i < image->n_missing; i++)
        if (strcmp(image->missing[i].what, what) == 0)
            return image->missing[i].reason;
    return NULL;
}
