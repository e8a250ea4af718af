/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far brk, mmap and the stack can grow, each finding about it at its exact thresholds. A limit
 * is set to leave a certain room, and the kernel is asked whether that is true before it is said.
 */
#include "fixture.h"
#include "memory.h"
#include "object.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_GUARD    (256 * PAGE) /* mm/mmap.c stack_guard_gap */
#define LONG_MAP_COUNT 300000       /* more would take too long to build */

/* A field of /proc/self/status that is in kB, in bytes. */
static rlim_t status_field(const char *name)
{
    char text[4096];
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t len = read(fd, text, sizeof(text) - 1);
    const char *field;

    if (len <= 0)
        broken("read /proc/self/status");
    close(fd);
    text[len] = '\0';
    field = strstr(text, name);
    if (field == NULL)
        broken(name);
    return (rlim_t)strtoull(field + strlen(name), NULL, 10) << 10;
}

static rlim_t hard_limit(int resource)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0)
        broken("getrlimit");
    return limit.rlim_max;
}

static void limit_set(int resource, rlim_t bytes)
{
    const struct rlimit limit = {bytes, hard_limit(resource)};

    if (bytes > limit.rlim_max && setrlimit(resource, &(struct rlimit){bytes, bytes}) == 0)
        return;
    if (setrlimit(resource, &limit) != 0)
        skip("the hard limit is too low here");
}

/* What the kernel grants. Each is undone at once. */

static bool brk_grants(uintptr_t bytes)
{
    uintptr_t now = (uintptr_t)sbrk(0), wanted = break_end() + bytes;
    bool granted = (uintptr_t)syscall(SYS_brk, wanted) == wanted;

    syscall(SYS_brk, now);
    return granted;
}

static bool mmap_grants(uintptr_t bytes, int flags)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

    if (p != MAP_FAILED)
        munmap(p, bytes);
    return p != MAP_FAILED;
}

static struct map stack_map(void)
{
    struct map map;

    if (!map_above((uintptr_t)&map, &map))
        broken("no stack");
    return map;
}

/* A child touches the lowest byte, and is killed when it may not. */
static bool stack_grants(uintptr_t bytes)
{
    volatile char *lowest = (volatile char *)(uintptr_t)(stack_map().start - bytes);
    pid_t child = fork();
    int status;

    if (child < 0)
        broken("fork");
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        *lowest = 1;
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child)
        broken("waitpid");
    return WIFEXITED(status);
}

static void verify(const char *what, bool room_granted, bool more_granted)
{
    if (room_granted && !more_granted)
        return;
    say("broken %s: the kernel %s", what, room_granted ? "grants more" : "refuses what is left");
    _exit(2);
}

static void say_severity(const char *id, uint64_t room, uint64_t error, uint64_t warning)
{
    if (room < warning)
        say("finding %s %s", id, room < error ? "error" : "warning");
    else
        say("no-finding %s", id);
}

static void say_brk_room(uintptr_t room, const char *limit)
{
    verify("brk", room == 0 || brk_grants(room), brk_grants(room + PAGE));
    say("expect brk.room == %" PRIuPTR, room);
    say("expect brk.limit == \"%s\"", limit);
    say_severity("brk-limit-low", room, MIB(4), MIB(64));
    if (room < MIB(64))
        say("expect findings[id=brk-limit-low].evidence.limit == \"%s\"", limit);
    say("no-finding brk-blocked");
    say("no-finding brk-room-low");
    say("exit %d", room < MIB(4));
}

static void say_mmap_room(uintptr_t room, const char *limit)
{
    verify("mmap", room == 0 || mmap_grants(room, 0), mmap_grants(room + PAGE, 0));
    say("expect mmap.room == %" PRIuPTR, room);
    say("expect mmap.limit == \"%s\"", limit);
    say_severity("mmap-room-low", room, MIB(4), MIB(64));
}

/* Limits of the process: those that brk and mmap share. */

/* What is found of so little room is one story, and begins with its cause. */
static void say_cause(uintptr_t room, const char *id, const char *name)
{
    if (room >= MIB(64))
        return;
    say("expect findings[0].id == \"%s\"", id);
    say("expect findings[0] contains \"%s\"", name);
    say("expect findings[id=brk-limit-low].causes contains \"%s\"", id);
    say("expect findings[id=mmap-room-low].causes contains \"%s\"", id);
}

