/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Uses malloc in one way or another, says what mallinfo2() says of it, and waits.
 *
 *     patterns --list          the patterns, one a line
 *     patterns --glibc         its version
 *     patterns NAME            prints `mallinfo NINE NUMBERS` and `ready PID`, then obeys letters
 *                              on standard input: t calls malloc_trim(0) and answers `trimmed`;
 *                              at its end the program ends
 *
 * Nothing here uses stdio or touches memory for the first time after `ready`, so that what changes
 * is malloc's doing.
 */
#include <errno.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, MAX_HELD = 400000, MAX_THREADS = 40 };

static void *held[MAX_HELD];
static size_t n_held;
static uint64_t dice = 1;
static char line[512];
static size_t line_n;

static void put_text(const char *text)
{
    while (*text)
        line[line_n++] = *text++;
}

static void put_number(uint64_t n)
{
    char digits[24];
    size_t i = sizeof(digits);

    do
        digits[--i] = (char)('0' + n % 10);
    while (n /= 10);
    line[line_n++] = ' ';
    while (i < sizeof(digits))
        line[line_n++] = digits[i++];
}

static void put_line(void)
{
    line[line_n++] = '\n';
    if (write(1, line, line_n) != (ssize_t)line_n)
        _exit(2);
    line_n = 0;
}

static void fail(const char *why)
{
    put_text("broken ");
    put_text(why);
    put_line();
    _exit(2);
}

static uint64_t roll(uint64_t below)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (dice >> 33) % below;
}

/* Held, and its pages touched: 0xa5 is nothing that malloc would write. */
static void *hold(void *p, size_t size)
{
    if (!p || n_held == MAX_HELD)
        fail("malloc");
    memset(p, 0xa5, size);
    held[n_held++] = p;
    return p;
}

static void *take(size_t size)
{
    return hold(malloc(size), size);
}

static void take_n(size_t n, size_t size)
{
    while (n-- > 0)
        take(size);
}

static void drop(size_t i)
{
    free(held[i]);
    held[i] = NULL;
}

static void drop_from(size_t first, size_t step)
{
    for (size_t i = first; i < n_held; i += step)
        if (held[i])
            drop(i);
}

static void drop_backwards(size_t first)
{
    for (size_t i = n_held; i-- > first;)
        if (held[i])
            drop(i);
}

static void drop_at_random(size_t n)
{
    while (n-- > 0) {
        size_t i = roll(n_held);

        if (held[i])
            drop(i);
    }
}

static void none(long arg)
{
    (void)arg;
}

static void one(long arg)
{
    take((size_t)arg);
}

static void all_sizes(long arg)
{
    (void)arg;
    for (size_t size = 0; size < 3000; size += 7)
        take(size);
}

static void every_other(long arg)
{
    all_sizes(0);
    drop_from((size_t)arg, 2);
}

static void drop_all(long arg)
{
    take_n(3000, 200);
    take(5000);
    if (arg == 0)
        drop_from(0, 1);
    else if (arg > 0)
        drop_backwards(0);
    else
        drop_at_random(20000);
}

static void fast(long arg)
{
    (void)arg;
    take_n(100, 40);
    drop_from(0, 1);
    take(24);
}

static void fast_mixed(long arg)
{
    (void)arg;
    for (size_t i = 0; i < 2000; i++)
        take(8 + i % 8 * 16);
    drop_from(0, 3);
    drop_backwards(1000);
    take(100);
}

/* So many that lists are long. */
static void fast_many(long arg)
{
    (void)arg;
    take_n(100000, 24);
    take(64);
    drop_at_random(150000);
}

/* A chunk in a fastbin below the top: malloc_consolidate() joins all with it. */
static void fast_at_top(long arg)
{
    (void)arg;
    take_n(8, 100);
    take_n(40, 3000);
    take_n(10, 100);
    drop_from(8, 1);
    take(70);
}

static void tcache(long arg)
{
    for (size_t size = 8; size < 1040; size += 16)
        take_n(10, size);
    for (size_t i = 0; i < n_held; i++)
        if (i % 10 < (size_t)arg)
            drop(i);
}

/* What lies below the top is in the tcache. */
static void tcache_at_top(long arg)
{
    (void)arg;
    take_n(64, 2000);
    take(50);
    drop_from(0, 1);
}

static void unsorted(long arg)
{
    (void)arg;
    take_n(500, 2000);
    drop_from(1, 2);
}

static void sorted_bins(long arg)
{
    for (size_t i = 0; i < 600; i++) {
        take(1100 + i * 37 % 5000);
        take(100 + i * 53 % 900);
        take(1300);
    }
    for (size_t i = 0; i < n_held; i++)
        if (i % 3 != 2)
            drop(i);
    take((size_t)arg);
}

