/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a heap of some pattern, says what malloc itself tells of it, and waits until standard input
 * ends.
 *
 *     target --list          the patterns
 *     target PATTERN [N]
 *
 * Lines: "expect KEY VALUE", a key of JSON's `heap`, dotted; "mallinfo NAME VALUE" as mallinfo2()
 * has it; what malloc_info() prints; "ready".  All that is printed is printed after the last call
 * of malloc, through a buffer of its own.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { KIB = 1 << 10, MIB = 1 << 20, PAGE = 4096 };

static char out_buffer[1 << 16];

static void *need(void *p)
{
    if (!p) {
        printf("broken out of memory\n");
        fflush(stdout);
        _exit(1);
    }
    return p;
}

static void *take(size_t n)
{
    return memset(need(malloc(n)), 1, n);
}

/* Blocks of many sizes, every `gap`-th of which is freed again. */
static void fill(unsigned int n, unsigned int gap)
{
    void **blocks = take(n * sizeof(*blocks));

    for (unsigned int i = 0; i < n; i++)
        blocks[i] = take(16 + (i * 7919U) % 5000);
    for (unsigned int i = 0; gap > 0 && i < n; i += gap)
        free(blocks[i]);
}

static void make_small(long n)
{
    (void)n;
    free(take(100));
    take(40);
}

static void make_blocks(long n)
{
    (void)n;
    fill(4000, 3);
}

static void make_mapped(long n)
{
    void *first = take(MIB);

    for (long i = 0; i < n; i++)
        take((size_t)(200 + 37 * i) * KIB);
    need(memalign(64 * KIB, 3 * MIB));
    free(first);
}

/*
 * The threshold has moved to the size of what was mapped, and nothing is any more.  Where words
 * have 4 bytes, the chunk begins two words into the mapping; since 2.43 its head does not count.
 */
static void make_thresholds(long n)
{
    size_t mapped = 400 * KIB + PAGE - (sizeof(void *) == 4 ? 8 : 0);

    (void)n;
#if __GLIBC_PREREQ(2, 43)
    mapped -= 2 * sizeof(void *);
#endif
    free(take(400 * KIB));
    take(399 * KIB);
    printf("expect settings.mmap_threshold %zu\n", mapped);
    printf("expect settings.trim_threshold %zu\n", 2 * mapped);
}

static void make_mallopt(long n)
{
    (void)n;
    mallopt(M_MMAP_THRESHOLD, 300000);
    mallopt(M_TRIM_THRESHOLD, 400000);
    mallopt(M_TOP_PAD, 500000);
    mallopt(M_MMAP_MAX, 7);
    mallopt(M_ARENA_MAX, 3);
    for (int i = 0; i < 9; i++)
        take(MIB);
    printf("expect settings.mmap_threshold 300000\nexpect settings.trim_threshold 400000\n"
           "expect settings.top_pad 500000\nexpect settings.mmap_max 7\n"
           "expect settings.arena_max 3\nexpect arena_limit 3\nexpect settings.dynamic false\n");
}

static void make_trimmed(long n)
{
    void *block[64];

    (void)n;
    for (int i = 0; i < 64; i++)
        block[i] = take(100 * KIB);
    for (int i = 0; i < 64; i++)
        free(block[i]);
    malloc_trim(0);
}

/* Others move the break, so that the heap has a hole that counts as its own. */
static void make_foreign(long n)
{
    for (long i = 0; i < n; i++) {
        fill(100, 2);
        if (sbrk((i % 2 ? 3 : 5) * PAGE + 16) == (void *)-1)
            printf("broken sbrk\n");
        for (int k = 0; k < 8; k++)
            take(100 * KIB);
    }
    printf("expect growth.state \"brk\"\n");
}

/* A page stands in the way of the break. */
static void make_blocked(long n)
{
    uintptr_t end;

    fill(100, 2);
    end = ((uintptr_t)sbrk(0) + PAGE - 1) / PAGE * PAGE;
    if (mmap((void *)end, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
             0) != (void *)end) {
        printf("skip the page after the break is not free\n");
        return;
    }
    for (long i = 0; i < n; i++)
        take(100 * KIB);
    printf("expect growth.state \"left-brk\"\n");
}

/* The break is blocked before the first malloc. */
static void make_refused(long n)
{
    uintptr_t end = ((uintptr_t)sbrk(0) + PAGE - 1) / PAGE * PAGE;

    if (mmap((void *)end, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
             0) != (void *)end) {
        printf("skip the page after the break is not free\n");
        return;
    }
    for (long i = 0; i < n; i++)
        take(100 * KIB);
    printf("expect growth.state \"left-brk\"\n");
}

/*
 * In the way of who looks for segments: mapped but for the most part not there, and made to look
 * like a segment of one free chunk.
 */