/* Where nothing but the limit is to blame, neither of the two is the other's cause. */
static void say_twins(uintptr_t room, const char *limit)
{
    if (room >= MIB(64))
        return;
    say("expect findings[0].id == \"brk-limit-low\"");
    say("expect findings[0] contains \"%s\"", limit);
    say("expect findings[1].id == \"mmap-room-low\"");
    say("expect findings[0].causes == []");
    say("expect findings[1].causes == []");
}

static void data_limit(long room)
{
    limit_set(RLIMIT_DATA, status_field("VmData:") + (rlim_t)room);
    say_brk_room((uintptr_t)room, "rlimit-data");
    say_mmap_room((uintptr_t)room, "rlimit-data");
    say_twins((uintptr_t)room, "rlimit-data");
}

/* A soft limit of 0 stops brk, while mmap goes by the hard one. */
static void data_limit_zero(long arg)
{
    if (hard_limit(RLIMIT_DATA) != RLIM_INFINITY)
        skip("RLIMIT_DATA has a hard limit here");
    break_grow((intptr_t)KIB(64));
    limit_set(RLIMIT_DATA, 0);
    say_brk_room(0, "rlimit-data");
    if (!mmap_grants(MIB(64), 0))
        broken("mmap");
    say("no-finding mmap-room-low");
}

static void address_limit(long room)
{
    limit_set(RLIMIT_AS, status_field("VmSize:") + (rlim_t)room);
    say_brk_room((uintptr_t)room, "rlimit-as");
    say_mmap_room((uintptr_t)room, "rlimit-as");
    say_twins((uintptr_t)room, "rlimit-as");
}

/* A sixteenth of RLIMIT_AS is left, less so many pages. */
static void address_limit_share(long pages_less)
{
    rlim_t all = MIB(1600), used = all / 16 * 15;

    place(0, (size_t)(used - status_field("VmSize:")) + (size_t)pages_less * PAGE, PROT_NONE);
    limit_set(RLIMIT_AS, all);
    say_mmap_room((uintptr_t)(all / 16) - (uintptr_t)pages_less * PAGE, "rlimit-as");
    if (pages_less > 0)
        say("finding address-space-full warning");
    else
        say("quiet");
    say("exit 0");
}

/* Above its limit, the number of mappings stops everything; at the limit one more can be had. */
static void map_count(long over)
{
    long limit = sysctl_read("vm/max_map_count"), i, more;
    char *area;

    if (limit <= 0 || limit > LONG_MAP_COUNT)
        skip("vm.max_map_count is %ld", limit);
    break_grow((intptr_t)KIB(64));
    more = limit - maps_count() - 1;
    area = place(0, (size_t)(more + 1) * PAGE, PROT_NONE);
    for (i = 1; i < more; i += 2)
        if (mprotect(area + (size_t)i * PAGE, PAGE, PROT_READ) != 0)
            broken("mprotect");
    while (maps_count() < limit + over)
        place_file(0, PAGE, PROT_READ, MAP_PRIVATE, fixture_self());
    if (over > 0) {
        say_brk_room(0, "max-map-count");
        say_mmap_room(0, "max-map-count");
        say_cause(0, "map-count-high", "max_map_count");
        return;
    }
    if (!brk_grants(MIB(64)) || !mmap_grants(MIB(64), 0))
        broken("brk and mmap at the limit");
    say("no-finding brk-limit-low");
    say("no-finding mmap-room-low");
}

/* Locked memory. */

static void drop_ipc_lock(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &head, data) != 0)
        broken("capget");
    data[0].effective &= ~(1U << CAP_IPC_LOCK);
    if (syscall(SYS_capset, &head, data) != 0)
        broken("capset");
}

static void lock_future(void)
{
    if (mlockall(MCL_FUTURE) != 0)
        skip("nothing may be locked here");
}

static void say_future_lock(const char *how)
{
    say("finding future-lock info");
    say("expect findings[id=future-lock].title == \"RLIMIT_MEMLOCK %s what the process can grow "
        "by\"",
        how);
    say("expect findings[id=future-lock].evidence.locked == %" PRIu64,
        (uint64_t)status_field("VmLck:"));
}