static void same_size_large(long arg)
{
    (void)arg;
    for (size_t i = 0; i < 300; i++) {
        take(i % 3 ? 4000 : 8000);
        take(20);
    }
    drop_from(0, 2);
    take(100000);
}

static void reallocs(long arg)
{
    take_n(200, 100);
    for (size_t i = 0; i < 200; i += 2) {
        size_t size = arg > 0 ? 100 + i * 40 : 8;
        void *p = realloc(held[i], size);

        if (!p)
            fail("realloc");
        memset(p, 1, size);
        held[i] = p;
    }
}

static void shrink_large(long arg)
{
    (void)arg;
    take_n(50, 30000);
    for (size_t i = 0; i < 50; i++)
        held[i] = realloc(held[i], 5000 + i * 100);
}

static void aligned(long arg)
{
    for (size_t align = 32; align <= 65536; align *= 2)
        for (size_t size = 10; size < 4000; size += 400)
            hold(memalign(align, size), size);
    if (arg)
        drop_from(0, (size_t)arg);
}

static void zeroed(long arg)
{
    for (size_t i = 0; i < 500; i++)
        hold(calloc(i + 1, 24), (i + 1) * 24);
    drop_from(0, (size_t)arg);
}

/* Memory that malloc has and nobody has touched. */
static void untouched(long arg)
{
    void *p[64];

    (void)arg;
    mallopt(M_MMAP_THRESHOLD, 1 << 25);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    for (int i = 0; i < 64; i++)
        p[i] = malloc(1000000);
    for (int i = 0; i < 64; i += 2)
        memset((char *)p[i] + 300000, 1, 100000);
    take(100);
    for (int i = 0; i < 64; i += 3)
        free(p[i]);
}

static void mapped(long arg)
{
    for (size_t i = 0; i < 30; i++)
        take(140000 + i * 10001);
    if (arg)
        drop_from(0, (size_t)arg);
    take_n(100, 1000);
}

static void mapped_realloc(long arg)
{
    mapped(0);
    for (size_t i = 0; i < 30; i++)
        held[i] = realloc(held[i], 200000 + i * 30000 * (size_t)arg);
}

static void mapped_aligned(long arg)
{
    (void)arg;
    for (size_t align = 64; align <= 1 << 20; align *= 2)
        hold(memalign(align, 300000), 300000);
}

static void trimmed(long arg)
{
    take_n(2000, 1000);
    drop_backwards((size_t)arg);
}

/* One small chunk keeps all below it. */
static void pinned(long arg)
{
    mallopt(M_MMAP_THRESHOLD, 1 << 25);
    take_n((size_t)arg, 100000);
    take(40);
    for (size_t i = 0; i + 1 < n_held; i++)
        drop(i);
}

static void trimmed_by_hand(long arg)
{
    pinned(arg);
    malloc_trim(0);
    take_n(50, 1500);
    drop_from(n_held - 50, 2);
}

/* Others move the break, too. */
static void foreign(long arg)
{
    for (int i = 0; i < 20; i++) {
        take_n(60, 1000 + (size_t)i * 100);
        if (sbrk(arg ? arg : (long)roll(20000) + 1) == (void *)-1)
            fail("sbrk");
        take_n(50, 3500);
        drop_at_random(30);
    }
}

/* What others put there looks like chunks. */
static void foreign_chunks(long arg)
{
    for (int i = 0; i < 5; i++) {
        size_t *p = sbrk(arg);

        if (p == (void *)-1)
            fail("sbrk");
        for (size_t k = 0; k < (size_t)arg / sizeof(*p); k++)
            p[k] = 8 * sizeof(*p) | 1;
        take_n(100, 2500);
    }
}

