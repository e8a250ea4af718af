/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operations; see state.h. Sizes take K, M or G; `inf` is no limit. */
#include "state.h"

#include "fixture.h"
#include "memory.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_mseal
#define SYS_mseal 462 /* since Linux 6.10, the same number everywhere */
#endif

#define MAP_COUNT_MAX 300000 /* more mappings would take too long to build */

bool state_is_in_place;
uintptr_t stack_start;

void stack_note(void)
{
    struct map stack;

    if (!map_above((uintptr_t)&stack, &stack))
        broken("no stack");
    stack_start = (uintptr_t)stack.start;
}

uintptr_t raw_brk(uintptr_t addr)
{
    return (uintptr_t)syscall(SYS_brk, addr);
}

static uintptr_t page_up(uintptr_t addr)
{
    return (addr + PAGE - 1) & ~(PAGE - 1);
}

static void misused(const char *text)
{
    say("broken no such operation or argument: %s", text);
    _exit(2);
}

/* Takes the next argument off ARGS; NULL when there is none. */
static char *argument(char **args)
{
    return strsep(args, ":");
}

static const char *argument_required(char **args)
{
    const char *text = argument(args);

    if (text == NULL)
        misused("an argument is missing");
    return text;
}

static long long number_parse(const char *text)
{
    char *end;
    long long n = strtoll(text, &end, 0);
    const char *suffix = *end ? strchr("KMG", *end) : NULL;

    if (end == text || (*end != '\0' && (suffix == NULL || end[1] != '\0')))
        misused(text);
    return suffix ? n << (10 * (*end == 'K' ? 1 : *end == 'M' ? 2 : 3)) : n;
}

static long long number(char **args)
{
    return number_parse(argument_required(args));
}

/* A field of /proc/self/status, in bytes. */
static uint64_t status_bytes(const char *name)
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
    return field ? strtoull(field + strlen(name), NULL, 10) << 10 : 0;
}

/* What RLIMIT_DATA's test of the break alone holds against it: data segment and heap. */
static uint64_t data_and_heap(void)
{
    return raw_brk(0) - stat_field(47) + stat_field(46) - stat_field(45);
}

static uint64_t stack_use(void)
{
    struct map stack;

    map_above(stack_start, &stack);
    return stack.end - stack.start;
}

/* `vm`: what the kernel counts against it now. */
static uint64_t resource_use(int resource)
{
    switch (resource) {
    case RLIMIT_DATA:
        return status_bytes("VmData:");
    case RLIMIT_AS:
        return status_bytes("VmSize:");
    case RLIMIT_MEMLOCK:
        return status_bytes("VmLck:");
    default:
        return stack_use();
    }
}

/* N, inf, or relative to what is in use now: vm+N vm-N, brk+N brk-N. */
static rlim_t limit_parse(const char *text, int resource)
{
    if (strcmp(text, "inf") == 0)
        return RLIM_INFINITY;
    if (strncmp(text, "vm", 2) == 0)
        return resource_use(resource) + (rlim_t)number_parse(text + 2);
    if (strncmp(text, "brk", 3) == 0)
        return data_and_heap() + (rlim_t)number_parse(text + 3);
    return (rlim_t)number_parse(text);
}

static int resource_parse(const char *name)
{
    static const struct {
        const char *name;
        int resource;
    } table[] = {
        {"data", RLIMIT_DATA},
        {"as", RLIMIT_AS},
        {"stack", RLIMIT_STACK},
        {"memlock", RLIMIT_MEMLOCK},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(name, table[i].name) == 0)
            return table[i].resource;
    misused(name);
    return -1;
}

/* rlimit:RESOURCE:SOFT[:HARD] */
static void set_limit(char *args)
{
    int resource = resource_parse(argument_required(&args));
    const char *soft = argument_required(&args), *hard = argument(&args);
    struct rlimit limit;

    getrlimit((__rlimit_resource_t)resource, &limit);
    limit.rlim_cur = limit_parse(soft, resource);
    if (hard != NULL)
        limit.rlim_max = limit_parse(hard, resource);
    if (setrlimit((__rlimit_resource_t)resource, &limit) != 0)
        skip("the limit is above this host's hard limit");
}

static void set_personality(char *args)
{
    if (personality((unsigned long)number(&args)) < 0)
        broken("personality");
}

/* grow:BYTES, as malloc would. */
static void grow(char *args)
{
    break_grow((intptr_t)number(&args));
}

/* grow-raw:BYTES: libc does not learn of it. */
static void grow_raw(char *args)
{
    uintptr_t wanted = raw_brk(0) + (uintptr_t)number(&args);

    if (raw_brk(wanted) != wanted)
        broken("brk");
}