/* A heap of which the older part is not locked, and the newer one is, shows MCL_FUTURE. */
static void lock_limit(long room)
{
    drop_ipc_lock();
    break_grow((intptr_t)KIB(64));
    lock_future();
    break_grow((intptr_t)KIB(256));
    limit_set(RLIMIT_MEMLOCK, status_field("VmLck:") + (rlim_t)room);
    say_brk_room((uintptr_t)room, "rlimit-memlock");
    say_mmap_room((uintptr_t)room, "rlimit-memlock");
    say_future_lock("bounds");
    say_cause((uintptr_t)room, "future-lock", "RLIMIT_MEMLOCK");
    say("expect brk.uncertain == null");
}

/* A buffer for keys at the top of the heap, locked by itself: nothing is bounded by that. */
static void lock_heap_top(long arg)
{
    (void)arg;
    drop_ipc_lock();
    break_grow((intptr_t)MIB(1));
    if (mlock((char *)sbrk(0) - PAGE, PAGE) != 0)
        skip("nothing may be locked here");
    limit_set(RLIMIT_MEMLOCK, KIB(64));
    say("quiet");
    say("exit 0");
}

static void lock_one_page(void)
{
    if (mlock(place(0, PAGE, PROT_READ | PROT_WRITE), PAGE) != 0)
        skip("nothing may be locked here");
}

/* One mlock() looks from outside like mlockall(MCL_FUTURE) and one mmap(). */
static void lock_unknown(long arg)
{
    drop_ipc_lock();
    lock_one_page();
    say_future_lock("may bound");
    say("quiet");
}

static void say_no_future_lock(void)
{
    say("no-finding future-lock");
    say("no-finding brk-limit-low");
    say("quiet");
}

static void lock_nothing(long arg)
{
    drop_ipc_lock();
    limit_set(RLIMIT_MEMLOCK, KIB(64));
    say_no_future_lock();
}

static void lock_capable(long arg)
{
    limit_set(RLIMIT_MEMLOCK, PAGE);
    lock_future();
    break_grow((intptr_t)KIB(64));
    if (status_field("VmLck:") <= PAGE)
        broken("CAP_IPC_LOCK");
    say_no_future_lock();
}

static void lock_unlimited(long arg)
{
    limit_set(RLIMIT_MEMLOCK, RLIM_INFINITY);
    drop_ipc_lock();
    lock_future();
    break_grow((intptr_t)KIB(64));
    say_no_future_lock();
}

/* The address space. */

#ifndef __LP64__

#define TASK_SIZE 0xffffe000ULL /* of a 32-bit program under a 64-bit kernel */

/* As much as can be had of it, in as large pieces as can be had; memory without access is free. */
static void fill(uint64_t bytes)
{
    size_t len;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

    for (len = (size_t)GIB(1); len >= PAGE; len /= 2)
        while (len <= bytes && mmap(NULL, len, PROT_NONE, flags, -1, 0) != MAP_FAILED)
            bytes -= len;
}

static void one_hole(long room)
{
    void *hole = place(0, (size_t)room, PROT_NONE);

    fill(UINT64_MAX);
    if (munmap(hole, (size_t)room) != 0)
        broken("munmap");
    say_mmap_room((uintptr_t)room, "largest-gap");
    say("finding address-space-full warning");
}

static void need_64bit_kernel(void)
{
    if (stack_map().end < 0xf0000000)
        skip("a 32-bit kernel, or a 3 GiB personality");
}

/* So many pages are left of it; 65536 are the least that make a sixteenth. */
static void pages_left(long pages)
{
    uint64_t left = (uint64_t)pages * PAGE;

    need_64bit_kernel();
    fill(TASK_SIZE - left - status_field("VmSize:"));
    if (TASK_SIZE - status_field("VmSize:") != left)
        skip("the holes are not large enough");
    say("%s", left < TASK_SIZE / 16 ? "finding address-space-full warning"
                                    : "no-finding address-space-full");
}

#elif defined(MAP_32BIT)

#define LOW_START 0x40000000
#define LOW_SIZE  0x40000000

/* The range of MAP_32BIT, up to its last pages. */
static void fill_low(uintptr_t left)
{
    place(LOW_START, LOW_SIZE - left, PROT_NONE);
    if (left > 0)
        verify("MAP_32BIT", mmap_grants(left, MAP_32BIT), mmap_grants(left + PAGE, MAP_32BIT));
    else if (mmap_grants(PAGE, MAP_32BIT))
        broken("MAP_32BIT");
    say("expect mmap.low_2g_gap == %" PRIuPTR, left);
}

