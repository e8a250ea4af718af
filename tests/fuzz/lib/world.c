/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include "fuzz.h"

#include "parse/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum { N_FILES = 4, MAX_NAME = 200 };

/*
 * Where the parts go, and what was written there last: most are the same as of the input before.
 */
static struct place {
    const char *part;
    const char *path;
    bool maps; /* "@0" stands for a file */
    bool is_there;
    struct text bytes;
} places[] = {
    {.part = "maps", .path = "4321/maps", .maps = true},
    {.part = "smaps", .path = "4321/smaps", .maps = true},
    {.part = "stat", .path = "4321/stat"},
    {.part = "statm", .path = "4321/statm"},
    {.part = "status", .path = "4321/status"},
    {.part = "limits", .path = "4321/limits"},
    {.part = "auxv", .path = "4321/auxv"},
    {.part = "personality", .path = "4321/personality"},
    {.part = "cgroup", .path = "4321/cgroup"},
    {.part = "uid_map", .path = "4321/uid_map"},
    {.part = "mountinfo", .path = "4321/mountinfo"},
    {.part = "about", .path = "4321/about"},
    {.part = "objects", .path = "4321/objects"},
    {.part = "ancestors", .path = "4321/ancestors"},
    {.part = "saved/meminfo", .path = "4321/host/proc/meminfo"},
    {.part = "saved/cmdline", .path = "4321/host/proc/cmdline"},
    {.part = "saved/osrelease", .path = "4321/host/proc/sys/kernel/osrelease"},
    {.part = "saved/randomize_va_space", .path = "4321/host/proc/sys/kernel/randomize_va_space"},
    {.part = "saved/max_map_count", .path = "4321/host/proc/sys/vm/max_map_count"},
    {.part = "saved/mmap_min_addr", .path = "4321/host/proc/sys/vm/mmap_min_addr"},
    {.part = "saved/overcommit_memory", .path = "4321/host/proc/sys/vm/overcommit_memory"},
    {.part = "saved/legacy_va_layout", .path = "4321/host/proc/sys/vm/legacy_va_layout"},
    {.part = "parent/maps", .path = "1/maps"},
    {.part = "parent/stat", .path = "1/stat"},
    {.part = "parent/status", .path = "1/status"},
    {.part = "parent/limits", .path = "1/limits"},
    {.part = "parent/auxv", .path = "1/auxv"},
    {.part = "parent/personality", .path = "1/personality"},
    {.part = "host/meminfo", .path = "meminfo"},
    {.part = "host/cmdline", .path = "cmdline"},
    {.part = "host/slabinfo", .path = "slabinfo"},
    {.part = "host/vmstat", .path = "vmstat"},
    {.part = "host/zoneinfo", .path = "zoneinfo"},
    {.part = "host/dentry-state", .path = "sys/fs/dentry-state"},
    {.part = "host/osrelease", .path = "sys/kernel/osrelease"},
    {.part = "host/randomize_va_space", .path = "sys/kernel/randomize_va_space"},
    {.part = "host/max_map_count", .path = "sys/vm/max_map_count"},
    {.part = "host/mmap_min_addr", .path = "sys/vm/mmap_min_addr"},
    {.part = "host/overcommit_memory", .path = "sys/vm/overcommit_memory"},
    {.part = "host/overcommit_ratio", .path = "sys/vm/overcommit_ratio"},
    {.part = "host/overcommit_kbytes", .path = "sys/vm/overcommit_kbytes"},
    {.part = "host/legacy_va_layout", .path = "sys/vm/legacy_va_layout"},
    {.part = "host/mmap_rnd_bits", .path = "sys/vm/mmap_rnd_bits"},
    {.part = "host/mmap_rnd_compat_bits", .path = "sys/vm/mmap_rnd_compat_bits"},
    {.part = "file0", .path = "files/0", .is_there = true},
    {.part = "file1", .path = "files/1", .is_there = true},
    {.part = "file2", .path = "files/2", .is_there = true},
    {.part = "file3", .path = "files/3", .is_there = true},
};

enum { N_PLACES = sizeof(places) / sizeof(places[0]) };

static const char *const folders[] = {"4321",
                                      "4321/host",
                                      "4321/host/proc",
                                      "4321/host/proc/sys",
                                      "4321/host/proc/sys/kernel",
                                      "4321/host/proc/sys/vm",
                                      "1",
                                      "files",
                                      "sys",
                                      "sys/fs",
                                      "sys/kernel",
                                      "sys/vm"};

enum { N_FOLDERS = sizeof(folders) / sizeof(folders[0]) };