static void make_terabytes(long n)
{
    size_t size = (size_t)n * MIB * MIB, *words;

    make_refused(40);
    words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                 -1, 0);
    if (words == MAP_FAILED) {
        printf("skip so much cannot be mapped\n");
        return;
    }
    size -= 2 * PAGE;
    words[1] = size | 1;
    words += size / sizeof(*words);
    words[0] = size;
    words[1] = 2 * PAGE - 32;
    words += (2 * PAGE - 32) / sizeof(*words);
    words[1] = words[3] = 16 | 1;
}

static pthread_barrier_t made, done;
static size_t thread_bytes;

static void *in_thread(void *context)
{
    (void)context;
    free(take(1000));
    for (size_t n = 0; n < thread_bytes; n += 60 * KIB)
        take(60 * KIB);
    pthread_barrier_wait(&made);
    pthread_barrier_wait(&done); /* for ever */
    return NULL;
}

static void start_threads(long n, size_t bytes)
{
    pthread_attr_t attr;
    pthread_t thread;

    thread_bytes = bytes;
    free(take(10));
    pthread_barrier_init(&made, NULL, (unsigned int)n + 1);
    pthread_barrier_init(&done, NULL, (unsigned int)n + 1);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 * KIB);
    for (long i = 0; i < n; i++)
        if (pthread_create(&thread, &attr, in_thread, NULL) != 0)
            printf("broken pthread_create\n");
    pthread_barrier_wait(&made);
    printf("threads %ld\n", n + 1);
}

static void make_threads(long n)
{
    start_threads(n, 200 * KIB);
}

/* Arenas of several heaps each. */
static void make_heaps(long n)
{
    start_threads(n, sizeof(void *) == 8 ? 150 * MIB : 5 * MIB);
}

/* Much of top is never touched. */
static void make_padded(long n)
{
    mallopt(M_TOP_PAD, (int)n * MIB);
    take(1000);
    need(malloc(KIB));
}

/* Blocks that nobody has written to, with pages between them that are not there. */
static void make_sparse(long n)
{
    mallopt(M_MMAP_THRESHOLD, 500 * KIB);
    for (long i = 0; i < n; i++)
        need(malloc((size_t)(200 + i) * KIB));
}

/* Much that is free below a chunk of `pin` bytes, which stays. */
static void pin_down(long n, size_t pin)
{
    void **blocks = take((size_t)n * sizeof(*blocks));

    mallopt(M_MMAP_THRESHOLD, 32 * MIB);
    for (long i = 0; i < n; i++)
        blocks[i] = take(MIB);
    take(pin);
    for (long i = 0; i < n; i++)
        free(blocks[i]);
}

/* The same, but what is free is in pieces: the last chunk alone does not keep it. */
static void make_pinned_in_pieces(long n)
{
    void **blocks = take((size_t)n * sizeof(*blocks));

    mallopt(M_MMAP_THRESHOLD, 32 * MIB);
    for (long i = 0; i < n; i++) {
        blocks[i] = take(MIB);
        take(100);
    }
    for (long i = 0; i < n; i++)
        free(blocks[i]);
}

static void make_pinned(long n)
{
    pin_down(n, 100);
}

static void make_pinned_by_much(long n)
{
    pin_down(n, 3 * PAGE);
}

/* The page on the break goes away again, and with it the refusals. */
static void make_unblocked(long n)
{
    uintptr_t end = ((uintptr_t)sbrk(0) + PAGE - 1) / PAGE * PAGE;

    make_refused(n);
    munmap((void *)end, PAGE);
    for (long i = 0; i < n; i++)
        take(100 * KIB);
}

/* Takes much and frees it below a last chunk. */
static void *in_freeing_thread(void *context)
{
    enum { SIZE = 60 * KIB };
    size_t n = thread_bytes / SIZE;
    void **blocks = take(n * sizeof(*blocks));

    (void)context;
    for (size_t i = 0; i < n; i++)
        blocks[i] = take(SIZE);
    take(2000);
    for (size_t i = 0; i < n; i++)
        free(blocks[i]);
    pthread_barrier_wait(&made);
    pthread_barrier_wait(&done); /* for ever */
    return NULL;
}

static void start_freeing(long n, size_t bytes)
{
    pthread_t thread;

    if (sizeof(void *) == 4 || sysconf(_SC_NPROCESSORS_ONLN) < 2) {
        printf("skip there can be but few arenas\n");
        return;
    }
    thread_bytes = bytes;
    free(take(10));
    pthread_barrier_init(&made, NULL, (unsigned int)n + 1);
    pthread_barrier_init(&done, NULL, (unsigned int)n + 1);
    for (long i = 0; i < n; i++)
        if (pthread_create(&thread, NULL, in_freeing_thread, NULL) != 0)
            printf("broken pthread_create\n");
    pthread_barrier_wait(&made);
}