static void load_as(const char *name)
{
    file_copy(fixture_sibling("sample.text-first.so"), name);
    object_load(name, 0);
}

/* A break that happens to begin close below has an error of its own: once more, then. */
static void keep_break_away(void)
{
    if (break_end() < LOW_START + MIB(64) && break_end() > LOW_START - MIB(64))
        fixture_again();
}

static void luajit(long left)
{
    keep_break_away();
    load_as("libluajit-5.1.so.2");
    fill_low((uintptr_t)left);
    if (left < (long)KIB(128)) {
        say("finding low-2g-full warning");
        say("expect findings[id=low-2g-full].evidence.object == \"libluajit-5.1.so.2\"");
        say("expect findings[id=low-2g-full].evidence.low_2g_gap == %ld", left);
    } else {
        say("no-finding low-2g-full");
    }
    say("exit 0");
}

static void other_library(long left)
{
    keep_break_away();
    load_as("liblua5.1.so.0");
    fill_low((uintptr_t)left);
    say("no-finding low-2g-full");
    say("exit 0");
}

#endif

/* The stack. */

static void say_stack_room(uintptr_t room, const char *limit)
{
    verify("stack", room == 0 || stack_grants(room), stack_grants(room + PAGE));
    say("expect stack.room == %" PRIuPTR, room);
    say("expect stack.lowest == \"%#" PRIx64 "\"", stack_map().start - room);
    say("expect stack.limit == \"%s\"", limit);
    say_severity("stack-room-low", room, KIB(128), KIB(512));
}

static void stack_limit(long room)
{
    struct map stack = stack_map();

    limit_set(RLIMIT_STACK, (rlim_t)(stack.end - stack.start) + (rlim_t)room);
    say_stack_room((uintptr_t)room, "rlimit-stack");
    say("no-finding stack-limit-unreachable");
    say("exit %d", room < (long)KIB(128));
}

/* Whatever is accessible keeps a guard gap between itself and the stack. */
static void below_stack(uintptr_t room)
{
    place((uintptr_t)stack_map().start - room - STACK_GUARD - PAGE, PAGE, PROT_READ);
}

static void stack_blocked(long room)
{
    below_stack((uintptr_t)room);
    say_stack_room((uintptr_t)room, "next-mapping");
    say("finding stack-limit-unreachable warning");
    say("expect findings[id=stack-limit-unreachable].evidence.room == %ld", room);
    say("exit %d", room < (long)KIB(128));
}

/* The mapping leaves just what RLIMIT_STACK promises, less so many pages. */
static void stack_promise(long pages_less)
{
    struct map stack = stack_map();
    uintptr_t promised = (uintptr_t)(MIB(8) - (stack.end - stack.start));

    limit_set(RLIMIT_STACK, MIB(8));
    below_stack(promised - (uintptr_t)pages_less * PAGE);
    verify("stack", stack_grants(promised - (uintptr_t)pages_less * PAGE),
           stack_grants(promised - (uintptr_t)pages_less * PAGE + PAGE));
    if (pages_less > 0)
        say("finding stack-limit-unreachable warning");
    else
        say("no-finding stack-limit-unreachable");
    say("no-finding stack-room-low");
    say("exit 0");
}

/*
 * exec leaves room for the limit of its time, 128 MiB at least. Without randomisation it leaves no
 * more. `early` raises the limit before exec.
 */
static void touch_stack(uintptr_t address)
{
    *(volatile char *)address = 0;
}

/* The lowest page of 4M, or each of them; PAGE more is the limit. */
static void stack_reserved(long each)
{
    uintptr_t end = (uintptr_t)stack_map().end, lowest = end - MIB(4);

    if (each)
        for (uintptr_t page = (uintptr_t)stack_map().start; page > lowest; page -= PAGE)
            touch_stack(page - PAGE);
    touch_stack(lowest);
    limit_set(RLIMIT_STACK, MIB(4) + PAGE);
    say("expect stack.room == %lu", (unsigned long)PAGE);
    say("finding stack-room-low %s", each ? "error" : "info");
    say("exit %d", each ? 1 : 0);
}