static char root[128];
static struct text own_mounts;
static struct capture *open_host, *open_process;

/* The program waits for a process to settle, which files do not. */
int poll(struct pollfd *fds, nfds_t n, int milliseconds)
{
    struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

    return n == 0 ? 0 : ppoll(fds, n, milliseconds < 0 ? NULL : &timeout, NULL);
}

static void demand(bool done, const char *what)
{
    if (done)
        return;
    fprintf(stderr, "cannot make %s: %s\n", what, strerror(errno));
    abort();
}

static const char *below(const char *path)
{
    static char full[sizeof(root) + MAX_NAME + 32];

    snprintf(full, sizeof(full), "%s/%s", root, path);
    return full;
}

static void world_remove(void)
{
    capture_close(open_process);
    capture_close(open_host);
    for (int i = 0; i < N_PLACES; i++) {
        unlink(below(places[i].path));
        text_free(&places[i].bytes);
    }
    text_free(&own_mounts);
    unlink(below("4321/exe"));
    unlink(below("4321/root"));
    unlink(below("4321/mem"));
    for (int i = N_FOLDERS - 1; i >= 0; i--)
        rmdir(below(folders[i]));
    rmdir(root);
}

static void read_own_mounts(void)
{
    FILE *in = fopen("/proc/self/mountinfo", "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    while (in && (n = getline(&line, &room, in)) > 0)
        text_add_str(&own_mounts, (struct str){line, (size_t)n});
    free(line);
    if (in)
        fclose(in);
}

static void write_file(const char *path, struct str bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    demand(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n, path);
    close(fd);
}

static void world_make(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(root, sizeof(root), "%s/layoutcheck-fuzz.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    demand(mkdtemp(root), root);
    for (int i = 0; i < N_FOLDERS; i++)
        demand(mkdir(below(folders[i]), 0700) == 0, folders[i]);
    for (int i = 0; i < N_PLACES; i++)
        if (places[i].is_there)
            write_file(below(places[i].path), STR(""));
    demand(symlink("/", below("4321/root")) == 0, "root");
    read_own_mounts();
    atexit(world_remove);
}

/* A part goes on to the next line that begins with "== ". */
static bool next_part(struct str *rest, struct str *name, struct str *bytes)
{
    const char *end;

    while (str_next_line(rest, name) && !str_starts(*name, STR("== ")))
        ;
    if (!str_starts(*name, STR("== ")))
        return false;
    name->p += 3;
    name->n -= 3;
    end = str_starts(*rest, STR("== ")) ? rest->p : memmem(rest->p, rest->n, "\n== ", 4);
    bytes->p = rest->p;
    bytes->n = end ? (size_t)(end - rest->p) : rest->n;
    if (end && bytes->n > 0)
        bytes->n++; /* the newline belongs to the part */
    rest->p += bytes->n;
    rest->n -= bytes->n;
    return true;
}

bool world_part(struct str input, const char *name, struct str *bytes)
{
    struct str found = STR("");

    while (next_part(&input, &found, bytes))
        if (str_eq(found, str_of(name)))
            return true;
    *bytes = STR("");
    return false;
}

static void add_file(struct text *text, unsigned int number)
{
    char path[MAX_NAME];
    struct stat st = {0};

    snprintf(path, sizeof(path), "%s/files/%u", root, number);
    stat(path, &st);
    text_add(text, "%02x:%02x %" PRIu64 "     %s", major(st.st_dev), minor(st.st_dev),
             (uint64_t)st.st_ino, path);
}

/* Fills in "@0" and so on. */
static struct text fill_in(struct str bytes)
{
    struct text text = {NULL, 0, 0};

    while (bytes.n > 0) {
        const char *at = memchr(bytes.p, '@', bytes.n);
        size_t n = at ? (size_t)(at - bytes.p) : bytes.n;

        text_add_str(&text, (struct str){bytes.p, n});
        bytes.p += n;
        bytes.n -= n;
        if (bytes.n >= 2 && bytes.p[1] >= '0' && bytes.p[1] < '0' + N_FILES) {
            add_file(&text, (unsigned int)(bytes.p[1] - '0'));
            n = 2;
        } else {
            n = bytes.n > 0;
            text_add_str(&text, (struct str){bytes.p, n});
        }
        bytes.p += n;
        bytes.n -= n;
    }
    return text;
}

struct totals {
    uint64_t all_bytes, private_writable_bytes;
};

static void count(void *context, const struct maps_line *line)
{
    struct totals *totals = context;

    if (str_eq(line->name, STR("[vsyscall]")))
        return;
    totals->all_bytes += range_size(line->range);
    if ((line->perms & (PERM_WRITE | PERM_SHARED)) == PERM_WRITE)
        totals->private_writable_bytes += range_size(line->range);
}

/* What fits maps, so that the program takes it for a consistent picture. */
static struct text fitting_statm(struct str input)
{
    struct text text = {NULL, 0, 0}, maps;
    struct totals totals = {0, 0};
    struct maps_parser parser;
    struct str bytes;

    world_part(input, "maps", &bytes);
    maps = fill_in(bytes);
    maps_parser_init(&parser, count, &totals);
    maps_feed(&parser, text_str(&maps));
    maps_finish(&parser, NULL);
    text_free(&maps);
    text_add(&text, "%" PRIu64 " 100 90 2 0 %" PRIu64 " 0\n", totals.all_bytes >> 12,
             totals.private_writable_bytes >> 12);
    return text;
}

/* What there is without being told. */
static bool default_part(struct str input, const char *part, struct text *text)
{
    if (strcmp(part, "statm") == 0)
        *text = fitting_statm(input);
    else if (strcmp(part, "mountinfo") == 0)
        text_add_str(text, text_str(&own_mounts));
    else
        return false;
    return true;
}

static void place_set(struct place *place, bool is_there, struct str bytes)
{
    if (place->is_there == is_there && str_eq(text_str(&place->bytes), bytes))
        return;
    if (is_there)
        write_file(below(place->path), bytes);
    else
        unlink(below(place->path));
    place->is_there = is_there;
    place->bytes.n = 0;
    text_add_str(&place->bytes, bytes);
}

static void place_fill(struct place *place, struct str input)
{
    struct text text = {NULL, 0, 0};
    struct str bytes;
    bool is_there = world_part(input, place->part, &bytes);

    if (!is_there)
        is_there = default_part(input, place->part, &text);
    else if (place->maps)
        text = fill_in(bytes);
    else
        text_add_str(&text, bytes);
    /* Files have an inode number, which is to stay. */
    place_set(place, is_there || strncmp(place->part, "file", 4) == 0, text_str(&text));
    text_free(&text);
}

/* Never leads out of the directory. */
static void set_exe(struct str input)
{
    char target[sizeof(root) + 8 + MAX_NAME];
    struct str name;
    size_t n;

    unlink(below("4321/exe"));
    if (world_part(input, "saved/exe", &name)) {
        write_file(below("4321/exe"), name);
        return;
    }
    if (!world_part(input, "exe", &name))
        return;
    name = str_trim(name);
    if (name.n == 2 && name.p[0] == '@')
        name = (struct str){name.p + 1, 1};
    n = (size_t)snprintf(target, sizeof(target), "%s/files/", root);
    for (size_t i = 0; i < name.n && i < MAX_NAME && name.p[i]; i++)
        target[n++] = name.p[i] == '/' ? '_' : name.p[i];
    target[n] = '\0';
    demand(symlink(target, below("4321/exe")) == 0, "exe");
}

/* A file with holes: what is not told of reads as zeros up to what is, and fails beyond. */
static void set_memory(struct str input)
{
    struct str name = STR(""), bytes;
    int fd = -1;

    unlink(below("4321/mem"));
    while (next_part(&input, &name, &bytes)) {
        uint64_t address;

        if (!str_starts(name, STR("mem ")) ||
            !str_hex_to_u64((struct str){name.p + 4, name.n - 4}, &address) || address > INT64_MAX)
            continue;
        if (fd < 0)
            fd = open(below("4321/mem"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        /* Where no file can be that large, there is no such memory. */
        if (pwrite(fd, bytes.p, bytes.n, (off_t)address) < 0)
            continue;
    }
    if (fd >= 0)
        close(fd);
}

static void world_fill(struct str input)
{
    if (!*root)
        world_make();
    capture_close(open_process);
    capture_close(open_host);
    open_process = open_host = NULL;
    for (int i = N_PLACES - 1; i >= 0; i--)
        place_fill(&places[i], input);
    set_exe(input);
    set_memory(input);
}

void world_set(struct str input, struct capture **host, struct capture **process)
{
    struct err err = {""};

    world_fill(input);
    demand(capture_open_host(&open_host, root, &err) &&
               capture_open_process(&open_process, open_host, WORLD_PID, &err),
           err.text);
    *host = open_host;
    *process = open_process;
}

struct capture *world_set_saved(struct str input, struct err *err)
{
    char path[sizeof(root) + 8];

    world_fill(input);
    snprintf(path, sizeof(path), "%s/4321", root);
    return capture_open_snapshot(&open_process, path, err) ? open_process : NULL;
}
