/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fixture's view of its own memory; see memory.h. */
#include "memory.h"

#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

/* /proc/self/maps line by line, without an allocation. */
struct maps {
    int fd;
    size_t pos, len;
    char buf[4096];
};

static void maps_open(struct maps *m)
{
    m->pos = m->len = 0;
    m->fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (m->fd < 0)
        broken("open /proc/self/maps");
}

static int maps_getc(struct maps *m)
{
    ssize_t n;

    if (m->pos == m->len) {
        n = read(m->fd, m->buf, sizeof(m->buf));
        if (n <= 0)
            return -1;
        m->len = (size_t)n;
        m->pos = 0;
    }
    return (unsigned char)m->buf[m->pos++];
}

static void map_parse(char *line, struct map *map)
{
    char *p = line;
    int spaces;

    map->start = strtoull(p, &p, 16);
    map->end = strtoull(p + 1, &p, 16);
    memcpy(map->perms, p + 1, 4);
    map->perms[4] = '\0';
    for (spaces = 0; *p != '\0' && spaces < 5; p++) /* the name follows the fifth field */
        spaces += *p == ' ';
    p += strspn(p, " ");
    strncpy(map->name, p, sizeof(map->name) - 1);
    map->name[sizeof(map->name) - 1] = '\0';
}

static bool maps_next(struct maps *m, struct map *map)
{
    char line[512];
    size_t len = 0;
    int c;

    while ((c = maps_getc(m)) >= 0 && c != '\n') {
        if (len < sizeof(line) - 1)
            line[len++] = (char)c;
    }
    line[len] = '\0';
    if (c < 0)
        return false;
    map_parse(line, map);
    return true;
}

bool map_above(uint64_t addr, struct map *map)
{
    struct maps m;
    bool found = false;

    maps_open(&m);
    while (!found && maps_next(&m, map))
        found = map->end > addr;
    close(m.fd);
    return found;
}

long maps_count(void)
{
    struct maps m;
    struct map map;
    long n = 0;

    maps_open(&m);
    while (maps_next(&m, &map))
        n += strcmp(map.name, "[vsyscall]") != 0;
    close(m.fd);
    return n;
}

static void *place_any(uintptr_t addr, size_t len, int prot, int flags, int fd)
{
    void *p = mmap((void *)addr, len, prot, flags | (addr != 0 ? MAP_FIXED_NOREPLACE : 0), fd, 0);

    if (p == MAP_FAILED && errno == EPERM && fd >= 0)
        skip("files of this directory may not be mapped executable");
    if (p == MAP_FAILED)
        broken("mmap");
    return p;
}

void *place(uintptr_t addr, size_t len, int prot)
{
    return place_any(addr, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

void *place_file(uintptr_t addr, size_t len, int prot, int map_type, const char *path)
{
    int fd = open(path, (map_type == MAP_SHARED ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    void *p;

    if (fd < 0)
        broken(path);
    p = place_any(addr, len, prot, map_type, fd);
    close(fd);
    return p;
}

void place_grows_down(uintptr_t addr, size_t len)
{
    place_any(addr, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1);
}

uint64_t stat_field(int n)
{
    char text[2048];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t len = read(fd, text, sizeof(text) - 1);
    char *p;
    int field;

    if (len <= 0)
        broken("read /proc/self/stat");
    close(fd);
    text[len] = '\0';
    p = strrchr(text, ')') + 1; /* the name, field 2, may hold anything */
    for (field = 3; field < n; field++)
        p += 1 + strcspn(p + 1, " ");
    return strtoull(p, NULL, 10);
}

uintptr_t break_end(void)
{
    return ((uintptr_t)sbrk(0) + PAGE - 1) & ~(PAGE - 1);
}

void *break_grow(intptr_t bytes)
{
    void *p = sbrk(bytes);

    if (p == (void *)-1)
        broken("sbrk");
    return p;
}

void break_move(uintptr_t addr)
{
    struct prctl_mm_map map = {
        .start_code = stat_field(26),
        .end_code = stat_field(27),
        .start_data = stat_field(45),
        .end_data = stat_field(46),
        .start_brk = addr,
        .brk = addr,
        .start_stack = stat_field(28),
        .arg_start = stat_field(48),
        .arg_end = stat_field(49),
        .env_start = stat_field(50),
        .env_end = stat_field(51),
        .exe_fd = (uint32_t)-1,
    };
    unsigned int size;

    if (prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) != 0)
        skip("this kernel moves no break (CONFIG_CHECKPOINT_RESTORE)");
    if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) != 0)
        broken("PR_SET_MM_MAP");
    if (brk((void *)addr) != 0) /* tells libc, too */
        broken("brk");
}

static uintptr_t break_try(void)
{
    uintptr_t start = break_end(), end = start;
    uintptr_t step;

    for (step = ~(UINTPTR_MAX >> 1); step >= PAGE; step >>= 1)
        while (end + step > end && (uintptr_t)syscall(SYS_brk, end + step) == end + step)
            end += step;
    return end - start;
}

uintptr_t break_truth(void)
{
    uintptr_t bytes = 0;
    int fds[2];
    pid_t child;

    if (pipe(fds) != 0)
        broken("pipe");
    child = fork();
    if (child < 0)
        broken("fork");
    if (child == 0) {
        bytes = break_try();
        _exit(write(fds[1], &bytes, sizeof(bytes)) != sizeof(bytes));
    }
    close(fds[1]);
    if (read(fds[0], &bytes, sizeof(bytes)) != sizeof(bytes))
        broken("the child that tries brk");
    close(fds[0]);
    waitpid(child, NULL, 0);
    return bytes;
}

/* One brk() call is granted no more than this (overcommit heuristic). */
static uint64_t one_call_max(void)
{
    struct sysinfo info;

    if (sysinfo(&info) != 0)
        broken("sysinfo");
    return ((uint64_t)info.totalram + info.totalswap) * info.mem_unit;
}

uintptr_t say_break(void)
{
    uint64_t end = break_end();
    uintptr_t room = break_truth();
    struct map next;

    say("expect brk.start == \"%#" PRIx64 "\"", stat_field(47));
    say("expect brk.end == \"%#" PRIx64 "\"", end);
    if (!map_above(end, &next))
        broken("no mapping above the break");
    say("expect brk.next.start == \"%#" PRIx64 "\"", next.start);
    say("expect brk.gap == %" PRIu64, next.start > end ? next.start - end : 0);
    if (room < one_call_max()) {
        say("expect brk.room == %" PRIuPTR, room);
        say("expect brk.limit == \"next-mapping\"");
    }
    return room;
}