static void make_freed(long n)
{
    start_freeing(n, 30 * MIB);
}

static void make_freed_some(long n)
{
    start_freeing(n, 10 * MIB);
}

static void make_freed_little(long n)
{
    start_freeing(n, 4 * MIB);
}

static void make_freed_bounded(long n)
{
    mallopt(M_ARENA_MAX, 12);
    start_freeing(n, 30 * MIB);
}

/* Several threads may count at once. */
static _Atomic int n_signals;

static void count(int number)
{
    (void)number;
    n_signals++;
}

static void *be_busy(void *context)
{
    void *blocks[64] = {NULL};

    (void)context;
    for (unsigned int i = 0;; i++) {
        free(blocks[i * 7919U % 64]);
        blocks[i * 7919U % 64] = malloc(i * 31U % 3000);
    }
    return NULL;
}

/* Threads that do nothing but malloc() and free(). */
static void make_busy(long n)
{
    pthread_t thread;

    signal(SIGRTMIN, count);
    for (long i = 0; i < n; i++)
        if (pthread_create(&thread, NULL, be_busy, NULL) != 0)
            printf("broken pthread_create\n");
}

/* glibc's malloc, but never called. */
static void make_nothing(long n)
{
    (void)n;
}

static const struct pattern {
    const char *name;
    void (*make)(long n);
    long n;
} patterns[] = {
    {"nothing", make_nothing, 0},
    {"small", make_small, 0},
    {"blocks", make_blocks, 0},
    {"mapped", make_mapped, 9},
    {"mapped100", make_mapped, 100},
    {"thresholds", make_thresholds, 0},
    {"mallopt", make_mallopt, 0},
    {"trimmed", make_trimmed, 0},
    {"foreign", make_foreign, 1},
    {"foreign9", make_foreign, 9},
    {"blocked", make_blocked, 40},
    {"blocked200", make_blocked, 200},
    {"refused", make_refused, 40},
#if UINTPTR_MAX > UINT32_MAX
    {"terabytes", make_terabytes, 40},
#endif
    {"threads", make_threads, 1},
    {"threads7", make_threads, 7},
    {"threads17", make_threads, 17},
    {"threads40", make_threads, 40},
    {"heaps", make_heaps, 3},
    {"padded", make_padded, 200},
    {"sparse", make_sparse, 150},
    {"busy", make_busy, 2},
    {"pinned", make_pinned, 100},
    {"pinned60", make_pinned, 60},
    {"pinned-in-pieces", make_pinned_in_pieces, 100},
    {"pinned-by-much", make_pinned_by_much, 100},
    {"freed", make_freed, 11},
    {"freed-some", make_freed_some, 11},
    {"freed7", make_freed, 7},
    {"freed-little", make_freed_little, 11},
    {"unblocked", make_unblocked, 40},
    {"freed-bounded", make_freed_bounded, 11},
};
enum { N_PATTERNS = sizeof(patterns) / sizeof(patterns[0]) };

/* Until then its numbers were of int: enough for what is done here. */
#if !__GLIBC_PREREQ(2, 33)
#define mallinfo2 mallinfo
#endif

static void print_number(const char *name, size_t number)
{
    printf("mallinfo %s %zu\n", name, number);
}

static void print_mallinfo(void)
{
    struct mallinfo2 info = mallinfo2();

    print_number("arena", info.arena);
    print_number("ordblks", info.ordblks);
    print_number("smblks", info.smblks);
    print_number("hblks", info.hblks);
    print_number("hblkhd", info.hblkhd);
    print_number("fsmblks", info.fsmblks);
    print_number("uordblks", info.uordblks);
    print_number("fordblks", info.fordblks);
    print_number("keepcost", info.keepcost);
    malloc_info(0, stdout);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, out_buffer, _IOFBF, sizeof(out_buffer));
    for (unsigned int i = 0; i < N_PATTERNS; i++) {
        if (argc > 1 && strcmp(argv[1], "--list") == 0)
            printf("%s\n", patterns[i].name);
        else if (argc > 1 && strcmp(argv[1], patterns[i].name) == 0) {
            patterns[i].make(argc > 2 ? atol(argv[2]) : patterns[i].n);
            if (patterns[i].make != make_nothing && patterns[i].make != make_busy)
                print_mallinfo();
            printf("ready\n");
            fflush(stdout);
            while (read(STDIN_FILENO, out_buffer, 1) != 0)
                ;
            printf("signals %d\n", n_signals);
            fflush(stdout);
            _exit(0);
        }
    }
    return 0;
}