static void place_shared(uintptr_t addr, size_t len)
{
    int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

    if (mmap((void *)addr, len, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED)
        broken("mmap of shared memory");
}

static void place_kind(uintptr_t addr, size_t len, const char *kind)
{
    if (strcmp(kind, "shared") == 0)
        place_shared(addr, len);
    else if (strcmp(kind, "gd") == 0)
        place_grows_down(addr, len);
    else if (strcmp(kind, "r") == 0)
        place(addr, len, PROT_READ);
    else if (strcmp(kind, "rw") == 0)
        place(addr, len, PROT_READ | PROT_WRITE);
    else if (strcmp(kind, "none") == 0)
        place(addr, len, PROT_NONE);
    else
        misused(kind);
}

/* above:PAGES:KIND[:N]: N pages of memory, PAGES above the break. */
static void above_break(char *args)
{
    uintptr_t distance = (uintptr_t)number(&args) * PAGE;
    const char *kind = argument_required(&args), *n = argument(&args);

    place_kind(page_up(raw_brk(0)) + distance, (n ? (size_t)number_parse(n) : 1) * PAGE, kind);
}

/*
 * below:PAGES:KIND: a page of memory that ends PAGES below the stack. What touches it and grows
 * down as well goes on where it ends, as if it were a part of it.
 */
static void below_stack(char *args)
{
    uintptr_t distance = (uintptr_t)number(&args) * PAGE;
    const char *kind = argument_required(&args);

    place_kind(stack_start - distance - PAGE, PAGE, kind);
    if (distance == 0 && strcmp(kind, "gd") == 0)
        stack_start -= PAGE;
}

/* split-stack:HOW: a page of it becomes unlike the rest; the part below is a mapping of its own. */
static void split_stack(char *args)
{
    const char *how = argument_required(&args);
    void *page = (void *)(stack_start + 8 * PAGE);
    int failed = -1;

    if (strcmp(how, "protect") == 0)
        failed = mprotect(page, PAGE, PROT_READ);
    else if (strcmp(how, "advise") == 0)
        failed = madvise(page, PAGE, MADV_DONTDUMP);
    else if (strcmp(how, "lock") == 0)
        failed = mlock(page, PAGE);
    else
        misused(how);
    if (failed)
        skip("the stack cannot be split so here");
}

/* split:HOW: one page in the middle of the heap becomes unlike its neighbours. */
static void split_heap(char *args)
{
    const char *how = argument_required(&args);
    uintptr_t end = break_end(), start = stat_field(47);
    void *page = (void *)(page_up(start) + ((end - start) / 2 & ~(PAGE - 1)));
    long failed = -1;

    if (strcmp(how, "protect") == 0)
        failed = mprotect(page, PAGE, PROT_NONE);
    else if (strcmp(how, "unmap") == 0)
        failed = munmap(page, PAGE);
    else if (strcmp(how, "advise") == 0)
        failed = madvise(page, PAGE, MADV_DONTDUMP);
    else if (strcmp(how, "lock") == 0)
        failed = mlock(page, PAGE);
    else if (strcmp(how, "seal") == 0)
        failed = syscall(SYS_mseal, page, PAGE, 0);
    else
        misused(how);
    if (failed)
        skip("the heap cannot be split so here");
}

/* unmap:PAGES: so much of the heap's top is gone, but the break stays. All of it: unmap:all. */
static void unmap_top(char *args)
{
    const char *text = argument_required(&args);
    uintptr_t end = page_up(raw_brk(0)), len;

    len = strcmp(text, "all") == 0 ? end - page_up(stat_field(47))
                                   : (uintptr_t)number_parse(text) * PAGE;
    if (munmap((void *)(end - len), len) != 0)
        broken("munmap of the heap");
}

/* PR_SET_MM_MAP, as anyone may; libc is not told. */
static void set_break(uintptr_t start, uintptr_t now)
{
    struct prctl_mm_map map = {
        .start_code = stat_field(26),
        .end_code = stat_field(27),
        .start_data = stat_field(45),
        .end_data = stat_field(46),
        .start_brk = start,
        .brk = now,
        .start_stack = stat_field(28),
        .arg_start = stat_field(48),
        .arg_end = stat_field(49),
        .env_start = stat_field(50),
        .env_end = stat_field(51),
        .exe_fd = (__u32)-1,
    };

    if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) != 0)
        skip("this kernel moves no break (CONFIG_CHECKPOINT_RESTORE)");
}

/* move:BYTES: the break moves, up or down, and no mapping with it. */
static void move_break(char *args)
{
    set_break(stat_field(47), raw_brk(0) + (uintptr_t)number(&args));
}

/* relocate:BYTES: a new, empty heap so far above. With `:untold`, libc does not learn of it. */
static void relocate_break(char *args)
{
    uintptr_t to = page_up(raw_brk(0)) + (uintptr_t)number(&args);

    if (argument(&args) != NULL)
        set_break(to, to);
    else
        break_move(to);
}

/* hole:SIZE: between two pages high among the mappings there is a hole of exactly that size. */
static void make_hole(char *args)
{
    size_t len = (size_t)number(&args);
    char *area = place(0, len + 2 * PAGE, PROT_NONE);

    if (munmap(area + PAGE, len) != 0)
        broken("munmap");
}

/*
 * fill:SIZE: no hole is left that is larger than SIZE, a power of two, save what the kernel keeps
 * free. Memory without access costs nothing.
 */