/* No access, at the end of what the limit promises, or well before it. */
static void stack_guard(long pages_early)
{
    uintptr_t lowest = (uintptr_t)stack_map().end - MIB(8);

    place(lowest + (uintptr_t)pages_early * PAGE, 8 * PAGE, PROT_NONE);
    say(pages_early > 8 ? "finding stack-limit-unreachable warning"
                        : "no-finding stack-limit-unreachable");
    say("no-finding stack-room-low");
}

static void stack_raised(long early)
{
    if (!fixture_is_again()) {
        personality(ADDR_NO_RANDOMIZE);
        limit_set(RLIMIT_STACK, early ? MIB(1024) : MIB(8));
        fixture_again();
    }
    limit_set(RLIMIT_STACK, MIB(1024));
    if (stack_grants(MIB(1023)) != (bool)early)
        broken("the stack");
    say("%s",
        early ? "no-finding stack-limit-unreachable" : "finding stack-limit-unreachable warning");
    say("no-finding stack-room-low");
    say("exit 0");
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"data-limit-0", data_limit},
        {"data-limit-below-4m", data_limit, MIB(4) - PAGE},
        {"data-limit-4m", data_limit, MIB(4)},
        {"data-limit-below-64m", data_limit, MIB(64) - PAGE},
        {"data-limit-64m", data_limit, MIB(64)},
        {"data-limit-zero", data_limit_zero},
        {"address-limit-below-4m", address_limit, MIB(4) - PAGE},
        {"address-limit-4m", address_limit, MIB(4)},
        {"address-limit-below-64m", address_limit, MIB(64) - PAGE},
        {"address-limit-64m", address_limit, MIB(64)},
        {"address-limit-sixteenth", address_limit_share},
        {"address-limit-below-sixteenth", address_limit_share, 1},
        {"map-count-at-limit", map_count},
        {"map-count-above-limit", map_count, 1},
        {"lock-heap-top", lock_heap_top, 0},
        {"lock-limit-below-4m", lock_limit, MIB(4) - PAGE},
        {"lock-limit-4m", lock_limit, MIB(4)},
        {"lock-limit-below-64m", lock_limit, MIB(64) - PAGE, true},
        {"lock-limit-64m", lock_limit, MIB(64), true},
        {"lock-unknown", lock_unknown},
        {"lock-nothing", lock_nothing},
        {"lock-capable", lock_capable, 0, true},
        {"lock-unlimited", lock_unlimited, 0, true},
#ifndef __LP64__
        {"one-hole-below-4m", one_hole, MIB(4) - PAGE},
        {"one-hole-4m", one_hole, MIB(4)},
        {"one-hole-below-64m", one_hole, MIB(64) - PAGE},
        {"one-hole-64m", one_hole, MIB(64)},
        {"addresses-sixteenth", pages_left, 65536},
        {"addresses-below-sixteenth", pages_left, 65535},
#elif defined(MAP_32BIT)
        {"luajit-no-low-memory", luajit},
        {"luajit-below-128k", luajit, KIB(128) - PAGE},
        {"luajit-128k", luajit, KIB(128)},
        {"no-luajit-no-low-memory", other_library},
#endif
        {"stack-limit-0", stack_limit},
        {"stack-limit-below-128k", stack_limit, KIB(128) - PAGE},
        {"stack-limit-128k", stack_limit, KIB(128)},
        {"stack-limit-below-512k", stack_limit, KIB(512) - PAGE},
        {"stack-limit-512k", stack_limit, KIB(512)},
        {"stack-blocked-0", stack_blocked},
        {"stack-blocked-below-128k", stack_blocked, KIB(128) - PAGE},
        {"stack-blocked-128k", stack_blocked, KIB(128)},
        {"stack-blocked-below-512k", stack_blocked, KIB(512) - PAGE},
        {"stack-blocked-512k", stack_blocked, KIB(512)},
        {"stack-promise-kept", stack_promise},
        {"stack-promise-broken", stack_promise, 1},
        {"stack-reserved", stack_reserved},
        {"stack-touched", stack_reserved, 1},
        {"stack-guard-at-limit", stack_guard, 1},
        {"stack-guard-before-limit", stack_guard, 16},
        {"stack-raised-late", stack_raised},
        {"stack-raised-early", stack_raised, 1},
        {0},
    };

    return fixture_main(argc, argv, table);
}
