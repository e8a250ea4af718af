/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bisection over system calls; see truth.h. */
#include "truth.h"

#include "fixture.h"
#include "memory.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* No program has addresses above: 56 bits with five levels of page tables. */
#define ADDRESSES_END (sizeof(void *) == 4 ? (uint64_t)UINT32_MAX : (uint64_t)1 << 56)

/* One trial: what the kernel answers to one value, as a number; 0 is a refusal. */
typedef uint64_t (*trial)(uint64_t value);

static uint64_t try_in_copy(trial try, uint64_t value)
{
    uint64_t answer = 0;
    int fds[2];
    pid_t child;

    if (pipe(fds) != 0)
        broken("pipe");
    child = fork();
    if (child < 0)
        broken("fork");
    if (child == 0) {
        answer = try(value);
        _exit(write(fds[1], &answer, sizeof(answer)) != sizeof(answer));
    }
    close(fds[1]);
    if (read(fds[0], &answer, sizeof(answer)) != sizeof(answer))
        broken("a trial did not end");
    close(fds[0]);
    waitpid(child, NULL, 0);
    return answer;
}

static uint64_t answer_to(trial try, uint64_t value)
{
    return state_is_in_place ? try(value) : try_in_copy(try, value);
}

/* The largest multiple of `unit` in [low, high) that is accepted; `low` is, and all up to it. */
static uint64_t largest(uint64_t low, uint64_t high, uint64_t unit, trial try)
{
    while (high - low > unit) {
        uint64_t middle = low + (high - low) / 2 / unit * unit;

        if (answer_to(try, middle))
            low = middle;
        else
            high = middle;
    }
    return low;
}

static uint64_t brk_accepts(uint64_t addr)
{
    uintptr_t old = raw_brk(0);

    if (raw_brk((uintptr_t)addr) != addr)
        return 0;
    if (state_is_in_place && raw_brk(old) != old)
        broken("brk does not go back");
    return 1;
}

uint64_t truth_brk(void)
{
    return largest(raw_brk(0), ADDRESSES_END, 1, brk_accepts);
}

static uint64_t brk_reaches(uint64_t from)
{
    uintptr_t now = (uintptr_t)from, step;

    for (step = ~(UINTPTR_MAX >> 1); step > 0; step >>= 1)
        while (now + step > now && raw_brk(now + step) == now + step)
            now += step;
    if (state_is_in_place && now != from && raw_brk((uintptr_t)from) != from)
        broken("brk does not go back");
    return now;
}

uint64_t truth_brk_steps(void)
{
    return answer_to(brk_reaches, raw_brk(0));
}

static int lifted; /* the resource that brk_accepts_lifted() lifts */

static uint64_t brk_accepts_lifted(uint64_t addr)
{
    struct rlimit limit, all;
    uint64_t accepted;

    getrlimit((__rlimit_resource_t)lifted, &limit);
    all = (struct rlimit){limit.rlim_max, limit.rlim_max};
    setrlimit((__rlimit_resource_t)lifted, &all);
    accepted = brk_accepts(addr);
    setrlimit((__rlimit_resource_t)lifted, &limit);
    return accepted;
}

const char *truth_brk_limit(uint64_t max)
{
    static const struct {
        int resource;
        const char *name;
    } table[] = {
        {RLIMIT_DATA, "rlimit-data"},
        {RLIMIT_AS, "rlimit-as"},
        {RLIMIT_MEMLOCK, "rlimit-memlock"},
    };
    uint64_t more = ((max + PAGE - 1) & ~(uint64_t)(PAGE - 1)) + 1;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        lifted = table[i].resource;
        if (answer_to(brk_accepts_lifted, more))
            return table[i].name;
    }
    return NULL;
}

static uint64_t mmap_address(uint64_t len)
{
    void *p;

    if (len == 0 || len > SIZE_MAX)
        return 0;
    p = mmap(NULL, (size_t)len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return 0;
    if (munmap(p, (size_t)len) != 0)
        broken("munmap");
    return (uintptr_t)p;
}

uint64_t truth_address(uint64_t len)
{
    return answer_to(mmap_address, len);
}

uint64_t truth_mmap(void)
{
    return largest(0, ADDRESSES_END / PAGE * PAGE, PAGE, mmap_address);
}

static uint64_t *wanted_range; /* address and length, for is_free() */

/* errno of mapping it without replacing anything, and one more. */
static uint64_t map_exactly(uint64_t ignored)
{
    void *addr = (void *)(uintptr_t)wanted_range[0];
    size_t len = (size_t)wanted_range[1];
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;

    if (mmap(addr, len, PROT_NONE, flags, -1, 0) != addr)
        return (uint64_t)errno + 1;
    if (munmap(addr, len) != 0)
        broken("munmap");
    return 1;
}

int truth_is_free(uint64_t range[2])
{
    int error;

    wanted_range = range;
    error = (int)answer_to(map_exactly, 0) - 1;
    return error == 0 ? 1 : error == EEXIST ? 0 : -1;
}

static sigjmp_buf refused;

static void on_fault(int sig)
{
    siglongjmp(refused, 1);
}

static uint64_t can_touch(uint64_t below)
{
    if (below == 0)
        return 1;
    if (sigsetjmp(refused, 1) != 0)
        return 0;
    *(volatile char *)(stack_start - (uintptr_t)below) = 0;
    return 1;
}

/*
 * Where the mapping below the stack ends: the last end in /proc/self/maps that is not above it. One
 * pass, since there may be as many mappings as the kernel allows.
 */
static uint64_t end_below_stack(void)
{
    char buf[4096];
    uint64_t below = 0, value = 0;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC), field = 0;
    ssize_t n;

    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            char c = buf[i];

            if (c == ' ' && field == 1 && value <= stack_start)
                below = value;
            if (c == '-' || c == ' ' || c == '\n') {
                field = c == '\n' ? 0 : field + 1;
                value = 0;
            } else if (field < 2) {
                value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
            }
        }
    }
    close(fd);
    return below;
}

/* A stack that cannot grow cannot hold a handler's frame, either. */
static void catch_faults(void)
{
    static char room_for_handler[64 << 10] __attribute__((aligned(16)));
    const stack_t stack = {.ss_sp = room_for_handler, .ss_size = sizeof(room_for_handler)};
    const struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};

    if (sigaltstack(&stack, NULL) != 0 || sigaction(SIGSEGV, &action, NULL) != 0)
        broken("sigaction");
}

uint64_t truth_stack(void)
{
    catch_faults();
    return stack_start - largest(0, stack_start - end_below_stack() + PAGE, PAGE, can_touch);
}