static void block_break(void)
{
    char *end = (char *)(((uintptr_t)sbrk(0) + PAGE - 1) & ~(uintptr_t)(PAGE - 1));

    if (mmap(end, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        fail("mmap at the break");
}

static void unblock_break(void)
{
    munmap((void *)(((uintptr_t)sbrk(0) + PAGE - 1) & ~(uintptr_t)(PAGE - 1)), PAGE);
}

static void blocked(long arg)
{
    take_n(100, 1000);
    block_break();
    take_n((size_t)arg, 1000);
    drop_from(0, 3);
}

static void blocked_first(long arg)
{
    block_break();
    take_n((size_t)arg, 1000);
    drop_from(0, 2);
}

/* Segments beside mappings of chunks, and of others. */
static void blocked_mixed(long arg)
{
    (void)arg;
    take_n(100, 1000);
    block_break();
    for (int i = 0; i < 30; i++) {
        take_n(300, 900);
        take(200000 + (size_t)i * 5000);
        memset(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), i,
               3 * PAGE);
    }
    drop_at_random(3000);
}

static void blocked_a_while(long arg)
{
    (void)arg;
    blocked(3000);
    unblock_break();
    take_n(3000, 700);
    drop_from(1, 4);
}

static void blocked_after_foreign(long arg)
{
    foreign(arg);
    block_break();
    take_n(2000, 1000);
    unblock_break();
    sbrk(PAGE * 5);
    take_n(2000, 1000);
    sbrk(PAGE * 3);
    take_n(2000, 1000);
    drop_from(1, 2);
}

/* mlock() and madvise() split [heap] into several mappings. */
static void split(long arg)
{
    (void)arg;
    take_n(2000, 1000);
    madvise((void *)(((uintptr_t)held[700] + PAGE) & ~(uintptr_t)(PAGE - 1)), (size_t)20 * PAGE,
            MADV_DONTDUMP);
    drop_from(0, 3);
}

static void churn(long arg)
{
    dice = (uint64_t)arg;
    for (int i = 0; i < 100000; i++) {
        size_t size = roll(10) ? roll(300) : roll(5) ? roll(5000) : roll(60000);

        if (n_held < 3000 || roll(2))
            take(size);
        else
            drop_at_random(4);
    }
}

static pthread_barrier_t built;
static long thread_arg;

static void wait_for_ever(void)
{
    pthread_barrier_wait(&built);
    for (;;)
        pause();
}

/* Each does much the same, in its own order; some free what others took. */
static void *thread_work(void *number)
{
    uint64_t state = (uintptr_t)number * 977 + 1;
    enum { N = 3000 };
    void *own[N];

    for (int i = 0; i < N; i++) {
        state = state * UINT64_C(6364136223846793005) + 1;
        own[i] = malloc(state >> 40 & 1023);
    }
    for (int i = 0; i < N; i++) {
        state = state * UINT64_C(6364136223846793005) + 1;
        if (state >> 62)
            free(own[i]);
    }
    wait_for_ever();
    return NULL;
}

/* More than a heap's 64 MiB (or 1 MiB): several to an arena. */
static void *thread_heaps(void *number)
{
    size_t n = (size_t)thread_arg, size = 50000 + (uintptr_t)number * 1000;
    void **own = calloc(n, sizeof(*own));

    for (size_t i = 0; i < n; i++)
        own[i] = malloc(size);
    for (size_t i = 0; i < n; i += 3)
        free(own[i]);
    wait_for_ever();
    return NULL;
}

static void *thread_heaps_left(void *number)
{
    size_t n = (size_t)thread_arg;
    void **own = calloc(n, sizeof(*own));

    (void)number;
    for (size_t i = 0; i < n; i++)
        own[i] = malloc(60000);
    for (size_t i = n; i-- > n / 4;)
        free(own[i]);
    for (size_t i = 0; i < 100; i++)
        own[i] = malloc(i * 10);
    wait_for_ever();
    return NULL;
}

static void *thread_drop(void *number)
{
    for (size_t i = (uintptr_t)number; i < n_held; i += 4)
        free(held[i]);
    take_n(0, 0);
    wait_for_ever();
    return NULL;
}

static void threads_start(long n, void *(*work)(void *))
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 * 1024);
    pthread_barrier_init(&built, NULL, (unsigned int)n + 1);
    for (long i = 0; i < n; i++)
        if ((errno = pthread_create(&thread, &attr, work, (void *)i)))
            fail("pthread_create");
    pthread_barrier_wait(&built);
}

static void threads(long arg)
{
    all_sizes(0);
    threads_start(arg, thread_work);
    drop_from(0, 3);
}

static void thread_many_heaps(long arg)
{
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    thread_arg = arg;
    threads_start(3, thread_heaps);
}

static void thread_fewer_heaps(long arg)
{
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    thread_arg = arg;
    threads_start(2, thread_heaps_left);
}

static void threads_crossed(long arg)
{
    (void)arg;
    take_n(5000, 60);
    threads_start(3, thread_drop);
}

static void *thread_brief(void *number)
{
    for (size_t i = 0; i < 1000; i++)
        free(malloc(i + (uintptr_t)number));
    return malloc(100);
}

static void threads_ended(long arg)
{
    pthread_t thread;

    for (long i = 0; i < arg; i++) {
        if (pthread_create(&thread, NULL, thread_brief, (void *)i))
            fail("pthread_create");
        pthread_join(thread, NULL);
    }
    take_n(100, 200);
}

/* The child has the memory of threads that are not there any more. */
static void forked(long arg)
{
    pid_t child;

    threads(arg);
    child = fork();
    if (child < 0)
        fail("fork");
    if (child > 0) {
        close(0);
        close(1);
        _exit(waitpid(child, NULL, 0) != child);
    }
    take_n(100, 300);
    drop_at_random(100);
}