static void fill_addresses(char *args)
{
    size_t least = (size_t)number(&args), len = ~(SIZE_MAX >> 1);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

    for (; len >= least; len /= 2)
        while (mmap(NULL, len, PROT_NONE, flags, -1, 0) != MAP_FAILED)
            ;
}

/* lockall:FLAGS, of the letters current, future, onfault. */
static void lock_all(char *args)
{
    const char *what = argument_required(&args);
    int flags = 0;

    flags |= strchr(what, 'c') ? MCL_CURRENT : 0;
    flags |= strchr(what, 'f') ? MCL_FUTURE : 0;
    flags |= strchr(what, 'o') ? MCL_ONFAULT : 0;
    if (mlockall(flags) != 0)
        skip("the limit on locked memory is too low here");
    state_is_in_place = true;
}

/* in-place: for states that a forked copy would not share or would itself use up. */
static void stay_in_place(char *args)
{
    state_is_in_place = true;
}

/* For good, from the effective and permitted set. */
static void drop_ipc_lock(char *args)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &head, data) != 0)
        broken("capget");
    data[0].effective &= ~(1U << CAP_IPC_LOCK);
    data[0].permitted &= ~(1U << CAP_IPC_LOCK);
    if (syscall(SYS_capset, &head, data) != 0)
        broken("capset");
}

/* able: goes on only where CAP_IPC_LOCK counts; a user namespace's own does not. */
static void need_ipc_lock(char *args)
{
    struct rlimit limit, none;
    void *page = place(0, PAGE, PROT_READ);
    int failed;

    getrlimit(RLIMIT_MEMLOCK, &limit);
    none = (struct rlimit){0, limit.rlim_max};
    setrlimit(RLIMIT_MEMLOCK, &none);
    failed = mlock(page, PAGE);
    setrlimit(RLIMIT_MEMLOCK, &limit);
    munmap(page, PAGE);
    if (failed)
        skip("needs CAP_IPC_LOCK");
}

static void set_user(char *args)
{
    uid_t uid = (uid_t)number(&args);

    if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
        skip("needs root");
}

static void enter_namespace(char *args)
{
    if (unshare(CLONE_NEWUSER) != 0)
        skip("no user namespaces here");
}

static long map_count_limit(void)
{
    long limit = sysctl_read("vm/max_map_count");

    if (limit <= 0 || limit > MAP_COUNT_MAX)
        skip("vm.max_map_count is %ld", limit);
    return limit;
}

/* The missing ones are the pages of one area, each unlike its neighbours. */
static void maps_make(long more)
{
    char *area = place(0, (size_t)more * PAGE, PROT_NONE);

    for (long i = 1; i < more; i += 2)
        if (mprotect(area + (size_t)i * PAGE, PAGE, PROT_READ) != 0)
            broken("mprotect");
}

/*
 * maps:N: as many mappings as vm.max_map_count and N more. mprotect() stops at the limit, mmap()
 * one above it.
 */
static void fill_maps(char *args)
{
    long wanted = map_count_limit() + (long)number(&args);
    bool one_above = wanted > map_count_limit();

    maps_make(wanted - one_above - maps_count());
    if (one_above)
        place(0, PAGE, PROT_READ | PROT_EXEC);
    if (maps_count() != wanted)
        broken("another number of mappings than wanted");
    state_is_in_place = true;
}

static char **rest; /* the operations after the one that is being done */

static void again(char *args)
{
    execv(fixture_self(), rest - 1);
    broken("exec");
}

/* The kernel runs ld.so and that this program, as `ld.so PROGRAM` does. */
static void again_by_loader(char *args)
{
    char *argv[32];
    struct map loader;
    int n = 2;

    if (!map_above(getauxval(AT_BASE), &loader))
        broken("no loader");
    argv[0] = loader.name;
    argv[1] = (char *)fixture_self();
    while (n < 31 && *rest != NULL)
        argv[n++] = *rest++;
    argv[n] = NULL;
    execv(argv[0], argv);
    broken("exec");
}

static const struct {
    const char *name;
    void (*apply)(char *args);
} operations[] = {
    {"able", need_ipc_lock},
    {"above", above_break},
    {"below", below_stack},
    {"drop-ipc-lock", drop_ipc_lock},
    {"exec", again},
    {"exec-by-loader", again_by_loader},
    {"fill", fill_addresses},
    {"grow", grow},
    {"grow-raw", grow_raw},
    {"hole", make_hole},
    {"in-place", stay_in_place},
    {"lockall", lock_all},
    {"maps", fill_maps},
    {"move", move_break},
    {"namespace", enter_namespace},
    {"personality", set_personality},
    {"relocate", relocate_break},
    {"rlimit", set_limit},
    {"split", split_heap},
    {"split-stack", split_stack},
    {"uid", set_user},
    {"unmap", unmap_top},
};

static void operation_do(char *text)
{
    char *args = text;
    const char *name = argument(&args);

    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (strcmp(name, operations[i].name) == 0) {
            operations[i].apply(args);
            return;
        }
    }
    misused(name);
}

void state_build(char **ops)
{
    while (*ops != NULL) {
        rest = ops + 1;
        operation_do(*ops++);
    }
}