static const struct pattern {
    const char *name;
    void (*build)(long arg);
    long arg;
} patterns[] = {
    {"none", none, 0},
    {"one", one, 20},
    {"one-empty", one, 0},
    {"one-large", one, 100000},
    {"all-sizes", all_sizes, 0},
    {"every-other", every_other, 0},
    {"every-other-odd", every_other, 1},
    {"drop-forwards", drop_all, 0},
    {"drop-backwards", drop_all, 1},
    {"drop-at-random", drop_all, -1},
    {"fast", fast, 0},
    {"fast-mixed", fast_mixed, 0},
    {"fast-many", fast_many, 0},
    {"fast-at-top", fast_at_top, 0},
    {"tcache-partly", tcache, 3},
    {"tcache-full", tcache, 7},
    {"tcache-more", tcache, 10},
    {"tcache-at-top", tcache_at_top, 0},
    {"unsorted", unsorted, 0},
    {"sorted-small", sorted_bins, 500},
    {"sorted-large", sorted_bins, 70000},
    {"same-size-large", same_size_large, 0},
    {"realloc-grow", reallocs, 1},
    {"realloc-shrink", reallocs, -1},
    {"realloc-shrink-large", shrink_large, 0},
    {"aligned", aligned, 0},
    {"aligned-dropped", aligned, 2},
    {"zeroed", zeroed, 3},
    {"untouched", untouched, 0},
    {"mapped", mapped, 0},
    {"mapped-dropped", mapped, 2},
    {"mapped-realloc", mapped_realloc, 1},
    {"mapped-aligned", mapped_aligned, 0},
    {"trimmed", trimmed, 100},
    {"trimmed-all", trimmed, 0},
    {"pinned", pinned, 300},
    {"trimmed-by-hand", trimmed_by_hand, 100},
    {"foreign", foreign, 0},
    {"foreign-page", foreign, PAGE},
    {"foreign-16", foreign, 16},
    {"foreign-chunks", foreign_chunks, 3000},
    {"blocked", blocked, 50},
    {"blocked-133-segments", blocked, 18000},
    {"blocked-first", blocked_first, 3000},
    {"blocked-mixed", blocked_mixed, 0},
    {"blocked-a-while", blocked_a_while, 0},
    {"blocked-after-foreign", blocked_after_foreign, 3 * PAGE},
    {"split", split, 0},
    {"churn-1", churn, 1},
    {"churn-2", churn, 2},
    {"churn-3", churn, 3},
    {"threads-1", threads, 1},
    {"threads-2", threads, 2},
    {"threads-8", threads, 8},
    {"threads-16", threads, 16},
    {"threads-40", threads, 40},
    {"threads-crossed", threads_crossed, 0},
    {"threads-ended", threads_ended, 10},
    {"thread-heaps", thread_many_heaps, 2000},
    {"thread-heaps-left", thread_fewer_heaps, 2500},
    {"forked", forked, 4},
};
enum { N_PATTERNS = sizeof(patterns) / sizeof(patterns[0]) };

/* Until then its numbers were of int: enough for what is done here. */
#if !__GLIBC_PREREQ(2, 33)
#define mallinfo2 mallinfo
#endif

static void say_mallinfo(void)
{
    struct mallinfo2 info = mallinfo2();

    put_text("mallinfo");
    put_number(info.arena);
    put_number(info.ordblks);
    put_number(info.smblks);
    put_number(info.hblks);
    put_number(info.hblkhd);
    put_number(info.fsmblks);
    put_number(info.uordblks);
    put_number(info.fordblks);
    put_number(info.keepcost);
    put_line();
    put_text("ready");
    put_number((uint64_t)getpid());
    put_line();
}

static void obey(void)
{
    char letter;

    while (read(0, &letter, 1) == 1) {
        if (letter == 't') {
            malloc_trim(0);
            put_text("trimmed");
            put_line();
        }
    }
}

/* Symbols are looked up and the stack is there before anything counts. */
static void warm_up(void)
{
    char stack[16 * PAGE];

    explicit_bzero(stack, sizeof(stack));
    memset(line, 1, sizeof(line));
}

static void list(void)
{
    for (int i = 0; i < N_PATTERNS; i++) {
        put_text(patterns[i].name);
        put_line();
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        fail("usage: patterns --list|--glibc|NAME");
    if (strcmp(argv[1], "--glibc") == 0) {
        put_text(gnu_get_libc_version());
        put_line();
        return 0;
    }
    if (strcmp(argv[1], "--list") == 0) {
        list();
        return 0;
    }
    for (int i = 0; i < N_PATTERNS; i++) {
        if (strcmp(patterns[i].name, argv[1]) != 0)
            continue;
        warm_up();
        patterns[i].build(patterns[i].arg);
        say_mallinfo();
        obey();
        return 0;
    }
    fail("no such pattern");
}
